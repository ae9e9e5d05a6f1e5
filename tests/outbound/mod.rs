//! What goes out, told against pretend platforms with the real ones' checks: replies leave, in order, at a pace, once;
//! and whatever goes wrong is explained.

mod acts;
mod channels;
mod day;
pub(crate) mod house;
mod mail;
mod news;
mod order;
mod told;
mod trouble;
mod unknown;

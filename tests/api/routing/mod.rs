//! Routing, told over the API: who gets what, when, and why.

mod acts;
mod begun;
mod bot;
mod choice;
mod crowd;
mod day;
mod hours;
mod notices;
mod presence;
mod pull;
mod refusals;
pub(super) mod scene;
mod told;

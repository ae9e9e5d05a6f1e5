//! Pure rules and types: no I/O, no async, no clock. What comes in is a value, what goes out is a value.
//!
//! May use: the adapters' vocabulary. Used by everything above.

mod envelope;
mod receipt;
mod retry;
mod ticket;

pub use envelope::Envelope;
pub use receipt::advances;
pub use retry::retry_delay;
pub use ticket::{Latest, Placement, TicketState, country_id, place};

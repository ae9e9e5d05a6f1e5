//! Pure rules and types: no I/O, no async, no clock. What comes in is a value, what goes out is a value.
//!
//! May use: the adapters' vocabulary. Used by everything above.

mod country_id;
mod delivery;
mod envelope;
mod event;
mod receipt;
pub mod report;
mod retry;
mod split;
mod ticket;

pub use country_id::{country_id, country_ids};
pub use delivery::{
    FETCH, FailureReason, FetchJob, OutState, RetryPolicy, SEND, SendJob, Verdict, fetch_lane, fetch_topic, has_left,
    millis, next_slot, send_lane, send_topic, verdict,
};
pub use envelope::Envelope;
pub use event::{Event, EventKind};
pub use receipt::advances;
pub use retry::retry_delay;
pub use split::split;
pub use ticket::{Latest, Placement, TicketState, place};

//! Pure rules and types: no I/O, no async, no clock. What comes in is a value, what goes out is a value.
//!
//! May use: the adapters' vocabulary. Used by everything above.

mod delivery;
mod envelope;
mod event;
mod person;
mod receipt;
mod retry;
mod split;
mod ticket;

pub use delivery::{
    FETCH, FailureReason, FetchJob, OutState, RetryPolicy, SEND, SendJob, Verdict, fetch_lane, fetch_topic, has_left,
    millis, next_slot, send_lane, send_topic, verdict,
};
pub use envelope::Envelope;
pub use event::{Event, EventKind};
pub use person::{
    MOST_CAPACITY, NEW_CAPACITY, OFFLINE, ONLINE, PasswordProblem, RESET_MS, TOKEN_MS, check_password, email, is_phone,
    is_pin,
};
pub use receipt::advances;
pub use retry::retry_delay;
pub use split::split;
pub use ticket::{Latest, Placement, TicketState, country_id, place};

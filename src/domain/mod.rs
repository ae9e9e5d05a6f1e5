//! Pure rules and types: no I/O, no async, no clock. What comes in is a value, what goes out is a value.
//!
//! May use: the adapters' vocabulary. Used by everything above.

pub mod bot;
mod country_id;
mod delivery;
mod envelope;
mod event;
mod hours;
mod person;
mod receipt;
mod relay;
pub mod report;
mod retry;
pub mod routing;
mod split;
mod target;
mod ticket;

pub use country_id::{country_id, country_ids};
pub use delivery::{
    FETCH, FailureReason, FetchJob, OutState, RetryPolicy, SEND, SendJob, Verdict, fetch_lane, fetch_topic, has_left,
    millis, next_slot, send_lane, send_topic, verdict,
};
pub use envelope::Envelope;
pub use event::{Event, EventKind};
pub use hours::{
    Holiday, Hours, HoursError, Span, WEEKDAYS, Week, calendar_day, day_spans, department_message, spans_to_json,
    timezone_name,
};
pub use person::{
    MOST_CAPACITY, NEW_CAPACITY, OFFLINE, ONLINE, PasswordProblem, RESET_MS, TOKEN_MS, check_password, email, is_phone,
    is_pin,
};
pub use receipt::advances;
pub use relay::{RELAY, RelayJob, relay_lane, relay_topic};
pub use retry::retry_delay;
pub use split::split;
pub use target::{Target, Unfit, is_public, vet};
pub use ticket::{Latest, Placement, TicketState, place};

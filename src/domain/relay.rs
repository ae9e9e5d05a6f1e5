//! What is relayed to bots and other systems.

use serde::{Deserialize, Serialize};

/// The job kind that relays an event to a subscription.
pub const RELAY: &str = "relay";

/// An event that is to be relayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayJob {
    pub event: i64,
    pub subscription: i64,
}

/// The lane of a subscription: its events go out one after the other.
pub fn relay_lane(subscription: i64) -> String {
    format!("relay:{subscription}")
}

/// The topic of all lanes of a subscription.
pub fn relay_topic(subscription: i64) -> String {
    format!("subscription:{subscription}")
}

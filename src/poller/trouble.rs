//! Why nothing can be received, and how long to wait before the next try.

use std::time::Duration;

use crate::{backoff::Backoff, inbound::InboundError, store::StoreError};

/// Pauses after a trouble that passes by itself: about a second at first.
const SOON: Duration = Duration::from_secs(1);
/// Pauses after a trouble that somebody must mend: from the first to the second.
const SELDOM: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// What a platform may ask us to wait at the most.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why nothing can be received now. The texts are for operators: plain words, no secret, no content.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Somebody must change something: credentials, a folder's name, a webhook that is in the way.
    Setup(String),
    /// It passes by itself: the network, a server that is being restarted.
    Passing(String),
    /// The platform asks us to wait.
    Wait(Duration, String),
    /// Our own database or broker: not the channel's fault.
    House(InboundError),
}

impl From<InboundError> for Trouble {
    fn from(error: InboundError) -> Self {
        Self::House(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::House(error.into())
    }
}

/// The pauses between tries.
#[derive(Debug)]
pub(super) struct Pauses {
    soon: Backoff,
    seldom: Backoff,
}

impl Pauses {
    /// `longest`: the limit after troubles that pass by themselves.
    pub(super) fn new(longest: Duration) -> Self {
        Self { soon: Backoff::new(SOON, longest), seldom: Backoff::new(SELDOM.0, SELDOM.1) }
    }

    pub(super) fn after(&mut self, trouble: &Trouble) -> Duration {
        match trouble {
            Trouble::Setup(_) => self.seldom.next_pause(),
            Trouble::Passing(_) | Trouble::House(_) => self.soon.next_pause(),
            Trouble::Wait(asked, _) => (*asked).min(LONGEST_WAIT),
        }
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.soon.reset();
        self.seldom.reset();
    }
}

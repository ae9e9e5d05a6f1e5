//! Trouble that a test makes.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This answer, whatever was asked; nothing is done.
    Fail { status: u16, body: String },
    /// The platform's own refusal under this code, with the body that it has for it; nothing is done.
    Code(i64),
    /// As [`Fault::Code`], with a subcode; Graph only.
    Subcode(i64, i64),
    /// A refusal in these words; nothing is done.
    Refuse { code: i64, text: String },
    /// Too fast, in the platform's words; nothing is done.
    Throttle { retry_after: Duration },
    /// No answer ever, and nothing is done.
    Hang,
    /// It is done, and the connection is lost before the answer.
    LoseAnswer,
    /// The connection is lost, and nothing is done.
    DropBefore,
    /// It is done, but later.
    Slow(Duration),
    /// The token's time is up; nothing is done.
    TokenExpired,
    /// To be asked elsewhere; nothing is done.
    Redirect(String),
    /// It is done, and the connection is lost in the middle of the answer's body.
    Truncate,
}

/// A fault with the calls that it hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    fault: Fault,
    method: Option<String>,
    recipient: Option<String>,
    /// `None`: until cleared.
    left: Option<u32>,
}

impl Trouble {
    /// Hits the next call.
    pub fn once(fault: Fault) -> Self {
        Self::times(1, fault)
    }

    /// Hits that many calls.
    pub fn times(times: u32, fault: Fault) -> Self {
        Self { fault, method: None, recipient: None, left: Some(times) }
    }

    /// Hits every call until the faults are cleared.
    pub fn always(fault: Fault) -> Self {
        Self { fault, method: None, recipient: None, left: None }
    }

    /// Only calls of this method, as the ledger names it.
    #[must_use]
    pub fn on(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls for this recipient, as the ledger names it.
    #[must_use]
    pub fn to(mut self, recipient: &str) -> Self {
        self.recipient = Some(recipient.to_owned());
        self
    }

    fn hits(&self, method: &str, recipient: Option<&str>) -> bool {
        self.left != Some(0)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.recipient.as_deref().is_none_or(|wanted| recipient == Some(wanted))
    }
}

/// The trouble that is still to come; the first that hits a call is met.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    troubles: Vec<Trouble>,
    met: u64,
}

impl Faults {
    pub(super) fn add(&self, trouble: Trouble) {
        self.with(|state| state.troubles.push(trouble));
    }

    pub(super) fn clear(&self) {
        self.with(|state| state.troubles.clear());
    }

    /// How many calls have met trouble.
    pub(super) fn met(&self) -> u64 {
        self.with(|state| state.met)
    }

    pub(super) fn meet(&self, method: &str, recipient: Option<&str>) -> Option<Fault> {
        self.with(|state| {
            let trouble = state.troubles.iter_mut().find(|trouble| trouble.hits(method, recipient))?;
            trouble.left = trouble.left.map(|left| left - 1);
            state.met += 1;
            Some(trouble.fault.clone())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Met) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

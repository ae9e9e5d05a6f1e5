//! What a pretend platform did.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use relevo_adapters::Millis;
use serde_json::Value;
use tokio::time::Instant;

/// Something that was done, not merely asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// By the clock of the platform's rules.
    pub at: Millis,
    /// By the machine's time, to see how fast things followed one another.
    pub when: Instant,
    /// The account that it was done for: a phone number's, a Page's or a bot's id.
    pub account: String,
    /// What was called: `messages`, `comments`, `sendMessage` …
    pub method: String,
    /// Whom or what it was for: digits of a number, a chat, a comment.
    pub recipient: String,
    /// `text`, `image`, `read`, `hide` …
    pub kind: String,
    /// Text, caption or emoji.
    pub text: Option<String>,
    /// The sender's own opaque mark (`biz_opaque_callback_data`).
    pub mark: Option<String>,
    /// The message that it answers or is about.
    pub target: Option<String>,
    /// What the platform called it.
    pub id: Option<String>,
    pub file: Option<FileSeen>,
    /// All parameters, as they came.
    pub request: Value,
}

/// A file as the platform got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// Lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    pub mime: String,
    pub name: Option<String>,
}

/// Entries in the order in which things were done.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Mutex<Vec<Entry>>,
    count: AtomicU64,
}

impl Ledger {
    /// Counts an entry, and keeps it if this platform remembers anything.
    pub(super) fn note(&self, remembers: bool, entry: impl FnOnce() -> Entry) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if remembers {
            self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry());
        }
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

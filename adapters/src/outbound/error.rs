//! Why a send did not succeed, and what that means for the next try.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// What kind of failure it was; it decides what happens next (DESIGN §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Too fast: wait as the platform says, the chat or the whole channel.
    RateLimited,
    /// Certainly not sent, and worth another try.
    Transient,
    /// It may have been sent: the connection was lost after the request was written.
    Unknown,
    /// The channel's credentials, permissions or account are broken: nothing of it can be sent until that is mended.
    Auth,
    /// Outside the window in which free text may be sent.
    NeedsTemplate,
    /// This customer cannot be reached.
    Recipient,
    /// This message cannot be sent to anybody.
    Content,
}

impl ErrorClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Transient => "transient",
            Self::Unknown => "unknown",
            Self::Auth => "auth",
            Self::NeedsTemplate => "needs_template",
            Self::Recipient => "recipient",
            Self::Content => "content",
        }
    }

    /// Whether another try can never succeed.
    pub fn is_final(self) -> bool {
        matches!(self, Self::NeedsTemplate | Self::Recipient | Self::Content)
    }
}

/// What a [`ErrorClass::RateLimited`] holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This chat; others go on.
    Chat,
    /// Everything of the channel.
    Channel,
}

/// What an agent reads about a failure: what happened, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Spanish.
    pub es: &'static str,
    /// English.
    pub en: &'static str,
}

/// A send, an upload or a download that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    pub class: ErrorClass,
    pub scope: Scope,
    /// The platform's code (`131047`, `5.1.1`, `403`), or a word of ours (`timeout`).
    pub code: String,
    /// The platform's own words, for operators. Never a credential, never the message.
    pub detail: String,
    pub reason: Explained,
    /// How long the platform wants us to wait; honoured exactly.
    pub retry_after: Option<Duration>,
}

impl SendError {
    pub fn new(class: ErrorClass, code: impl Into<String>, detail: impl Into<String>, reason: Explained) -> Self {
        Self { class, scope: Scope::Chat, code: code.into(), detail: detail.into(), reason, retry_after: None }
    }

    /// The same, waiting as long as the platform says.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// The same, holding back the whole channel.
    #[must_use]
    pub fn of_channel(mut self) -> Self {
        self.scope = Scope::Channel;
        self
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.class.as_str(), self.code, self.detail)
    }
}

impl std::error::Error for SendError {}

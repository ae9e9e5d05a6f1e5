//! What a channel that can send offers.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Address, Call, ErrorClass, Explained, Flow, Io, Outbound, OutboundFile, SendError};
use crate::{Identity, MediaSource};

/// A channel's way out. Each method is one thing that can be done on the platform; it makes its calls through `io` and
/// changes nothing of ours.
pub trait Outlet: Send + Sync {
    /// How fast the platform lets us send to this thread and on this channel at all; ahead of its own limits.
    fn pacing(&self, to: &Address) -> Pacing;

    /// What a text that a person wrote as an address names here: `+56 9 …`, a chat id, a mail address.
    ///
    /// # Errors
    /// What such an address must look like, in Spanish, for the API's answer.
    fn destination(&self, text: &str) -> Result<Destination, String>;

    /// The names that a message will bear, where they are ours to give: they are kept before it leaves, so that an answer
    /// or a report finds it, however early it comes and whatever is known of the send.
    fn names(&self, _message: &Outbound) -> Names {
        Names::default()
    }

    /// Brings it to the platform.
    fn send<'a>(&'a self, io: &'a dyn Io, message: &'a Outbound) -> Flow<'a, Result<Sent, SendError>>;

    /// Uploads a file beforehand, where the platform wants that. `None`: it goes within the send.
    fn upload<'a>(
        &'a self,
        _io: &'a dyn Io,
        _file: &'a OutboundFile,
    ) -> Flow<'a, Result<Option<StoredFile>, SendError>> {
        Box::pin(async { Ok(None) })
    }

    /// Where the bytes of a customer's file can be fetched now.
    fn locate<'a>(&'a self, io: &'a dyn Io, wanted: &'a Wanted) -> Flow<'a, Result<Located, SendError>>;

    /// Whether a send of unknown outcome succeeded.
    fn reconcile<'a>(&'a self, _io: &'a dyn Io, _message: &'a Outbound) -> Flow<'a, Result<Reconciled, SendError>> {
        Box::pin(async { Ok(Reconciled::NobodyKnows) })
    }

    /// Looks whether everything is set up as it should be; `webhook` is the public URL that the platform should push
    /// to, if we know it.
    fn probe<'a>(&'a self, io: &'a dyn Io, webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>>;

    /// Tells the platform where to push to, and under which secret.
    fn register<'a>(
        &'a self,
        _io: &'a dyn Io,
        _webhook: &'a str,
        _secret: &'a secrecy::SecretString,
    ) -> Flow<'a, Result<(), SendError>> {
        Box::pin(async { Err(unsupported("register")) })
    }

    /// The messages that the platform has approved for this channel, and those it has not.
    fn templates<'a>(&'a self, _io: &'a dyn Io) -> Flow<'a, Result<Vec<Template>, SendError>> {
        Box::pin(async { Err(unsupported("templates")) })
    }
}

/// The refusal of something that a platform does not have.
pub fn unsupported(what: &str) -> SendError {
    SendError::new(
        ErrorClass::Content,
        "unsupported",
        format!("{what} is not a thing of this channel"),
        Explained {
            es: "Este canal no permite enviar este tipo de mensaje.",
            en: "This channel cannot send this kind of message.",
        },
    )
}

/// One per `interval`, and up to `burst` at once after a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub interval: Duration,
    pub burst: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    pub channel: Quota,
    pub chat: Quota,
}

/// A place that can be written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// Names of the thread, as the inbound side gives them, the most stable first.
    pub keys: Vec<String>,
    pub identities: Vec<Identity>,
    /// As people know it: `+56912345678`.
    pub account: String,
}

/// Names that are known before a message leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The message's, as inbound events will name it.
    pub refs: Vec<String>,
    /// The thread's.
    pub keys: Vec<String>,
}

/// A send that the platform took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The platform's names of the message, as inbound events name it, the chief one first; none for an act without
    /// a message.
    pub refs: Vec<String>,
    /// `true`: the platform has only accepted it and will report what becomes of it. `false`: there is no further
    /// word to wait for.
    pub reported: bool,
    /// Files that the platform now has: SHA-256 and its id for them.
    pub stored: Vec<(String, StoredFile)>,
    /// Names under which the thread goes on (a group that was upgraded, a number as the platform writes it).
    pub keys: Vec<String>,
    /// The platform's parting words, for operators (`250 queued as X`).
    pub note: Option<String>,
}

/// A file that the platform keeps for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub id: String,
    /// For how long; `None`: for good.
    pub keeps: Option<Duration>,
}

/// A customer's file to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub source: MediaSource,
    /// The message that it came with, by its platform id.
    pub message: Option<String>,
    /// Bytes, as the platform states it.
    pub size: Option<u64>,
    /// The attachment's `extra`.
    pub extra: Option<Value>,
}

/// Where a file's bytes are now.
#[derive(Debug)]
pub struct Located {
    /// Answers with the bytes.
    pub call: Call,
    /// Whether the URL came from outside: then it must not lead to a private address.
    pub foreign: bool,
    pub mime: Option<String>,
    /// Bytes, as the platform states it.
    pub size: Option<u64>,
    /// Lower-case hex, as the platform states it.
    pub sha256: Option<String>,
}

/// What became of a send of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// It is there.
    Sent(Sent),
    /// It is certainly not there.
    NotSent,
    NobodyKnows,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    pub ok: bool,
    /// What was found, in plain words.
    pub found: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub fn good(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self { check: check.into(), ok: true, found: found.into(), remedy: None }
    }

    pub fn bad(check: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), ok: false, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// A message that needs the platform's approval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub language: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` …
    pub status: String,
    pub category: String,
    /// The body with its places (`{{1}}`).
    pub body: String,
    /// How many places the body has.
    pub parameters: usize,
    /// The platform's own words.
    pub components: Value,
}

//! What goes out, in one vocabulary: an [`Outbound`] is one thing to bring to a platform.
//!
//! How it is brought there is behind [`Outlet`], which a channel that can send offers. An outlet opens no socket: it
//! drives its platform's calls through [`Io`], which the dispatcher provides, so that every step can be tested alone.

mod error;
mod io;
mod outlet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::{ErrorClass, Explained, Scope, SendError};
pub use io::{
    Body as CallBody, CALL, Call, Failure, Flow, Io, Letter, MailFailure, Part, PartContent, Reply, SmtpServer,
    SmtpStage, SmtpTls,
};
pub use outlet::{
    Destination, Finding, Located, Names, Outlet, Pacing, Quota, Reconciled, Sent, StoredFile, Template, Wanted,
    unsupported,
};

use crate::{ContactCard, Identity, MediaKind, Millis};

/// One thing to bring to a platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbound {
    /// Our own id of the message, a UUID: what a platform that returns a mark returns, and the left side of a mail's
    /// Message-ID.
    pub id: String,
    pub to: Address,
    pub act: Act,
    /// The message it answers or quotes, by its platform id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Whether a program says it by itself, where no person does: a mail says so of itself (RFC 3834), so that no other
    /// program answers it.
    #[serde(default)]
    pub automatic: bool,
}

/// Where it goes: everything that is known of a conversation, in the adapter's own words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// The conversation's id, a UUID.
    pub conversation: String,
    /// Every name of the thread within its channel, as in [`crate::ThreadRef`], the newest last.
    pub keys: Vec<String>,
    /// Every address of the contact, the newest first.
    pub identities: Vec<Identity>,
    /// The contact's name.
    pub name: Option<String>,
    /// The customer's latest message, by its platform id.
    pub last_inbound: Option<String>,
    /// When that was sent, by the platform's clock.
    pub last_inbound_at: Option<Millis>,
    /// The thread's subject, where it has one.
    pub subject: Option<String>,
    /// Platform ids of the thread's messages of both directions, oldest first: the first one and the last ten.
    pub history: Vec<String>,
}

/// What is to be done there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// A text, with the files that go within the same message where the platform can do that
    /// ([`Sending::files_with_text`]); `html` and `subject` are for mail.
    Text {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        html: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<OutboundFile>,
        /// Buttons under the text.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Button>,
    },
    /// One file, with a caption where the kind of file takes one.
    File {
        file: OutboundFile,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A place; degrees, WGS 84.
    Location {
        latitude: f64,
        longitude: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Contact cards.
    Contacts { cards: Vec<ContactCard> },
    /// A list to choose from, behind a button.
    List {
        text: String,
        button: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
        sections: Vec<ListSection>,
    },
    /// A message that the platform approved beforehand. `parameters` fill the body's places in order; `components`
    /// are the platform's own words instead, where more than the body has places.
    Template {
        name: String,
        language: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parameters: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        components: Option<Value>,
    },
    /// Our reaction to the message `target`, or (`None`) its end.
    Reaction { target: String, emoji: Option<String> },
    /// New text of our own message `target`.
    Edit { target: String, text: String },
    /// The message `target` is to go.
    Delete { target: String },
    /// The message `target` is to be hidden from, or shown again to, the public.
    Hide { target: String, hidden: bool },
    /// An answer to the public message `target` that only its author sees.
    PrivateReply { target: String, text: String },
    /// The customer's messages up to `target` were read.
    Read { target: String },
    /// Somebody is writing an answer to `target`.
    Typing {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
    },
    /// A pressed button is to stop waiting.
    AnswerCallback {
        callback: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

impl Act {
    /// The name of the act, as in [`Sending::acts`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::File { .. } => "file",
            Self::Location { .. } => "location",
            Self::Contacts { .. } => "contacts",
            Self::List { .. } => "list",
            Self::Template { .. } => "template",
            Self::Reaction { .. } => "reaction",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::Hide { .. } => "hide",
            Self::PrivateReply { .. } => "private_reply",
            Self::Read { .. } => "read",
            Self::Typing { .. } => "typing",
            Self::AnswerCallback { .. } => "answer_callback",
        }
    }

    /// The files that it carries.
    pub fn files(&self) -> &[OutboundFile] {
        match self {
            Self::Text { files, .. } => files,
            Self::File { file, .. } => std::slice::from_ref(file),
            _ => &[],
        }
    }

    /// The files that it carries, to be given their platform ids.
    pub fn files_mut(&mut self) -> &mut [OutboundFile] {
        match self {
            Self::Text { files, .. } => files,
            Self::File { file, .. } => std::slice::from_mut(file),
            _ => &mut [],
        }
    }

    /// Whether doing it twice is like doing it once, so that an unknown outcome is simply tried again.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::File { .. }
            | Self::Location { .. }
            | Self::Contacts { .. }
            | Self::List { .. }
            | Self::Template { .. }
            | Self::PrivateReply { .. } => false,
            Self::Reaction { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::Hide { .. }
            | Self::Read { .. }
            | Self::Typing { .. }
            | Self::AnswerCallback { .. } => true,
        }
    }
}

/// A file of ours that goes out; its bytes are in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundFile {
    /// Lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// As sniffed from the bytes, not as somebody states it.
    pub mime: String,
    pub file_name: String,
    pub kind: MediaKind,
    /// What this channel's platform calls the same bytes, if they were uploaded before and are still kept there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_id: Option<String>,
}

/// A button under a text. `id` comes back when it is pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub id: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSection {
    #[serde(default)]
    pub title: String,
    pub rows: Vec<ListRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a kind of channel can send, as data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sending {
    /// The names of the acts that it knows ([`Act::name`]).
    pub acts: &'static [&'static str],
    /// The longest text of one message; a longer one is split.
    pub max_text: Length,
    /// The longest caption of a file; a longer one follows as a text of its own. Zero: files take no caption.
    pub max_caption: Length,
    /// The longest text under which buttons can be.
    pub max_button_text: Length,
    pub max_buttons: usize,
    /// The longest title of a button.
    pub max_button_title: Length,
    /// How many files go within a text's message; 0: each file is a message of its own.
    pub files_with_text: usize,
    /// The first rule that fits a file's kind and MIME type says how large it may be; a file that none fits is not
    /// taken.
    pub files: &'static [FileRule],
    /// For how long after the customer's last message anything may be sent, milliseconds; after that only a template.
    pub window_ms: Option<Millis>,
    /// Whether a conversation may begin with us; by a template only, if there is a window.
    pub may_begin: bool,
    /// The setting without which nothing is sent, where a channel may lack it: it only receives then.
    pub needs: Option<&'static str>,
    /// What is done when nobody knows whether a send succeeded (P6).
    pub unknown: UnknownOutcome,
}

impl Sending {
    /// Whether the kind knows the act of this name.
    pub fn knows(&self, act: &str) -> bool {
        self.acts.contains(&act)
    }

    /// The rule for a file of this kind and MIME type.
    pub fn rule(&self, kind: MediaKind, mime: &str) -> Option<&'static FileRule> {
        self.files.iter().find(|rule| rule.kind == kind && rule.takes(mime))
    }
}

/// A length of text in the unit in which the platform counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// UTF-16 code units.
    Utf16(usize),
    /// Unicode code points.
    Chars(usize),
    /// Bytes of UTF-8.
    Bytes(usize),
}

impl Length {
    pub const ZERO: Self = Self::Chars(0);

    /// The number, whatever it counts.
    pub fn most(self) -> usize {
        match self {
            Self::Utf16(most) | Self::Chars(most) | Self::Bytes(most) => most,
        }
    }

    /// How long `text` is in this unit.
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Utf16(_) => text.encode_utf16().count(),
            Self::Chars(_) => text.chars().count(),
            Self::Bytes(_) => text.len(),
        }
    }

    /// Whether `text` is no longer than this.
    pub fn holds(self, text: &str) -> bool {
        self.of(text) <= self.most()
    }
}

/// What files of a kind may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRule {
    pub kind: MediaKind,
    /// MIME types, or `image/*`, or `*/*`.
    pub mimes: &'static [&'static str],
    pub max_bytes: u64,
    /// Whether a caption can go with it.
    pub caption: bool,
}

impl FileRule {
    fn takes(&self, mime: &str) -> bool {
        let fits = |pattern: &&str| match pattern.strip_suffix("/*") {
            Some("*") => true,
            Some(family) => mime.split('/').next() == Some(family),
            None => *pattern == mime,
        };
        self.mimes.iter().any(fits)
    }
}

/// What is done when nobody knows whether a send succeeded (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownOutcome {
    /// The platform will report it under our mark: wait that long for the report (milliseconds) before another try.
    AwaitReceipt(Millis),
    /// The platform can be asked ([`Outlet::reconcile`]) before another try.
    Ask,
    /// Another try carries the same id, by which the receiver's side knows it for the same.
    SameId,
    /// Nobody can tell: another try, and the message is flagged as possibly doubled.
    Flag,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_in_the_platforms_unit() {
        assert_eq!((Length::Utf16(9).of("a😀"), Length::Chars(9).of("a😀"), Length::Bytes(9).of("a😀")), (3, 2, 5));
        assert!(Length::Utf16(3).holds("a😀") && !Length::Utf16(2).holds("a😀"));
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rule = |mimes, max_bytes| FileRule { kind: MediaKind::Image, mimes, max_bytes, caption: true };
        let (exact, any) = (rule(&["image/png"], 1), rule(&["image/*"], 2));
        assert!(exact.takes("image/png") && !exact.takes("image/gif"));
        assert!(any.takes("image/gif") && !any.takes("application/pdf") && rule(&["*/*"], 1).takes("x/y"));
    }
}

//! What comes in, in one vocabulary: an [`InboundEvent`] is one thing that happened on a platform.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outbound::Act;

/// A moment: milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// One thing that happened on a platform, as the intake worker applies it.
///
/// A webhook may carry many; each becomes an event of its own, so that one bad event hurts nobody else (P7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundEvent {
    /// The conversation it belongs to.
    pub thread: ThreadRef,
    /// Names of this very event, unique within its channel, never empty. If any of them was seen before, the event
    /// has already had its effect and changes nothing (P2).
    pub dedup: Vec<String>,
    /// When it happened, by the platform's clock; `None` where the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    /// Who did it; `None` where the platform does not say (an anonymous comment, an account event).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Party>,
    /// What happened.
    pub content: Content,
    /// The platform's own words, kept where `content` cannot hold everything (unknown types above all).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Value>,
}

/// How an event names its conversation.
///
/// Lookup order: `id`, then `aliases`, then `hints`, then `evidence` (each first to last), then `ticket_hint`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRef {
    /// Events with an equal partition are applied in the order in which they were accepted (P4).
    pub partition: String,
    /// The conversation's own id, if the event proves that it knows it (a signed reply token).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Names of this very thread: each finds it, and all are bound to it from now on, even if one of them named
    /// another thread before (a customer's phone number and business-scoped id; a migrated group's two ids).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Names that point at the thread if they are known; never bound (the `References` of a mail: two customers may
    /// answer the same mail that we never saw). Those of a message without a sender point only at a thread whose
    /// contact is not known either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Names that point at the thread: the first that is known finds it, unknown ones are bound to it, and one that
    /// is bound to another thread stays there (the comment that a reply is under).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Names by which others may point at the thread from now on: never looked for, and bound only while they are
    /// free (a mail's own id, which another sender's mail may bear as well).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// A ticket number found in the text; believed only if the sender is that ticket's contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_hint: Option<i64>,
    /// The thread's subject or title, where the platform has one (mail subject, group title, post).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// A person or account on the platform's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Every address by which the platform names the same person, the most stable first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The handle that people know: a phone number, a user name, a mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The language the platform reports (BCP 47), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// One address of a person: `scheme` says in which name space `value` is unique within a company.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    pub scheme: String,
    pub value: String,
}

impl Identity {
    /// WhatsApp phone-based id, digits only.
    pub const WA_ID: &'static str = "wa_id";
    /// WhatsApp business-scoped user id (`DE.9988…`).
    pub const BSUID: &'static str = "bsuid";
    /// Telegram user id.
    pub const TELEGRAM: &'static str = "telegram";
    /// Telegram chat id, for chats that write as themselves (channels, anonymous administrators).
    pub const TELEGRAM_CHAT: &'static str = "telegram_chat";
    /// Facebook Page-scoped id, written `<page id>/<user id>` because it differs per Page.
    pub const PSID: &'static str = "psid";
    /// Mail address, lower case.
    pub const EMAIL: &'static str = "email";

    pub fn new(scheme: &str, value: impl Into<String>) -> Self {
        Self { scheme: scheme.to_owned(), value: value.into() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Content {
    /// A customer wrote: opens, joins or reopens a ticket.
    Message(Box<Message>),
    /// Our side wrote in the platform's own app: recorded as outbound, never opens a ticket.
    Echo(Box<Message>),
    /// A mail or message written by a machine (out of office, newsletter receipt): shown, never opens or reopens.
    Automatic(Box<Message>),
    /// A reaction was set (`emoji`) or taken back (`None`) on the message `target`.
    Reaction { target: String, emoji: Option<String> },
    /// The message `target` has new content.
    Revision { target: String, message: Box<Message> },
    /// The message `target` was deleted by its author or a moderator.
    Tombstone { target: String },
    /// The message `target` was hidden from, or shown again to, the public.
    Visibility { target: String, hidden: bool },
    /// A delivery state of one of our messages.
    Receipt(Receipt),
    /// A mail of ours came back.
    Bounce(Bounce),
    /// The same person now has other addresses; the thread's aliases are its names, the newest first. Events under the
    /// `old` addresses may still come. `left` are those that somebody else may have from now on; if there are any, that
    /// holds for the thread's hints as well.
    IdentityChange {
        old: Vec<Identity>,
        new: Vec<Identity>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Identity>,
        note: Option<String>,
    },
    /// The thread goes on under the event's aliases; `from` are its old names.
    ThreadMoved { from: Vec<String> },
    /// The contact blocked (`true`) or unblocked us.
    ContactBlocked { blocked: bool },
    /// News about the channel itself or something that no ticket needs: recorded with its raw payload.
    Notice(Notice),
    /// The same, but the platform waits for `act`: a button that was pressed where nobody can be answered.
    Awaited { notice: Notice, act: Act },
}

/// One message's content, inbound or echoed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The platform's id for it, unique within the channel (prefixed with the chat where the platform's is not).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default)]
    pub body: Body,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message it answers or quotes, by its platform id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Messages of one conversation with an equal group are one message with many attachments (an album).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Structured extras that an agent or a bot may want: ad referral, forward origin, mail headers, topic …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
    /// What the platform waits for as soon as the message is there: a pressed button that is to stop spinning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<Act>,
    /// Whether the public does not see it from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// It asks that no machine answer it: no notice of the house, and no bot (RFC 3834).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_auto_reply: bool,
}

/// The body of a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// Nothing but attachments.
    #[default]
    Empty,
    /// Plain text, or the caption of the attachments.
    Text { text: String },
    /// A mail: `text` is the whole plain text, `visible` what its author wrote now (quotes and signature cut off;
    /// never empty when `text` is not), `html` is sanitised.
    Mail {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        text: String,
        visible: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        html: Option<String>,
    },
    /// A place; degrees, WGS 84.
    Location {
        latitude: f64,
        longitude: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Contact cards.
    Contacts { cards: Vec<ContactCard> },
    /// The customer pressed a button, chose a row or sent a form. `id` is what we gave the button.
    Interactive {
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// A shopping basket.
    Order {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        catalog: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        items: Vec<OrderItem>,
    },
    /// A platform's remark in the thread (member joined, topic created, security code changed): shown as such.
    Service { kind: String, text: String },
    /// Something this build cannot show: the event's `raw` keeps it whole.
    Unsupported {
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContactCard {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Everything else on the card, as the platform gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderItem {
    pub product: String,
    pub quantity: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// A file that belongs to a message. It is a row at once; its bytes come soon after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub kind: MediaKind,
    pub source: MediaSource,
    /// MIME type as the platform states it: a claim, to be checked against the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// The customer's file name: shown, never used as a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Bytes, as the platform states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// `Content-ID` by which a mail's HTML shows it, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Duration, dimensions, stable platform id, stated hash …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
    /// A sound file.
    Audio,
    /// A recorded voice note.
    Voice,
    Document,
    Sticker,
    Animation,
}

impl MediaKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Animation => "animation",
        }
    }

    /// The kind that fits a MIME type; anything unknown is a document.
    pub fn of_mime(mime: &str) -> Self {
        let lower = mime.to_ascii_lowercase();
        match lower.split('/').next().unwrap_or_default() {
            "image" => Self::Image,
            "video" => Self::Video,
            "audio" => Self::Audio,
            _ => Self::Document,
        }
    }
}

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum MediaSource {
    /// To be asked for by the platform's id.
    Platform { id: String },
    /// To be fetched from a URL that the platform gave us; it expires.
    Url { url: String },
    /// Already in the blob store under this SHA-256 (lower-case hex).
    Blob { sha256: String },
    /// Not to be had; `reason` says why (too large, expired, never sent), `was` where it was looked for.
    Unavailable {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Box<MediaSource>>,
    },
}

impl MediaSource {
    /// A file that never was to be had.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), was: None }
    }

    /// What stays the same as often as the file is mentioned: of a URL not its query, which holds a signature that
    /// expires.
    pub fn place(&self) -> &str {
        match self {
            Self::Platform { id } => id,
            Self::Url { url } => url.split(['?', '#']).next().unwrap_or(url),
            Self::Blob { sha256 } => sha256,
            Self::Unavailable { was: Some(was), .. } => was.place(),
            Self::Unavailable { reason, was: None } => reason,
        }
    }
}

/// A delivery state of one of our messages, from weakest to strongest; `Failed` is terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

impl ReceiptStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Our message, by the platform's id.
    pub target: String,
    pub status: ReceiptStatus,
    /// Our own mark that we gave with the send, if the platform returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The group member it is about, in group chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<PlatformError>,
    /// Pricing, conversation window and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// An error as a platform states it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformError {
    /// The platform's code, as text (`131047`, `5.1.1`).
    pub code: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// Message-IDs of ours that the report names, most certain first.
    pub targets: Vec<String>,
    /// One entry per recipient of the report.
    pub recipients: Vec<BouncedRecipient>,
    /// The report's text, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BouncedRecipient {
    pub address: String,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 §2.3.3); `displayed` for a read
    /// receipt, `complaint` for a spam report.
    pub action: String,
    /// Enhanced status code (`5.1.1`), if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<String>,
}

/// News that no ticket needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Machine name: the platform's field or update kind (`account_update`, `poll_answer`), `unknown` if it has none.
    pub kind: String,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a payload was found to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    pub events: Vec<InboundEvent>,
    /// Pieces that could not be understood at all: they go to the dead letters, the rest goes on (P7).
    pub faults: Vec<Fault>,
    /// Files that came within the payload; to be stored before the events are published.
    pub blobs: Vec<Blob>,
}

/// A piece of a payload that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why, for an operator.
    pub reason: String,
    /// The piece, as it came.
    pub raw: bytes::Bytes,
}

/// Bytes that came within a payload, named by their SHA-256 (lower-case hex).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub sha256: String,
    pub bytes: bytes::Bytes,
}

impl Blob {
    pub fn new(bytes: impl Into<bytes::Bytes>) -> Self {
        use sha2::Digest;
        let bytes = bytes.into();
        Self { sha256: crate::verify::hex(&sha2::Sha256::digest(&bytes)), bytes }
    }
}

impl Content {
    /// The message inside, where there is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) | Self::Echo(message) | Self::Automatic(message) => Some(message),
            Self::Revision { message, .. } => Some(message),
            _ => None,
        }
    }
}

impl Message {
    pub fn text(text: impl Into<String>) -> Self {
        Self { body: Body::Text { text: text.into() }, ..Self::default() }
    }

    /// A stable word for what it is: `text`, `image`, `location`, `unsupported` …
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Mail { .. } => "email",
            Body::Location { .. } => "location",
            Body::Contacts { .. } => "contacts",
            Body::Interactive { .. } => "interactive",
            Body::Order { .. } => "order",
            Body::Service { .. } => "service",
            Body::Unsupported { .. } => "unsupported",
            Body::Empty | Body::Text { .. } => {
                self.attachments.first().map_or("text", |attachment| attachment.kind.as_str())
            }
        }
    }

    /// The message as one readable text: what lists, tickets and the `content` field show.
    pub fn display(&self) -> String {
        match &self.body {
            Body::Text { text } => text.clone(),
            Body::Mail { visible, text, .. } => {
                if visible.is_empty() {
                    text.clone()
                } else {
                    visible.clone()
                }
            }
            Body::Empty => self.attachments.first().map(describe_attachment).unwrap_or_default(),
            Body::Location { latitude, longitude, name, address, .. } => {
                let place: Vec<&str> = [name, address].into_iter().flatten().map(String::as_str).collect();
                if place.is_empty() {
                    format!("[ubicación] {latitude}, {longitude}")
                } else {
                    format!("[ubicación] {} ({latitude}, {longitude})", place.join(", "))
                }
            }
            Body::Contacts { cards } => {
                let names: Vec<String> = cards
                    .iter()
                    .map(|card| {
                        card.phones
                            .first()
                            .or(card.emails.first())
                            .map_or_else(|| card.name.clone(), |reach| format!("{} {reach}", card.name))
                    })
                    .collect();
                format!("[contacto] {}", names.join("; "))
            }
            Body::Interactive { kind, id, title, .. } => {
                title.clone().or_else(|| id.clone()).unwrap_or_else(|| format!("[{kind}]"))
            }
            Body::Order { text, items, .. } => {
                let list: Vec<String> =
                    items.iter().map(|item| format!("{} × {}", item.quantity, item.product)).collect();
                let list = format!("[pedido] {}", list.join("; "));
                match text.as_deref() {
                    Some(text) if !text.is_empty() => format!("{text}\n{list}"),
                    _ => list,
                }
            }
            Body::Service { text, .. } => text.clone(),
            Body::Unsupported { kind, reason } => match reason {
                Some(reason) => format!("[mensaje no soportado: {kind}] {reason}"),
                None => format!("[mensaje no soportado: {kind}]"),
            },
        }
    }
}

fn describe_attachment(attachment: &Attachment) -> String {
    let word = match attachment.kind {
        MediaKind::Image => "imagen",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Voice => "nota de voz",
        MediaKind::Document => "documento",
        MediaKind::Sticker => "sticker",
        MediaKind::Animation => "animación",
    };
    match &attachment.file_name {
        Some(name) => format!("[{word}] {name}"),
        None => format!("[{word}]"),
    }
}

//! Elements of `messages[]` and `message_echoes[]` (`whatsapp.md §4.2`).

use serde_json::{Map, Value};

use crate::{Body, Content, InboundEvent, MediaSource, Message, Notice, Party, ThreadRef, json, meta};

use super::{
    body, errors, media,
    people::{self, Names, People},
    system,
};

/// Who wrote the pieces of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Customer,
    /// Staff, in the WhatsApp Business app.
    Business,
}

/// What the pieces of one change share.
pub(super) struct Whole<'a> {
    pub(super) people: People<'a>,
    /// `value.errors[]`.
    pub(super) errors: &'a [Value],
    pub(super) side: Side,
}

/// The message's type; where it is not stated, the type whose content is there.
pub(super) fn kind(message: &Value) -> &str {
    const WITH_CONTENT: [&str; 16] = [
        "text",
        "image",
        "video",
        "audio",
        "voice",
        "document",
        "sticker",
        "location",
        "contacts",
        "interactive",
        "button",
        "reaction",
        "order",
        "edit",
        "revoke",
        "system",
    ];
    let present = || WITH_CONTENT.into_iter().find(|kind| message.get(kind).is_some());
    json::str(message, "type").or_else(present).unwrap_or("unknown")
}

/// Whether the errors beside the message are what explains it: it has neither content nor errors of its own.
pub(super) fn is_explained_beside(message: &Value) -> bool {
    match kind(message) {
        "reaction" | "edit" | "revoke" | "system" => false,
        kind => json::array(message, "errors").is_empty() && body::content(message, kind).is_none(),
    }
}

impl Whole<'_> {
    /// # Errors
    /// Why the piece cannot be understood at all.
    pub(super) fn event(&self, message: &Value) -> Result<InboundEvent, &'static str> {
        match kind(message) {
            _ if !message.is_object() => Err("a message that is no object"),
            "system" if self.side == Side::Customer => system::event(message, &self.people),
            kind => {
                let (thread, sender) = self.who(message)?;
                let (content, keeps_raw) = self.content(message, kind);
                Ok(InboundEvent {
                    thread,
                    dedup: vec![dedup(message, &content)],
                    at: meta::millis(message, "timestamp"),
                    sender,
                    content,
                    raw: keeps_raw.then(|| message.clone()),
                })
            }
        }
    }

    /// The customer's (or the group's) thread, and the sender if that is the customer.
    fn who(&self, message: &Value) -> Result<(ThreadRef, Option<Party>), &'static str> {
        let (user, sent_by_user) = match self.side {
            Side::Customer => (sender_names(message), true),
            Side::Business => (recipient_names(message), false),
        };
        let (names, contact) = self.people.complete(user);
        let group = people::id(message, "group_id").and_then(|id| people::group_thread(&id));
        let thread = group.or_else(|| names.thread()).ok_or("a message that names no customer")?;
        Ok((thread, if sent_by_user { names.party(contact) } else { None }))
    }

    /// What happened, and whether the raw message is to be kept beside it.
    fn content(&self, message: &Value, kind: &str) -> (Content, bool) {
        let object = message.get(kind).unwrap_or(&Value::Null);
        let target = people::id(object, if kind == "reaction" { "message_id" } else { "original_message_id" });
        match (kind, target) {
            ("reaction", Some(target)) => {
                let emoji = json::str(object, "emoji").map(str::to_owned);
                (Content::Reaction { target, emoji }, false)
            }
            ("revoke", Some(target)) => (Content::Tombstone { target }, false),
            ("edit", Some(target)) => match object.get("message").filter(|new| new.is_object()) {
                Some(new) => {
                    let (mut message, keeps_raw) = read(new, self::kind(new), &[]);
                    message.id = Some(target.clone());
                    (Content::Revision { target, message: Box::new(message) }, keeps_raw)
                }
                None => (without_effect(kind, "an edit without its new content"), true),
            },
            ("reaction" | "revoke" | "edit", None) => (without_effect(kind, "it names no message"), true),
            _ => {
                let (message, keeps_raw) = read(message, kind, self.errors);
                match self.side {
                    Side::Customer => (Content::Message(Box::new(message)), keeps_raw),
                    Side::Business => (Content::Echo(Box::new(message)), keeps_raw),
                }
            }
        }
    }
}

/// The names by which a message gives its sender.
pub(super) fn sender_names(message: &Value) -> Names {
    Names {
        user_id: people::id(message, "from_user_id"),
        wa_id: people::wa_id(message, "from"),
        parent_user_id: people::id(message, "from_parent_user_id"),
    }
}

fn recipient_names(echo: &Value) -> Names {
    Names {
        user_id: people::id(echo, "to_user_id"),
        wa_id: people::wa_id(echo, "to"),
        parent_user_id: people::id(echo, "to_parent_user_id"),
    }
}

fn without_effect(kind: &str, why: &str) -> Content {
    Content::Notice(Notice { kind: meta::kind(kind), text: Some(why.to_owned()) })
}

/// The wamid names the event, unless it is (also) the id of the message that the event is about.
pub(super) fn dedup(message: &Value, content: &Content) -> String {
    let target = match content {
        Content::Reaction { target, .. } | Content::Revision { target, .. } | Content::Tombstone { target } => {
            Some(target)
        }
        _ => None,
    };
    match people::id(message, "id") {
        Some(id) if Some(&id) != target => format!("msg:{id}"),
        _ => format!("msg:sha256:{}", meta::fingerprint(&[message])),
    }
}

/// Reads the content of a message, and says whether something of it is only in the raw message.
fn read(message: &Value, kind: &str, errors_beside: &[Value]) -> (Message, bool) {
    let own_errors = json::array(message, "errors");
    let errors = if own_errors.is_empty() { errors_beside } else { own_errors };
    let mut read = Message {
        id: people::id(message, "id"),
        reply_to: message.get("context").and_then(|context| people::id(context, "id")),
        extra: extra(message),
        ..Message::default()
    };
    let has_content = match body::content(message, kind) {
        Some((body, attachments)) => {
            (read.body, read.attachments) = (body, attachments);
            true
        }
        None => {
            placeholder(&mut read, message, kind, errors);
            false
        }
    };
    if errors::media_unavailable(own_errors) {
        let reason = errors::reason(own_errors).unwrap_or_default();
        for attachment in &mut read.attachments {
            attachment.source = MediaSource::unavailable(reason.clone());
        }
    }
    (read, !has_content || !own_errors.is_empty())
}

/// Fills in what an agent sees where there is nothing to show.
fn placeholder(read: &mut Message, message: &Value, kind: &str, errors: &[Value]) {
    let stated = message.get("unsupported").and_then(|unsupported| json::str(unsupported, "type"));
    let kind = stated.unwrap_or(kind);
    match media::kind(kind) {
        Some(media_kind) if errors::media_unavailable(errors) => {
            read.attachments.push(media::unavailable(media_kind, errors::reason(errors)));
        }
        _ => read.body = Body::Unsupported { kind: meta::kind(kind), reason: errors::reason(errors) },
    }
}

/// What else a message says: forwarding, the product or ad that it came from, the security code, the card's origin.
pub(super) fn extra(message: &Value) -> Option<Value> {
    let context = message.get("context").unwrap_or(&Value::Null);
    let of_context = ["forwarded", "frequently_forwarded", "referred_product"].map(|key| (key, context.get(key)));
    let of_message = ["referral", "identity", "origin"].map(|key| (key, message.get(key)));
    let extra: Map<String, Value> = of_context
        .into_iter()
        .chain(of_message)
        .filter_map(|(key, value)| Some((key.to_owned(), value.filter(|value| !value.is_null())?.clone())))
        .collect();
    (!extra.is_empty()).then(|| extra.into())
}

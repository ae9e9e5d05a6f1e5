//! Updates become events: one update, one kind, usually one event (telegram.md §5).

mod callback;
mod content;
mod deletion;
mod extra;
mod fields;
mod media;
mod membership;
mod message;
mod notice;
mod party;
mod place;
mod reaction;

use bytes::Bytes;
pub(super) use media::{MAX_DOWNLOAD, file_id};
pub(super) use place::message_id;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ALLOWED_UPDATES;
use crate::{Fault, InboundEvent, Millis, ParseError, Parsed, json, verify::hex};

/// Longest text kept of a message, in bytes. Telegram's own limit is far below; this bounds what is not Telegram.
const MAX_TEXT: usize = 1 << 20;

/// Why an update could not be understood, for an operator.
type Refusal = &'static str;

/// One kind of news out of an update.
struct Update<'a> {
    kind: &'a str,
    value: &'a Value,
    /// Its name for deduplication.
    key: String,
    /// Our own user id.
    bot: i64,
}

/// Translates one update, or an array of them. Telegram never sends an array (telegram.md §3); a replay may.
///
/// # Errors
/// If `payload` is no JSON, or neither an object nor an array.
pub(super) fn translate(payload: &[u8], bot: i64) -> Result<Parsed, ParseError> {
    let document = json::parse(payload)?;
    let updates = match &document {
        Value::Array(updates) => updates.as_slice(),
        Value::Object(_) => std::slice::from_ref(&document),
        _ => return Err(ParseError("no update: neither an object nor an array".to_owned())),
    };
    let mut parsed = Parsed::default();
    for update in updates {
        match read(update, bot) {
            Ok(events) => parsed.events.extend(events),
            Err(reason) => parsed.faults.push(fault(reason, update)),
        }
    }
    Ok(parsed)
}

fn fault(reason: Refusal, update: &Value) -> Fault {
    Fault { reason: reason.to_owned(), raw: Bytes::from(update.to_string()) }
}

fn read(update: &Value, bot: i64) -> Result<Vec<InboundEvent>, Refusal> {
    let fields = update.as_object().ok_or("an update that is no object")?;
    let key = match json::int(update, "update_id") {
        Some(id) => format!("upd:{id}"),
        None => format!("sha:{}", digest(update)),
    };
    let known = ALLOWED_UPDATES.iter().find_map(|kind| {
        let value = fields.get(*kind).filter(|value| !value.is_null())?;
        Some(Update { kind, value, key: key.clone(), bot })
    });
    match known {
        Some(known) => known.read(),
        None => {
            let kind =
                fields.keys().find(|name| !matches!(name.as_str(), "" | "update_id")).map_or("unknown", String::as_str);
            Ok(vec![notice::event(&Update { kind, value: update, key, bot })])
        }
    }
}

impl Update<'_> {
    fn read(&self) -> Result<Vec<InboundEvent>, Refusal> {
        if !self.value.is_object() {
            return Err("an update whose content is no object");
        }
        match self.kind {
            "message"
            | "edited_message"
            | "channel_post"
            | "edited_channel_post"
            | "business_message"
            | "edited_business_message"
            | "guest_message" => message::event(self).map(|event| vec![event]),
            "callback_query" => Ok(vec![callback::event(self)]),
            "message_reaction" => reaction::event(self).map(|event| vec![event]),
            "my_chat_member" => Ok(vec![membership::event(self)]),
            "deleted_business_messages" => deletion::events(self),
            _ => Ok(vec![notice::event(self)]),
        }
    }
}

/// SHA-256 of a value's canonical text.
fn digest(value: &Value) -> String {
    hex(&Sha256::digest(value.to_string()))
}

/// `value[key]`, Unix seconds, as milliseconds. Zero means "not known" (telegram.md §5).
fn millis(value: &Value, key: &str) -> Option<Millis> {
    json::int(value, key).filter(|seconds| *seconds > 0)?.checked_mul(1000)
}

/// Whether `value[key]` is `true`.
fn is_true(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool) == Some(true)
}

/// `value[key]`, unless it is absent or null.
fn present<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|field| !field.is_null())
}

//! A webhook body → events. Every entry, every change, every message, every status (`whatsapp.md §3, §4`).

mod body;
mod errors;
pub(super) mod media;
mod message;
mod notice;
pub(super) mod people;
mod status;
mod system;

use serde_json::Value;

use crate::{InboundEvent, ParseError, Parsed, json, meta};

use self::{
    message::{Side, Whole},
    people::People,
};

/// Translates what a webhook says to the number `phone_number_id`, or to its account `waba_id`.
pub(super) fn parse(body: &[u8], phone_number_id: &str, waba_id: Option<&str>) -> Result<Parsed, ParseError> {
    let mut parsed = Parsed::default();
    if let Some(payload) = meta::payload(body, meta::WHATSAPP_OBJECT)? {
        let reader = Reader { phone_number_id, waba_id };
        json::array(&payload, "entry").iter().for_each(|entry| reader.entry(entry, &mut parsed));
    }
    Ok(parsed)
}

struct Reader<'a> {
    phone_number_id: &'a str,
    waba_id: Option<&'a str>,
}

impl Reader<'_> {
    fn entry(&self, entry: &Value, parsed: &mut Parsed) {
        match entry.get("changes").and_then(Value::as_array) {
            Some(changes) => changes.iter().for_each(|change| self.change(entry, change, parsed)),
            None if self.may_be_ours(entry) => parsed.faults.push(meta::fault("an entry without changes", entry)),
            None => {}
        }
    }

    /// A change names a number of its own, or is about the whole account.
    fn change(&self, entry: &Value, change: &Value, parsed: &mut Parsed) {
        match (meta::phone_number_id(change), entry.get("id").and_then(json::id)) {
            (Some(phone), _) if phone == self.phone_number_id => translate(entry, change, parsed),
            (Some(_), _) => {}
            (None, _) if !change.is_object() && self.may_be_ours(entry) => {
                parsed.faults.push(meta::fault("a change that is no object", change));
            }
            (None, Some(waba)) if self.waba_id == Some(&waba) => translate(entry, change, parsed),
            (None, Some(_)) => {}
            (None, None) => parsed.faults.push(meta::fault("a change that addresses nobody", change)),
        }
    }

    /// Whether a broken piece could have been for us: nothing says that it was for another account.
    fn may_be_ours(&self, entry: &Value) -> bool {
        match (self.waba_id, entry.get("id").and_then(json::id)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        }
    }
}

fn translate(entry: &Value, change: &Value, parsed: &mut Parsed) {
    match (json::str(change, "field"), change.get("value")) {
        (Some("messages") | None, Some(value @ Value::Object(_))) => messages(entry, change, value, parsed),
        (Some("messages"), _) => parsed.faults.push(meta::fault("messages without a value", change)),
        (Some("smb_message_echoes"), Some(value @ Value::Object(_))) => echoes(entry, change, value, parsed),
        (field, _) => parsed.events.push(notice::of_change(field, entry, change)),
    }
}

/// Field `messages`: what customers wrote, what became of our messages, and errors of the account.
fn messages(entry: &Value, change: &Value, value: &Value, parsed: &mut Parsed) {
    let found = (parsed.events.len(), parsed.faults.len());
    let whole = Whole { people: People::of(value), errors: json::array(value, "errors"), side: Side::Customer };
    let messages = meta::list(value, "messages", &mut parsed.faults);
    for message in messages {
        settle(whole.event(message), message, parsed);
    }
    for piece in meta::list(value, "statuses", &mut parsed.faults) {
        settle(status::event(piece, &whole), piece, parsed);
    }
    if !whole.errors.is_empty() && !messages.iter().any(message::is_explained_beside) {
        parsed.events.push(notice::of_errors(whole.errors, entry, change));
    }
    if found == (parsed.events.len(), parsed.faults.len()) {
        parsed.events.push(notice::of_change(Some("messages"), entry, change));
    }
}

/// Field `smb_message_echoes`: what staff wrote in the WhatsApp Business app.
fn echoes(entry: &Value, change: &Value, value: &Value, parsed: &mut Parsed) {
    let found = (parsed.events.len(), parsed.faults.len());
    let whole = Whole { people: People::of(value), errors: json::array(value, "errors"), side: Side::Business };
    for echo in meta::list(value, "message_echoes", &mut parsed.faults) {
        settle(whole.event(echo), echo, parsed);
    }
    if found == (parsed.events.len(), parsed.faults.len()) {
        parsed.events.push(notice::of_change(Some("smb_message_echoes"), entry, change));
    }
}

/// One piece is one event or one fault, whatever its neighbours are (P7).
fn settle(outcome: Result<InboundEvent, &'static str>, piece: &Value, parsed: &mut Parsed) {
    match outcome {
        Ok(event) => parsed.events.push(event),
        Err(reason) => parsed.faults.push(meta::fault(reason, piece)),
    }
}

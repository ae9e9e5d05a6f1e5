//! A webhook body → events. Every entry, every change, every Messenger item (`facebook-comments.md §2, §3`).

mod body;
mod comment;
mod notice;
mod reaction;
mod update;

use serde_json::Value;

use crate::{ParseError, Parsed, json, meta};

use self::update::Update;

/// Translates what a webhook says about the Page `page_id`.
pub(super) fn parse(body: &[u8], page_id: &str) -> Result<Parsed, ParseError> {
    let mut parsed = Parsed::default();
    if let Some(payload) = meta::payload(body, meta::PAGE_OBJECT)? {
        for entry in json::array(&payload, "entry") {
            match entry.get("id").and_then(json::id) {
                Some(id) if id == page_id => self::entry(entry, page_id, &mut parsed),
                Some(_) => {}
                None => parsed.faults.push(meta::fault("an entry that addresses nobody", entry)),
            }
        }
    }
    Ok(parsed)
}

fn entry(entry: &Value, page_id: &str, parsed: &mut Parsed) {
    let found = (parsed.events.len(), parsed.faults.len());
    for change in meta::list(entry, "changes", &mut parsed.faults) {
        match change.is_object() {
            true => translate(entry, change, page_id, parsed),
            false => parsed.faults.push(meta::fault("a change that is no object", change)),
        }
    }
    for list in ["messaging", "standby"] {
        for item in meta::list(entry, list, &mut parsed.faults) {
            match item.is_object() {
                true => parsed.events.push(notice::of_messenger(entry, item)),
                false => parsed.faults.push(meta::fault("a Messenger item that is no object", item)),
            }
        }
    }
    if found == (parsed.events.len(), parsed.faults.len()) {
        parsed.faults.push(meta::fault("an entry without changes", entry));
    }
}

/// `feed` is far more than comments: most of it is reactions and the Page's own posts.
fn translate(entry: &Value, change: &Value, page_id: &str, parsed: &mut Parsed) {
    let outcome = match (json::str(change, "field"), change.get("value")) {
        (Some("feed") | None, Some(value @ Value::Object(_))) => {
            let update = Update { page_id, entry, value };
            match (update.item(), update.comment_id()) {
                ("comment", _) => comment::event(&update, change),
                ("reaction" | "like", Some(comment_id)) => Ok(reaction::event(&update, comment_id, change)),
                _ => Ok(notice::of_post(&update, change)),
            }
        }
        (field, _) => Ok(notice::of_change(field, entry, change)),
    };
    match outcome {
        Ok(event) => parsed.events.push(event),
        Err(reason) => parsed.faults.push(meta::fault(reason, change)),
    }
}

//! What is no comment: recorded with its raw payload, never a ticket (`facebook-comments.md §3`).

use serde_json::Value;

use crate::{Content, InboundEvent, Millis, Notice, ThreadRef, json, meta, text};

use super::update::{Update, Verb};

/// The longest quotation in a notice's line, in bytes.
const MAX_QUOTE: usize = 300;

/// Posts of the Page and its visitors, reactions to posts, and whatever else a feed holds.
pub(super) fn of_post(update: &Update<'_>, change: &Value) -> InboundEvent {
    let text = json::str(update.value, "message").map(|message| text::clean(message, MAX_QUOTE));
    let notice = Notice { kind: kind(update), text };
    event(update.thread(), notice, meta::millis(update.value, "created_time"), update.entry, change)
}

fn kind(update: &Update<'_>) -> String {
    let item = update.item();
    let by_visitor = update.actor_id().is_some() && !update.is_by_page();
    match (item, update.verb()) {
        ("reaction" | "like", _) => "reaction".to_owned(),
        ("comment", Verb::Add) => "page_comment".to_owned(),
        ("post" | "status" | "photo" | "video" | "share" | "link", Verb::Add) if by_visitor => {
            "visitor_post".to_owned()
        }
        ("post" | "status" | "photo" | "video" | "share" | "link", Verb::Add) if update.is_by_page() => {
            "page_post".to_owned()
        }
        (item, Verb::Add) => meta::kind(item),
        (item, Verb::Other) => meta::kind(&format!("{item}_{}", json::str(update.value, "verb").unwrap_or("other"))),
        (item, verb) => meta::kind(&format!("{item}_{}", verb.as_str())),
    }
}

/// Another field than `feed` (`mention`, `ratings` …), or one without a value.
pub(super) fn of_change(field: Option<&str>, entry: &Value, change: &Value) -> InboundEvent {
    let value = change.get("value").unwrap_or(&Value::Null);
    let text = json::str(value, "message").map(|message| text::clean(message, MAX_QUOTE));
    let notice = Notice { kind: meta::kind(field.unwrap_or("unknown")), text };
    event(channel_thread(), notice, meta::millis(value, "created_time"), entry, change)
}

/// One item of Messenger, which this channel does not serve.
pub(super) fn of_messenger(entry: &Value, item: &Value) -> InboundEvent {
    let notice = Notice { kind: "messaging".to_owned(), text: None };
    event(channel_thread(), notice, meta::millis(item, "timestamp"), entry, item)
}

fn channel_thread() -> ThreadRef {
    ThreadRef { partition: "channel".to_owned(), ..ThreadRef::default() }
}

/// Nothing names such an event, so its content does, with the time of sending where it has no time of its own.
fn event(thread: ThreadRef, notice: Notice, happened: Option<Millis>, entry: &Value, raw: &Value) -> InboundEvent {
    let sent = if happened.is_some() { &Value::Null } else { entry.get("time").unwrap_or(&Value::Null) };
    InboundEvent {
        thread,
        dedup: vec![format!("upd:{}", meta::fingerprint(&[raw, sent]))],
        at: happened.or_else(|| meta::millis(entry, "time")),
        sender: None,
        content: Content::Notice(notice),
        raw: Some(raw.clone()),
    }
}

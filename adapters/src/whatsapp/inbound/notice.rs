//! Everything that is neither a message nor a status: recorded with its raw payload (`whatsapp.md §4`).

use serde_json::Value;

use crate::{Content, InboundEvent, Notice, json, meta};

use super::{errors, people};

/// A change of another field: templates, limits, calls, preferences, history …
pub(super) fn of_change(field: Option<&str>, entry: &Value, change: &Value) -> InboundEvent {
    let value = change.get("value").unwrap_or(&Value::Null);
    let kind = meta::kind(field.unwrap_or("unknown"));
    event(Notice { kind, text: headline(value) }, change, entry, change)
}

/// Errors of the account that explain no message.
pub(super) fn of_errors(errors: &[Value], entry: &Value, change: &Value) -> InboundEvent {
    let notice = Notice { kind: "errors".to_owned(), text: errors::reason(errors) };
    event(notice, &Value::from(errors.to_vec()), entry, change)
}

/// Nothing names such an event, so its content does, with the time of sending where it has no time of its own.
fn event(notice: Notice, raw: &Value, entry: &Value, change: &Value) -> InboundEvent {
    let happened = change.get("value").and_then(|value| meta::millis(value, "timestamp"));
    let sent = if happened.is_some() { &Value::Null } else { entry.get("time").unwrap_or(&Value::Null) };
    let kind = Value::from(notice.kind.as_str());
    let name = meta::fingerprint(&[change, &kind, entry.get("id").unwrap_or(&Value::Null), sent]);
    InboundEvent {
        thread: people::channel_thread(),
        dedup: vec![format!("upd:{name}")],
        at: happened.or_else(|| meta::millis(entry, "time")),
        sender: None,
        content: Content::Notice(notice),
        raw: Some(raw.clone()),
    }
}

/// The words that tell an operator what it is about, in Meta's own terms: `promo · es · REJECTED · INVALID_FORMAT`.
fn headline(value: &Value) -> Option<String> {
    const TELLING: [&str; 19] = [
        "display_phone_number",
        "message_template_name",
        "message_template_language",
        "event",
        "alert_type",
        "decision",
        "requested_verified_name",
        "phone_number",
        "previous_category",
        "new_category",
        "previous_quality_score",
        "new_quality_score",
        "old_status",
        "new_status",
        "current_limit",
        "flow_id",
        "reason",
        "rejection_reason",
        "message",
    ];
    let preferences = json::array(value, "user_preferences").iter().flat_map(|preference| {
        ["wa_id", "user_id", "category", "value"].into_iter().filter_map(|key| people::id(preference, key))
    });
    let words: Vec<String> = TELLING.into_iter().filter_map(|key| people::id(value, key)).chain(preferences).collect();
    let line = words.join(" · ");
    crate::text::non_blank(&line).map(|line| crate::text::clean(line, 1000))
}

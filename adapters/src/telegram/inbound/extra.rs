//! What a message carries around its content, for agents and bots that want it.

use serde_json::{Map, Value, json};

use super::{is_true, present};
use crate::json;

/// Fields kept under their own names.
const KEPT: [&str; 17] = [
    "author_signature",
    "business_connection_id",
    "direct_messages_topic",
    "effect_id",
    "external_reply",
    "guest_bot_caller_chat",
    "guest_bot_caller_user",
    "guest_query_id",
    "is_from_offline",
    "paid_star_count",
    "quote",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "reply_to_story",
    "sender_business_bot",
    "suggested_post_info",
    "via_bot",
];

/// Entities that anybody can find in the text again.
const TRIVIAL: [&str; 7] = ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"];

/// The extras of any message.
pub(super) fn around(message: &Value) -> Map<String, Value> {
    let mut extra = copied(message, &KEPT);
    let from = present(message, "from").filter(|_| present(message, "sender_chat").is_none());
    if from.is_some_and(|from| is_true(from, "is_bot")) {
        extra.insert("is_bot".to_owned(), json!(true));
    }
    if is_true(message, "has_media_spoiler") {
        extra.insert("spoiler".to_owned(), json!(true));
    }
    extra.extend(present(message, "forward_origin").map(|origin| ("forward".to_owned(), origin.clone())));
    extra
}

/// The formatting of a text, if it says more than the text does. Offsets and lengths count UTF-16 units.
pub(super) fn entities(message: &Value, field: &str) -> Map<String, Value> {
    let entities = json::array(message, field);
    let telling = |entity: &Value| json::str(entity, "type").is_some_and(|kind| !TRIVIAL.contains(&kind));
    match entities.iter().any(telling) {
        true => Map::from_iter([("entities".to_owned(), json!(entities))]),
        false => Map::new(),
    }
}

/// The fields of `value` with these names that are there.
pub(super) fn copied(value: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), present(value, name)?.clone()))).collect()
}

/// `None` if nothing is in it.
pub(super) fn object(extra: Map<String, Value>) -> Option<Value> {
    (!extra.is_empty()).then_some(Value::Object(extra))
}

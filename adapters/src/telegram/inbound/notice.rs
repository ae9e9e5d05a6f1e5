//! News that no ticket needs.

use serde_json::Value;

use super::{Update, millis, party, place::Place, present};
use crate::{Content, InboundEvent, Notice, ThreadRef, json, text};

/// Longest line for people, in bytes.
const MAX_LINE: usize = 512;

/// The event of an update that is only recorded: polls, payments, members, boosts, connections, unknown kinds.
pub(super) fn event(update: &Update<'_>) -> InboundEvent {
    about(update, update.kind, line(update))
}

/// A notice of `kind` about whatever the update names.
pub(super) fn about(update: &Update<'_>, kind: &str, line: Option<String>) -> InboundEvent {
    let sender = party::actor(update.value);
    let nowhere = || {
        let person = sender.iter().flat_map(|sender| &sender.identities).next();
        let partition = person.map_or_else(|| "bot".to_owned(), |person| format!("user:{}", person.value));
        ThreadRef { partition, ..ThreadRef::default() }
    };
    InboundEvent {
        thread: Place::of_chat(update.value).map_or_else(nowhere, |place| place.thread()),
        dedup: vec![update.key.clone()],
        at: millis(update.value, "date"),
        content: Content::Notice(Notice {
            kind: text::clean(kind, 128),
            text: line.map(|line| text::clean(&line, MAX_LINE)),
        }),
        raw: Some(update.value.clone()),
        sender,
    }
}

fn line(update: &Update<'_>) -> Option<String> {
    let news = update.value;
    match update.kind {
        "business_connection" => {
            let state = if super::is_true(news, "is_enabled") { "connected to" } else { "disconnected from" };
            Some(format!("the bot was {state} the business account of {}", person(news.get("user")?)))
        }
        "chat_member" => {
            let member = news.get("new_chat_member")?;
            Some(format!("{} is now: {}", person(member.get("user")?), json::str(member, "status")?))
        }
        "chat_join_request" => Some(format!("{} asks to join", person(news.get("from")?))),
        "poll" => json::str(news, "question").map(str::to_owned),
        "inline_query" | "chosen_inline_result" => json::str(news, "query").map(str::to_owned),
        _ => None,
    }
}

/// One line about a remark in a chat.
pub(super) fn remark(kind: &str, message: &Value) -> Option<String> {
    let content = present(message, kind);
    match kind {
        "channel_post" | "edited_channel_post" | "automatic_forward" | "scheduled_message" => {
            ["text", "caption"].into_iter().find_map(|field| json::str(message, field).map(str::to_owned))
        }
        "new_chat_members" => {
            let people: Vec<String> = json::array(message, kind).iter().map(person).collect();
            (!people.is_empty()).then(|| format!("joined: {}", people.join(", ")))
        }
        "new_chat_member" | "new_chat_participant" => content.map(|member| format!("joined: {}", person(member))),
        "left_chat_member" | "left_chat_participant" => content.map(|member| format!("left: {}", person(member))),
        "new_chat_title" => content.and_then(Value::as_str).map(str::to_owned),
        "forum_topic_created" | "forum_topic_edited" => json::str(content?, "name").map(str::to_owned),
        "pinned_message" => json::str(content?, "text").map(|text| format!("pinned: {text}")),
        _ => None,
    }
}

/// How people would call a user.
fn person(user: &Value) -> String {
    let handle = || json::str(user, "username").map(|name| format!("@{name}"));
    party::full_name(user)
        .or_else(handle)
        .or_else(|| user.get("id").and_then(json::id))
        .unwrap_or_else(|| "somebody".to_owned())
}

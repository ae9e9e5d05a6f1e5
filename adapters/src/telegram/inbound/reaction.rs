//! Reactions to messages. They come only if asked for, and only to administrators of the chat (telegram.md §5.1).

use serde_json::Value;

use super::{Refusal, Update, millis, party, place::Place};
use crate::{Content, InboundEvent, json};

/// The event of a `message_reaction` update: the last of the person's present reactions, or none.
///
/// # Errors
/// Without chat and message id.
pub(super) fn event(update: &Update<'_>) -> Result<InboundEvent, Refusal> {
    let news = update.value;
    let place = Place::of_chat(news).ok_or("a reaction without chat.id")?;
    let target = json::int(news, "message_id").ok_or("a reaction without message_id")?;
    let reactions = json::array(news, "new_reaction");
    Ok(InboundEvent {
        thread: place.thread(),
        dedup: vec![update.key.clone()],
        at: millis(news, "date"),
        sender: party::actor(news),
        content: Content::Reaction { target: place.message_id(target), emoji: reactions.last().map(sign) },
        raw: needs_raw(reactions).then(|| news.clone()),
    })
}

fn sign(reaction: &Value) -> String {
    let sign = match json::str(reaction, "type") {
        Some("paid") => Some("⭐"),
        Some("custom_emoji") => json::str(reaction, "custom_emoji_id"),
        _ => json::str(reaction, "emoji"),
    };
    sign.or_else(|| json::str(reaction, "type")).unwrap_or("?").to_owned()
}

/// One plain emoji, or none, is all that an event can say.
fn needs_raw(reactions: &[Value]) -> bool {
    reactions.len() > 1 || reactions.iter().any(|reaction| json::str(reaction, "type") != Some("emoji"))
}

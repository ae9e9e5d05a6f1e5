//! Deletions. Telegram reports them for business accounts only (telegram.md §5.1).

use super::{Refusal, Update, notice, place::Place};
use crate::{Content, InboundEvent, json};

/// One event per deleted message.
///
/// # Errors
/// Without a chat id.
pub(super) fn events(update: &Update<'_>) -> Result<Vec<InboundEvent>, Refusal> {
    let place = Place::of_chat(update.value).ok_or("a deletion without chat.id")?;
    let ids = json::array(update.value, "message_ids").iter().filter_map(json::id);
    let deleted: Vec<InboundEvent> =
        ids.filter_map(|id| id.parse().ok()).map(|id| tombstone(update, &place, id)).collect();
    Ok(if deleted.is_empty() { vec![notice::event(update)] } else { deleted })
}

fn tombstone(update: &Update<'_>, place: &Place, id: i64) -> InboundEvent {
    let target = place.message_id(id);
    InboundEvent {
        thread: place.thread(),
        dedup: vec![format!("{}:{id}", update.key), format!("del:{target}")],
        at: None,
        sender: None,
        content: Content::Tombstone { target },
        raw: None,
    }
}

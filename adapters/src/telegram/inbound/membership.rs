//! Our own membership: blocked and unblocked by people, added to and removed from groups (telegram.md §5.1).

use super::{Update, notice, party};
use crate::{Content, InboundEvent, json};

/// The event of a `my_chat_member` update.
pub(super) fn event(update: &Update<'_>) -> InboundEvent {
    let news = update.value;
    let status = news.get("new_chat_member").and_then(|member| json::str(member, "status"));
    let chat = news.get("chat");
    let private = chat.is_some_and(|chat| json::str(chat, "type") == Some("private"));
    let notice = notice::about(update, update.kind, status.map(line));
    match (private, status) {
        (true, Some(status @ ("kicked" | "member"))) => InboundEvent {
            // The chat with a person has that person's id.
            sender: notice.sender.or_else(|| chat.and_then(party::user)),
            content: Content::ContactBlocked { blocked: status == "kicked" },
            raw: None,
            ..notice
        },
        _ => notice,
    }
}

fn line(status: &str) -> String {
    match status {
        "left" | "kicked" => "the bot was removed".to_owned(),
        "member" => "the bot was added".to_owned(),
        other => format!("the bot is now: {other}"),
    }
}

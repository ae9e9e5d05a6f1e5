//! `item: reaction` and `item: like` on a comment (`facebook-comments.md §3.2`).

use serde_json::Value;

use crate::{Content, InboundEvent, ThreadRef, json, meta};

use super::{
    notice,
    update::{Update, Verb},
};

pub(super) fn event(update: &Update<'_>, comment_id: String, change: &Value) -> InboundEvent {
    let emoji = match update.verb() {
        Verb::Add | Verb::Edit => Some(emoji(json::str(update.value, "reaction_type").unwrap_or("like"))),
        Verb::Remove => None,
        Verb::Hide | Verb::Unhide | Verb::Other => return notice::of_post(update, change),
    };
    InboundEvent {
        thread: ThreadRef { evidence: vec![format!("m:{comment_id}")], ..update.thread() },
        dedup: vec![update.dedup("reaction", &comment_id)],
        at: update.created(),
        sender: update.visitor().or_else(|| update.page()),
        content: Content::Reaction { target: comment_id, emoji },
        raw: None,
    }
}

/// Facebook's name for a reaction as what people see; a new one stays a word.
fn emoji(reaction: &str) -> String {
    match reaction {
        "like" => "👍".to_owned(),
        "love" => "❤️".to_owned(),
        "haha" => "😆".to_owned(),
        "wow" => "😮".to_owned(),
        "sad" | "sorry" => "😢".to_owned(),
        "angry" | "anger" => "😡".to_owned(),
        "care" => "🤗".to_owned(),
        other => meta::kind(other),
    }
}

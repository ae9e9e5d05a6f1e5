//! `item: comment`: the only part of a feed that becomes tickets (`facebook-comments.md §3.2`).

use serde_json::Value;

use crate::{Content, InboundEvent, Millis, ThreadRef, meta};

use super::{
    body, notice,
    update::{Update, Verb},
};

/// # Errors
/// Why the piece cannot be understood at all.
pub(super) fn event(update: &Update<'_>, change: &Value) -> Result<InboundEvent, &'static str> {
    match (update.verb(), update.comment_id()) {
        (Verb::Add, comment_id) if update.is_by_page() => Ok(by_page(update, comment_id, change)),
        (Verb::Add, comment_id) => by_visitor(update, comment_id),
        (Verb::Other, _) | (_, None) => Ok(notice::of_post(update, change)),
        (Verb::Edit, Some(_)) if !body::is_stated(update) => Ok(notice::of_post(update, change)),
        (verb, Some(target)) => Ok(changed(update, verb, target)),
    }
}

/// A visitor's comment. Its thread is that of the commenter under this post; while nobody says who it is, that of
/// the comment at the root, which the comment that it answers leads to.
fn by_visitor(update: &Update<'_>, comment_id: Option<String>) -> Result<InboundEvent, &'static str> {
    let message = body::message(update).ok_or("a comment with neither an id nor content")?;
    let name = comment_id.clone().unwrap_or_else(|| meta::fingerprint(&[update.value]));
    let alias = match (update.post_id(), update.actor_id()) {
        (Some(post), Some(from)) => format!("c:{post}:{from}"),
        (Some(post), None) => format!("r:{post}:{}", update.parent_comment().as_ref().unwrap_or(&name)),
        (None, _) => format!("r:{name}"),
    };
    let hints = match update.actor_id() {
        Some(_) => Vec::new(),
        None => update.parent_comment().iter().map(|parent| format!("m:{parent}")).collect(),
    };
    let evidence = comment_id.iter().map(|id| format!("m:{id}")).collect();
    Ok(InboundEvent {
        thread: ThreadRef { aliases: vec![alias], hints, evidence, ..update.thread() },
        dedup: vec![format!("add:{name}")],
        at: update.created(),
        sender: update.visitor(),
        content: Content::Message(Box::new(message)),
        raw: None,
    })
}

/// The Page's own comment, whether sent by us or written in Facebook. An answer belongs to the thread of the comment
/// that it answers; at top level it is context only.
fn by_page(update: &Update<'_>, comment_id: Option<String>, change: &Value) -> InboundEvent {
    match (comment_id, update.parent_comment(), body::message(update)) {
        (Some(id), Some(_), Some(message)) => InboundEvent {
            thread: ThreadRef { evidence: of_pages_comment(update, &id), ..update.thread() },
            dedup: vec![format!("add:{id}")],
            at: update.created(),
            sender: None,
            content: Content::Echo(Box::new(message)),
            raw: None,
        },
        _ => notice::of_post(update, change),
    }
}

/// The Page's comments are in the thread of what they answer.
fn of_pages_comment(update: &Update<'_>, comment_id: &str) -> Vec<String> {
    update.parent_comment().iter().map(String::as_str).chain([comment_id]).map(|id| format!("m:{id}")).collect()
}

/// Something happened to a comment that is there already. Its thread is found by the comment alone: a parent may be
/// somebody else's, and `from` is whoever did it.
fn changed(update: &Update<'_>, verb: Verb, target: String) -> InboundEvent {
    let evidence = match update.is_by_page() && verb == Verb::Edit {
        true => of_pages_comment(update, &target),
        false => vec![format!("m:{target}")],
    };
    InboundEvent {
        thread: ThreadRef { evidence, ..update.thread() },
        dedup: vec![update.dedup("comment", &target)],
        at: changed_at(update, verb),
        sender: update.visitor(),
        content: change_of(update, verb, target),
        raw: None,
    }
}

fn change_of(update: &Update<'_>, verb: Verb, target: String) -> Content {
    match verb {
        Verb::Remove => Content::Tombstone { target },
        Verb::Hide => Content::Visibility { target, hidden: true },
        Verb::Unhide => Content::Visibility { target, hidden: false },
        Verb::Add | Verb::Edit | Verb::Other => {
            let message = Box::new(body::message(update).unwrap_or_default());
            Content::Revision { target, message }
        }
    }
}

/// `created_time` of an edited or hidden comment normally stays that of the comment.
fn changed_at(update: &Update<'_>, verb: Verb) -> Option<Millis> {
    match verb {
        Verb::Edit | Verb::Hide | Verb::Unhide => update.sent().or_else(|| update.created()),
        Verb::Add | Verb::Remove | Verb::Other => update.created(),
    }
}

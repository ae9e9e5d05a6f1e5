//! Messages, edits and channel posts.

use serde_json::Value;

use super::{Refusal, Update, content, digest, extra, fields, is_true, millis, notice, party, place::Place, present};
use crate::{Body, Content, InboundEvent, Message, Millis, ThreadRef, json};

/// The event of an update that carries a `Message`.
///
/// # Errors
/// Without a chat id nobody can say where it belongs; without a message id nobody can say what was edited.
pub(super) fn event(update: &Update<'_>) -> Result<InboundEvent, Refusal> {
    let message = update.value;
    let place = Place::of_message(message).ok_or("a message without chat.id")?;
    let id = json::int(message, "message_id").filter(|id| *id != 0).map(|id| place.message_id(id));
    match (remark(update), migration(message, &place)) {
        (None, Some(migration)) => Ok(moved(update, &place, migration)),
        (Some(kind), _) => Ok(remarked(update, &place, id, kind)),
        (None, None) => said(update, &place, id),
    }
}

/// What makes this message a mere remark: nobody asks our side for anything with it.
fn remark<'a>(update: &Update<'a>) -> Option<&'a str> {
    let message = update.value;
    match update.kind {
        "channel_post" | "edited_channel_post" => Some(update.kind),
        // The post of a linked channel, repeated in its discussion group.
        _ if is_true(message, "is_automatic_forward") => Some("automatic_forward"),
        // Scheduled: it has no usable id yet, and comes again when it is sent (telegram.md §5).
        _ if json::int(message, "message_id") == Some(0) => Some("scheduled_message"),
        _ => fields::service(message).filter(|field| !MIGRATIONS.contains(field)),
    }
}

fn remarked(update: &Update<'_>, place: &Place, id: Option<String>, kind: &str) -> InboundEvent {
    let mut event = notice::about(update, kind, notice::remark(kind, update.value));
    event.thread = place.thread();
    event.sender = party::author(update.value);
    event.at = written(update);
    if !is_edit(update) {
        event.dedup.extend(id.map(|id| format!("msg:{id}")));
    }
    event
}

const MIGRATIONS: [&str; 2] = ["migrate_to_chat_id", "migrate_from_chat_id"];

/// A group that became a supergroup: its old and new id.
struct Migration {
    old: i64,
    new: i64,
}

/// Telegram says it twice: in the old group and in the new one.
fn migration(message: &Value, place: &Place) -> Option<Migration> {
    let into = json::int(message, MIGRATIONS[0]).map(|new| Migration { old: place.chat, new });
    into.or_else(|| json::int(message, MIGRATIONS[1]).map(|old| Migration { old, new: place.chat }))
}

/// Both messages make the same event, with one key between them. Each goes in line with its own chat, so that what
/// was said before it in the old group, and after it in the new one, finds the same thread.
fn moved(update: &Update<'_>, place: &Place, Migration { old, new }: Migration) -> InboundEvent {
    InboundEvent {
        thread: ThreadRef { aliases: vec![format!("chat:{new}")], ..place.thread() },
        dedup: vec![update.key.clone(), format!("move:{old}:{new}")],
        at: written(update),
        sender: party::author(update.value),
        content: Content::ThreadMoved { from: vec![format!("chat:{old}")] },
        raw: None,
    }
}

/// Something that a person (or a bot) said.
fn said(update: &Update<'_>, place: &Place, id: Option<String>) -> Result<InboundEvent, Refusal> {
    let piece = update.value;
    let message = Box::new(read(piece, place, id.clone()));
    let raw = (matches!(message.body, Body::Unsupported { .. }) || fields::has_strangers(piece)).then(|| piece.clone());
    let mut dedup = vec![update.key.clone()];
    let content = match (is_edit(update), id) {
        (true, None) => return Err("an edit without message_id"),
        (true, Some(target)) => {
            dedup.push(edit_key(&target, piece, &message));
            Content::Revision { target, message }
        }
        (false, id) => {
            dedup.extend(id.map(|id| format!("msg:{id}")));
            if is_ours(update, place) { Content::Echo(message) } else { Content::Message(message) }
        }
    };
    Ok(InboundEvent { thread: place.thread(), dedup, at: written(update), sender: party::author(piece), content, raw })
}

fn read(piece: &Value, place: &Place, id: Option<String>) -> Message {
    let said = content::read(piece);
    let mut extra = extra::around(piece);
    extra.extend(said.extra);
    let group = piece.get("media_group_id").and_then(json::id);
    Message {
        id,
        body: said.body,
        attachments: said.attachments,
        reply_to: answered(piece).map(|id| place.message_id(id)),
        group: group.map(|group| format!("{}:{group}", place.chat)),
        extra: extra::object(extra),
        acknowledge: None,
        hidden: false,
        no_auto_reply: false,
    }
}

/// The message that this one answers. Under a topic's messages Telegram puts the topic's creation: no answer.
fn answered(message: &Value) -> Option<i64> {
    let target = present(message, "reply_to_message")?;
    let creation = present(target, "forum_topic_created").is_some();
    json::int(target, "message_id").filter(|id| *id != 0 && !creation)
}

/// Whether our side wrote it in the native app, or we did. In a business account's private chat the chat's id is the
/// customer's, so any other author is the account's owner; `sender_business_bot` marks what a bot sent for them.
fn is_ours(update: &Update<'_>, place: &Place) -> bool {
    let author = present(update.value, "from").and_then(|from| json::int(from, "id"));
    let owner = place.business.is_some() && place.private && author.is_some_and(|author| author != place.chat);
    owner || author == Some(update.bot) || present(update.value, "sender_business_bot").is_some()
}

/// One key per visible state of the message: an edit may come without any visible change (telegram.md §10).
fn edit_key(target: &str, piece: &Value, message: &Message) -> String {
    let content = serde_json::to_value(message).map(|content| digest(&content)).unwrap_or_default();
    let date = json::int(piece, "edit_date").or_else(|| json::int(piece, "date")).unwrap_or_default();
    format!("edit:{target}:{date}:{}", content.get(..16).unwrap_or_default())
}

fn is_edit(update: &Update<'_>) -> bool {
    update.kind.starts_with("edited_")
}

fn written(update: &Update<'_>) -> Option<Millis> {
    let edited = if is_edit(update) { millis(update.value, "edit_date") } else { None };
    edited.or_else(|| millis(update.value, "date"))
}

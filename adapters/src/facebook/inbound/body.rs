//! What a comment says (`facebook-comments.md §3.1, §5`).

use serde_json::{Map, Value};

use crate::{Attachment, Body, MediaKind, MediaSource, Message, json, meta::MAX_TEXT, text};

use super::update::Update;

/// The comment as a message; `None` if it has neither an id nor content.
pub(super) fn message(update: &Update<'_>) -> Option<Message> {
    let id = update.comment_id();
    let words = json::str(update.value, "message").map(|words| text::clean(words, MAX_TEXT));
    let attachments = match (attachments(update), &words, &id) {
        (files, None, Some(id)) if files.is_empty() => vec![unnamed(id)],
        (files, None, None) if files.is_empty() => return None,
        (files, _, _) => files,
    };
    Some(Message {
        body: words.map_or(Body::Empty, |text| Body::Text { text }),
        attachments,
        reply_to: update.parent_comment(),
        group: None,
        extra: extra(update.value, update.post_id()),
        acknowledge: None,
        hidden: update.value.get("is_hidden").and_then(Value::as_bool) == Some(true),
        no_auto_reply: false,
        id,
    })
}

/// Whether the webhook says what is in the comment; of a sticker it does not.
pub(super) fn is_stated(update: &Update<'_>) -> bool {
    json::str(update.value, "message").is_some() || !attachments(update).is_empty()
}

/// Signed URLs of Facebook's file servers: they expire, and are to be fetched without a token. The comment's id is
/// where to ask for a fresh one.
fn attachments(update: &Update<'_>) -> Vec<Attachment> {
    let value = update.value;
    let comment = update.comment_id().map(|id| serde_json::json!({ "comment_id": id }));
    let mut urls: Vec<(MediaKind, &str)> =
        json::str(value, "photo").into_iter().map(|url| (MediaKind::Image, url)).collect();
    let photos = json::array(value, "photos").iter().filter_map(Value::as_str).filter(|url| !url.is_empty());
    for url in photos {
        if !urls.contains(&(MediaKind::Image, url)) {
            urls.push((MediaKind::Image, url));
        }
    }
    urls.extend(json::str(value, "video").map(|url| (MediaKind::Video, url)));
    let file = |(kind, url): (MediaKind, &str)| {
        let source = MediaSource::Url { url: url.to_owned() };
        Attachment { extra: comment.clone(), ..bare(kind, source) }
    };
    urls.into_iter().map(file).collect()
}

/// A sticker or GIF: the webhook says nothing of it; the comment's `attachment` field has it.
fn unnamed(comment_id: &str) -> Attachment {
    bare(MediaKind::Sticker, MediaSource::Platform { id: comment_id.to_owned() })
}

fn bare(kind: MediaKind, source: MediaSource) -> Attachment {
    Attachment { kind, source, mime: None, file_name: None, size: None, content_id: None, extra: None }
}

/// The post that it is under, and what else Facebook says of the comment.
fn extra(value: &Value, post_id: Option<String>) -> Option<Value> {
    const KEPT: [&str; 10] = [
        "post",
        "permalink_url",
        "link",
        "message_tags",
        "is_hidden",
        "published",
        "photo_id",
        "video_id",
        "share_id",
        "open_graph_story_id",
    ];
    let kept = KEPT.into_iter().filter_map(|key| Some((key, value.get(key).filter(|value| !value.is_null())?.clone())));
    let post_id = post_id.map(|id| ("post_id", Value::from(id)));
    let extra: Map<String, Value> = kept.chain(post_id).map(|(key, value)| (key.to_owned(), value)).collect();
    (!extra.is_empty()).then(|| extra.into())
}

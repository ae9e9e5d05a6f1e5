//! Files of a message. Telegram names them; `getFile` finds them (telegram.md §7).

use serde_json::{Value, json};

use super::{extra, present};
use crate::{Attachment, MediaKind, MediaSource, json, text};

/// The largest file that Telegram hands out to bots, in bytes (telegram.md §7).
pub(in crate::telegram) const MAX_DOWNLOAD: u64 = 20 << 20;

/// An animation comes with a document that is the same file, so it goes first.
const FIELDS: [(&str, MediaKind); 7] = [
    ("animation", MediaKind::Animation),
    ("video", MediaKind::Video),
    ("video_note", MediaKind::Video),
    ("voice", MediaKind::Voice),
    ("audio", MediaKind::Audio),
    ("document", MediaKind::Document),
    ("sticker", MediaKind::Sticker),
];

/// What we keep of a file besides its name, type and size.
const DETAILS: [&str; 14] = [
    "file_unique_id",
    "width",
    "height",
    "length",
    "duration",
    "performer",
    "title",
    "emoji",
    "set_name",
    "type",
    "custom_emoji_id",
    "is_animated",
    "is_video",
    "start_timestamp",
];

/// The file of a message. A message has at most one; albums are many messages.
pub(super) fn attachment(message: &Value) -> Option<Attachment> {
    photo(message).map(|size| describe(size, MediaKind::Image)).or_else(|| {
        FIELDS.into_iter().find_map(|(field, kind)| {
            let file = present(message, field).filter(|file| file.is_object())?;
            let mut attachment = describe(file, kind);
            if let ("video_note", Some(Value::Object(extra))) = (field, attachment.extra.as_mut()) {
                extra.insert("note".to_owned(), json!(true));
            }
            Some(attachment)
        })
    })
}

/// Telegram's name for the file of a message, by which the same bot can send it again.
pub(in crate::telegram) fn file_id(message: &Value) -> Option<&str> {
    let file = photo(message).or_else(|| FIELDS.iter().find_map(|(field, _)| present(message, field)))?;
    json::str(file, "file_id")
}

/// The largest of the sizes of one picture. A live photo carries the still one beside it, or within.
fn photo(message: &Value) -> Option<&Value> {
    let within = || json::array(present(message, "live_photo")?, "photo").iter().filter(sized).max_by_key(area);
    json::array(message, "photo").iter().filter(sized).max_by_key(area).or_else(within)
}

fn sized(size: &&Value) -> bool {
    size.is_object()
}

fn area(size: &&Value) -> (i64, i64) {
    let side = |key| json::int(size, key).unwrap_or_default();
    (side("width").saturating_mul(side("height")), side("file_size"))
}

fn describe(file: &Value, kind: MediaKind) -> Attachment {
    let size = json::int(file, "file_size").and_then(|size| u64::try_from(size).ok());
    let id = json::str(file, "file_id");
    let source = match id {
        None => MediaSource::unavailable("Telegram sent no file id"),
        Some(_) if size.is_some_and(|size| size > MAX_DOWNLOAD) => {
            MediaSource::unavailable("Telegram does not hand out files above 20 MB to bots")
        }
        Some(id) => MediaSource::Platform { id: id.to_owned() },
    };
    let mut details = extra::copied(file, &DETAILS);
    if matches!(source, MediaSource::Unavailable { .. }) {
        details.extend(extra::copied(file, &["file_id"]));
    }
    Attachment {
        kind,
        source,
        mime: json::str(file, "mime_type").map(|mime| text::clean(mime, 255)),
        file_name: json::str(file, "file_name").map(|name| text::clean(name, 1024)),
        size,
        content_id: None,
        extra: extra::object(details),
    }
}

//! Files in messages (`whatsapp.md §4.2, §7`).

use base64::Engine;
use serde_json::{Map, Value};

use crate::{Attachment, MediaKind, MediaSource, json, verify};

/// The kind of file that a message type carries.
pub(super) fn kind(message_type: &str) -> Option<MediaKind> {
    match message_type {
        "image" => Some(MediaKind::Image),
        "video" => Some(MediaKind::Video),
        "audio" => Some(MediaKind::Audio),
        "voice" => Some(MediaKind::Voice),
        "document" => Some(MediaKind::Document),
        "sticker" => Some(MediaKind::Sticker),
        _ => None,
    }
}

/// The attachment that a media object describes.
pub(super) fn attachment(kind: MediaKind, media: &Value) -> Attachment {
    let is_voice = media.get("voice").and_then(Value::as_bool) == Some(true);
    Attachment {
        kind: if is_voice { MediaKind::Voice } else { kind },
        source: source(media),
        mime: json::str(media, "mime_type").map(str::to_owned),
        file_name: json::str(media, "filename").map(str::to_owned),
        size: json::int(media, "file_size").and_then(|size| u64::try_from(size).ok()),
        content_id: None,
        extra: extra(media),
    }
}

/// A file that WhatsApp does not give out.
pub(super) fn unavailable(kind: MediaKind, reason: Option<String>) -> Attachment {
    let reason = reason.unwrap_or_else(|| "WhatsApp did not provide the file".to_owned());
    Attachment {
        kind,
        source: MediaSource::unavailable(reason),
        mime: None,
        file_name: None,
        size: None,
        content_id: None,
        extra: None,
    }
}

fn source(media: &Value) -> MediaSource {
    match (media.get("id").and_then(json::id), json::str(media, "url")) {
        (Some(id), _) => MediaSource::Platform { id },
        (None, Some(url)) => MediaSource::Url { url: url.to_owned() },
        (None, None) => MediaSource::unavailable("WhatsApp gave neither an id nor a URL"),
    }
}

fn extra(media: &Value) -> Option<Value> {
    let mut extra = Map::new();
    for key in ["url", "voice", "animated"] {
        if let Some(value) = media.get(key).filter(|value| !value.is_null()) {
            extra.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(hash) = json::str(media, "sha256").and_then(sha256_hex) {
        extra.insert("sha256".to_owned(), hash.into());
    }
    (!extra.is_empty()).then(|| extra.into())
}

/// The stated hash as lower-case hex: webhooks have Base64, the media lookup hex. Anything else is no hash to
/// check a file against.
pub(in crate::whatsapp) fn sha256_hex(stated: &str) -> Option<String> {
    let from_base64 = || {
        let bare = stated.trim_end_matches('=');
        let standard = base64::engine::general_purpose::STANDARD_NO_PAD.decode(bare);
        standard.or_else(|_| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(bare)).ok()
    };
    let is_hash = |bytes: &Vec<u8>| bytes.len() == 32;
    verify::unhex(stated).filter(is_hash).or_else(|| from_base64().filter(is_hash)).map(|bytes| verify::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_hash_is_hex_whether_it_came_as_base64_or_hex() {
        let hex = "00".repeat(31) + "ff";
        let base64 = base64::engine::general_purpose::STANDARD.encode(verify::unhex(&hex).unwrap());
        assert_eq!(sha256_hex(&base64).as_ref(), Some(&hex));
        assert_eq!(sha256_hex(&hex.to_uppercase()).as_ref(), Some(&hex));
        assert_eq!(sha256_hex(&base64.replace('/', "_").replace('=', "")).as_ref(), Some(&hex));
        for bad in ["", "b64==", "zz", "AAAA"] {
            assert_eq!(sha256_hex(bad), None, "{bad}");
        }
    }
}

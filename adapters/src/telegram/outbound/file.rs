//! Files: by which method they go, and where customers' files are fetched (telegram.md §6, §7).

use serde_json::json;

use super::{
    api::{Api, Parameters},
    compose::Objection,
};
use crate::{
    MediaKind, MediaSource, json,
    outbound::{Call, ErrorClass, Explained, FileRule, Located, OutboundFile, SendError, Wanted},
    telegram::inbound::MAX_DOWNLOAD,
};

/// The largest file that a bot can upload, in bytes; the largest picture that is shown as one; the largest sticker.
const MAX_UPLOAD: u64 = 50 << 20;
const MAX_PHOTO: u64 = 10 << 20;
const MAX_STICKER: u64 = 512 << 10;

const STICKERS: &[&str] = &["image/webp", "video/webm", "application/x-tgsticker"];

/// What may be uploaded. What a method of its own does not take goes as a document.
pub(super) static RULES: &[FileRule] = &[
    any(MediaKind::Image),
    any(MediaKind::Video),
    any(MediaKind::Audio),
    any(MediaKind::Voice),
    any(MediaKind::Document),
    any(MediaKind::Animation),
    FileRule { kind: MediaKind::Sticker, mimes: STICKERS, max_bytes: MAX_STICKER, caption: false },
];

const fn any(kind: MediaKind) -> FileRule {
    FileRule { kind, mimes: &["*/*"], max_bytes: MAX_UPLOAD, caption: true }
}

/// A method that sends a file, and its parameter for it.
pub(super) struct Way {
    pub(super) method: &'static str,
    pub(super) field: &'static str,
    /// Whether it takes a caption.
    pub(super) caption: bool,
}

/// How a file goes: shown or played where Telegram can do that with its type, as a document otherwise.
///
/// # Errors
/// If it is larger than Telegram takes.
pub(super) fn way(file: &OutboundFile) -> Result<Way, SendError> {
    let captioned = |method, field| Way { method, field, caption: true };
    Ok(match (file.kind, file.mime.as_str()) {
        _ if file.size > MAX_UPLOAD => return Err(TOO_LARGE.error("an upload of more than 50 MB")),
        (MediaKind::Image, "image/jpeg" | "image/png") if file.size <= MAX_PHOTO => captioned("sendPhoto", "photo"),
        (MediaKind::Video, "video/mp4") => captioned("sendVideo", "video"),
        (MediaKind::Animation, "image/gif" | "video/mp4") => captioned("sendAnimation", "animation"),
        (MediaKind::Voice, mime) if is_playable(mime) || is_ogg(mime) => captioned("sendVoice", "voice"),
        (MediaKind::Audio, mime) if is_playable(mime) => captioned("sendAudio", "audio"),
        (MediaKind::Sticker, mime) if STICKERS.contains(&mime) && file.size <= MAX_STICKER => {
            Way { method: "sendSticker", field: "sticker", caption: false }
        }
        _ => captioned("sendDocument", "document"),
    })
}

/// MP3 and M4A, which Telegram's player plays.
fn is_playable(mime: &str) -> bool {
    matches!(mime, "audio/mpeg" | "audio/mp3" | "audio/mp4" | "audio/m4a" | "audio/x-m4a")
}

fn is_ogg(mime: &str) -> bool {
    matches!(mime, "audio/ogg" | "audio/opus" | "application/ogg")
}

/// How Telegram says that it does not take its own id for a file any more, or not for this method.
pub(super) const FORGOTTEN: &[&str] = &[
    "wrong file_id",
    "wrong file identifier",
    "wrong remote file identifier",
    "invalid file_id",
    "can't use file of type",
    "file reference",
    "file_reference",
];

/// Where the bytes of a customer's file are for the next hour.
pub(super) async fn locate(api: Api<'_>, wanted: &Wanted) -> Result<Located, SendError> {
    let id = match &wanted.source {
        MediaSource::Platform { id } => id,
        _ => return Err(GONE.error("no file of Telegram's")),
    };
    if wanted.size.is_some_and(|size| size > MAX_DOWNLOAD) {
        return Err(TOO_BIG.error("a file of more than 20 MB"));
    }
    let parameters = Parameters::from_iter([("file_id".to_owned(), json!(id))]);
    let file = api.ask("getFile", parameters).await.map_err(|trouble| trouble.of_look())?;
    let path = json::str(&file, "file_path").ok_or_else(|| GONE.error("getFile without file_path"))?;
    if path.starts_with('/') || path.split('/').any(|step| matches!(step, "" | "." | "..")) {
        return Err(GONE.error("a file path on the Bot API server's own disk"));
    }
    Ok(Located {
        call: Call::get(api.file_url(&escaped(path))),
        foreign: false,
        mime: None,
        size: json::int(&file, "file_size").and_then(|size| u64::try_from(size).ok()).or(wanted.size),
        sha256: None,
    })
}

/// A path as a URL has it.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

const TOO_LARGE: Objection = Objection(
    ErrorClass::Content,
    "too_large",
    Explained {
        es: "El archivo supera los 50 MB que Telegram acepta. Envíe uno más pequeño o comparta un enlace.",
        en: "The file is larger than the 50 MB that Telegram takes. Send a smaller one, or share a link.",
    },
);
const TOO_BIG: Objection = Objection(
    ErrorClass::Content,
    "too_big",
    Explained {
        es: "El archivo supera los 20 MB que Telegram entrega a los bots. Pida al cliente que lo envíe más pequeño o \
             por otro medio.",
        en: "The file is larger than the 20 MB that Telegram hands out to bots. Ask the customer to send a smaller \
             one, or another way.",
    },
);
const GONE: Objection = Objection(
    ErrorClass::Content,
    "no_file",
    Explained {
        es: "Telegram no entrega este archivo. Pida al cliente que lo envíe de nuevo.",
        en: "Telegram does not hand out this file. Ask the customer to send it again.",
    },
);

#[cfg(test)]
mod tests {
    use super::*;

    fn method(kind: MediaKind, mime: &str, size: u64) -> Option<&'static str> {
        let file = OutboundFile {
            sha256: "00".to_owned(),
            size,
            mime: mime.to_owned(),
            file_name: "x".to_owned(),
            kind,
            platform_id: None,
        };
        way(&file).ok().map(|way| way.method)
    }

    #[test]
    fn a_file_goes_as_what_telegram_can_show_of_it() {
        for (kind, mime, size, expected) in [
            (MediaKind::Image, "image/jpeg", MAX_PHOTO, "sendPhoto"),
            (MediaKind::Image, "image/png", 1, "sendPhoto"),
            (MediaKind::Image, "image/jpeg", MAX_PHOTO + 1, "sendDocument"),
            (MediaKind::Image, "image/webp", 1, "sendDocument"),
            (MediaKind::Image, "image/gif", 1, "sendDocument"),
            (MediaKind::Document, "image/jpeg", 1, "sendDocument"),
            (MediaKind::Document, "application/pdf", MAX_UPLOAD, "sendDocument"),
            (MediaKind::Video, "video/mp4", 1, "sendVideo"),
            (MediaKind::Video, "video/quicktime", 1, "sendDocument"),
            (MediaKind::Audio, "audio/mpeg", 1, "sendAudio"),
            (MediaKind::Audio, "audio/ogg", 1, "sendDocument"),
            (MediaKind::Voice, "audio/ogg", 1, "sendVoice"),
            (MediaKind::Voice, "audio/wav", 1, "sendDocument"),
            (MediaKind::Animation, "image/gif", 1, "sendAnimation"),
            (MediaKind::Sticker, "image/webp", 1, "sendSticker"),
            (MediaKind::Sticker, "image/webp", MAX_STICKER + 1, "sendDocument"),
        ] {
            assert_eq!(method(kind, mime, size), Some(expected), "{kind:?} {mime} {size}");
        }
        assert_eq!(method(MediaKind::Document, "application/pdf", MAX_UPLOAD + 1), None);
    }

    #[test]
    fn a_path_stays_a_path() {
        assert_eq!(escaped("photos/file_1.jpg"), "photos/file_1.jpg");
        assert_eq!(escaped("documents/año 1?.pdf"), "documents/a%C3%B1o%201%3F.pdf");
    }
}

//! Links to files that need no credentials: whoever has one may read that one file for an hour (P9).

use relevo_adapters::Millis;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{desk::chats::LINK_MS, http::Api, secrets::MasterKey, store::messages::AttachmentRow};

/// What the signatures are for.
const CONTEXT: &str = "media link";

/// A file of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApMessageFile)]
pub(in crate::http) struct File {
    id: String,
    /// `image`, `video`, `audio`, `voice`, `document`, `sticker` or `animation`.
    kind: String,
    mime: Option<String>,
    /// As its sender calls it.
    file_name: Option<String>,
    /// Bytes.
    size: Option<i64>,
    /// `stored`, `pending` (it is being fetched) or `unavailable`.
    state: String,
    /// Leads to the bytes for an hour, without credentials; `null` until they are stored.
    url: Option<String>,
}

impl File {
    pub(in crate::http) fn of(api: &Api, row: AttachmentRow) -> Self {
        Self {
            url: row.sha256.is_some().then(|| url(api, &row)),
            id: row.id,
            kind: row.kind,
            mime: row.mime,
            file_name: row.file_name,
            size: row.size,
            state: row.state,
        }
    }
}

/// A link to a stored file.
pub(in crate::http) fn url(api: &Api, row: &AttachmentRow) -> String {
    let expires = (api.0.clock.now() + LINK_MS) / 1000;
    let signature = api.0.key.sign(&signed(&row.id, expires), CONTEXT);
    let extension = row.mime.as_deref().and_then(extension).map(|it| format!(".{it}")).unwrap_or_default();
    let (home, id) = (&api.0.public_url, &row.id);
    format!("{home}/api/meta/getMediaFile?filename={id}{extension}&expires={expires}&signature={signature}")
}

/// Whether a link to the file was made by us and is not over; `expires` in seconds.
pub(super) fn holds(key: &MasterKey, id: &str, expires: i64, signature: &str, now: Millis) -> bool {
    key.is_signed(&signed(id, expires), CONTEXT, signature) && now / 1000 < expires
}

fn signed(id: &str, expires: i64) -> String {
    format!("{id} {expires}")
}

/// The file's id that a `filename` is, with or without an extension; everything else is the name of nothing.
pub(super) fn key_of(filename: &str) -> Option<String> {
    let (id, extension) = filename.split_once('.').unwrap_or((filename, ""));
    let plain = extension.len() <= 8 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // The one form in which we write ids: another one of the same number is another name.
    Uuid::try_parse(id).ok().map(|uuid| uuid.to_string()).filter(|uuid| plain && uuid == id)
}

/// The extension by which programs know a file of this type.
fn extension(mime: &str) -> Option<&'static str> {
    Some(match mime {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/amr" => "amr",
        "audio/aac" => "aac",
        "video/mp4" => "mp4",
        "video/3gpp" => "3gp",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_filename_is_a_key_and_never_a_path() {
        let id = "0192f0c1-7a3b-7c00-8000-0123456789ab";
        for good in [id.to_owned(), format!("{id}.jpg"), format!("{id}.")] {
            assert_eq!(key_of(&good).as_deref(), Some(id), "{good}");
        }
        let upper = id.to_uppercase();
        for bad in ["", "../../etc/passwd", "..", "/etc/passwd", "photo_12345.jpg", &upper, "a\0b"] {
            assert_eq!(key_of(bad), None, "{bad}");
        }
        for bad in ["/../x", ".jpg/../../x", ".%2e%2e", ".tar.gz"] {
            assert_eq!(key_of(&format!("{id}{bad}")), None, "{bad}");
        }
    }
}

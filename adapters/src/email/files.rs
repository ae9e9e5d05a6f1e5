//! Files of a mail as attachments and blobs (`email.md §3`).

use serde_json::json;

use super::{
    config::Config,
    mail::{File, FileData},
};
use crate::{Attachment, Blob, MediaKind, MediaSource, text};

/// Bytes of a file name that are kept.
const MAX_NAME: usize = 200;

/// The attachments of `files`; those over the limits say so instead of having bytes. `referenced` are the
/// `Content-ID`s that the HTML shows.
pub(crate) fn attachments(
    files: Vec<File>,
    referenced: &[String],
    config: &Config,
    blobs: &mut Vec<Blob>,
) -> Vec<Attachment> {
    let mut out = Vec::new();
    for (at, file) in files.into_iter().enumerate() {
        if at >= config.max_attachments {
            out.push(too_many(config.max_attachments));
            break;
        }
        out.push(attachment(file, referenced, config, blobs));
    }
    out
}

fn attachment(file: File, referenced: &[String], config: &Config, blobs: &mut Vec<Blob>) -> Attachment {
    let (size, source) = match file.data {
        FileData::Bytes(bytes) if bytes.len() as u64 > config.max_attachment_bytes => {
            (Some(bytes.len() as u64), too_large(config))
        }
        FileData::Bytes(bytes) => {
            let size = bytes.len() as u64;
            let blob = Blob::new(bytes);
            let source = MediaSource::Blob { sha256: blob.sha256.clone() };
            if blobs.iter().all(|known| known.sha256 != blob.sha256) {
                blobs.push(blob);
            }
            (Some(size), source)
        }
        FileData::Url(_, Some(size)) if size > config.max_attachment_bytes => (Some(size), too_large(config)),
        FileData::Url(url, size) => (size, MediaSource::Url { url }),
        FileData::Missing(reason) => (None, MediaSource::unavailable(reason)),
    };
    let mime = file.kind.value.contains('/').then(|| file.kind.value.clone());
    let name = file.name.as_deref().and_then(clean_name);
    Attachment {
        kind: MediaKind::of_mime(&file.kind.value),
        source,
        extra: mark(&file.kind, name.as_deref()).map(|mark| json!({ "mark": mark })),
        mime,
        file_name: name.or_else(|| default_name(&file.kind.value).map(str::to_owned)),
        size,
        content_id: file.content_id.filter(|id| referenced.contains(id)),
    }
}

fn too_large(config: &Config) -> MediaSource {
    MediaSource::unavailable(format!("larger than {} bytes", config.max_attachment_bytes))
}

fn too_many(limit: usize) -> Attachment {
    Attachment {
        kind: MediaKind::Document,
        source: MediaSource::unavailable(format!("the mail has more than {limit} attachments")),
        mime: None,
        file_name: None,
        size: None,
        content_id: None,
        extra: None,
    }
}

/// What needs special software: invitations, signed, encrypted and Outlook's own containers.
fn mark(kind: &super::mime::Params, name: Option<&str>) -> Option<&'static str> {
    match kind.value.as_str() {
        "text/calendar" | "application/ics" => Some("calendar"),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some("smime"),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => Some("smime_signature"),
        "application/pgp-encrypted" => Some("pgp"),
        "application/pgp-signature" => Some("pgp_signature"),
        "application/pgp-keys" => Some("pgp_keys"),
        "application/ms-tnef" | "application/vnd.ms-tnef" => Some("tnef"),
        _ => match name.map(str::to_ascii_lowercase).as_deref() {
            Some("winmail.dat") => Some("tnef"),
            Some(name) if name.ends_with(".p7m") => Some("smime"),
            Some(name) if name.ends_with(".p7s") => Some("smime_signature"),
            Some("encrypted.asc") => Some("pgp"),
            _ => None,
        },
    }
}

fn default_name(mime: &str) -> Option<&'static str> {
    match mime {
        "message/rfc822" => Some("mail.eml"),
        "text/calendar" => Some("invite.ics"),
        "application/ms-tnef" => Some("winmail.dat"),
        _ => None,
    }
}

/// A file name to show: no path, no control or direction characters, at most 200 bytes with its extension kept.
pub(crate) fn clean_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty())?;
    let name: String = name.chars().filter(|c| !c.is_control() && !is_direction(*c)).collect();
    let name = name.trim().trim_start_matches('.').trim();
    if name.is_empty() {
        return None;
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| extension.len() <= 16);
    match extension {
        Some(extension) if name.len() > MAX_NAME => {
            Some(format!("{}.{extension}", text::truncate(name, MAX_NAME - extension.len() - 1)))
        }
        _ => Some(text::truncate(name, MAX_NAME).to_owned()),
    }
}

/// Characters that reorder text: `gpj.exe` must not be shown as `exe.jpg`.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean_name;

    #[test]
    fn p9_file_names_are_harmless() {
        assert_eq!(clean_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(clean_name("C:\\temp\\factura.pdf").as_deref(), Some("factura.pdf"));
        assert_eq!(clean_name("a\u{202e}gpj.exe\0").as_deref(), Some("agpj.exe"));
        assert_eq!(clean_name("  ..  "), None);
        assert_eq!(clean_name("/"), None);
        let long = clean_name(&format!("{}.pdf", "ñ".repeat(200))).unwrap();
        assert!(long.len() <= 200 && long.ends_with(".pdf"), "{long}");
    }
}

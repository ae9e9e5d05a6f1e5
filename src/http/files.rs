//! Stored files as answers. They were sent by strangers: no browser may run them, and their names are only headers.

use std::{io, ops::Range};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::error::Error;
use crate::{
    media::{BlobRead, Blobs, display_name},
    store::messages::AttachmentRow,
};

const MISSING: Error = Error::NotFound("Media not found");
const OCTETS: &str = "application/octet-stream";

/// A stored file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served<'a> {
    /// The blob, once there is one.
    pub(super) sha256: Option<&'a str>,
    pub(super) mime: Option<&'a str>,
    pub(super) file_name: Option<&'a str>,
}

impl<'a> From<&'a AttachmentRow> for Served<'a> {
    fn from(row: &'a AttachmentRow) -> Self {
        Self { sha256: row.sha256.as_deref(), mime: row.mime.as_deref(), file_name: row.file_name.as_deref() }
    }
}

/// A stored file, whole or (`Range`) the part of it that is asked for. Pictures, sound, moving pictures
/// and PDF come under their own type to be shown in place; everything else as a download of bytes.
///
/// # Errors
/// [`Error::NotFound`] if its bytes are not stored, [`Error::Unavailable`] if they cannot be read now.
pub(super) async fn respond<'a>(
    blobs: &Blobs,
    file: impl Into<Served<'a>>,
    asked: &HeaderMap,
) -> Result<Response, Error> {
    let file = file.into();
    let sha256 = file.sha256.ok_or(MISSING)?;
    let failed = |error: io::Error| {
        tracing::error!(sha256, %error, "a stored file cannot be read");
        if error.kind() == io::ErrorKind::NotFound { MISSING } else { Error::Unavailable }
    };
    // A part is only ever of the same bytes: their name is their hash, so If-Range has nothing to decide.
    let mut response = match asked.get(header::RANGE).and_then(|range| range.to_str().ok()) {
        None => whole(blobs.open(sha256).await.map_err(failed)?),
        Some(range) => {
            let size = blobs.size(sha256).await.map_err(failed)?;
            match part(range, size) {
                Part::Whole => whole(blobs.open(sha256).await.map_err(failed)?),
                Part::Of(range) => partial(blobs.open_range(sha256, range.clone()).await.map_err(failed)?, &range),
                Part::Outside => return Ok(outside(size)),
            }
        }
    };
    response.headers_mut().extend(headers(file));
    Ok(response)
}

fn whole(read: BlobRead) -> Response {
    let length = HeaderValue::from(read.size);
    ([(header::CONTENT_LENGTH, length)], Body::from_stream(read.stream)).into_response()
}

fn partial(read: BlobRead, range: &Range<u64>) -> Response {
    let place = format!("bytes {}-{}/{}", range.start, range.end - 1, read.size);
    let headers = [
        (header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start)),
        (header::CONTENT_RANGE, HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("bytes */*"))),
    ];
    (StatusCode::PARTIAL_CONTENT, headers, Body::from_stream(read.stream)).into_response()
}

fn outside(size: u64) -> Response {
    let range = HeaderValue::from_str(&format!("bytes */{size}")).unwrap_or(HeaderValue::from_static("bytes */*"));
    (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response()
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Everything: it is no single range of bytes, which may be ignored (RFC 9110 §14.2).
    Whole,
    Of(Range<u64>),
    Outside,
}

fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let range = match (first.trim(), last.trim()) {
        ("", last) => number(last).map(|last| size.saturating_sub(last)..size),
        (first, "") => number(first).map(|first| first..size),
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Some(first..last.saturating_add(1).min(size)),
            _ => None,
        },
    };
    match range {
        None => Part::Whole,
        Some(range) if range.start < range.end => Part::Of(range),
        Some(_) => Part::Outside,
    }
}

fn headers(file: Served<'_>) -> [(HeaderName, HeaderValue); 6] {
    let mime = file.mime.unwrap_or(OCTETS);
    let shown = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let shown = Some(shown).filter(|mime| may_be_shown(mime));
    let octets = HeaderValue::from_static(OCTETS);
    let form = shown.as_deref().and_then(|mime| HeaderValue::from_str(mime).ok()).unwrap_or(octets);
    let how = if shown.is_some() { "inline" } else { "attachment" };
    [
        (header::CONTENT_TYPE, form),
        (header::CONTENT_DISPOSITION, disposition(how, file.file_name, mime)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ]
}

/// Types that a browser shows and never runs.
fn may_be_shown(mime: &str) -> bool {
    match mime.split('/').next() {
        Some("image") => !mime.contains("svg") && !mime.contains("xml"),
        Some("audio" | "video") => !mime.contains("xml"),
        _ => mime == "application/pdf",
    }
}

/// `inline` or `attachment`, with the customer's file name in the form of RFC 8187.
fn disposition(how: &'static str, name: Option<&str>, mime: &str) -> HeaderValue {
    let plain = HeaderValue::from_static(how);
    let Some(name) = name else { return plain };
    let encoded: String = display_name(name, mime)
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    HeaderValue::from_str(&format!("{how}; filename*=UTF-8''{encoded}")).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_customers_file_name_is_only_ever_a_harmless_header() {
        let disposition = |name| disposition("attachment", name, "application/pdf");
        assert_eq!(disposition(None), "attachment");
        assert_eq!(disposition(Some("año \"1\"\r\n.pdf")), "attachment; filename*=UTF-8''a%C3%B1o%20_1_%20.pdf");
        assert_eq!(disposition(Some("../../x")), "attachment; filename*=UTF-8''x");
        assert_eq!(disposition(Some("..")), "attachment; filename*=UTF-8''archivo.pdf");
    }

    #[test]
    fn p9_only_what_no_browser_runs_is_shown_in_place() {
        for mime in ["image/jpeg", "image/webp", "audio/ogg", "video/mp4", "application/pdf"] {
            assert!(may_be_shown(mime), "{mime}");
        }
        for mime in ["image/svg+xml", "text/html", "text/plain", "application/xhtml+xml", "application/javascript", ""]
        {
            assert!(!may_be_shown(mime), "{mime}");
        }
    }

    #[test]
    fn a_single_range_is_a_part_and_everything_else_the_whole() {
        for (range, expected) in [
            ("bytes=0-3", Part::Of(0..4)),
            ("bytes=4-", Part::Of(4..10)),
            ("bytes=-3", Part::Of(7..10)),
            ("bytes=-99", Part::Of(0..10)),
            ("bytes=2-99", Part::Of(2..10)),
            ("bytes=9-9", Part::Of(9..10)),
            ("bytes=10-", Part::Outside),
            ("bytes=10-20", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("items=0-1", Part::Whole),
            ("bytes=+1-2", Part::Whole),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
    }
}

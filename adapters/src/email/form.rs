//! Bodies of webhooks: which form they have, and the fields of the form ones.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::mime::{Headers, Params, decode};
use crate::{WebhookRequest, text};

/// Fields of one form that are looked at.
const MAX_FIELDS: usize = 1_000;

/// The form of a body, by its first byte or its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    UrlEncoded,
    Multipart,
    /// `message/rfc822`, or anything else: a raw mail.
    Raw,
}

impl Kind {
    pub(crate) fn of(request: &WebhookRequest<'_>) -> Self {
        if looks_like_json(request.body) {
            return Self::Json;
        }
        let kind = content_type(request);
        match (kind.value.as_str(), kind.sub()) {
            ("application/x-www-form-urlencoded", _) => Self::UrlEncoded,
            ("multipart/form-data", _) => Self::Multipart,
            (_, sub) if sub == "json" || sub.ends_with("+json") => Self::Json,
            _ => Self::Raw,
        }
    }
}

/// Neither mails nor forms begin like this, and some services send JSON as `text/plain`.
fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn content_type(request: &WebhookRequest<'_>) -> Params {
    Params::parse(request.headers.get("Content-Type").map(http::HeaderValue::as_bytes).unwrap_or_default())
}

/// One field: a text, or a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    /// The part's own content type.
    pub(crate) kind: Params,
    pub(crate) content_id: Option<String>,
    pub(crate) bytes: Bytes,
}

impl Field {
    /// The text, in the character set that the part states or UTF-8; without NUL.
    pub(crate) fn utf8(&self) -> String {
        self.text_in(self.kind.get("charset"))
    }

    fn text_in(&self, label: Option<&str>) -> String {
        text::clean(&decode::charset(&self.bytes, label), usize::MAX)
    }
}

/// The fields of a form, in their order.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<Field>);

impl Form {
    /// The form of the request; `None` if it is none.
    pub(crate) fn read(request: &WebhookRequest<'_>) -> Option<Self> {
        match Kind::of(request) {
            Kind::UrlEncoded => Some(Self::url_encoded(request.body)),
            Kind::Multipart => Self::multipart(request.body, &content_type(request)),
            Kind::Json | Kind::Raw => None,
        }
    }

    fn url_encoded(body: &Bytes) -> Self {
        let field = |(name, value): (Vec<u8>, Vec<u8>)| Field {
            name: String::from_utf8_lossy(&name).into_owned(),
            bytes: Bytes::from(value),
            ..Field::default()
        };
        Self(text::form_pairs(body).take(MAX_FIELDS).map(field).collect())
    }

    /// `multipart/form-data`: parts between delimiter lines, without transfer encodings (RFC 7578). Tolerates bare
    /// LF and a missing end.
    fn multipart(body: &Bytes, kind: &Params) -> Option<Self> {
        let delimiter = [b"--", kind.get("boundary")?.trim().as_bytes()].concat();
        let mut fields = Vec::new();
        let mut at = find(body, &delimiter, 0)? + delimiter.len();
        while fields.len() < MAX_FIELDS && !body[at..].starts_with(b"--") {
            let start = body[at..].iter().position(|&byte| byte == b'\n').map_or(body.len(), |end| at + end + 1);
            let next = next_delimiter(body, &delimiter, start);
            let end = next.map_or(body.len(), |(end, _)| end);
            fields.extend(part(&body.slice(start.min(end)..end)));
            match next {
                Some((_, after)) => at = after,
                None => break,
            }
        }
        Some(Self(fields))
    }

    /// The last field called `name`.
    pub(crate) fn last(&self, name: &str) -> Option<&Field> {
        self.0.iter().rev().find(|field| field.name == name)
    }

    /// The text of the last field called `name`; `None` if it is absent or blank.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.last(name).map(Field::utf8).filter(|text| !text.trim().is_empty())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.last(name).is_some()
    }

    /// The text of the last field called `name`, in the character set that `charsets` gives for it.
    pub(crate) fn text_in(&self, name: &str, charsets: &BTreeMap<String, String>) -> Option<String> {
        let field = self.last(name)?;
        let label = charsets.get(name).map(String::as_str).or_else(|| field.kind.get("charset"));
        Some(field.text_in(label)).filter(|text| !text.trim().is_empty())
    }

    /// Fields that are files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(|field| field.file_name.is_some() || is_numbered_attachment(&field.name))
    }
}

fn is_numbered_attachment(name: &str) -> bool {
    name.strip_prefix("attachment")
        .map(|rest| rest.trim_start_matches('-'))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The end of the part that begins at `from`, and the offset behind the delimiter that ends it.
fn next_delimiter(body: &[u8], delimiter: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let found = find(body, delimiter, at)?;
        let after = found + delimiter.len();
        let line_start = found == from || body[found - 1] == b'\n';
        let complete = matches!(body[after..].first(), None | Some(b'\r' | b'\n' | b' ' | b'\t' | b'-'));
        if line_start && complete {
            let end = match &body[from..found] {
                [.., b'\r', b'\n'] => found - 2,
                [.., b'\n'] => found - 1,
                _ => found,
            };
            return Some((end, after));
        }
        at = found + 1;
    }
}

fn find(body: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    while at + needle.len() <= body.len() {
        at += body[at..].iter().position(|&byte| byte == first)?;
        if body[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn part(bytes: &Bytes) -> Option<Field> {
    let (headers, at) = Headers::parse_part(bytes);
    let disposition = Params::parse(headers.first("Content-Disposition")?);
    Some(Field {
        name: disposition.get("name")?.to_owned(),
        file_name: disposition.get("filename").map(str::to_owned),
        kind: Params::parse(headers.first("Content-Type").unwrap_or_default()),
        content_id: headers.text("Content-ID"),
        bytes: bytes.slice(at..),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multipart(body: &'static str) -> Form {
        Form::multipart(&Bytes::from_static(body.as_bytes()), &Params::parse(b"multipart/form-data; boundary=xx"))
            .unwrap()
    }

    #[test]
    fn multipart_fields_are_read() {
        let form = multipart(
            "--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nuno\r\n--xxx\r\ndos\r\n--xx\r\n\
             Content-Disposition: form-data; name=\"attachment1\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\n\
             \0\r\n\r\n--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n--xx--\r\nrest",
        );
        assert_eq!(form.0.len(), 3);
        assert_eq!(&form.0[0].bytes[..], b"uno\r\n--xxx\r\ndos");
        assert_eq!(&form.files().next().unwrap().bytes[..], b"\0\r\n");
        assert_eq!(form.text("text"), None);
    }

    #[test]
    fn url_encoded_fields_keep_their_bytes() {
        let form = Form::url_encoded(&Bytes::from_static(b"raw=caf%E9&raw8=caf\xE9&text=caf%C3%A9"));
        assert_eq!(&form.0[0].bytes[..], b"caf\xE9");
        assert_eq!(&form.0[1].bytes[..], b"caf\xE9");
        assert_eq!(form.text("text").as_deref(), Some("café"));
    }

    #[test]
    fn broken_multipart_is_read_as_far_as_possible() {
        assert_eq!(
            multipart("--xx\nContent-Disposition: form-data; name=a\n\nvalue").text("a").as_deref(),
            Some("value")
        );
        assert_eq!(multipart("--xx").0.len(), 0);
        assert_eq!(multipart("--xx\r\n\r\n--xx\r\n--xx--").0.len(), 0);
        assert!(
            Form::multipart(&Bytes::from_static(b"nothing"), &Params::parse(b"multipart/form-data; boundary=xx"))
                .is_none()
        );
    }

    #[test]
    fn p8_the_number_of_fields_is_bounded() {
        let many = "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n".repeat(5_000);
        let form = Form::multipart(&Bytes::from(many), &Params::parse(b"multipart/form-data; boundary=xx")).unwrap();
        assert_eq!(form.0.len(), MAX_FIELDS);
    }
}

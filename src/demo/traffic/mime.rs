//! Mails as mail programs write them.

use base64::{Engine, engine::general_purpose::STANDARD};
use relevo_adapters::Millis;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// The longest line of an encoded body (RFC 2045 §6.7, §6.8).
const LINE: usize = 76;

/// Bytes of text in one encoded word: its encoded form stays below 75 characters (RFC 2047 §2).
const WORD: usize = 39;

/// A header field with an unstructured value, such as `Subject`.
pub(super) fn field(name: &str, value: &str) -> String {
    format!("{name}: {}\r\n", words(value))
}

/// A mailbox with the name of whom it belongs to.
pub(super) fn mailbox(name: &str, address: &str) -> String {
    match name.is_ascii() {
        true => format!("{name} <{address}>"),
        false => format!("{} <{address}>", words(name)),
    }
}

/// Text as encoded words if it must be, folded between them.
fn words(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        let full = pieces.last().is_some_and(|piece| piece.len() + c.len_utf8() > WORD);
        if full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    let encoded: Vec<String> = pieces.iter().map(|piece| format!("=?UTF-8?B?{}?=", STANDARD.encode(piece))).collect();
    encoded.join("\r\n ")
}

/// A `Date` value; the epoch if the moment is none.
pub(super) fn date(now: Millis) -> String {
    OffsetDateTime::from_unix_timestamp(now.div_euclid(1_000))
        .ok()
        .and_then(|moment| moment.format(&Rfc2822).ok())
        .unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
}

/// A part of text in quoted-printable.
pub(super) fn text_part(kind: &str, text: &str) -> String {
    format!(
        "Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
        quoted_printable(text)
    )
}

/// A part that is a file.
pub(super) fn file_part(mime: &str, name: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded.as_bytes().chunks(LINE).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!(
        "Content-Type: {mime}; name=\"{plain}\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename*=utf-8''{extended}\r\n\r\n{}\r\n",
        lines.join("\r\n"),
        plain = words(name),
        extended = percent(name),
    )
}

/// Parts in a `multipart/<kind>`: its header field and body. `boundary` must occur in no part.
pub(super) fn multipart(kind: &str, boundary: &str, parts: &[String]) -> String {
    let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        out.push_str(&format!("--{boundary}\r\n{part}"));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out
}

/// RFC 2045 §6.7, with soft line breaks.
fn quoted_printable(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(quoted_line).collect();
    lines.join("\r\n")
}

fn quoted_line(line: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    let last = line.len().saturating_sub(1);
    for (place, byte) in line.bytes().enumerate() {
        let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (byte == b' ' && place != last);
        let unit = if plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
        if length + unit.len() > LINE - 1 {
            out.push_str("=\r\n");
            length = 0;
        }
        length += unit.len();
        out.push_str(&unit);
    }
    out
}

/// Percent-encoding of everything but letters, digits and `-._~`.
pub(super) fn percent(text: &str) -> String {
    let unit = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_spanish_lines_are_broken_softly() {
        let line = "El número correcto es Av. Los Álamos 1450, depto. 32 = «ñandú» y más y más y más texto ";
        let quoted = quoted_printable(line);
        assert!(quoted.contains("=C3=BA") && quoted.contains("32 =3D") && quoted.ends_with("=20"), "{quoted}");
        assert!(quoted.lines().count() > 1 && quoted.lines().all(|line| line.len() <= LINE), "{quoted}");
    }

    #[test]
    fn header_words_are_encoded_only_if_they_must() {
        assert_eq!(field("Subject", "Hola"), "Subject: Hola\r\n");
        assert_eq!(mailbox("Óscar", "o@example.com"), "=?UTF-8?B?w5NzY2Fy?= <o@example.com>");
        let long = field("Subject", "ñandú".repeat(20).as_str());
        assert!(long.lines().count() > 2 && long.lines().all(|line| line.len() <= 78), "{long}");
        assert_eq!(percent("nº 7.pdf"), "n%C2%BA%207.pdf");
        assert_eq!(date(1_780_000_000_000), "Thu, 28 May 2026 20:26:40 +0000");
    }
}

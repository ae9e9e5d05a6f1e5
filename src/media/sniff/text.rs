//! Texts, told from each other by looking.

use super::Claim;

const BOM: &[u8] = &[0xef, 0xbb, 0xbf];
/// How far into a file its first tag is looked for.
const FAR: usize = 4096;

/// Text that a browser would run: HTML and SVG, whatever else they say they are; and scripts.
pub(super) fn markup(head: &[u8], claim: &Claim<'_>) -> Option<String> {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    if head.starts_with(b"#!") {
        return Some("text/x-shellscript".to_owned());
    }
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let beginning: String = wide(&head[start..]).unwrap_or_else(|| narrow(&head[start..]));
    if !beginning.starts_with('<') {
        return None;
    }
    const HTML: [&str; 12] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<style",
        "<title",
        "<table",
        "<div",
        "<a ",
        "<img",
    ];
    let starts = |text: &str| HTML.iter().any(|tag| text.starts_with(tag));
    let svg = beginning.contains("<svg");
    match after_prologue(&beginning) {
        text if starts(text) || (beginning.contains("<script") && !svg) || beginning.contains("<html") => {
            Some("text/html".to_owned())
        }
        _ if svg && claim.says("image/svg+xml", &["svg"]) => Some("image/svg+xml".to_owned()),
        _ if svg || beginning.starts_with("<?xml") => Some("text/xml".to_owned()),
        _ => None,
    }
}

fn narrow(head: &[u8]) -> String {
    String::from_utf8_lossy(&head[..head.len().min(FAR)]).to_ascii_lowercase()
}

/// UTF-16, which browsers read too.
fn wide(head: &[u8]) -> Option<String> {
    let read: fn([u8; 2]) -> u16 = match head {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = head[2..head.len().min(FAR)].chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
    Some(String::from_utf16_lossy(&units).trim_start().to_ascii_lowercase())
}

/// Behind what may stand before the first tag: declarations and comments.
fn after_prologue(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            text if text.starts_with("<?") => text.find("?>").map(|at| at + 2),
            text if text.starts_with("<!--") => text.find("-->").map(|at| at + 3),
            _ => None,
        };
        match end {
            Some(end) => rest = rest[end..].trim_start(),
            None => return rest,
        }
    }
}

/// Every other text; `None` if it is none.
pub(super) fn look(head: &[u8], claim: &Claim<'_>) -> Option<String> {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let text = readable(head, claim)?;
    let beginning = text.trim_start();
    let upper: String = beginning.chars().take(15).collect::<String>().to_ascii_uppercase();
    let found = match () {
        () if upper.starts_with("BEGIN:VCARD") => "text/vcard",
        () if upper.starts_with("BEGIN:VCALENDAR") => "text/calendar",
        () if is_json(beginning, claim) => "application/json",
        () if claim.says("text/csv", &["csv"]) || is_csv(&text) => "text/csv",
        () if claim.mime == Some("message/rfc822") => "message/rfc822",
        () => "text/plain",
    };
    Some(found.to_owned())
}

/// The bytes as text, if they are UTF-8 (cut off anywhere), UTF-16 with its mark, or, where a text is stated, the
/// older encodings of spreadsheets.
fn readable(head: &[u8], claim: &Claim<'_>) -> Option<String> {
    if let Some(text) = wide(head) {
        return Some(text);
    }
    if head.is_empty() || head.iter().any(is_control) {
        return None;
    }
    match std::str::from_utf8(head) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => Some(String::from_utf8_lossy(&head[..error.valid_up_to()]).into()),
        Err(_) if claim.mime.is_some_and(|mime| mime.starts_with("text/")) || claim.says("", &["txt", "csv"]) => {
            Some(String::from_utf8_lossy(head).into())
        }
        Err(_) => None,
    }
}

/// Whether it is UTF-8 throughout, cut off anywhere.
pub(super) fn is_text(head: &[u8]) -> bool {
    let whole = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    whole && !head.iter().any(is_control)
}

fn is_control(byte: &u8) -> bool {
    matches!(byte, 0..0x20 | 0x7f) && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

fn is_json(text: &str, claim: &Claim<'_>) -> bool {
    text.starts_with(['{', '['])
        && (claim.says("application/json", &["json"]) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

/// At least three lines with the same number of separators, and that at least two.
fn is_csv(text: &str) -> bool {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines: Vec<&str> = whole.lines().filter(|line| !line.trim().is_empty()).take(10).collect();
    let even = |separator: char| {
        let mut counts = lines.iter().map(|line| line.matches(separator).count());
        counts.next().is_some_and(|first| first >= 2 && counts.all(|count| count == first))
    };
    lines.len() >= 3 && [';', ',', '\t', '|'].into_iter().any(even)
}

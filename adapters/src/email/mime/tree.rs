//! The tree of MIME parts, bounded in depth and number.

use bytes::Bytes;

use super::{Headers, Params, decode};

/// Multiparts inside multiparts are followed this deep.
pub(crate) const MAX_DEPTH: usize = 50;
/// Parts of one mail that are looked at.
pub(crate) const MAX_PARTS: usize = 1_000;

/// One MIME part. Nested mails (`message/rfc822`) are leaves: they are attachments, not more of this mail.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) headers: Headers,
    pub(crate) kind: Params,
    /// The body as it came, still encoded.
    pub(crate) body: Bytes,
    pub(crate) children: Vec<Part>,
    /// It has parts of its own that were not followed.
    pub(crate) too_deep: bool,
}

impl Part {
    /// Reads a whole mail or part. The number of parts is bounded by `budget`, which it draws on.
    pub(crate) fn parse(raw: &Bytes, depth: usize, default_kind: &str, budget: &mut usize) -> Self {
        let (headers, at) = if depth == 0 { Headers::parse(raw) } else { Headers::parse_part(raw) };
        let kind = match Params::parse(headers.first("Content-Type").unwrap_or_default()) {
            kind if kind.value.contains('/') => kind,
            kind if kind.value == "text" => Params::parse(b"text/plain"),
            _ => Params::parse(default_kind.as_bytes()),
        };
        let body = raw.slice(at..);
        let mut part = Self { headers, kind, body, ..Self::default() };
        if part.kind.main() == "multipart" {
            part.follow(depth, budget);
        }
        part
    }

    fn follow(&mut self, depth: usize, budget: &mut usize) {
        if depth >= MAX_DEPTH {
            self.too_deep = true;
            return;
        }
        let default_kind = if self.kind.sub() == "digest" { "message/rfc822" } else { "text/plain" };
        let boundary = self.kind.get("boundary").map(|boundary| boundary.trim().as_bytes().to_vec());
        let Some(boundary) = boundary.or_else(|| guess_boundary(&self.body)) else { return };
        for section in sections(&self.body, &boundary) {
            match budget.checked_sub(1) {
                Some(left) => *budget = left,
                None => {
                    self.too_deep = true;
                    return;
                }
            }
            self.children.push(Self::parse(&section, depth + 1, default_kind, budget));
        }
    }

    /// The body with its transfer encoding undone; without a copy where there is none.
    pub(crate) fn content(&self) -> Bytes {
        let encoding = self.headers.text("Content-Transfer-Encoding").unwrap_or_default();
        match decode::transfer(&self.body, &encoding) {
            std::borrow::Cow::Borrowed(_) => self.body.clone(),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        }
    }

    pub(crate) fn disposition(&self) -> Params {
        Params::parse(self.headers.first("Content-Disposition").unwrap_or_default())
    }

    /// The file name as the part states it, in either header.
    pub(crate) fn file_name(&self) -> Option<String> {
        self.disposition().get("filename").or_else(|| self.kind.get("name")).map(str::to_owned)
    }
}

/// The sections between delimiter lines; an unclosed multipart goes on to the end.
fn sections(body: &Bytes, boundary: &[u8]) -> Vec<Bytes> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if let Some(closing) = delimiter(line, boundary) {
            if let Some(start) = start {
                found.push(body.slice(start..without_line_end(body, start, at)));
            }
            start = (!closing).then_some(at + line.len());
            if closing || found.len() > MAX_PARTS {
                return found;
            }
        }
        at += line.len();
    }
    if let Some(start) = start.filter(|start| *start < body.len()) {
        found.push(body.slice(start..));
    }
    found
}

/// Whether `line` is a delimiter of exactly this boundary (one may be the start of another), and the closing one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line break before a delimiter belongs to the delimiter.
fn without_line_end(body: &[u8], start: usize, end: usize) -> usize {
    match &body[start..end] {
        [.., b'\r', b'\n'] => end - 2,
        [.., b'\n'] => end - 1,
        _ => end,
    }
}

/// A multipart without a boundary parameter: the first line that looks like a delimiter says it.
fn guess_boundary(body: &[u8]) -> Option<Vec<u8>> {
    body.split(|&byte| byte == b'\n')
        .take(100)
        .map(<[u8]>::trim_ascii_end)
        .find_map(|line| line.strip_prefix(b"--").filter(|rest| rest.len() >= 3 && !rest.contains(&b' ')))
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Part {
        Part::parse(&Bytes::copy_from_slice(text.as_bytes()), 0, "text/plain", &mut { MAX_PARTS })
    }

    #[test]
    fn a_boundary_that_starts_another_is_not_confused() {
        let part = parse(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b-1\n\n\
             --b-1\n\none\n--b-1--\n--b\n\ntwo\n--b--\nepilogue",
        );
        assert_eq!(part.children.len(), 2);
        assert_eq!(&part.children[0].children[0].body[..], b"one");
        assert_eq!(&part.children[1].body[..], b"two");
    }

    #[test]
    fn unclosed_and_unnamed_multiparts_are_read() {
        assert_eq!(&parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none").children[0].body[..], b"one");
        assert_eq!(&parse("Content-Type: multipart/mixed\n\n--xyz\n\none\n--xyz--").children[0].body[..], b"one");
        assert!(parse("Content-Type: multipart/mixed; boundary=b\n\nno parts").children.is_empty());
    }

    #[test]
    fn p8_a_nesting_bomb_is_bounded() {
        let bomb: String = (0..10_000)
            .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
            .collect();
        let mut part = &parse(&bomb);
        let mut depth = 0;
        while let Some(child) = part.children.first() {
            part = child;
            depth += 1;
        }
        assert_eq!(depth, MAX_DEPTH);
        assert!(part.too_deep);
    }

    #[test]
    fn p8_the_number_of_parts_is_bounded() {
        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(50_000));
        let part = parse(&many);
        assert!(part.children.len() <= MAX_PARTS);
        assert!(part.too_deep);
    }
}

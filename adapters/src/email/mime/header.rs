//! A header block, as tolerantly as mail deserves.

use super::words;

/// Header fields past this number are ignored.
const MAX_FIELDS: usize = 2_000;
/// Bytes kept of one field.
const MAX_VALUE: usize = 64 * 1024;

/// Names after which a stray line is a broken continuation rather than the start of the body.
const WELL_KNOWN: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "received",
    "return-path",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "delivered-to",
];

/// The fields of one header block in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// Reads the header block at the start of `bytes`; returns the offset of the body too.
    ///
    /// Tolerates leading blank lines, an mbox `From ` line, bare LF, lines of any length, a lost indentation and a
    /// missing blank line before the body.
    pub(crate) fn parse(bytes: &[u8]) -> (Self, usize) {
        let mut headers = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let (line, next) = line_at(bytes, at);
            match Line::of(line) {
                Line::Blank if headers.0.is_empty() => {}
                Line::Blank => return (headers, next),
                Line::Continuation(text) => headers.extend_last(text),
                Line::Field(name, value) => headers.push(name, value),
                Line::Stray if headers.0.is_empty() && is_mbox_from(line) => {}
                Line::Stray if headers.0.is_empty() => return (headers, 0),
                Line::Stray if follows_well_known(bytes, next) => headers.extend_last(line),
                Line::Stray => return (headers, at),
            }
            at = next;
        }
        (headers, bytes.len())
    }

    /// Reads the header block of a MIME part, where a blank first line means that there is none.
    pub(crate) fn parse_part(bytes: &[u8]) -> (Self, usize) {
        match line_at(bytes, 0) {
            ([], next) => (Self::default(), next),
            _ => Self::parse(bytes),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a field; its value is raw bytes, still encoded.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        if self.0.len() < MAX_FIELDS {
            self.0.push((name.to_owned(), value[..value.len().min(MAX_VALUE)].to_vec()));
        }
    }

    /// Appends a field unless one of this name is there, or the value is blank.
    pub(crate) fn push_missing(&mut self, name: &str, value: &str) {
        if self.first(name).is_none() && !value.trim().is_empty() {
            self.push(name, value.as_bytes());
        }
    }

    /// Every field called `name`, first to last, as raw bytes.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> + 'a {
        self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// The first field called `name`: of duplicates the first counts, which the last hop wrote.
    pub(crate) fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The first field called `name`, decoded; `None` if it is absent or blank.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.all(name).map(words::decode).find(|text| !text.is_empty())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Drops every field called `name`.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    fn extend_last(&mut self, text: &[u8]) {
        if let Some((_, value)) = self.0.last_mut() {
            let room = MAX_VALUE.saturating_sub(value.len() + 1);
            value.push(b' ');
            value.extend_from_slice(&text[..text.len().min(room)]);
        }
    }
}

enum Line<'a> {
    Blank,
    Continuation(&'a [u8]),
    Field(&'a str, &'a [u8]),
    Stray,
}

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Self {
        match line.first() {
            None => Self::Blank,
            Some(b' ' | b'\t') => Self::Continuation(line.trim_ascii()),
            Some(_) => match field(line) {
                Some((name, value)) => Self::Field(name, value),
                None => Self::Stray,
            },
        }
    }
}

/// `name: value`; the name is printable ASCII without blanks, blanks before the colon are tolerated.
fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let valid = !name.is_empty() && name.len() <= 127 && name.iter().all(u8::is_ascii_graphic);
    let name = valid.then(|| std::str::from_utf8(name).ok()).flatten()?;
    Some((name, line[colon + 1..].trim_ascii()))
}

/// The line at `at` without its end, and the offset after it.
fn line_at(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let end = bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| at + length);
    let mut line = &bytes[at..end];
    while let [head @ .., b'\r'] = line {
        line = head;
    }
    (line, (end + 1).min(bytes.len()))
}

fn is_mbox_from(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

fn follows_well_known(bytes: &[u8], at: usize) -> bool {
    at < bytes.len()
        && field(line_at(bytes, at).0)
            .is_some_and(|(name, _)| WELL_KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Headers, &str) {
        let (headers, at) = Headers::parse(text.as_bytes());
        (headers, &text[at..])
    }

    #[test]
    fn a_tidy_block_ends_at_the_blank_line() {
        let (headers, body) = parse("From: a@b\r\nSubject: one\r\n\ttwo\r\n\r\nSubject: body\r\n");
        assert_eq!(headers.text("subject").as_deref(), Some("one two"));
        assert_eq!(body, "Subject: body\r\n");
    }

    #[test]
    fn p7_untidy_blocks_are_read_as_far_as_possible() {
        let (headers, body) =
            parse("\r\nFrom ida@example.net Fri May  5 17:41:16 2023\nFrom : a@b\nSubject: x\nHello: you\n\nbody");
        assert_eq!((headers.text("From").as_deref(), body), (Some("a@b"), "body"));
        let (headers, body) = parse("Subject: no blank line\nHello Ida,\nthis is text");
        assert_eq!((headers.text("Subject").as_deref(), body), (Some("no blank line"), "Hello Ida,\nthis is text"));
        let (headers, body) = parse("Subject: lost\nindentation here\nFrom: a@b\n\nbody");
        assert_eq!((headers.text("Subject").as_deref(), body), (Some("lost indentation here"), "body"));
        let (headers, body) = parse("just words, no header at all\nmore");
        assert!(headers.is_empty());
        assert_eq!(body, "just words, no header at all\nmore");
        assert!(parse("").0.is_empty());
        assert_eq!(parse("Subject: a\nSubject: b\n\n").0.text("subject").as_deref(), Some("a"));
    }
}

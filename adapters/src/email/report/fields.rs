//! The field blocks of machine-readable report parts.

use crate::email::mime::{Headers, addresses};

/// Blocks of one part that are looked at.
const MAX_BLOCKS: usize = 1_000;

/// The blocks of a part, which blank lines separate.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Headers> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while found.len() < MAX_BLOCKS && !rest.is_empty() {
        let (headers, at) = Headers::parse(rest);
        if at == 0 {
            let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
            rest = &rest[line..];
            continue;
        }
        rest = &rest[at..];
        if !headers.is_empty() {
            found.push(headers);
        }
    }
    found
}

/// The address of `rfc822; ida@example.net`, lower case.
pub(super) fn address(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, address)| address);
    addresses(value.as_bytes()).into_iter().map(|address| address.email).find(|email| !email.is_empty())
}

/// The enhanced status code in `5.1.1 (bad destination)`.
pub(crate) fn status(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find(|word| is_status(word)).map(str::to_owned)
}

fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts.as_slice(), [class, subject, detail]
        if matches!(*class, "2" | "4" | "5")
            && (1..=3).contains(&subject.len()) && (1..=3).contains(&detail.len()))
}

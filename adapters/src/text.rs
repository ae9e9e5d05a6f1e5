//! Small helpers for text that comes from outside.

/// `text` without NUL (no database keeps it) and cut to at most `max` bytes at a character boundary.
pub fn clean(text: &str, max: usize) -> String {
    let text = truncate(text, max);
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

/// The longest prefix of `text` that has at most `max` bytes and ends at a character boundary.
pub fn truncate(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `Some(text)` unless it is blank.
pub fn non_blank(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The parameters of a URL-encoded query string or form, decoded; broken escapes stay as they are.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (percent_decode(key), percent_decode(value))
    })
}

/// The first parameter called `name`.
pub fn query_value(query: &str, name: &str) -> Option<String> {
    query_pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        match (escaped, bytes[at]) {
            (Some(byte), _) => {
                out.push(byte);
                at += 3;
            }
            (None, b'+') => {
                out.push(b' ');
                at += 1;
            }
            (None, byte) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        assert_eq!(
            query_value("hub.mode=subscribe&hub.challenge=a%20b+c&x=%zz%", "hub.challenge").as_deref(),
            Some("a b c")
        );
        assert_eq!(query_value("x=%zz%&y", "x").as_deref(), Some("%zz%"));
        assert_eq!(query_value("x=%C3%A4", "x").as_deref(), Some("ä"));
        assert_eq!(query_value("x=1", "y"), None);
    }

    #[test]
    fn text_is_cut_at_a_boundary_and_loses_nul() {
        assert_eq!(clean("aä\0b", 9), "aä\u{fffd}b");
        assert_eq!(clean("aäb", 2), "a");
    }
}

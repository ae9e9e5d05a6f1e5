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

/// The time that a UUIDv7 bears, in milliseconds; `None` if it is none.
pub fn uuid_millis(id: &str) -> Option<crate::Millis> {
    let (high, rest) = id.split_once('-')?;
    let (low, rest) = rest.split_once('-')?;
    let is_seventh = rest.starts_with('7') && high.len() == 8 && low.len() == 4;
    is_seventh.then(|| crate::Millis::from_str_radix(&format!("{high}{low}"), 16).ok()).flatten()
}

/// `Some(text)` unless it is blank.
pub fn non_blank(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The parameters of a URL-encoded query string or form, decoded; broken escapes stay as they are.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    form_pairs(query.as_bytes()).map(|(key, value)| (lossy(key), lossy(value)))
}

/// The fields of a URL-encoded form as the bytes that were encoded, in whatever character set they are; broken
/// escapes stay as they are.
pub fn form_pairs(form: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
    form.split(|&byte| byte == b'&').filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = match part.iter().position(|&byte| byte == b'=') {
            Some(at) => (&part[..at], &part[at + 1..]),
            None => (part, &[][..]),
        };
        (percent_decode(key), percent_decode(value))
    })
}

/// The first parameter called `name`.
pub fn query_value(query: &str, name: &str) -> Option<String> {
    query_pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

fn percent_decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
    }
    out
}

/// The value of a hex digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a' - 10),
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
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
        assert_eq!(query_value("x=%c3%A4%+5%", "x").as_deref(), Some("ä% 5%"));
        assert_eq!(query_value("x=1", "y"), None);
    }

    #[test]
    fn a_form_keeps_its_bytes() {
        let pairs: Vec<_> = form_pairs(b"a=%E9+\xFF=&&b").collect();
        assert_eq!(pairs, [(b"a".to_vec(), b"\xE9 \xFF=".to_vec()), (b"b".to_vec(), Vec::new())]);
    }

    #[test]
    fn text_is_cut_at_a_boundary_and_loses_nul() {
        assert_eq!(clean("aä\0b", 9), "aä\u{fffd}b");
        assert_eq!(clean("aäb", 2), "a");
    }
}

//! Reading JSON that a stranger wrote.

use std::borrow::Cow;

use serde_json::Value;

use crate::{ParseError, text};

/// Parses a JSON document as leniently as is safe: bytes that are no UTF-8 and lone surrogate escapes become U+FFFD
/// (a customer's broken emoji must not lose the message), and NUL is replaced throughout.
///
/// # Errors
/// If it is no JSON even then. The message names the position, never the content.
pub fn parse(bytes: &[u8]) -> Result<Value, ParseError> {
    let mut value = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => value,
        Err(first) => {
            let text = String::from_utf8_lossy(bytes);
            serde_json::from_str(&mend_surrogates(&text))
                .map_err(|_| ParseError(format!("not JSON (line {}, column {})", first.line(), first.column())))?
        }
    };
    scrub(&mut value);
    Ok(value)
}

/// Replaces NUL in every string and key: PostgreSQL keeps it in neither text nor JSON.
fn scrub(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text::clean(text, text.len()),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(fields) => {
            if fields.keys().any(|key| key.contains('\0')) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, value)| (text::clean(&key, key.len()), value))
                    .collect();
            }
            fields.values_mut().for_each(scrub);
        }
        _ => {}
    }
}

/// Replaces `\uD800`…`\uDFFF` escapes that are not half of a pair.
fn mend_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match surrogate(rest) {
            Some(high) if (0xD800..0xDC00).contains(&high) => match rest.get(6..).and_then(surrogate) {
                Some(low) if (0xDC00..0xE000).contains(&low) => {
                    out.push_str(&rest[..12]);
                    12
                }
                _ => {
                    out.push_str("\\ufffd");
                    6
                }
            },
            Some(low) if (0xDC00..0xE000).contains(&low) => {
                out.push_str("\\ufffd");
                6
            }
            _ => {
                let end = rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end);
                out.push_str(&rest[..end]);
                end
            }
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn surrogate(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// The text of a JSON string or number: platforms send ids as either.
pub fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `value[key]` as text, if it is a string with something in it.
pub fn str<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `value[key]` as a whole number, whether written as a number or as a string.
pub fn int(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `value[key]` as an array; empty if it is none.
pub fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p7_a_broken_emoji_or_byte_does_not_lose_the_message() {
        let lone = parse(br#"{"a":"x\ud83d","b":"\udc4dy","c":"\ud83d\udc4d","d":"\\ud83d"}"#).unwrap();
        assert_eq!(lone, serde_json::json!({"a": "x\u{fffd}", "b": "\u{fffd}y", "c": "👍", "d": "\\ud83d"}));
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap()["a"], "\u{fffd}");
        assert_eq!(parse(br#"{"a\u0000":"b\u0000"}"#).unwrap()["a\u{fffd}"], "b\u{fffd}");
        assert!(parse(b"{").is_err());
        assert!(parse(b"").is_err());
    }
}

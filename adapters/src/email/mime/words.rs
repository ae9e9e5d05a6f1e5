//! RFC 2047 encoded words.

use super::decode;

/// The longest encoded word that is read; RFC 2047 allows 75 bytes, some write thousands.
const MAX_WORD: usize = 4_096;

/// An encoded word: character set and decoded bytes, and how much of the input it took.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    taken: usize,
}

/// The readable text of a header value: encoded words decoded (bytes of neighbours in the same character set are
/// joined first, for characters are split between words), raw UTF-8 or 8-bit kept, control characters as blanks.
pub(crate) fn decode(value: &[u8]) -> String {
    let mut out = String::new();
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut plain = 0;
    let mut at = 0;
    while at < value.len() {
        let Some(word) = value[at..].starts_with(b"=?").then(|| word_at(&value[at..])).flatten() else {
            at += 1;
            continue;
        };
        let between = &value[plain..at];
        let joins = pending.is_some() && between.iter().all(u8::is_ascii_whitespace);
        match &mut pending {
            Some((charset, bytes)) if joins && charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => {
                flush(&mut out, pending.take());
                if !joins {
                    out.push_str(&decode::charset(between, None));
                }
                pending = Some((word.charset, word.bytes));
            }
        }
        at += word.taken;
        plain = at;
    }
    flush(&mut out, pending);
    out.push_str(&decode::charset(&value[plain..], None));
    let text: String = out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

fn flush(out: &mut String, pending: Option<(&str, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending {
        out.push_str(&decode::charset(&bytes, Some(charset)));
    }
}

/// `=?charset*language?b|q?text?=` at the start of `input`.
fn word_at(input: &[u8]) -> Option<Word<'_>> {
    let charset_end = 2 + input.get(2..)?.iter().take(80).position(|&byte| byte == b'?')?;
    let charset = std::str::from_utf8(&input[2..charset_end]).ok().filter(|charset| !charset.contains(' '))?;
    let encoding = input.get(charset_end + 1)?.to_ascii_lowercase();
    let start = charset_end + 3;
    let body = (input.get(charset_end + 2) == Some(&b'?')).then(|| input.get(start..)).flatten()?;
    let length = body[..body.len().min(MAX_WORD)].windows(2).position(|pair| pair == b"?=")?;
    let bytes = match encoding {
        b'b' => decode::base64(&body[..length]),
        b'q' => q_word(&body[..length]),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or(charset);
    Some(Word { charset, bytes, taken: start + length + 2 })
}

fn q_word(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'_' { b' ' } else { byte }).collect();
    decode::quoted_printable(&spaced)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn words_are_decoded() {
        assert_eq!(decode(b"Re: =?utf-8?B?w5xiZXI=?= =?UTF-8?q?_uns?= now"), "Re: Über uns now");
        assert_eq!(decode(b"=?iso-8859-1*es?Q?Se=F1or?="), "Señor");
        assert_eq!(decode("crudo ñandú".as_bytes()), "crudo ñandú");
        assert_eq!(decode(b"crudo \xf1and\xfa"), "crudo ñandú");
    }

    #[test]
    fn a_character_split_between_words_survives() {
        assert_eq!(decode(b"=?utf-8?B?4oI=?=\r\n =?utf-8?B?rA==?= 5"), "€ 5");
        assert_eq!(decode(b"=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?="), "€");
    }

    #[test]
    fn what_is_no_word_stays() {
        for text in ["=?utf-8?X?a?=", "=?utf-8?Q?open", "=?", "=??=", "=?a b?q?c?=", "a=?b"] {
            assert_eq!(decode(text.as_bytes()), text);
        }
        assert_eq!(decode(b"=?nonsense?Q?caf=E9?="), "café");
    }
}

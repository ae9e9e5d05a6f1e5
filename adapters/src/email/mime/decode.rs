//! Transfer encodings and character sets.

use std::borrow::Cow;

use super::utf7;
use mail_parser::decoders::charsets::map::charset_decoder;

/// Bytes of one text that are decoded at most: more than any text or HTML that is kept.
pub(crate) const MAX_TEXT_INPUT: usize = 4 << 20;

/// Undoes a `Content-Transfer-Encoding`; unknown ones (7bit, 8bit, binary, broken) leave the bytes as they are.
pub(crate) fn transfer<'a>(bytes: &'a [u8], encoding: &str) -> Cow<'a, [u8]> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" if !is_prose(bytes) => Cow::Owned(base64(bytes)),
        "quoted-printable" => Cow::Owned(quoted_printable(bytes)),
        _ => Cow::Borrowed(bytes),
    }
}

/// Whether bytes that claim to be base64 are plain words: many blanks between other characters.
fn is_prose(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(2_000)].trim_ascii();
    let is_inner =
        |three: &&[u8]| three[1] == b' ' && !three[0].is_ascii_whitespace() && !three[2].is_ascii_whitespace();
    let blanks = head.windows(3).filter(is_inner).count();
    blanks * 20 > head.len()
}

/// Base64 with junk: foreign characters are skipped; after the padding the first foreign character ends it (list
/// footers are glued to encoded parts).
pub(crate) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut bits, mut held, mut padded) = (0_u32, 0_u32, false);
    for &byte in bytes {
        match sextet(byte) {
            Some(value) => {
                bits = bits << 6 | value;
                held += 6;
                if held >= 8 {
                    held -= 8;
                    out.push((bits >> held & 0xFF) as u8);
                }
            }
            None if byte == b'=' => (held, padded) = (0, true),
            None if padded && !byte.is_ascii_whitespace() => break,
            None => {}
        }
    }
    out
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

/// Quoted-printable; broken escapes stay as they are, blanks after a soft break are tolerated.
pub(crate) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = (byte == b'=').then(|| escape_at(&bytes[at + 1..])).flatten();
        match escape {
            Some((Some(value), taken)) => {
                out.push(value);
                at += 1 + taken;
            }
            Some((None, taken)) => at += 1 + taken,
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// What follows a `=`: a byte, or a soft break (`None`), and how much of the input it takes.
fn escape_at(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    if let [high, low, ..] = rest
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
    {
        return Some((Some(high << 4 | low), 2));
    }
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    match rest.get(blanks) {
        Some(b'\n') => Some((None, blanks + 1)),
        None => Some((None, blanks)),
        Some(_) => None,
    }
}

pub(crate) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text of `bytes` in the character set `label`. What claims nothing, or something unknown, or UTF-8 without
/// being it, is UTF-8 if it can be and else windows-1252. Bounded to [`MAX_TEXT_INPUT`].
pub(crate) fn charset(bytes: &[u8], label: Option<&str>) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_TEXT_INPUT)];
    let label = label.map(|label| label.trim().to_ascii_lowercase()).unwrap_or_default();
    let text = match label.as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" | "unknown-8bit" | "x-unknown" | "binary" | "8bit" => guess(bytes),
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "x-unicode-1-1-utf-7" | "unicode-2-0-utf-7" => utf7::decode(bytes),
        "hz-gb-2312" => multibyte("gb2312", &shifted(bytes, b"~{", b"~}")),
        "iso-2022-kr" => multibyte("euc-kr", &shifted(strip_designation(bytes), b"\x0e", b"\x0f")),
        label => match charset_decoder(known_alias(label).as_bytes()) {
            Some(decode) => decode(bytes),
            None => guess(bytes),
        },
    };
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn multibyte(label: &str, bytes: &[u8]) -> String {
    charset_decoder(label.as_bytes()).map_or_else(|| guess(bytes), |decode| decode(bytes))
}

/// The 8-bit form of a 7-bit encoding that shifts between ASCII and two-byte characters, by `into` and `out` (RFC 1843,
/// RFC 1557).
fn shifted(bytes: &[u8], into: &[u8], out: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let (mut rest, mut high) = (bytes, 0);
    while let Some((byte, after)) = rest.split_first() {
        let shift = if high == 0 { into } else { out };
        // A line's end ends everything.
        if *byte == b'\n' {
            high = 0;
        }
        match rest.strip_prefix(shift) {
            Some(after) => (rest, high) = (after, high ^ 0x80),
            None => {
                text.push(if byte.is_ascii_graphic() { byte | high } else { *byte });
                rest = after;
            }
        }
    }
    text
}

/// Without the line's beginning that says which characters follow.
fn strip_designation(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\x1b$)C").unwrap_or(bytes)
}

/// Labels that the decoder's list lacks.
fn known_alias(label: &str) -> &str {
    match label {
        "cp-1252" | "windows1252" | "ansi" | "x-ansi" => "windows-1252",
        "cp932" | "ms932" => "shift_jis",
        "cp949" | "ms949" | "korean" => "euc-kr",
        "cp950" => "big5",
        label => label,
    }
}

fn guess(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if has_multibyte(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => charset_decoder(b"windows-1252")
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes)),
    }
}

/// Whether there is any whole UTF-8 character beyond ASCII: then the text is UTF-8 with some damage.
fn has_multibyte(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_in_base64_is_skipped() {
        assert_eq!(base64(b"SG9s\r\n!!YQ=="), b"Hola");
        assert_eq!(base64(b"SG9sYQ"), b"Hola");
        assert_eq!(base64(b"SG9sYQ==\r\n-- \r\nfooter"), b"Hola");
        assert_eq!(base64(b"SG8=bGE="), b"Hola");
        assert_eq!(transfer(b" SG9s\r\n YQ==", "Base64").as_ref(), b"Hola");
        let words = b"Esto no es base64, aunque lo diga.";
        assert_eq!(transfer(words, "base64").as_ref(), words);
    }

    #[test]
    fn broken_quoted_printable_is_kept() {
        assert_eq!(quoted_printable(b"a=C3=A4b= \r\nc=\nd=zz="), "aäbcd=zz".as_bytes());
    }

    #[test]
    fn a_wrong_label_does_not_lose_text() {
        assert_eq!(charset(b"caf\xe9", Some("utf-8")), "café");
        assert_eq!(charset(b"caf\xe9", Some("ansi_x3.110-1983")), "café");
        assert_eq!(charset("café".as_bytes(), None), "café");
        assert_eq!(charset(b"caf\xc3\xa9 \xff", Some("utf-8")), "café \u{fffd}");
        assert_eq!(charset(b"\xf0\xd2\xc9", Some("KOI8-R")), "При");
        assert_eq!(charset(b"\x1b$B%O%m!<\x1b(B", Some("iso-2022-jp")), "ハロー");
        assert_eq!(charset(b"\xbe\xc8\xb3\xe7", Some("ks_c_5601-1987")), "안녕");
        assert_eq!(charset(b"\xc4\xe3\xba\xc3", Some("gb2312")), "你好");
        assert_eq!(charset(b"Pedido 7: ~{Dc:C~}, ok\n~{Dc\nfin", Some("HZ-GB-2312")), "Pedido 7: 你好, ok\n你\nfin");
        assert_eq!(charset(b"\x1b$)CPedido \x0e>H3g\x0f 7", Some("iso-2022-kr")), "Pedido 안녕 7");
        assert_eq!(charset(b"+ZYeB9FH6ckh5Pg-", Some("utf-7")), "文致出版社");
    }
}

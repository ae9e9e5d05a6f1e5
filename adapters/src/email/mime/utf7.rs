//! UTF-7 (RFC 2152), which `mail-parser` decodes wrongly where a run is not a multiple of three bytes.

use super::decode;

/// The text of UTF-7 bytes; what is no UTF-7 is taken for plain text.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'+') {
        out.push_str(&decode::charset(&rest[..at], None));
        rest = &rest[at + 1..];
        let end = rest.iter().position(|byte| !is_base64(*byte)).unwrap_or(rest.len());
        out.push_str(&if end == 0 { "+".to_owned() } else { utf16(&rest[..end]) });
        rest = &rest[end..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    out.push_str(&decode::charset(rest, None));
    out
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn utf16(run: &[u8]) -> String {
    let bytes = decode::base64(run);
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn runs_of_any_length() {
        assert_eq!(
            decode(b"Die Fr+APY-sche +-1 +ZYeB9FH6ckh5Pg-, 1980. +2D3cTQ-"),
            "Die Frösche +1 文致出版社, 1980. 👍"
        );
        assert_eq!(decode(b"1 + 1 +"), "1 + 1 +");
    }
}

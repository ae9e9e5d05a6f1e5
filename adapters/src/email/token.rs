//! Signed reply addresses: `local+token@domain` brings an answer back to its conversation (`email.md §4`).

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::verify;

const UUID_BYTES: usize = 16;
const MAC_BYTES: usize = 10;
/// Octets that a local part may have (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Base32 digits of a token: 26 bytes.
const TOKEN_LENGTH: usize = 42;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The token that proves knowledge of a conversation of the mailbox `address`: lower-case base32 of the 16 bytes of
/// its UUID and of 10 bytes of HMAC-SHA256(key, UUID bytes ‖ address). `None` if the id is no UUID.
pub fn reply_token(conversation_id: &str, address: &str, key: &SecretString) -> Option<String> {
    let id = uuid_bytes(conversation_id)?;
    Some(base32(&[id.as_slice(), &proof(&id, address, key)].concat()))
}

/// The address to which answers should be sent. `None` if the id is no UUID, or the address leaves no room for a
/// token (its local part has more than 21 octets).
pub fn reply_address(conversation_id: &str, address: &str, key: &SecretString) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let token = reply_token(conversation_id, address, key)?;
    (local.len() + 1 + TOKEN_LENGTH <= MAX_LOCAL).then(|| format!("{local}+{token}@{domain}"))
}

/// The conversation that a reply address proves, as UUID text. Case does not matter; a forged token proves nothing.
pub fn conversation_of(reply_address: &str, key: &SecretString) -> Option<String> {
    let lower = reply_address.to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    let (base, token) = local.rsplit_once('+')?;
    let bytes = from_base32(token)?;
    let (id, mac) = bytes.split_at_checked(UUID_BYTES)?;
    let ours = proof(id, &format!("{base}@{domain}"), key);
    bool::from(ours.as_slice().ct_eq(mac)).then(|| uuid_text(id))
}

fn proof(id: &[u8], address: &str, key: &SecretString) -> [u8; MAC_BYTES] {
    let mac = verify::mac(key.expose_secret().as_bytes(), &[id, address.to_lowercase().as_bytes()]);
    let mut short = [0; MAC_BYTES];
    short.copy_from_slice(&mac[..MAC_BYTES]);
    short
}

/// The 16 bytes of a UUID written with its hyphens.
pub(super) fn uuid_bytes(text: &str) -> Option<Vec<u8>> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let shaped = groups == [8, 4, 4, 4, 12];
    shaped.then(|| verify::unhex(&text.replace('-', ""))).flatten().filter(|bytes| bytes.len() == UUID_BYTES)
}

fn uuid_text(bytes: &[u8]) -> String {
    let hex = verify::hex(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in bytes {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            out.push(digit(bits >> held));
        }
    }
    if held > 0 {
        out.push(digit(bits << (5 - held)));
    }
    out
}

fn digit(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    if text.len() != TOKEN_LENGTH {
        return None;
    }
    let mut out = Vec::with_capacity(UUID_BYTES + MAC_BYTES);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|&letter| letter == byte)?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190f3a1-7b2c-7d3e-8f40-123456789abc";

    #[test]
    fn a_reply_address_leads_back() {
        let key = SecretString::from("clave");
        let address = reply_address(ID, "Support@in.example.org", &key).unwrap();
        assert!(address.starts_with("Support+") && address.ends_with("@in.example.org"));
        assert_eq!(conversation_of(&address, &key).as_deref(), Some(ID));
        assert_eq!(conversation_of(&address.to_uppercase(), &key).as_deref(), Some(ID));
        assert_eq!(reply_token(ID, "a@b", &key).unwrap().len(), TOKEN_LENGTH);
    }

    #[test]
    fn p9_a_forged_reply_address_proves_nothing() {
        let key = SecretString::from("clave");
        let address = reply_address(ID, "support@in.example.org", &key).unwrap();
        assert_eq!(conversation_of(&address, &SecretString::from("other")), None);
        assert_eq!(conversation_of(&address.replace("support", "sales"), &key), None);
        assert_eq!(conversation_of(&address.replace("in.", "out."), &key), None);
        let at = address.find('+').unwrap() + 1;
        let flipped = if &address[at..=at] == "a" { "b" } else { "a" };
        assert_eq!(conversation_of(&format!("{}{flipped}{}", &address[..at], &address[at + 1..]), &key), None);
        for bad in ["", "a", "a@b", "a+@b", "a+b@c", "a+!@b", &format!("a+{}@b", "a".repeat(TOKEN_LENGTH))] {
            assert_eq!(conversation_of(bad, &key), None, "{bad}");
        }
    }

    #[test]
    fn what_has_no_room_or_no_uuid_has_no_token() {
        let key = SecretString::from("clave");
        assert_eq!(reply_token("42", "a@b", &key), None);
        assert_eq!(reply_token("0190f3a17b2c7d3e8f40123456789abc", "a@b", &key), None);
        assert!(reply_address(ID, &format!("{}@b", "a".repeat(21)), &key).is_some());
        assert_eq!(reply_address(ID, &format!("{}@b", "a".repeat(22)), &key), None);
    }
}

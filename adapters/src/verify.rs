//! Constant-time checks of webhook authenticity.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Why a webhook was refused. The answer never says more than "refused"; the log says this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No signature, token or credentials at all.
    #[error("the request carries no signature")]
    Missing,
    /// Present, but not of the form that the platform uses.
    #[error("the signature is malformed")]
    Malformed,
    /// Well-formed, but not made with our secret.
    #[error("the signature does not match")]
    Mismatch,
    /// Authentic once, but too old to be accepted now.
    #[error("the signature is too old")]
    Expired,
    /// This channel has no secret to check against, or does not take this kind of request.
    #[error("the channel does not accept this kind of request")]
    NotAccepted,
}

/// Whether two secrets are equal, in a time that depends only on the length of `given`.
pub fn same_secret(given: &[u8], ours: &SecretString) -> bool {
    given.ct_eq(ours.expose_secret().as_bytes()).into()
}

/// Checks `sha256=<64 hex>` (Meta's `X-Hub-Signature-256`) over the raw body.
///
/// # Errors
/// [`VerifyError::Missing`], [`VerifyError::Malformed`] or [`VerifyError::Mismatch`].
pub fn meta_signature(header: Option<&str>, body: &[u8], app_secret: &SecretString) -> Result<(), VerifyError> {
    let header = header.ok_or(VerifyError::Missing)?;
    let hex_digits = header.trim().strip_prefix("sha256=").ok_or(VerifyError::Malformed)?;
    let given = unhex(hex_digits).filter(|bytes| bytes.len() == 32).ok_or(VerifyError::Malformed)?;
    mac_matches(app_secret, &[body], &given)
}

/// Checks an HMAC-SHA256 of the concatenated `parts`.
///
/// # Errors
/// [`VerifyError::Mismatch`] if it was not made with `key`.
pub fn mac_matches(key: &SecretString, parts: &[&[u8]], given: &[u8]) -> Result<(), VerifyError> {
    let mut mac = keyed(key.expose_secret().as_bytes());
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(given).map_err(|_| VerifyError::Mismatch)
}

/// HMAC-SHA256 of the concatenated `parts`.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The signature header that Meta would send for `body`; for simulators and tests.
pub fn sign_meta(body: &[u8], app_secret: &str) -> String {
    format!("sha256={}", hex(&mac(app_secret.as_bytes(), &[body])))
}

/// User and password of an HTTP Basic `Authorization` header.
///
/// # Errors
/// [`VerifyError::Missing`] without a header, [`VerifyError::Malformed`] if it is not Basic.
pub fn basic_credentials(header: Option<&str>) -> Result<(String, String), VerifyError> {
    let header = header.ok_or(VerifyError::Missing)?;
    let (scheme, encoded) = header.trim().split_once(' ').ok_or(VerifyError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(VerifyError::Malformed);
    }
    let decoded =
        base64::engine::general_purpose::STANDARD.decode(encoded.trim()).map_err(|_| VerifyError::Malformed)?;
    let text = String::from_utf8(decoded).map_err(|_| VerifyError::Malformed)?;
    let (user, password) = text.split_once(':').ok_or(VerifyError::Malformed)?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Bytes of a hex text in either case; `None` if it is none.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    (digits.len().is_multiple_of(2)).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_only_the_exact_raw_bytes_and_secret_pass() {
        let secret = SecretString::from("app-secret");
        let body = br#"{"text":"\u00e4\/"}"#;
        let header = sign_meta(body, "app-secret");
        assert_eq!(meta_signature(Some(&header), body, &secret), Ok(()));
        assert_eq!(meta_signature(Some(&header.to_uppercase().replace("SHA256", "sha256")), body, &secret), Ok(()));
        let reencoded = "{\"text\":\"ä/\"}".as_bytes();
        assert_eq!(meta_signature(Some(&header), reencoded, &secret), Err(VerifyError::Mismatch));
        assert_eq!(meta_signature(Some(&header), body, &SecretString::from("other")), Err(VerifyError::Mismatch));
        assert_eq!(meta_signature(None, body, &secret), Err(VerifyError::Missing));
        for bad in ["", "sha256=", "sha256=zz", "sha1=00", "sha256=00", &header[..header.len() - 2], &header[7..]] {
            assert_eq!(meta_signature(Some(bad), body, &secret), Err(VerifyError::Malformed), "{bad}");
        }
    }

    #[test]
    fn basic_credentials_are_read() {
        assert_eq!(basic_credentials(Some("Basic dTpwOng=")), Ok(("u".into(), "p:x".into())));
        assert_eq!(basic_credentials(None), Err(VerifyError::Missing));
        assert_eq!(basic_credentials(Some("Bearer x")), Err(VerifyError::Malformed));
    }
}

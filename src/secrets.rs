//! Tokens at rest: sealed with XChaCha20-Poly1305 under one master key, and never shown.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every output shows in a secret's place (the seeds' `"token": "****"`).
pub const MASK: &str = "****";

const VERSION: &str = "v1.";
const NONCE_BYTES: usize = 24;

/// The key that seals every channel secret. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct MasterKey(XChaCha20Poly1305, String, Hmac<Sha256>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

impl MasterKey {
    /// A key from its 32 bytes in base64.
    ///
    /// # Errors
    /// If it is not base64 of exactly 32 bytes.
    pub fn from_base64(text: &SecretString) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(text.expose_secret().trim()).ok().filter(|bytes| bytes.len() == 32);
        match bytes {
            Some(bytes) => Ok(Self::from_bytes(&bytes)),
            None => bail!("must be 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64"),
        }
    }

    /// The key in `path`; makes the file (mode 0600) with a new key if there is none.
    ///
    /// # Errors
    /// If the file cannot be read or made, or holds no key.
    pub fn from_file_or_new(path: &Path) -> anyhow::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::from_base64(&text.into()).with_context(|| format!("{}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match Self::write_new(path) {
                Ok(key) => Ok(key),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::from_file_or_new(path),
                Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
            },
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes the whole key before the name appears, so that two first starts never see half a key.
    fn write_new(path: &Path) -> std::io::Result<Self> {
        let bytes = random::<32>();
        let draft = path.with_extension(format!("key-{}", uuid::Uuid::new_v4()));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(file, "{}", STANDARD.encode(bytes))?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        linked.map(|()| Self::from_bytes(&bytes))
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let fingerprint = relevo_adapters::verify::hex(&Sha256::digest([b"relevo master key", bytes].concat())[..8]);
        #[expect(clippy::expect_used, reason = "every caller has checked the length")]
        let key = Key::try_from(bytes).expect("32 bytes");
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut derived = Hmac::<Sha256>::new_from_slice(bytes).expect("a key");
        derived.update(b"relevo signatures");
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let signer = Hmac::new_from_slice(&derived.finalize().into_bytes()).expect("a key");
        Self(XChaCha20Poly1305::new(&key), fingerprint, signer)
    }

    /// A signature, in hex, over what we said ourselves; `context` says what for, and holds no line feed.
    pub fn sign(&self, text: &str, context: &str) -> String {
        let mut signer = self.2.clone();
        signer.update(format!("{context}\n{text}").as_bytes());
        relevo_adapters::verify::hex(&signer.finalize().into_bytes())
    }

    /// Whether we signed this; compares in constant time.
    pub fn is_signed(&self, text: &str, context: &str, signature: &str) -> bool {
        self.sign(text, context).as_bytes().ct_eq(signature.as_bytes()).into()
    }

    /// A short public name of the key, by which a database knows that it is the right one.
    pub fn fingerprint(&self) -> &str {
        &self.1
    }

    /// Seals `plain`; `context` (which channel, which setting) must be given again to open it.
    pub fn seal(&self, plain: &str, context: &str) -> String {
        let nonce = XNonce::from(random::<NONCE_BYTES>());
        #[expect(clippy::expect_used, reason = "the cipher fails only above 256 GiB")]
        let sealed =
            self.0.encrypt(&nonce, Payload { msg: plain.as_bytes(), aad: context.as_bytes() }).expect("a short text");
        format!("{VERSION}{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// If it was sealed with another key or for another context, or was altered.
    pub fn open(&self, sealed: &str, context: &str) -> anyhow::Result<SecretString> {
        let bytes = sealed.strip_prefix(VERSION).and_then(|text| STANDARD.decode(text).ok());
        let opened = bytes.filter(|bytes| bytes.len() > NONCE_BYTES).and_then(|bytes| {
            let (nonce, sealed) = bytes.split_at(NONCE_BYTES);
            let nonce = XNonce::try_from(nonce).ok()?;
            self.0.decrypt(&nonce, Payload { msg: sealed, aad: context.as_bytes() }).ok()
        });
        match opened.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(plain) => Ok(plain.into()),
            None => bail!("a stored secret cannot be opened: is this the master key it was sealed with?"),
        }
    }
}

/// A new random secret of 256 bits, URL-safe.
pub fn random_secret() -> SecretString {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>()).into()
}

/// A new random key of 192 bits.
pub fn random_key() -> [u8; 24] {
    random()
}

/// Bytes from the system's generator.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "a machine without randomness must not make keys")]
    SystemRandom::new().fill(&mut bytes).expect("the system's random generator");
    bytes
}

/// SHA-256 of an API secret, in hex. The secrets are random and long, so a fast hash is enough.
pub fn hash_secret(secret: &str) -> String {
    relevo_adapters::verify::hex(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_sealed_token_opens_only_with_its_key_and_place() {
        let folder = std::env::temp_dir().join(format!("relevo-key-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("master.key");
        let key = MasterKey::from_file_or_new(&path).unwrap();
        let again = MasterKey::from_file_or_new(&path).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        fs::remove_dir_all(&folder).unwrap();

        let sealed = key.seal("EAA-token", "channel:1:token");
        assert!(!sealed.contains("EAA"));
        assert_ne!(sealed, key.seal("EAA-token", "channel:1:token"), "a nonce is never used twice");
        assert_eq!(again.open(&sealed, "channel:1:token").unwrap().expose_secret(), "EAA-token");
        assert!(key.open(&sealed, "channel:2:token").is_err());
        let other = MasterKey::from_base64(&STANDARD.encode([7; 32]).into()).unwrap();
        assert!(other.open(&sealed, "channel:1:token").is_err());
        assert_ne!(other.fingerprint(), key.fingerprint());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{key:?}"), "MasterKey(***)");
    }

    #[test]
    fn p9_a_signature_holds_for_its_text_its_purpose_and_its_key() {
        let key = |byte: u8| MasterKey::from_base64(&STANDARD.encode([byte; 32]).into()).unwrap();
        let signature = key(1).sign("file 7", "media");
        assert!(key(1).is_signed("file 7", "media", &signature));
        assert!(!key(1).is_signed("file 8", "media", &signature));
        assert!(!key(1).is_signed("file 7", "other", &signature));
        assert!(!key(2).is_signed("file 7", "media", &signature));
        assert!(!key(1).is_signed("file 7", "media", &signature[1..]) && !key(1).is_signed("file 7", "media", ""));
    }
}

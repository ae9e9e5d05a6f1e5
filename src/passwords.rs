//! Passwords and PINs: hashed with argon2id, which takes time and memory by intent. So it is done beside the tasks
//! that answer calls, and few at once (P8). Never within a transaction: others would wait for it.
//!
//! May use: nothing of the house. Used by: `http`, `cli`.

use std::sync::Arc;

use anyhow::Context;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Hashes that are computed at once; each takes 19 MiB.
const AT_ONCE: usize = 2;

/// What is compared with where there is no hash, so that it takes as long: nothing has it.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5aGFzdGhpc3Nh$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The right to compute. Clones share the places.
#[derive(Debug, Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Passwords {
    /// The hash that is kept of a password.
    ///
    /// # Errors
    /// If the machine cannot compute it.
    pub async fn hash(&self, password: SecretString) -> anyhow::Result<String> {
        self.compute(move || hash(&password)).await?
    }

    /// Whether this is the password that `kept` is the hash of. It takes as long if there is none, and is false then.
    ///
    /// # Errors
    /// If the machine cannot compute it.
    pub async fn matches(&self, password: SecretString, kept: Option<String>) -> anyhow::Result<bool> {
        self.compute(move || matches(&password, kept.as_deref())).await
    }

    /// Waits for a place and computes on a thread that may block. The place is taken until that is done, also if nobody
    /// waits for it any more.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
        let place = self.0.clone().acquire_owned().await.context("passwords are not looked at any more")?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.context("hashing a password broke off")
    }
}

fn hash(password: &SecretString) -> anyhow::Result<String> {
    match Argon2::default().hash_password(password.expose_secret().as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => anyhow::bail!("a password cannot be hashed: {error}"),
    }
}

fn matches(password: &SecretString, kept: Option<&str>) -> bool {
    let same = Argon2::default().verify_password(password.expose_secret().as_bytes(), kept.unwrap_or(NOBODYS)).is_ok();
    same && kept.is_some()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;

    use super::*;

    #[tokio::test]
    async fn p9_only_the_password_matches_its_hash() {
        let passwords = Passwords::default();
        let [kept, again] =
            [passwords.hash("Secret123".into()).await.unwrap(), passwords.hash("Secret123".into()).await.unwrap()];
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, again, "a salt is never used twice");
        for (given, kept, expected) in [
            ("Secret123", Some(kept.clone()), true),
            ("secret123", Some(kept.clone()), false),
            ("", Some(kept.clone()), false),
            ("Secret123", Some("Secret123".to_owned()), false),
            ("Secret123", None, false),
        ] {
            assert_eq!(passwords.matches(given.into(), kept).await.unwrap(), expected, "{given}");
        }
    }

    #[test]
    fn p9_where_there_is_no_hash_as_much_is_computed() {
        let kept = hash(&"Secret123".into()).unwrap();
        let (kept, nobodys) = (PasswordHash::new(&kept).unwrap(), PasswordHash::new(NOBODYS).unwrap());
        assert_eq!((nobodys.algorithm, nobodys.version, &nobodys.params), (kept.algorithm, kept.version, &kept.params));
        let bytes = |hash: &PasswordHash| hash.hash.as_ref().map(|output| output.as_bytes().len());
        assert_eq!(bytes(&nobodys), bytes(&kept));
    }

    #[tokio::test]
    async fn p8_few_are_computed_at_once() {
        let passwords = Passwords::default();
        let places = passwords.0.clone().acquire_many_owned(2).await.unwrap();
        assert!(futures_util::FutureExt::now_or_never(passwords.hash("Secret123".into())).is_none());
        drop(places);
        assert!(passwords.hash("Secret123".into()).await.is_ok());
    }
}

//! Calls that were made under an `Idempotency-Key`, and their answers.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, macros::*, pool::Tx};

/// A call under a key.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Kept {
    /// What was asked.
    pub fingerprint: String,
    /// `None` while it is being done.
    pub status: Option<i64>,
    /// JSON.
    pub answer: Option<String>,
    /// When it began.
    pub at: Millis,
}

/// Takes a key for a call that begins at `now`. A key is free if nobody has it, if it is older than `forgotten`, or if
/// a call that was begun before `abandoned` never ended. Gives the call that has it otherwise.
///
/// # Errors
/// Those of the database.
pub async fn take(
    tx: &mut Tx,
    client: i64,
    key: &str,
    fingerprint: &str,
    (now, forgotten, abandoned): (Millis, Millis, Millis),
) -> Result<Option<Kept>> {
    let taken = execute!(
        tx,
        "INSERT INTO idempotency_keys (client_id, key, fingerprint, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (client_id, key) DO UPDATE \
         SET fingerprint = excluded.fingerprint, status = NULL, answer = NULL, at = excluded.at \
         WHERE idempotency_keys.at < $5 OR (idempotency_keys.status IS NULL AND idempotency_keys.at < $6)",
        client,
        key,
        fingerprint,
        now,
        forgotten,
        abandoned
    )?;
    match taken {
        0 => find(tx, client, key).await,
        _ => Ok(None),
    }
}

async fn find(tx: &mut Tx, client: i64, key: &str) -> Result<Option<Kept>> {
    fetch_optional!(
        tx,
        Kept,
        "SELECT fingerprint, status, answer, at FROM idempotency_keys WHERE client_id = $1 AND key = $2",
        client,
        key
    )
}

/// Keeps the answer of the call that took the key at `at`; gives whether the key is still that call's.
///
/// # Errors
/// Those of the database.
pub async fn keep(tx: &mut Tx, client: i64, key: &str, at: Millis, status: i64, answer: &str) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE idempotency_keys SET status = $4, answer = $5 \
         WHERE client_id = $1 AND key = $2 AND at = $3 AND status IS NULL",
        client,
        key,
        at,
        status,
        answer
    )?;
    Ok(rows > 0)
}

/// Frees the key of a call that had no effect.
///
/// # Errors
/// Those of the database.
pub async fn free(tx: &mut Tx, client: i64, key: &str, at: Millis) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM idempotency_keys WHERE client_id = $1 AND key = $2 AND at = $3 AND status IS NULL",
        client,
        key,
        at
    )
    .map(drop)
}

/// Forgets calls that began before `before`.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, before: Millis) -> Result<()> {
    execute!(tx, "DELETE FROM idempotency_keys WHERE at < $1", before).map(drop)
}

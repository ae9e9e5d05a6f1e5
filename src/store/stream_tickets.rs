//! What browsers show to open a stream, because they cannot send headers with it.

use relevo_adapters::Millis;

use super::{Result, Tx, macros::*};

/// Keeps a ticket by its hash.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, token_hash: &str, credentials: &str, expires_at: Millis) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO stream_tickets (token_hash, credentials, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        credentials,
        expires_at
    )
    .map(drop)
}

/// Whether there is such a ticket, expired or not. Reads only.
///
/// # Errors
/// Those of the database.
pub async fn exists(tx: &mut Tx, token_hash: &str) -> Result<bool> {
    let row =
        fetch_optional!(tx, (String,), "SELECT token_hash FROM stream_tickets WHERE token_hash = $1", token_hash)?;
    Ok(row.is_some())
}

/// Takes a ticket that has not expired; gives its sealed credentials. Nobody can take it again.
///
/// # Errors
/// Those of the database.
pub async fn take(tx: &mut Tx, token_hash: &str, now: Millis) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String, i64),
        "DELETE FROM stream_tickets WHERE token_hash = $1 RETURNING credentials, expires_at",
        token_hash
    )?;
    Ok(row.filter(|(_, expires_at)| now < *expires_at).map(|(credentials, _)| credentials))
}

/// Forgets tickets that have expired.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, now: Millis) -> Result<()> {
    execute!(tx, "DELETE FROM stream_tickets WHERE expires_at <= $1", now).map(drop)
}

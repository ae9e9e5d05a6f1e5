//! What people show with each call once they logged in, and what lets them set a new password. Only hashes are kept.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

/// Who is behind a token.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Bearer {
    /// The token's.
    pub id: i64,
    pub user_id: i64,
    pub company_id: i64,
    /// A `desk::clients::Role`.
    pub role: String,
}

/// Adds a token of a person.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, user: i64, token_hash: &str, now: Millis, expires_at: Millis) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO user_tokens (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        user,
        token_hash,
        now,
        expires_at
    )
    .map(drop)
}

/// The person behind a token, if it holds at `now` and the person is active.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, token_hash: &str, now: Millis) -> Result<Option<Bearer>> {
    fetch_optional!(
        tx,
        Bearer,
        "SELECT t.id, u.id AS user_id, u.company_id, u.role FROM user_tokens t JOIN users u ON u.id = t.user_id \
         WHERE t.token_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND u.active = 1",
        token_hash,
        now
    )
}

/// Ends one token; gives whether it held until now.
///
/// # Errors
/// Those of the database.
pub async fn revoke(tx: &mut Tx, id: i64, now: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE user_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
        id,
        now
    )?;
    Ok(rows > 0)
}

/// Whether a token lets a person in.
///
/// # Errors
/// Those of the database.
pub async fn is_logged_in(tx: &mut Tx, user: i64, now: Millis) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT id FROM user_tokens WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 LIMIT 1",
        user,
        now
    )?;
    Ok(row.is_some())
}

/// Ends every token of a person.
///
/// # Errors
/// Those of the database.
pub async fn revoke_all(tx: &mut Tx, user: i64, now: Millis) -> Result<()> {
    execute!(tx, "UPDATE user_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL", user, now)
        .map(drop)
}

/// Lets a person set a new password with this token, and with no earlier one.
///
/// # Errors
/// Those of the database.
pub async fn put_reset(tx: &mut Tx, user: i64, token_hash: &str, expires_at: Millis) -> Result<()> {
    drop_resets(tx, user).await?;
    execute!(
        tx,
        "INSERT INTO password_resets (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        user,
        expires_at
    )
    .map(drop)
}

/// Who may set a new password with this token at `now`.
///
/// # Errors
/// Those of the database.
pub async fn find_reset(tx: &mut Tx, token_hash: &str, now: Millis) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT user_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2",
        token_hash,
        now
    )?;
    Ok(row.map(|(user,)| user))
}

/// Ends a token that lets somebody set a new password; gives whether it held until now.
///
/// # Errors
/// Those of the database.
pub async fn take_reset(tx: &mut Tx, token_hash: &str, now: Millis) -> Result<bool> {
    let rows = execute!(tx, "DELETE FROM password_resets WHERE token_hash = $1 AND expires_at > $2", token_hash, now)?;
    Ok(rows > 0)
}

/// Ends what lets a person set a new password.
///
/// # Errors
/// Those of the database.
pub async fn drop_resets(tx: &mut Tx, user: i64) -> Result<()> {
    execute!(tx, "DELETE FROM password_resets WHERE user_id = $1", user).map(drop)
}

/// Forgets what has expired.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, now: Millis) -> Result<()> {
    execute!(tx, "DELETE FROM user_tokens WHERE expires_at <= $1", now)?;
    execute!(tx, "DELETE FROM password_resets WHERE expires_at <= $1", now).map(drop)
}

//! What could not be processed, kept until an operator decides.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

/// A queue item that failed for good.
pub const EVENT: &str = "event";
/// A piece of a webhook or mail that could not be understood.
pub const PAYLOAD: &str = "payload";

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeadLetter {
    pub id: String,
    /// [`EVENT`] or [`PAYLOAD`].
    pub kind: String,
    pub channel_id: Option<i64>,
    /// The conversation's partition key, for [`EVENT`].
    pub route: String,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    pub reason: String,
    pub attempt: i64,
    /// `dead`, `requeued` or `discarded`.
    pub state: String,
    pub created_at: Millis,
    pub settled_at: Option<Millis>,
}

/// Keeps a dead letter.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, letter: &DeadLetter) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO dead_letters (id, kind, channel_id, route, content_type, body, reason, attempt, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
        &letter.id,
        &letter.kind,
        letter.channel_id,
        &letter.route,
        letter.content_type.as_deref(),
        &letter.body,
        &letter.reason,
        letter.attempt,
        &letter.state,
        letter.created_at
    )
    .map(drop)
}

/// The dead letters that nobody has settled, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<DeadLetter>> {
    fetch_all!(
        tx,
        DeadLetter,
        "SELECT id, kind, channel_id, route, content_type, body, reason, attempt, state, created_at, settled_at \
         FROM dead_letters WHERE state = 'dead' ORDER BY id DESC LIMIT $1",
        limit
    )
}

/// The ids of dead letters that nobody has settled, after `after`, oldest first: sent back in this order they keep
/// theirs (P4).
///
/// # Errors
/// Those of the database.
pub async fn ids_after(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT id FROM dead_letters WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2",
        after,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// One dead letter, whatever its state.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<DeadLetter>> {
    fetch_optional!(
        tx,
        DeadLetter,
        "SELECT id, kind, channel_id, route, content_type, body, reason, attempt, state, created_at, settled_at \
         FROM dead_letters WHERE id = $1",
        id
    )
}

/// Settles a dead letter as `requeued` or `discarded`; gives whether it was still dead.
///
/// # Errors
/// Those of the database.
pub async fn settle(tx: &mut Tx, id: &str, state: &str, now: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE dead_letters SET state = $2, settled_at = $3 WHERE id = $1 AND state = 'dead'",
        id,
        state,
        now
    )?;
    Ok(rows > 0)
}

/// How many nobody has settled.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), "SELECT count(*) FROM dead_letters WHERE state = 'dead'")?;
    Ok(row.map_or(0, |(count,)| count))
}

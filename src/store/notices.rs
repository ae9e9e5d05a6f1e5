//! What the house told customers by itself.

use relevo_adapters::Millis;

use super::{Result, Tx, macros::*};

/// Notes that a customer is told something now; gives whether he may be: not if he was after `since`.
///
/// # Errors
/// Those of the database.
pub async fn claim(tx: &mut Tx, channel: i64, recipient: &str, now: Millis, since: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "INSERT INTO notices (channel_id, recipient, at) VALUES ($1, $2, $3) \
         ON CONFLICT (channel_id, recipient) DO UPDATE SET at = excluded.at WHERE notices.at <= $4",
        channel,
        recipient,
        now,
        since
    )?;
    Ok(rows > 0)
}

/// Notes that a customer was told nothing after all.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &mut Tx, channel: i64, recipient: &str) -> Result<()> {
    execute!(tx, "DELETE FROM notices WHERE channel_id = $1 AND recipient = $2", channel, recipient).map(drop)
}

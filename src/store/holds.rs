//! Channels whose sends are held because they are broken.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// Sends of a channel are held because it is broken.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Hold {
    pub channel_id: i64,
    /// The channel's version when it broke.
    pub version: i64,
    pub class: String,
    pub code: String,
    pub es: String,
    pub en: String,
    pub detail: String,
    pub since: Millis,
    /// When the next one tries.
    pub until: Millis,
    pub failures: i64,
}

/// A channel's hold, if it has one.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, channel: i64) -> Result<Option<Hold>> {
    fetch_optional!(
        tx,
        Hold,
        "SELECT channel_id, version, class, code, es, en, detail, since, until, failures FROM channel_holds \
         WHERE channel_id = $1",
        channel
    )
}

/// Holds a hold's row until the end of the transaction; gives whether there is one.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, channel: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        Sql {
            sqlite: "SELECT channel_id FROM channel_holds WHERE channel_id = $1",
            postgres: "SELECT channel_id FROM channel_holds WHERE channel_id = $1 FOR UPDATE",
        },
        channel
    )?;
    Ok(row.is_some())
}

/// Sets or renews a hold; the moment when it began stays.
///
/// # Errors
/// Those of the database.
pub async fn set(tx: &mut Tx, hold: &Hold) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO channel_holds (channel_id, version, class, code, es, en, detail, since, until, failures) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (channel_id) DO UPDATE \
         SET version = excluded.version, class = excluded.class, code = excluded.code, es = excluded.es, \
         en = excluded.en, detail = excluded.detail, until = excluded.until, failures = excluded.failures",
        hold.channel_id,
        hold.version,
        &hold.class,
        &hold.code,
        &hold.es,
        &hold.en,
        &hold.detail,
        hold.since,
        hold.until,
        hold.failures
    )
    .map(drop)
}

/// Takes the right to try, for one message: whoever moves `until` first has it.
///
/// # Errors
/// Those of the database.
pub async fn take_trial(tx: &mut Tx, channel: i64, seen_until: Millis, next: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE channel_holds SET until = $3 WHERE channel_id = $1 AND until = $2",
        channel,
        seen_until,
        next
    )?;
    Ok(rows > 0)
}

/// Ends a hold; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn end(tx: &mut Tx, channel: i64) -> Result<bool> {
    Ok(execute!(tx, "DELETE FROM channel_holds WHERE channel_id = $1", channel)? > 0)
}

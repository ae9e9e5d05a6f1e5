//! Markers of events that have had their effect (P2).

use std::collections::HashSet;

use relevo_adapters::Millis;
use serde::Serialize;

use super::{Result, Tx, json_rows, macros::*};

/// A dedup key of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Marker<'a> {
    pub c: i64,
    pub k: &'a str,
}

/// Sets markers; gives those that were not set before.
///
/// # Errors
/// Those of the database.
pub async fn claim(tx: &mut Tx, markers: &[Marker<'_>], now: Millis) -> Result<HashSet<(i64, String)>> {
    let rows = fetch_all!(
        tx,
        (i64, String),
        rows!(
            "INSERT INTO dedup (channel_id, key, at) SELECT r.c, r.k, $2 FROM",
            [c bigint, k text],
            "WHERE true ON CONFLICT (channel_id, key) DO NOTHING RETURNING channel_id, key"
        ),
        json_rows(markers),
        now
    )?;
    Ok(rows.into_iter().collect())
}

/// Forgets markers that were set before `before`; at most `limit` at a time.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "DELETE FROM dedup WHERE (channel_id, key) IN \
         (SELECT channel_id, key FROM dedup WHERE at < $1 ORDER BY at LIMIT $2)",
        before,
        limit
    )
}

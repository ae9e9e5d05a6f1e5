//! Events that came before the message they are about (P5).

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct ParkedEvent {
    pub id: String,
    pub channel_id: i64,
    /// The platform's id of the message it waits for.
    pub target: String,
    /// The envelope, as JSON.
    pub event: String,
    pub parked_at: Millis,
}

/// Parks events.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, events: &[ParkedEvent]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO parked_events (id, channel_id, target, event, parked_at) \
             SELECT id, channel_id, target, event, parked_at FROM",
            [id text, channel_id bigint, target text, event text, parked_at bigint],
            ""
        ),
        json_rows(events)
    )
    .map(drop)
}

/// A message that has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Target<'a> {
    pub c: i64,
    pub r: &'a str,
}

/// Takes the events that wait for these messages, in the order in which they were parked.
///
/// # Errors
/// Those of the database.
pub async fn take(tx: &mut Tx, targets: &[Target<'_>]) -> Result<Vec<ParkedEvent>> {
    let mut events = fetch_all!(
        tx,
        ParkedEvent,
        Sql {
            sqlite: "DELETE FROM parked_events WHERE id IN (SELECT p.id FROM \
                     (SELECT json_extract(value, '$.c') AS c, json_extract(value, '$.r') AS r FROM json_each($1)) AS t \
                     JOIN parked_events p ON p.channel_id = t.c AND p.target = t.r) \
                     RETURNING id, channel_id, target, event, parked_at",
            postgres: "DELETE FROM parked_events p USING jsonb_to_recordset($1::jsonb) AS t(c bigint, r text) \
                       WHERE p.channel_id = t.c AND p.target = t.r \
                       RETURNING p.id, p.channel_id, p.target, p.event, p.parked_at",
        },
        json_rows(targets)
    )?;
    events.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(events)
}

/// Takes events whose message has come since they were parked (the two transactions did not see each other).
///
/// # Errors
/// Those of the database.
pub async fn take_ready(tx: &mut Tx, limit: i64) -> Result<Vec<ParkedEvent>> {
    let mut events = fetch_all!(
        tx,
        ParkedEvent,
        "DELETE FROM parked_events WHERE id IN (SELECT p.id FROM parked_events p \
         JOIN message_refs m ON m.channel_id = p.channel_id AND m.ref = p.target LIMIT $1) \
         RETURNING id, channel_id, target, event, parked_at",
        limit
    )?;
    events.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(events)
}

/// Drops events that were parked before `before`; gives how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, before: Millis) -> Result<u64> {
    execute!(tx, "DELETE FROM parked_events WHERE parked_at < $1", before)
}

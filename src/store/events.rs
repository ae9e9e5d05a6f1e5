//! What happened, for those who look on and for those to whom it is relayed.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// An event to add. `data` is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewEvent<'a> {
    pub n: usize,
    pub company_id: i64,
    pub kind: &'a str,
    pub ticket_id: Option<&'a str>,
    pub group_id: Option<i64>,
    pub agent_id: Option<i64>,
    /// The realtime channel that it goes to, if it is no event of ours.
    pub channel: Option<&'a str>,
    pub data: String,
    pub at: Millis,
}

/// Adds events in the given order (`n`); gives their ids.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, events: &[NewEvent<'_>]) -> Result<Vec<i64>> {
    let ids = fetch_all!(
        tx,
        (i64,),
        rows!(
            "INSERT INTO events (company_id, kind, ticket_id, group_id, agent_id, channel, data, at) \
             SELECT company_id, kind, ticket_id, group_id, agent_id, channel, data, at FROM",
            [n bigint, company_id bigint, kind text, ticket_id text, group_id bigint, agent_id bigint, channel text,
             data text, at bigint],
            "WHERE true ORDER BY n RETURNING id"
        ),
        json_rows(events)
    )?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct EventRow {
    pub id: i64,
    pub tx: i64,
    pub company_id: i64,
    pub kind: String,
    pub ticket_id: Option<String>,
    pub group_id: Option<i64>,
    pub agent_id: Option<i64>,
    pub channel: Option<String>,
    /// JSON.
    pub data: String,
    pub at: Millis,
}

/// A place among all events: everything up to it was seen. On PostgreSQL events are ordered by the transaction that
/// told them, and a place is never beyond one that is still open, so nothing appears before it any more. A transaction
/// that stays open long, also in another database of the same server, holds back what is read meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Cursor {
    pub tx: i64,
    pub id: i64,
}

macro_rules! columns {
    () => {
        "e.id, e.tx, e.company_id, e.kind, e.ticket_id, e.group_id, e.agent_id, e.channel, e.data, e.at"
    };
}

/// The event with this id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<EventRow>> {
    fetch_optional!(tx, EventRow, concat!("SELECT ", columns!(), " FROM events e WHERE e.id = $1"), id)
}

/// The place after everything that can have been seen by now.
///
/// # Errors
/// Those of the database.
pub async fn now(tx: &mut Tx) -> Result<Cursor> {
    let row = fetch_optional!(
        tx,
        (i64, i64),
        Sql {
            // What was pruned counts too: AUTOINCREMENT remembers.
            sqlite: "SELECT 0, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)",
            postgres: "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, 9223372036854775807",
        }
    )?;
    Ok(row.map(|(tx, id)| Cursor { tx, id }).unwrap_or_default())
}

/// Events after a place, oldest first, of every company.
///
/// # Errors
/// Those of the database.
pub async fn after(tx: &mut Tx, cursor: Cursor, limit: i64) -> Result<Vec<EventRow>> {
    fetch_all!(
        tx,
        EventRow,
        Sql {
            sqlite: concat!("SELECT ", columns!(), " FROM events e WHERE e.id > $2 AND $1 >= 0 ORDER BY e.id LIMIT $3"),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM events e WHERE (e.tx, e.id) > ($1, $2) \
                 AND e.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY e.tx, e.id LIMIT $3"
            ),
        },
        cursor.tx,
        cursor.id,
        limit
    )
}

/// A company's events after `from` up to `to`, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn between(tx: &mut Tx, company: i64, from: Cursor, to: Cursor, limit: i64) -> Result<Vec<EventRow>> {
    fetch_all!(
        tx,
        EventRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM events e WHERE e.company_id = $1 AND (e.tx, e.id) > ($2, $3) AND (e.tx, e.id) <= ($4, $5) \
             ORDER BY e.tx, e.id LIMIT $6"
        ),
        company,
        from.tx,
        from.id,
        to.tx,
        to.id,
        limit
    )
}

/// Until where events were forgotten: what came up to this place may be gone.
///
/// # Errors
/// Those of the database.
pub async fn forgotten(tx: &mut Tx) -> Result<Cursor> {
    let text = super::meta::get(tx, FORGOTTEN).await?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

const FORGOTTEN: &str = "events_forgotten";

/// Forgets events that happened before `before`, at most `limit`; gives how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    let gone = fetch_all!(
        tx,
        (i64, i64),
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2) RETURNING tx, id",
        before,
        limit
    )?;
    if let Some(last) = gone.iter().map(|(tx, id)| Cursor { tx: *tx, id: *id }).max() {
        let known = forgotten(tx).await?.max(last);
        super::meta::set(tx, FORGOTTEN, &format!("{}.{}", known.tx, known.id)).await?;
    }
    Ok(gone.len() as u64)
}

/// A message as it is told: with its ticket, if it has one.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ToldMessage {
    pub id: String,
    pub company_id: i64,
    pub channel_id: i64,
    pub conversation_id: String,
    pub kind: String,
    pub content: String,
    pub author_name: Option<String>,
    pub author_account: Option<String>,
    pub at: Millis,
    pub status: Option<String>,
    pub failure: Option<String>,
    pub ticket_id: Option<String>,
    pub number: Option<i64>,
    pub state: Option<String>,
    pub channel_kind: Option<String>,
    pub group_id: Option<i64>,
    pub agent_id: Option<i64>,
}

/// Messages as they are told, in no order.
///
/// # Errors
/// Those of the database.
pub async fn messages(tx: &mut Tx, ids: &[&str]) -> Result<Vec<ToldMessage>> {
    #[derive(Serialize)]
    struct Id<'a> {
        m: &'a str,
    }
    let rows: Vec<Id<'_>> = ids.iter().map(|id| Id { m: id }).collect();
    fetch_all!(
        tx,
        ToldMessage,
        rows!(
            "SELECT m.id, m.company_id, m.channel_id, m.conversation_id, m.kind, m.content, m.author_name, \
             m.author_account, m.at, m.status, m.failure, m.ticket_id, t.number, t.state, t.kind AS channel_kind, \
             t.group_id, t.agent_id FROM",
            [m text],
            "JOIN messages m ON m.id = r.m LEFT JOIN tickets t ON t.id = m.ticket_id"
        ),
        json_rows(&rows)
    )
}

impl EventRow {
    pub fn place(&self) -> Cursor {
        Cursor { tx: self.tx, id: self.id }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.tx, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (tx, id) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self { tx: tx.parse()?, id: id.parse()? })
    }
}

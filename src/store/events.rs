//! What happened, for those who look on and for those to whom it is relayed.

use relevo_adapters::Millis;
use serde::Serialize;

use super::{Result, Tx, json_rows, macros::*};

/// An event to add. `data` is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewEvent<'a> {
    pub n: usize,
    pub company_id: i64,
    pub kind: &'a str,
    pub ticket_id: Option<&'a str>,
    pub group_id: Option<i64>,
    pub agent_id: Option<i64>,
    pub data: String,
    pub at: Millis,
}

/// Adds events in the given order (`n`).
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, events: &[NewEvent<'_>]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO events (company_id, kind, ticket_id, group_id, agent_id, data, at) \
             SELECT company_id, kind, ticket_id, group_id, agent_id, data, at FROM",
            [n bigint, company_id bigint, kind text, ticket_id text, group_id bigint, agent_id bigint, data text,
             at bigint],
            "ORDER BY n"
        ),
        json_rows(events)
    )
    .map(drop)
}

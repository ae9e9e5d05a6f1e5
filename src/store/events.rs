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

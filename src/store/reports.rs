//! What reports are made of.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

/// A ticket as reports count it.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct ReportRow {
    pub id: String,
    pub state: String,
    pub channel_id: i64,
    pub group_id: Option<i64>,
    /// Who owns it, closed it, or owned it last.
    pub agent_id: Option<i64>,
    pub reopened: i64,
    /// When it was given to somebody for the first time.
    pub first_assigned_at: Option<Millis>,
    /// When its present or last owner got it.
    pub assigned_at: Option<Millis>,
    pub answered_at: Option<Millis>,
    pub closed_at: Option<Millis>,
    pub created_at: Millis,
}

/// A company's tickets that were created in `[from, to)`, oldest first, after the ticket of this creation and id.
///
/// # Errors
/// Those of the database.
pub async fn tickets(
    tx: &mut Tx,
    company: i64,
    (from, to): (Millis, Millis),
    after: (Millis, &str),
    limit: i64,
) -> Result<Vec<ReportRow>> {
    fetch_all!(
        tx,
        ReportRow,
        "SELECT t.id, t.state, t.channel_id, t.group_id, coalesce(t.agent_id, t.closed_by, t.previous_agent_id) AS agent_id, \
         t.reopened, (SELECT min(r.at) FROM ticket_routings r WHERE r.ticket_id = t.id AND r.outcome = 'assigned') \
         AS first_assigned_at, t.assigned_at, t.answered_at, t.closed_at, t.created_at \
         FROM tickets t WHERE t.company_id = $1 AND t.created_at >= $2 AND t.created_at < $3 \
         AND (t.created_at, t.id) > ($4, $5) ORDER BY t.created_at, t.id LIMIT $6",
        company,
        // Where the page begins bounds the range, too.
        from.max(after.0),
        to,
        after.0,
        after.1,
        limit
    )
}

/// What the channels, groups or agents of a company are called: `(id, name)`, also of those that are gone.
///
/// # Errors
/// Those of the database.
pub async fn channel_names(tx: &mut Tx, company: i64) -> Result<Vec<(i64, String)>> {
    fetch_all!(tx, (i64, String), "SELECT id, name FROM channels WHERE company_id = $1", company)
}

/// As [`channel_names`].
///
/// # Errors
/// Those of the database.
pub async fn group_names(tx: &mut Tx, company: i64) -> Result<Vec<(i64, String)>> {
    fetch_all!(tx, (i64, String), "SELECT id, name FROM groups WHERE company_id = $1", company)
}

/// As [`channel_names`].
///
/// # Errors
/// Those of the database.
pub async fn agent_names(tx: &mut Tx, company: i64) -> Result<Vec<(i64, String)>> {
    fetch_all!(tx, (i64, String), "SELECT id, name FROM users WHERE company_id = $1", company)
}

//! How agents are: the states that there are, and what each was when.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

/// A state that an agent can be in.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct State {
    pub id: i64,
    /// `None`: everybody's.
    pub company_id: Option<i64>,
    pub name: String,
    /// `online`, `away` or `offline`.
    pub kind: String,
}

/// The states of a company: everybody's and its own.
///
/// # Errors
/// Those of the database.
pub async fn states(tx: &mut Tx, company: i64) -> Result<Vec<State>> {
    fetch_all!(
        tx,
        State,
        "SELECT id, company_id, name, kind FROM presence_states \
         WHERE active = 1 AND (company_id IS NULL OR company_id = $1) ORDER BY id",
        company
    )
}

/// A state of a company, or of everybody.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<State>> {
    fetch_optional!(
        tx,
        State,
        "SELECT id, company_id, name, kind FROM presence_states \
         WHERE id = $2 AND active = 1 AND (company_id IS NULL OR company_id = $1)",
        company,
        id
    )
}

/// Adds a state of a company's own; gives its id.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, company: i64, name: &str, kind: &str) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO presence_states (company_id, name, kind) VALUES ($1, $2, $3) RETURNING id",
        company,
        name,
        kind
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A change of an agent's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    pub company: i64,
    pub user: i64,
    pub state: i64,
    pub kind: &'a str,
    pub by: Option<i64>,
    pub at: Millis,
}

/// Sets an agent's state, and keeps the one before in the history; gives whether it is another one.
///
/// # Errors
/// Those of the database.
pub async fn set(tx: &mut Tx, change: Change<'_>) -> Result<bool> {
    let Change { company, user, state, kind, by, at } = change;
    let rows = execute!(
        tx,
        "UPDATE users SET presence_id = $2, presence_at = $3 WHERE id = $1 AND presence_id <> $2",
        user,
        state,
        at
    )?;
    if rows == 0 {
        return Ok(false);
    }
    execute!(tx, "UPDATE presence_history SET until = $2 WHERE user_id = $1 AND until IS NULL", user, at)?;
    execute!(
        tx,
        "INSERT INTO presence_history (company_id, user_id, presence_id, kind, at, changed_by) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        company,
        user,
        state,
        kind,
        at,
        by
    )?;
    Ok(true)
}

/// A span of time in which an agent was in a state.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Span {
    pub user_id: i64,
    pub user_name: String,
    pub presence_id: i64,
    pub name: String,
    pub kind: String,
    pub at: Millis,
    /// `None`: it lasts.
    pub until: Option<Millis>,
    pub changed_by: Option<i64>,
}

/// What a company's agents were between `from` and `to`, the latest first; of one agent, if `user` is not 0.
///
/// # Errors
/// Those of the database.
pub async fn history(
    tx: &mut Tx,
    company: i64,
    user: i64,
    (from, to): (Millis, Millis),
    limit: i64,
) -> Result<Vec<Span>> {
    fetch_all!(
        tx,
        Span,
        "SELECT h.user_id, u.name AS user_name, h.presence_id, s.name, h.kind, h.at, h.until, h.changed_by \
         FROM presence_history h JOIN users u ON u.id = h.user_id JOIN presence_states s ON s.id = h.presence_id \
         WHERE h.company_id = $1 AND ($2 = 0 OR h.user_id = $2) AND h.at < $4 AND (h.until IS NULL OR h.until > $3) \
         ORDER BY h.at DESC, h.id DESC LIMIT $5",
        company,
        user,
        from,
        to,
        limit
    )
}

/// An agent and how he is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct AgentNow {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub presence_id: i64,
    pub presence: String,
    pub kind: String,
    pub presence_at: Millis,
    pub capacity: i64,
    /// Tickets in hand.
    pub load: i64,
}

/// How a company's people are now, by name.
///
/// # Errors
/// Those of the database.
pub async fn now(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<AgentNow>> {
    fetch_all!(
        tx,
        AgentNow,
        "SELECT u.id, u.name, u.email, u.presence_id, p.name AS presence, p.kind, u.presence_at, u.capacity, \
         (SELECT count(*) FROM tickets t WHERE t.agent_id = u.id AND t.state = 'inProgress') AS load \
         FROM users u JOIN presence_states p ON p.id = u.presence_id WHERE u.company_id = $1 AND u.active = 1 \
         ORDER BY u.name, u.id LIMIT $2",
        company,
        limit
    )
}

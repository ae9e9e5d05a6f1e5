//! What people look at first: how many tickets wait and are in hand, and how the agents are.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A group's tickets that are not closed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct GroupCount {
    pub id: i64,
    pub name: String,
    /// In its queue.
    pub queued: i64,
    /// With a bot.
    pub with_bot: i64,
    pub in_progress: i64,
}

/// How an agent is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AgentState {
    pub id: i64,
    pub name: String,
    pub presence_id: i64,
    pub presence: Option<String>,
    /// `online`, `away` or `offline`.
    pub kind: Option<String>,
    pub presence_at: Millis,
    pub in_progress: i64,
    pub capacity: i64,
}

/// A ticket that an agent has in hand.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct OwnTicket {
    pub id: String,
    pub number: i64,
    pub state: String,
    pub kind: String,
    pub channel_id: i64,
    pub conversation_id: String,
    pub subject: Option<String>,
    pub group_id: Option<i64>,
    pub last_author: Option<String>,
    pub last_content: Option<String>,
    pub assigned_at: Option<Millis>,
    pub updated_at: Millis,
}

/// A company's groups with their counts, or those that a person is a member of.
///
/// # Errors
/// Those of the database.
pub async fn groups(tx: &mut Tx, company: i64, member: Option<i64>) -> Result<Vec<GroupCount>> {
    fetch_all!(
        tx,
        GroupCount,
        Sql {
            sqlite: "SELECT g.id, g.name, \
                coalesce(sum(CASE WHEN t.state = 'open' AND t.bot_id IS NULL THEN 1 ELSE 0 END), 0) AS queued, \
                coalesce(sum(CASE WHEN t.state = 'open' AND t.bot_id IS NOT NULL THEN 1 ELSE 0 END), 0) AS with_bot, \
                coalesce(sum(CASE WHEN t.state = 'inProgress' THEN 1 ELSE 0 END), 0) AS in_progress FROM groups g \
                LEFT JOIN tickets t ON t.group_id = g.id AND t.company_id = $1 AND t.state IN ('open', 'inProgress') \
                WHERE g.company_id = $1 AND g.deleted_at IS NULL \
                AND ($2 IS NULL OR g.id IN (SELECT m.group_id FROM group_members m WHERE m.user_id = $2)) \
                GROUP BY g.id, g.name, g.position ORDER BY g.position, g.id",
            postgres: "SELECT g.id, g.name, \
                coalesce(sum(CASE WHEN t.state = 'open' AND t.bot_id IS NULL THEN 1 ELSE 0 END), 0)::bigint AS queued, \
                coalesce(sum(CASE WHEN t.state = 'open' AND t.bot_id IS NOT NULL THEN 1 ELSE 0 END), 0)::bigint \
                AS with_bot, \
                coalesce(sum(CASE WHEN t.state = 'inProgress' THEN 1 ELSE 0 END), 0)::bigint AS in_progress \
                FROM groups g \
                LEFT JOIN tickets t ON t.group_id = g.id AND t.company_id = $1 AND t.state IN ('open', 'inProgress') \
                WHERE g.company_id = $1 AND g.deleted_at IS NULL \
                AND ($2::bigint IS NULL OR g.id IN (SELECT m.group_id FROM group_members m WHERE m.user_id = $2)) \
                GROUP BY g.id, g.name, g.position ORDER BY g.position, g.id",
        },
        company,
        member
    )
}

/// How a company's active agents are, or one of them.
///
/// # Errors
/// Those of the database.
pub async fn agents(tx: &mut Tx, company: i64, only: Option<i64>) -> Result<Vec<AgentState>> {
    fetch_all!(
        tx,
        AgentState,
        "SELECT u.id, u.name, u.presence_id, p.name AS presence, p.kind, u.presence_at, \
         (SELECT count(*) FROM tickets t WHERE t.agent_id = u.id AND t.state = 'inProgress') AS in_progress, \
         u.capacity FROM users u LEFT JOIN presence_states p ON p.id = u.presence_id \
         WHERE u.company_id = $1 AND u.active = 1 AND u.id = coalesce($2, u.id) ORDER BY u.id",
        company,
        only
    )
}

/// The tickets that an agent has in hand, longest first.
///
/// # Errors
/// Those of the database.
pub async fn own_tickets(tx: &mut Tx, company: i64, agent: i64) -> Result<Vec<OwnTicket>> {
    fetch_all!(
        tx,
        OwnTicket,
        "SELECT id, number, state, kind, channel_id, conversation_id, subject, group_id, last_author, last_content, \
         assigned_at, updated_at FROM tickets WHERE agent_id = $2 AND state = 'inProgress' AND company_id = $1 \
         ORDER BY assigned_at, id",
        company,
        agent
    )
}

/// The groups that a person is a member of.
///
/// # Errors
/// Those of the database.
pub async fn groups_of(tx: &mut Tx, user: i64) -> Result<Vec<i64>> {
    let ids = fetch_all!(tx, (i64,), "SELECT group_id FROM group_members WHERE user_id = $1", user)?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

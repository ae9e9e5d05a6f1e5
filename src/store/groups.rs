//! Groups: queues of tickets and the agents who serve them.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow, Serialize)]
pub struct Group {
    /// `grup_id`.
    pub id: i64,
    pub company_id: i64,
    pub name: String,
    pub department_id: Option<i64>,
    /// `auto` (tickets are given out) or `manual` (agents pull).
    pub policy: String,
    /// 1 if agents may take a ticket of their choice.
    pub self_assign: i64,
    /// Its tickets' priority: higher goes first.
    pub priority: i64,
    /// Lower comes first.
    pub position: i64,
    /// An IANA name.
    pub timezone: String,
    /// JSON; always open without.
    pub hours: Option<String>,
    /// What customers are told once when they write while it is closed.
    pub closed_message: Option<String>,
    /// What customers are told who wait without an agent.
    pub busy_message: Option<String>,
    pub active: i64,
    pub deleted_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "g.id, g.company_id, g.name, g.department_id, g.policy, g.self_assign, g.priority, g.position, g.timezone, \
         g.hours, g.closed_message, g.busy_message, g.active, g.deleted_at, g.created_at, g.updated_at"
    };
}

/// Adds a group; gives the id. The one in `group` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, group: &Group) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO groups (company_id, name, department_id, policy, self_assign, priority, position, timezone, hours, \
         closed_message, busy_message, active, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING id",
        group.company_id,
        &group.name,
        group.department_id,
        &group.policy,
        group.self_assign,
        group.priority,
        group.position,
        &group.timezone,
        &group.hours,
        &group.closed_message,
        &group.busy_message,
        group.active,
        group.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A company's group, unless it was deleted.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<Group>> {
    fetch_optional!(
        tx,
        Group,
        concat!("SELECT ", columns!(), " FROM groups g WHERE g.company_id = $1 AND g.id = $2 AND g.deleted_at IS NULL"),
        company,
        id
    )
}

/// Makes a person a member; nothing happens if it is one.
///
/// # Errors
/// Those of the database.
pub async fn add_member(tx: &mut Tx, group: i64, user: i64) -> Result<()> {
    execute!(tx, "INSERT INTO group_members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", group, user)
        .map(drop)
}

/// Lets a group serve a channel; gives the link's id (`cagr_id`).
///
/// # Errors
/// [`super::StoreError::Duplicate`] if it does.
pub async fn link_channel(
    tx: &mut Tx,
    company: i64,
    channel: i64,
    group: i64,
    uses_bot: bool,
    position: i64,
) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO channel_groups (company_id, channel_id, group_id, uses_bot, position) VALUES ($1, $2, $3, $4, $5) \
         RETURNING id",
        company,
        channel,
        group,
        i64::from(uses_bot),
        position
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

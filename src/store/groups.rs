//! Groups: queues of tickets and the agents who serve them.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

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

/// A company's groups, in order, without the deleted ones; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<Group>> {
    fetch_all!(
        tx,
        Group,
        concat!(
            "SELECT ",
            columns!(),
            " FROM groups g WHERE g.company_id = $1 AND g.deleted_at IS NULL ORDER BY g.position, g.id LIMIT $2"
        ),
        company,
        limit
    )
}

/// A company's group that nobody else changes until the end of the transaction, unless it was deleted.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, company: i64, id: i64) -> Result<Option<Group>> {
    fetch_optional!(
        tx,
        Group,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM groups g WHERE g.company_id = $1 AND g.id = $2 AND g.deleted_at IS NULL"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM groups g WHERE g.company_id = $1 AND g.id = $2 AND g.deleted_at IS NULL FOR UPDATE"
            ),
        },
        company,
        id
    )
}

/// Stores what an operator may change of a group.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, group: &Group, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE groups SET name = $2, department_id = $3, policy = $4, self_assign = $5, priority = $6, position = $7, \
         timezone = $8, hours = $9, closed_message = $10, busy_message = $11, active = $12, updated_at = $13 \
         WHERE id = $1",
        group.id,
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
        now
    )
    .map(drop)
}

/// Takes a group away from its members and channels; it stays for the sake of the tickets that it had. Those that it
/// still has are the group `successor`'s, if there is one: see [`super::routing::groups_to_empty`].
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: i64, successor: Option<i64>, now: Millis) -> Result<()> {
    execute!(tx, "DELETE FROM group_members WHERE group_id = $1", id)?;
    execute!(tx, "DELETE FROM channel_groups WHERE group_id = $1", id)?;
    execute!(tx, "DELETE FROM holidays WHERE group_id = $1", id)?;
    execute!(tx, "DELETE FROM quick_replies WHERE group_id = $1", id)?;
    execute!(
        tx,
        "UPDATE groups SET active = 0, deleted_at = $2, updated_at = $2, emptied = 0, successor_id = $3 WHERE id = $1",
        id,
        now,
        successor
    )
    .map(drop)
}

/// How many tickets a group has: `(those that wait, with or without a bot, those in progress)`.
///
/// # Errors
/// Those of the database.
pub async fn count_tickets(tx: &mut Tx, group: i64) -> Result<(i64, i64)> {
    let row = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT count(CASE WHEN state = 'open' THEN 1 END), count(CASE WHEN state = 'inProgress' THEN 1 END) \
         FROM tickets WHERE group_id = $1 AND state IN ('open', 'inProgress')",
        group
    )?;
    Ok(row.unwrap_or_default())
}

/// A deleted group's name, and the group that was named for its tickets, if that one is still there.
///
/// # Errors
/// Those of the database.
pub async fn successor(tx: &mut Tx, group: i64) -> Result<Option<(String, Option<i64>)>> {
    fetch_optional!(
        tx,
        (String, Option<i64>),
        "SELECT g.name, s.id FROM groups g LEFT JOIN groups s ON s.id = g.successor_id AND s.deleted_at IS NULL \
         WHERE g.id = $1",
        group
    )
}

/// Notes that a deleted group has no tickets any more.
///
/// # Errors
/// Those of the database.
pub async fn emptied(tx: &mut Tx, group: i64) -> Result<()> {
    execute!(tx, "UPDATE groups SET emptied = 1 WHERE id = $1", group).map(drop)
}

/// Gives the tickets that wait in a group its priority.
///
/// # Errors
/// Those of the database.
pub async fn prioritise(tx: &mut Tx, group: i64, priority: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE tickets SET priority = $2 WHERE group_id = $1 AND state = 'open' AND priority <> $2",
        group,
        priority
    )
    .map(drop)
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Member {
    /// `usua_id`.
    pub id: i64,
    pub name: String,
    pub email: String,
    pub active: i64,
}

/// A company's group's members by name.
///
/// # Errors
/// Those of the database.
pub async fn members(tx: &mut Tx, company: i64, group: i64) -> Result<Vec<Member>> {
    fetch_all!(
        tx,
        Member,
        "SELECT u.id, u.name, u.email, u.active FROM group_members m JOIN users u ON u.id = m.user_id \
         WHERE u.company_id = $1 AND m.group_id = $2 ORDER BY u.name, u.id",
        company,
        group
    )
}

/// The groups that a company's person is a member of, in order.
///
/// # Errors
/// Those of the database.
pub async fn of_user(tx: &mut Tx, company: i64, user: i64) -> Result<Vec<Group>> {
    fetch_all!(
        tx,
        Group,
        concat!(
            "SELECT ",
            columns!(),
            " FROM group_members m JOIN groups g ON g.id = m.group_id \
             WHERE g.company_id = $1 AND m.user_id = $2 AND g.deleted_at IS NULL ORDER BY g.position, g.id"
        ),
        company,
        user
    )
}

/// Makes a person a member of these of the company's groups and of no others.
///
/// # Errors
/// Those of the database.
pub async fn set_memberships(tx: &mut Tx, company: i64, user: i64, groups: &[i64]) -> Result<()> {
    #[derive(Serialize)]
    struct Row {
        g: i64,
    }
    let rows: Vec<Row> = groups.iter().map(|g| Row { g: *g }).collect();
    execute!(
        tx,
        "DELETE FROM group_members WHERE user_id = $1 AND group_id IN (SELECT id FROM groups WHERE company_id = $2)",
        user,
        company
    )?;
    execute!(
        tx,
        rows!(
            "INSERT INTO group_members (group_id, user_id) SELECT g.id, $2 FROM groups g WHERE g.company_id = $3 \
             AND g.deleted_at IS NULL AND g.id IN (SELECT r.g FROM",
            [g bigint],
            ")"
        ),
        json_rows(&rows),
        user,
        company
    )
    .map(drop)
}

/// Takes a person out of a group; gives whether it was a member.
///
/// # Errors
/// Those of the database.
pub async fn remove_member(tx: &mut Tx, group: i64, user: i64) -> Result<bool> {
    let rows = execute!(tx, "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2", group, user)?;
    Ok(rows > 0)
}

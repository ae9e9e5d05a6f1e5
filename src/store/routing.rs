//! What routing asks of the database, and what it writes. Locks are taken in this order: conversations, tickets, users.
//! Tickets that wait are taken with SKIP LOCKED, by whoever holds the user already.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*, tickets::Ticket};

#[derive(Serialize)]
struct Number {
    n: i64,
}

fn numbers(ids: &[i64]) -> String {
    json_rows(&ids.iter().map(|n| Number { n: *n }).collect::<Vec<_>>())
}

/// A group as a queue.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Queue {
    pub id: i64,
    pub company_id: i64,
    pub name: String,
    pub policy: String,
    pub self_assign: i64,
    pub priority: i64,
    pub timezone: String,
    pub hours: Option<String>,
    pub closed_message: Option<String>,
    pub busy_message: Option<String>,
    /// AP's hours of its department, which hold if it has none of its own.
    pub department_hours: Option<String>,
}

/// A channel's way to a group.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Link {
    pub channel_id: i64,
    /// 1 if the channel and the link both use the bot.
    pub uses_bot: i64,
    #[sqlx(flatten)]
    pub queue: Queue,
}

macro_rules! queue {
    () => {
        "g.id, g.company_id, g.name, g.policy, g.self_assign, g.priority, g.timezone, g.hours, g.closed_message, \
         g.busy_message, d.hours AS department_hours"
    };
}

/// The ways of these channels to groups that work, in their order; the first is the one that counts.
///
/// # Errors
/// Those of the database.
pub async fn links(tx: &mut Tx, channels: &[i64]) -> Result<Vec<Link>> {
    fetch_all!(
        tx,
        Link,
        rows!(
            "SELECT l.channel_id, l.uses_bot * c.uses_bot AS uses_bot, g.id, g.company_id, g.name, g.policy, g.self_assign, \
             g.priority, g.timezone, g.hours, g.closed_message, g.busy_message, d.hours AS department_hours FROM",
            [n bigint],
            "JOIN channel_groups l ON l.channel_id = r.n JOIN channels c ON c.id = l.channel_id \
             JOIN groups g ON g.id = l.group_id AND g.active = 1 AND g.deleted_at IS NULL \
             LEFT JOIN departments d ON d.id = g.department_id AND d.active = 1 AND d.deleted_at IS NULL \
             ORDER BY l.channel_id, l.position, g.position, l.id"
        ),
        numbers(channels)
    )
}

/// Those of these groups that work.
///
/// # Errors
/// Those of the database.
pub async fn queues(tx: &mut Tx, groups: &[i64]) -> Result<Vec<Queue>> {
    fetch_all!(
        tx,
        Queue,
        rows!(
            "SELECT g.id, g.company_id, g.name, g.policy, g.self_assign, g.priority, g.timezone, g.hours, \
             g.closed_message, g.busy_message, d.hours AS department_hours FROM",
            [n bigint],
            "JOIN groups g ON g.id = r.n AND g.active = 1 AND g.deleted_at IS NULL \
             LEFT JOIN departments d ON d.id = g.department_id AND d.active = 1 AND d.deleted_at IS NULL ORDER BY g.id"
        ),
        numbers(groups)
    )
}

/// The groups that somebody is a member of and that work.
///
/// # Errors
/// Those of the database.
pub async fn queues_of(tx: &mut Tx, user: i64) -> Result<Vec<Queue>> {
    fetch_all!(
        tx,
        Queue,
        concat!(
            "SELECT ",
            queue!(),
            " FROM group_members m JOIN groups g ON g.id = m.group_id AND g.active = 1 AND g.deleted_at IS NULL \
             LEFT JOIN departments d ON d.id = g.department_id AND d.active = 1 AND d.deleted_at IS NULL \
             WHERE m.user_id = $1 ORDER BY g.id"
        ),
        user
    )
}

/// A day with other hours.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Holiday {
    pub company_id: i64,
    /// `None`: the whole company's.
    pub group_id: Option<i64>,
    /// YYYY-MM-DD.
    pub day: String,
    pub name: String,
    /// JSON: spans.
    pub hours: String,
}

/// The holidays of these companies between two days, both included.
///
/// # Errors
/// Those of the database.
pub async fn holidays(tx: &mut Tx, companies: &[i64], from: &str, to: &str) -> Result<Vec<Holiday>> {
    fetch_all!(
        tx,
        Holiday,
        rows!(
            "SELECT h.company_id, h.group_id, h.day, h.name, h.hours FROM",
            [n bigint],
            "JOIN holidays h ON h.company_id = r.n AND h.day >= $2 AND h.day <= $3 ORDER BY h.id"
        ),
        numbers(companies),
        from,
        to
    )
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Member {
    pub group_id: i64,
    pub id: i64,
    pub name: String,
    pub active: i64,
    /// `online`, `away` or `offline`.
    pub presence: String,
    pub capacity: i64,
    /// Tickets in hand; counted for those who are online only.
    pub load: i64,
    pub last_assigned_at: Option<Millis>,
}

/// Holds the members of these groups who are online until the end of the transaction; gives who they are. Their loads
/// are to be counted after this; who comes online meanwhile is not held.
///
/// # Errors
/// Those of the database.
pub async fn lock_online(tx: &mut Tx, groups: &[i64]) -> Result<Vec<i64>> {
    let rows = fetch_all!(
        tx,
        (i64,),
        Sql {
            sqlite: "SELECT u.id FROM users u JOIN presence_states p ON p.id = u.presence_id AND p.kind = 'online' \
                     WHERE u.active = 1 AND u.id IN (SELECT m.user_id FROM group_members m WHERE m.group_id IN \
                     (SELECT json_extract(value, '$.n') FROM json_each($1)))",
            postgres: "SELECT u.id FROM users u JOIN presence_states p ON p.id = u.presence_id AND p.kind = 'online' \
                       WHERE u.active = 1 AND u.id IN (SELECT m.user_id FROM group_members m WHERE m.group_id IN \
                       (SELECT n FROM jsonb_to_recordset($1::jsonb) AS r(n bigint))) ORDER BY u.id FOR UPDATE OF u",
        },
        numbers(groups)
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The members of these groups, by id.
///
/// # Errors
/// Those of the database.
pub async fn members(tx: &mut Tx, groups: &[i64]) -> Result<Vec<Member>> {
    fetch_all!(
        tx,
        Member,
        rows!(
            "SELECT m.group_id, u.id, u.name, u.active, coalesce(p.kind, 'offline') AS presence, u.capacity, \
             CASE WHEN p.kind = 'online' THEN (SELECT count(*) FROM tickets t WHERE t.agent_id = u.id AND \
             t.state = 'inProgress') ELSE 0 END AS load, u.last_assigned_at FROM",
            [n bigint],
            "JOIN group_members m ON m.group_id = r.n JOIN users u ON u.id = m.user_id \
             LEFT JOIN presence_states p ON p.id = u.presence_id ORDER BY m.group_id, u.id"
        ),
        numbers(groups)
    )
}

/// Somebody who may own tickets.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Agent {
    pub id: i64,
    pub company_id: i64,
    pub name: String,
    pub active: i64,
    pub presence: String,
    pub capacity: i64,
    pub last_assigned_at: Option<Millis>,
}

/// A company's agent, held until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn lock_agent(tx: &mut Tx, company: i64, user: i64) -> Result<Option<Agent>> {
    fetch_optional!(
        tx,
        Agent,
        Sql {
            sqlite: "SELECT u.id, u.company_id, u.name, u.active, coalesce(p.kind, 'offline') AS presence, u.capacity, \
                     u.last_assigned_at FROM users u LEFT JOIN presence_states p ON p.id = u.presence_id \
                     WHERE u.company_id = $1 AND u.id = $2",
            postgres: "SELECT u.id, u.company_id, u.name, u.active, coalesce(p.kind, 'offline') AS presence, u.capacity, \
                       u.last_assigned_at FROM users u LEFT JOIN presence_states p ON p.id = u.presence_id \
                       WHERE u.company_id = $1 AND u.id = $2 FOR UPDATE OF u",
        },
        company,
        user
    )
}

/// How many tickets somebody has in hand. To be asked while the agent is held.
///
/// # Errors
/// Those of the database.
pub async fn load(tx: &mut Tx, user: i64) -> Result<i64> {
    let row =
        fetch_optional!(tx, (i64,), "SELECT count(*) FROM tickets WHERE agent_id = $1 AND state = 'inProgress'", user)?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Whether somebody is a member of a group.
///
/// # Errors
/// Those of the database.
pub async fn is_member(tx: &mut Tx, group: i64, user: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT user_id FROM group_members WHERE group_id = $1 AND user_id = $2",
        group,
        user
    )?;
    Ok(row.is_some())
}

/// The first `limit` tickets that wait in a group's queue, held until the end of the transaction, in the order in which
/// they are given; those that another transaction holds, or that are not to go to the user `not_for` (0: nobody), are
/// left out.
///
/// # Errors
/// Those of the database.
pub async fn waiting(tx: &mut Tx, group: i64, not_for: i64, limit: i64) -> Result<Vec<Ticket>> {
    fetch_all!(
        tx,
        Ticket,
        Sql {
            sqlite: concat!(
                "SELECT ",
                super::tickets::columns!(),
                " FROM tickets t WHERE t.group_id = $1 AND t.state = 'open' AND t.agent_id IS NULL \
                 AND t.bot_id IS NULL AND ($2 = 0 OR coalesce(t.excluded_agent_id, 0) <> $2) \
                 ORDER BY t.priority DESC, t.waiting_since, t.id LIMIT $3"
            ),
            postgres: concat!(
                "SELECT ",
                super::tickets::columns!(),
                " FROM tickets t WHERE t.group_id = $1 AND t.state = 'open' AND t.agent_id IS NULL \
                 AND t.bot_id IS NULL AND ($2 = 0 OR coalesce(t.excluded_agent_id, 0) <> $2) \
                 ORDER BY t.priority DESC, t.waiting_since, t.id LIMIT (SELECT $3) FOR UPDATE SKIP LOCKED"
            ),
        },
        group,
        not_for,
        limit
    )
}

/// The ticket that somebody gets next: of the groups that the user is a member of, the highest priority, then the
/// longest waiting; held until the end of the transaction. Tickets that another transaction holds are being given away
/// and are passed over; only the first `depth` of what waits for the user are looked at.
///
/// # Errors
/// Those of the database.
pub async fn next(tx: &mut Tx, user: i64, depth: i64) -> Result<Option<Ticket>> {
    fetch_optional!(
        tx,
        Ticket,
        Sql {
            // With one writer nothing is held by another: the head of each queue is enough.
            sqlite: concat!(
                "SELECT ",
                super::tickets::columns!(),
                " FROM tickets t WHERE t.id IN (SELECT (SELECT w.id FROM tickets w WHERE w.group_id = m.group_id \
                 AND w.state = 'open' AND w.agent_id IS NULL AND w.bot_id IS NULL \
                 ORDER BY w.priority DESC, w.waiting_since, w.id LIMIT 1) FROM group_members m \
                 JOIN groups g ON g.id = m.group_id AND g.active = 1 AND g.deleted_at IS NULL WHERE m.user_id = $1) \
                 ORDER BY t.priority DESC, t.waiting_since, t.id LIMIT min(1, $2)"
            ),
            // The heads of the queues are merged first, from their index alone, and then held one by one in that order, if
            // they are still what they were: PostgreSQL looks again at what changed before it was held.
            // A limit that the planner cannot see keeps it from planning anew each time.
            postgres: concat!(
                "SELECT ",
                super::tickets::columns!(),
                " FROM (SELECT w.id, w.priority, w.waiting_since, m.group_id FROM group_members m \
                 JOIN groups g ON g.id = m.group_id AND g.active = 1 AND g.deleted_at IS NULL \
                 CROSS JOIN LATERAL (SELECT q.id, q.priority, q.waiting_since FROM tickets q \
                 WHERE q.group_id = m.group_id AND q.state = 'open' AND q.agent_id IS NULL AND q.bot_id IS NULL \
                 ORDER BY q.priority DESC, q.waiting_since, q.id LIMIT (SELECT $2)) w WHERE m.user_id = $1 \
                 ORDER BY w.priority DESC, w.waiting_since, w.id LIMIT (SELECT $2)) h JOIN tickets t ON t.id = h.id \
                 WHERE t.group_id = h.group_id AND t.state = 'open' AND t.agent_id IS NULL AND t.bot_id IS NULL \
                 ORDER BY h.priority DESC, h.waiting_since, h.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED"
            ),
        },
        user,
        depth
    )
}

/// How many tickets wait in the queues of somebody's groups; counted up to `limit`.
///
/// # Errors
/// Those of the database.
pub async fn count_waiting(tx: &mut Tx, user: i64, limit: i64) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT count(*) FROM (SELECT t.id FROM group_members m \
         JOIN groups g ON g.id = m.group_id AND g.active = 1 AND g.deleted_at IS NULL \
         JOIN tickets t ON t.group_id = m.group_id AND t.state = 'open' AND t.agent_id IS NULL AND t.bot_id IS NULL \
         WHERE m.user_id = $1 LIMIT $2) w",
        user,
        limit
    )?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Notes that these agents were given a ticket.
///
/// # Errors
/// Those of the database.
pub async fn note_assigned(tx: &mut Tx, users: &[i64], now: Millis) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE users SET last_assigned_at = $2 WHERE id IN \
                     (SELECT json_extract(value, '$.n') FROM json_each($1))",
            postgres: "UPDATE users SET last_assigned_at = $2 WHERE id = ANY(ARRAY \
                       (SELECT n FROM jsonb_to_recordset($1::jsonb) AS r(n bigint)))",
        },
        numbers(users),
        now
    )
    .map(drop)
}

/// A decision about a ticket.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Routing {
    pub id: String,
    pub ticket_id: String,
    pub cause: String,
    pub outcome: String,
    pub group_id: Option<i64>,
    pub agent_id: Option<i64>,
    /// JSON: a `domain::routing::Explanation`.
    pub explanation: String,
    pub at: Millis,
}

/// Adds decisions.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, routings: &[Routing]) -> Result<()> {
    if routings.is_empty() {
        return Ok(());
    }
    execute!(
        tx,
        rows!(
            "INSERT INTO ticket_routings (id, ticket_id, cause, outcome, group_id, agent_id, explanation, at) \
             SELECT id, ticket_id, cause, outcome, group_id, agent_id, explanation, at FROM",
            [id text, ticket_id text, cause text, outcome text, group_id bigint, agent_id bigint, explanation text,
             at bigint],
            "WHERE true"
        ),
        json_rows(routings)
    )
    .map(drop)
}

/// The decisions about a ticket, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn of_ticket(tx: &mut Tx, ticket: &str) -> Result<Vec<Routing>> {
    fetch_all!(
        tx,
        Routing,
        "SELECT id, ticket_id, cause, outcome, group_id, agent_id, explanation, at FROM ticket_routings \
         WHERE ticket_id = $1 ORDER BY id",
        ticket
    )
}

/// A ticket that waits, and what its group says to those who do.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Waiting {
    pub id: String,
    pub busy_message: Option<String>,
}

/// A company's tickets that wait without an agent and were not told so in this wait, the longest waiting first.
///
/// # Errors
/// Those of the database.
pub async fn not_told(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<Waiting>> {
    fetch_all!(
        tx,
        Waiting,
        "SELECT t.id, g.busy_message FROM tickets t LEFT JOIN groups g ON g.id = t.group_id WHERE t.company_id = $1 \
         AND t.state = 'open' AND t.agent_id IS NULL AND t.bot_id IS NULL AND t.waiting_since IS NOT NULL \
         AND (t.busy_told IS NULL OR t.busy_told <> t.waiting_since) ORDER BY t.waiting_since, t.id LIMIT $2",
        company,
        limit
    )
}

macro_rules! unanswered_of_gone {
    ($from:literal, $last:literal) => {
        concat!(
            "SELECT t.id FROM ",
            $from,
            " WHERE u.presence_at < $1 AND (u.active = 0 OR coalesce(p.kind, 'offline') = 'offline') \
             AND coalesce((SELECT m.direction FROM messages m WHERE m.ticket_id = t.id \
             AND m.origin IN ('contact', 'agent', 'app') AND (m.direction = 'in' OR m.at >= t.assigned_at) \
             ORDER BY m.at DESC, m.id DESC LIMIT 1), 'in') = 'in'",
            $last
        )
    };
}

/// Tickets whose agents have been offline since before `gone_before`, or may no longer work, and whose customers had the
/// last word since they were assigned.
///
/// # Errors
/// Those of the database.
pub async fn unanswered_of_gone(tx: &mut Tx, gone_before: Millis, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        unanswered_of_gone!(
            "users u LEFT JOIN presence_states p ON p.id = u.presence_id \
             JOIN tickets t ON t.agent_id = u.id AND t.state = 'inProgress'",
            " LIMIT $2"
        ),
        gone_before,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether that holds for this ticket, which the caller holds.
///
/// # Errors
/// Those of the database.
pub async fn is_unanswered_of_gone(tx: &mut Tx, gone_before: Millis, ticket: &str) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (String,),
        unanswered_of_gone!(
            "tickets t JOIN users u ON u.id = t.agent_id LEFT JOIN presence_states p ON p.id = u.presence_id",
            " AND t.id = $2 AND t.state = 'inProgress'"
        ),
        gone_before,
        ticket
    )?;
    Ok(row.is_some())
}

/// Tickets that wait without a group that works although their channel has one now; of one company, or of all.
///
/// # Errors
/// Those of the database.
pub async fn ungrouped(tx: &mut Tx, company: Option<i64>, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT t.id FROM tickets t WHERE t.state = 'open' AND t.agent_id IS NULL AND t.bot_id IS NULL \
         AND ($1 = 0 OR t.company_id = $1) \
         AND NOT EXISTS (SELECT 1 FROM groups o WHERE o.id = t.group_id \
         AND ((o.active = 1 AND o.deleted_at IS NULL) OR o.emptied = 0)) \
         AND EXISTS (SELECT 1 FROM channel_groups l \
         JOIN groups g ON g.id = l.group_id AND g.active = 1 AND g.deleted_at IS NULL WHERE l.channel_id = t.channel_id) \
         ORDER BY t.waiting_since, t.id LIMIT $2",
        company.unwrap_or_default(),
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Automatic groups in which somebody waits and somebody with room is online; of one company, or of all: `(company, group)`,
/// a company's together.
///
/// # Errors
/// Those of the database.
pub async fn groups_to_fill(tx: &mut Tx, company: Option<i64>) -> Result<Vec<(i64, i64)>> {
    fetch_all!(
        tx,
        (i64, i64),
        "SELECT g.company_id, g.id FROM groups g WHERE g.policy = 'auto' AND g.active = 1 AND g.deleted_at IS NULL \
         AND ($1 = 0 OR g.company_id = $1) \
         AND EXISTS (SELECT 1 FROM tickets t WHERE t.group_id = g.id AND t.state = 'open' AND t.agent_id IS NULL \
         AND t.bot_id IS NULL) \
         AND EXISTS (SELECT 1 FROM group_members m JOIN users u ON u.id = m.user_id AND u.active = 1 \
         JOIN presence_states p ON p.id = u.presence_id AND p.kind = 'online' WHERE m.group_id = g.id \
         AND u.capacity > (SELECT count(*) FROM tickets h WHERE h.agent_id = u.id AND h.state = 'inProgress')) \
         ORDER BY g.company_id, g.id",
        company.unwrap_or_default()
    )
}

/// Deleted groups that may still have tickets; of one company, or of all.
///
/// # Errors
/// Those of the database.
pub async fn groups_to_empty(tx: &mut Tx, company: Option<i64>) -> Result<Vec<i64>> {
    let rows = fetch_all!(
        tx,
        (i64,),
        "SELECT g.id FROM groups g WHERE g.emptied = 0 AND ($1 = 0 OR g.company_id = $1) ORDER BY g.id",
        company.unwrap_or_default()
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Tickets of a group that wait, with or without a bot, or are in progress.
///
/// # Errors
/// Those of the database.
pub async fn orphans(tx: &mut Tx, group: i64, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT t.id FROM tickets t WHERE t.group_id = $1 AND t.state IN ('open', 'inProgress') \
         ORDER BY coalesce(t.waiting_since, 0), t.id LIMIT $2",
        group,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

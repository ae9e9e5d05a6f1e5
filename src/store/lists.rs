//! Lists of tickets with everything that a row of them shows, page by page.
//!
//! A page begins after a place in the order, not at a count: tickets that arrive meanwhile move nothing. Each list has
//! an index that serves its first condition and its order: with 120,000 tickets both databases read a page from it
//! (`EXPLAIN`, PostgreSQL's generic plans too) and sort nothing but the rows of one agent, one customer or the queue. Only
//! a text that few tickets hold is looked for in all of them.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{
    Result, Sql, Tx,
    macros::*,
    search::{both, holds, part},
};

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Listed {
    pub id: String,
    pub number: i64,
    pub state: String,
    pub kind: String,
    pub channel_id: i64,
    pub group_id: Option<i64>,
    pub group_name: Option<String>,
    /// Whose it is: who owns it or owned it last, else who closed it.
    pub agent_id: Option<i64>,
    pub agent_name: Option<String>,
    /// The customer's number.
    pub customer: Option<i64>,
    pub customer_name: Option<String>,
    pub subject: Option<String>,
    pub last_content: Option<String>,
    pub last_author: Option<String>,
    pub waiting_since: Option<Millis>,
    pub priority: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub closed_at: Option<Millis>,
    /// The customer's messages that nobody has read.
    pub unread: i64,
}

/// The rows of the tickets where `$condition` holds, in `$order`, at most `$limit`: the page is chosen before anything
/// is joined to it.
macro_rules! listed {
    ($condition:expr, $order:literal, $limit:literal) => {
        concat!(
            "SELECT t.id, t.number, t.state, t.kind, t.channel_id, t.group_id, g.name AS group_name, \
             coalesce(t.agent_id, t.closed_by) AS agent_id, u.name AS agent_name, p.number AS customer, \
             coalesce(nullif(trim(coalesce(p.given_name, '') || ' ' || coalesce(p.family_name, '')), ''), p.name) \
             AS customer_name, t.subject, t.last_content, t.last_author, t.waiting_since, t.priority, t.created_at, \
             t.updated_at, t.closed_at, \
             (SELECT count(*) FROM messages m WHERE m.ticket_id = t.id AND m.direction = 'in' \
             AND (m.at, m.id) > (coalesce(r.read_at, -1), coalesce(r.message_id, ''))) AS unread \
             FROM (SELECT t.* FROM tickets t WHERE ",
            $condition,
            " ORDER BY ",
            $order,
            " LIMIT ",
            $limit,
            ") t LEFT JOIN groups g ON g.id = t.group_id LEFT JOIN users u ON u.id = coalesce(t.agent_id, t.closed_by) \
             LEFT JOIN contacts p ON p.id = t.contact_id \
             LEFT JOIN conversation_reads r ON r.conversation_id = t.conversation_id ORDER BY ",
            $order
        )
    };
}

/// Which of a company's tickets, and from where on, newest first. Empty and 0 mean any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub company: i64,
    /// Created at this moment or later.
    pub from: Millis,
    /// Created before this moment.
    pub to: Millis,
    /// After the ticket of this moment and id; a moment past all and an empty id for the first page.
    pub after: (Millis, &'a str),
    /// A part of the subject, of what was said last, or of the customer's name.
    pub text: &'a str,
    pub state: &'a str,
    pub kind: &'a str,
    pub channel: i64,
    pub group: i64,
    /// Whose it is: who owns it or owned it last, else who closed it.
    pub agent: i64,
    /// The contact's id.
    pub contact: &'a str,
}

/// `$first` is the condition that an index serves; the others are looked at row by row. Where few rows are left, a `+` keeps
/// the company's index from being taken for a better one.
macro_rules! filtered {
    ($dialect:ident, $first:literal) => {
        listed!(
            concat!(
                $first,
                " AND t.created_at >= $2 AND t.created_at < $3 AND (t.created_at, t.id) < ($4, $5) AND ($6 = '' OR ",
                holds!($dialect, "coalesce(t.subject, '')", "$6"),
                " OR ",
                holds!($dialect, "coalesce(t.last_content, '')", "$6"),
                " OR EXISTS (SELECT 1 FROM contacts p WHERE p.id = t.contact_id AND ",
                holds!(
                    $dialect,
                    "(coalesce(p.name, '') || ' ' || coalesce(p.given_name, '') || ' ' || coalesce(p.family_name, ''))",
                    "$6"
                ),
                ")) AND ($7 = '' OR t.state = $7) AND ($8 = '' OR t.kind = $8) AND ($9 = 0 OR t.channel_id = $9) \
                 AND ($10 = 0 OR t.group_id = $10) AND ($11 = 0 OR coalesce(t.agent_id, t.closed_by) = $11) \
                 AND ($12 = '' OR t.contact_id = $12)"
            ),
            "t.created_at DESC, t.id DESC",
            "$13"
        )
    };
}

const ALL: Sql = both!(filtered, "t.company_id = $1");
const OF_CONTACT: Sql = both!(filtered, "t.contact_id = $12 AND +t.company_id = $1");
const OF_AGENT: Sql = both!(filtered, "coalesce(t.agent_id, t.closed_by) = $11 AND +t.company_id = $1");
const OF_GROUP: Sql = both!(filtered, "t.company_id = $1 AND t.group_id = $10");
const OF_CHANNEL: Sql = both!(filtered, "t.company_id = $1 AND t.channel_id = $9");
const IN_STATE: Sql = both!(filtered, "t.company_id = $1 AND t.state = $7");
const OF_KIND: Sql = both!(filtered, "t.company_id = $1 AND t.kind = $8");

impl Filter<'_> {
    fn sql(&self) -> Sql {
        match self {
            Self { contact, .. } if !contact.is_empty() => OF_CONTACT,
            Self { agent: 1.., .. } => OF_AGENT,
            Self { group: 1.., .. } => OF_GROUP,
            Self { channel: 1.., .. } => OF_CHANNEL,
            Self { state, .. } if !state.is_empty() => IN_STATE,
            Self { kind, .. } if !kind.is_empty() => OF_KIND,
            _ => ALL,
        }
    }
}

/// A page of the tickets of a filter.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, filter: Filter<'_>, limit: i64) -> Result<Vec<Listed>> {
    fetch_all!(
        tx,
        Listed,
        filter.sql(),
        filter.company,
        filter.from,
        // Where the page begins bounds the range, too.
        filter.to.min(filter.after.0.saturating_add(1)),
        filter.after.0,
        filter.after.1,
        part(filter.text),
        filter.state,
        filter.kind,
        filter.channel,
        filter.group,
        filter.agent,
        filter.contact,
        limit
    )
}

/// Which waiting tickets, and from where on. 0 means any.
#[derive(Debug, Clone, Copy)]
pub struct Queue<'a> {
    pub company: i64,
    pub group: i64,
    /// Only of the active groups that this agent serves: what may be given to him.
    pub agent: i64,
    pub channel: i64,
    /// After the ticket of this priority, waiting since this moment, of this id.
    pub after: Option<(i64, Millis, &'a str)>,
}

macro_rules! queued {
    ($first:literal) => {
        concat!(
            $first,
            " AND t.company_id = $1 AND t.state = 'open' AND t.agent_id IS NULL AND t.bot_id IS NULL \
             AND ($2 = 0 OR t.group_id = $2) \
             AND ($3 = 0 OR t.group_id IN (SELECT m.group_id FROM group_members m \
             JOIN groups q ON q.id = m.group_id AND q.active = 1 AND q.deleted_at IS NULL WHERE m.user_id = $3)) \
             AND ($4 = 0 OR t.channel_id = $4) AND (-t.priority, t.waiting_since, t.id) > ($5, $6, $7)"
        )
    };
}

const QUEUE: &str = listed!(queued!("t.company_id = $1"), "t.priority DESC, t.waiting_since, t.id", "$8");
const QUEUE_OF_GROUP: &str = listed!(queued!("t.group_id = $2"), "t.priority DESC, t.waiting_since, t.id", "$8");

/// A page of what waits, in the order in which it would be given out: the highest priority, then the longest waiting.
/// What a bot has does not wait.
///
/// # Errors
/// Those of the database.
pub async fn queue(tx: &mut Tx, queue: Queue<'_>, limit: i64) -> Result<Vec<Listed>> {
    let (priority, since, id) = queue.after.unwrap_or((i64::MAX, -1, ""));
    fetch_all!(
        tx,
        Listed,
        if queue.group == 0 { QUEUE } else { QUEUE_OF_GROUP },
        queue.company,
        queue.group,
        queue.agent,
        queue.channel,
        -priority,
        since,
        id,
        limit
    )
}

/// A page of what an agent has in hand, newest first, after the ticket of this creation and id.
///
/// # Errors
/// Those of the database.
pub async fn in_hand(tx: &mut Tx, company: i64, agent: i64, after: (Millis, &str), limit: i64) -> Result<Vec<Listed>> {
    const SQL: &str = listed!(
        "+t.company_id = $1 AND t.state = 'inProgress' AND t.agent_id = $2 AND (t.created_at, t.id) < ($3, $4)",
        "t.created_at DESC, t.id DESC",
        "$5"
    );
    fetch_all!(tx, Listed, SQL, company, agent, after.0, after.1, limit)
}

/// A page of an agent's closed tickets, whoever closed them, the latest first, after the ticket that was closed at this
/// moment and has this id.
///
/// # Errors
/// Those of the database.
pub async fn closed_of(
    tx: &mut Tx,
    company: i64,
    agent: i64,
    after: (Millis, &str),
    limit: i64,
) -> Result<Vec<Listed>> {
    const SQL: &str = listed!(
        "+t.company_id = $1 AND t.state = 'closed' AND coalesce(t.agent_id, t.closed_by) = $2 \
         AND (t.closed_at, t.id) < ($3, $4)",
        "t.closed_at DESC, t.id DESC",
        "$5"
    );
    fetch_all!(tx, Listed, SQL, company, agent, after.0, after.1, limit)
}

/// A customer's tickets that are not settled, newest first: of one channel kind and one channel, if they are named.
///
/// # Errors
/// Those of the database.
pub async fn unsettled(
    tx: &mut Tx,
    company: i64,
    contact: &str,
    kind: &str,
    channel: i64,
    limit: i64,
) -> Result<Vec<Listed>> {
    const SQL: &str = listed!(
        "+t.company_id = $1 AND t.contact_id = $2 AND t.state IN ('open', 'inProgress') AND ($3 = '' OR t.kind = $3) \
         AND ($4 = 0 OR t.channel_id = $4)",
        "t.created_at DESC, t.id DESC",
        "$5"
    );
    fetch_all!(tx, Listed, SQL, company, contact, kind, channel, limit)
}

/// The tickets that go with this one, newest first: all of its customer's (the contact's id; empty: nobody's) and those
/// that it is linked with.
///
/// # Errors
/// Those of the database.
pub async fn related(tx: &mut Tx, company: i64, ticket: &str, contact: &str, limit: i64) -> Result<Vec<Listed>> {
    const SQL: &str = listed!(
        "t.id IN (SELECT c.id FROM tickets c WHERE c.contact_id = $3 UNION SELECT b FROM ticket_links WHERE a = $2 \
         UNION SELECT a FROM ticket_links WHERE b = $2) AND t.id <> $2 AND +t.company_id = $1",
        "t.created_at DESC, t.id DESC",
        "$4"
    );
    fetch_all!(tx, Listed, SQL, company, ticket, contact, limit)
}

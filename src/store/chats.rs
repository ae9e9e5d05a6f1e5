//! Conversations as agents see them: with their customer, their latest ticket, and what of them nobody has read.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{
    Result, Tx,
    macros::*,
    messages::AttachmentRow,
    search::{both, holds, part},
};

/// A conversation with everything that a list of them shows.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChatRow {
    pub id: String,
    pub channel_id: i64,
    pub kind: String,
    pub channel_name: String,
    pub contact_id: Option<String>,
    /// The contact's number.
    pub customer: Option<i64>,
    pub name: Option<String>,
    pub account: Option<String>,
    pub subject: Option<String>,
    pub ticket_id: String,
    pub number: i64,
    pub state: String,
    pub last_content: Option<String>,
    /// When something was last said in it.
    pub active_at: Millis,
    /// The customer's messages that nobody has read.
    pub unread: i64,
}

/// Which conversations of a company.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub company: i64,
    /// A part of the customer's or the agent's name, of the customer's account, or of the subject; empty: any.
    pub name: &'a str,
    /// 0: any.
    pub channel: i64,
    /// Empty: any.
    pub contact: &'a str,
    /// Empty: any.
    pub conversation: &'a str,
    /// Only those that wait to be read and whose ticket is not closed.
    pub waiting: bool,
}

macro_rules! from_where {
    ($dialect:ident) => {
        concat!(
            " FROM tickets t JOIN conversations c ON c.ticket_id = t.id JOIN channels h ON h.id = c.channel_id \
             LEFT JOIN contacts p ON p.id = c.contact_id LEFT JOIN users u ON u.id = t.agent_id \
             LEFT JOIN conversation_reads r ON r.conversation_id = c.id \
             WHERE t.company_id = $1 AND ($2 = '' OR ",
            holds!($dialect, "coalesce(p.name, '')", "$2"),
            " OR ",
            holds!($dialect, "coalesce(p.account, '')", "$2"),
            " OR ",
            holds!($dialect, "coalesce(c.subject, '')", "$2"),
            " OR ",
            holds!($dialect, "coalesce(u.name, '')", "$2"),
            ") AND ($3 = 0 OR c.channel_id = $3) AND ($4 = '' OR c.contact_id = $4) AND ($5 = '' OR c.id = $5) \
             AND ($6 = 0 OR (t.state <> 'closed' AND coalesce(c.last_inbound_at, -1) > coalesce(r.read_at, -1)))"
        )
    };
}

macro_rules! listed {
    ($dialect:ident) => {
        concat!(
            "SELECT c.id, c.channel_id, t.kind, h.name AS channel_name, c.contact_id, p.number AS customer, p.name, \
             p.account, c.subject, \
             t.id AS ticket_id, t.number, t.state, t.last_content, \
             coalesce(t.last_message_at, t.created_at) AS active_at, \
             (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.direction = 'in' \
             AND (m.at, m.id) > (coalesce(r.read_at, -1), coalesce(r.message_id, ''))) AS unread",
            from_where!($dialect),
            " ORDER BY active_at DESC, t.id DESC LIMIT $7 OFFSET $8"
        )
    };
}

macro_rules! counted {
    ($dialect:ident) => {
        concat!("SELECT count(*)", from_where!($dialect))
    };
}

/// Conversations that have a ticket, the one in which something was said last first.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, filter: Filter<'_>, limit: i64, offset: i64) -> Result<Vec<ChatRow>> {
    fetch_all!(
        tx,
        ChatRow,
        both!(listed),
        filter.company,
        part(filter.name),
        filter.channel,
        filter.contact,
        filter.conversation,
        i64::from(filter.waiting),
        limit,
        offset
    )
}

/// How many conversations there are.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, filter: Filter<'_>) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        both!(counted),
        filter.company,
        part(filter.name),
        filter.channel,
        filter.contact,
        filter.conversation,
        i64::from(filter.waiting)
    )?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Notes that a conversation was read up to a message, sent at `at`; gives whether that is further than before.
///
/// # Errors
/// Those of the database.
pub async fn mark_read(tx: &mut Tx, conversation: &str, at: Millis, message: &str) -> Result<bool> {
    let rows = execute!(
        tx,
        "INSERT INTO conversation_reads (conversation_id, read_at, message_id) VALUES ($1, $2, $3) \
         ON CONFLICT (conversation_id) DO UPDATE SET read_at = excluded.read_at, message_id = excluded.message_id \
         WHERE (conversation_reads.read_at, coalesce(conversation_reads.message_id, '')) \
         < (excluded.read_at, excluded.message_id)",
        conversation,
        at,
        message
    )?;
    Ok(rows > 0)
}

/// Somebody who writes to customers over the API.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub email: String,
}

macro_rules! named {
    ($dialect:ident, $before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM users WHERE company_id = $1 AND active = 1 AND role IN ('agent', 'operator') AND ($2 = '' OR ",
            holds!($dialect, "name", "$2"),
            ")",
            $after
        )
    };
}

/// The company's agents and operators whose name holds `name` (empty: all), by name.
///
/// # Errors
/// Those of the database.
pub async fn users(tx: &mut Tx, company: i64, name: &str, limit: i64, offset: i64) -> Result<Vec<User>> {
    fetch_all!(
        tx,
        User,
        both!(named, "SELECT id, name, email", " ORDER BY name, id LIMIT $3 OFFSET $4"),
        company,
        part(name),
        limit,
        offset
    )
}

/// How many of them there are.
///
/// # Errors
/// Those of the database.
pub async fn count_users(tx: &mut Tx, company: i64, name: &str) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), both!(named, "SELECT count(*)", ""), company, part(name))?;
    Ok(row.map_or(0, |(count,)| count))
}

/// The name of an API client.
///
/// # Errors
/// Those of the database.
pub async fn client_name(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    let row = fetch_optional!(tx, (String,), "SELECT name FROM api_clients WHERE id = $1", id)?;
    Ok(row.map(|(name,)| name))
}

/// Who of ours wrote in a conversation: `(account, name)`, in the order of their first words. Programs, which have no
/// account, are nobody.
///
/// # Errors
/// Those of the database.
pub async fn authors(tx: &mut Tx, conversation: &str) -> Result<Vec<(String, Option<String>)>> {
    fetch_all!(
        tx,
        (String, Option<String>),
        "SELECT author_account, author_name FROM messages WHERE conversation_id = $1 AND direction = 'out' \
         AND author_account IS NOT NULL GROUP BY author_account, author_name ORDER BY min(at), author_account, author_name",
        conversation
    )
}

/// A stored file by its id, whosever it is, unless its message was deleted.
///
/// # Errors
/// Those of the database.
pub async fn file(tx: &mut Tx, id: &str) -> Result<Option<AttachmentRow>> {
    fetch_optional!(
        tx,
        AttachmentRow,
        "SELECT a.id, a.message_id, a.channel_id, a.kind, a.source, a.state, a.mime, a.file_name, a.size, a.sha256, \
         a.content_id, a.extra, a.created_at FROM attachments a JOIN messages m ON m.id = a.message_id \
         WHERE a.id = $1 AND a.sha256 IS NOT NULL AND m.deleted_at IS NULL",
        id
    )
}

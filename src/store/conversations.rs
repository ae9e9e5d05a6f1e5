//! Threads and their names.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Conversation {
    pub id: String,
    pub company_id: i64,
    pub channel_id: i64,
    pub contact_id: Option<String>,
    /// Its latest ticket.
    pub ticket_id: Option<String>,
    pub subject: Option<String>,
    pub blocked_at: Option<Millis>,
    pub last_inbound_at: Option<Millis>,
    pub created_at: Millis,
}

/// A name to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Name<'a> {
    pub c: i64,
    pub k: &'a str,
}

/// A name and the conversation that it names.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct KeyRow {
    pub channel_id: i64,
    pub key: String,
    pub conversation_id: String,
}

/// The known ones among `names`.
///
/// # Errors
/// Those of the database.
pub async fn find_keys(tx: &mut Tx, names: &[Name<'_>]) -> Result<Vec<KeyRow>> {
    fetch_all!(
        tx,
        KeyRow,
        rows!(
            "SELECT k.channel_id, k.key, k.conversation_id FROM",
            [c bigint, k text],
            "JOIN conversation_keys k ON k.channel_id = r.c AND k.key = r.k"
        ),
        json_rows(names)
    )
}

#[derive(Serialize)]
struct Id<'a> {
    i: &'a str,
}

/// The conversations with these ids.
///
/// # Errors
/// Those of the database.
pub async fn load(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Conversation>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        Conversation,
        rows!(
            "SELECT c.id, c.company_id, c.channel_id, c.contact_id, c.ticket_id, c.subject, c.blocked_at, \
             c.last_inbound_at, c.created_at FROM",
            [i text],
            "JOIN conversations c ON c.id = r.i"
        ),
        json_rows(&ids)
    )
}

/// The conversations with these ids, locked until the end of the transaction: before their tickets and messages, as
/// everybody locks them.
///
/// # Errors
/// Those of the database.
pub async fn load_for_update(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Conversation>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        Conversation,
        Sql {
            sqlite: "SELECT id, company_id, channel_id, contact_id, ticket_id, subject, blocked_at, last_inbound_at, \
                     created_at FROM conversations \
                     WHERE id IN (SELECT json_extract(value, '$.i') FROM json_each($1))",
            postgres: "SELECT id, company_id, channel_id, contact_id, ticket_id, subject, blocked_at, last_inbound_at, \
                       created_at FROM conversations \
                       WHERE id IN (SELECT i FROM jsonb_to_recordset($1::jsonb) AS r(i text)) ORDER BY id FOR UPDATE",
        },
        json_rows(&ids)
    )
}

/// Adds conversations, or brings known ones up to date.
///
/// # Errors
/// Those of the database.
pub async fn save(tx: &mut Tx, conversations: &[&Conversation]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO conversations (id, company_id, channel_id, contact_id, ticket_id, subject, blocked_at, \
             last_inbound_at, created_at) SELECT id, company_id, channel_id, contact_id, ticket_id, subject, \
             blocked_at, last_inbound_at, created_at FROM",
            [id text, company_id bigint, channel_id bigint, contact_id text, ticket_id text, subject text,
             blocked_at bigint, last_inbound_at bigint, created_at bigint],
            "WHERE true ON CONFLICT (id) DO UPDATE SET contact_id = excluded.contact_id, \
             ticket_id = excluded.ticket_id, subject = excluded.subject, blocked_at = excluded.blocked_at, \
             last_inbound_at = excluded.last_inbound_at"
        ),
        json_rows(conversations)
    )
    .map(drop)
}

/// Adds names; gives how many were new. Fewer than given: another transaction was first.
///
/// # Errors
/// Those of the database.
pub async fn insert_keys(tx: &mut Tx, keys: &[KeyRow], now: Millis) -> Result<u64> {
    execute!(
        tx,
        rows!(
            "INSERT INTO conversation_keys (channel_id, key, conversation_id, bound_at) \
             SELECT channel_id, key, conversation_id, $2 FROM",
            [channel_id bigint, key text, conversation_id text],
            "WHERE true ORDER BY channel_id, key ON CONFLICT (channel_id, key) DO NOTHING"
        ),
        json_rows(keys),
        now
    )
}

/// Gives known names to another conversation.
///
/// # Errors
/// Those of the database.
pub async fn move_keys(tx: &mut Tx, keys: &[KeyRow], now: Millis) -> Result<()> {
    execute!(
        tx,
        rows!(
            "UPDATE conversation_keys SET conversation_id = r.conversation_id, bound_at = $2 FROM",
            [channel_id bigint, key text, conversation_id text],
            "WHERE conversation_keys.channel_id = r.channel_id AND conversation_keys.key = r.key"
        ),
        json_rows(keys),
        now
    )
    .map(drop)
}

/// Takes these names from whichever conversations have them.
///
/// # Errors
/// Those of the database.
pub async fn delete_keys(tx: &mut Tx, keys: &[KeyRow]) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "DELETE FROM conversation_keys WHERE (channel_id, key) IN (SELECT                      json_extract(value, '$.channel_id'), json_extract(value, '$.key') FROM json_each($1))",
            postgres: "DELETE FROM conversation_keys WHERE (channel_id, key) IN (SELECT channel_id, key                        FROM jsonb_to_recordset($1::jsonb) AS r(channel_id bigint, key text))",
        },
        json_rows(keys)
    )
    .map(drop)
}

/// Holds the conversations of these tickets until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn hold_of_tickets(tx: &mut Tx, tickets: &[&str]) -> Result<()> {
    let ids: Vec<Id<'_>> = tickets.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        (String,),
        Sql {
            // The one writer holds everything.
            sqlite: "SELECT '' WHERE $1 = ''",
            postgres: "SELECT c.id FROM conversations c WHERE c.id IN (SELECT t.conversation_id \
                       FROM jsonb_to_recordset($1::jsonb) AS r(i text) JOIN tickets t ON t.id = r.i) \
                       ORDER BY c.id FOR UPDATE",
        },
        json_rows(&ids)
    )
    .map(drop)
}

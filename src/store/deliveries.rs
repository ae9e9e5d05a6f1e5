//! Outbound messages on their way: their deliveries, the states they were in, and where they go.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// One outbound message's way out.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Delivery {
    pub message_id: String,
    pub company_id: i64,
    pub channel_id: i64,
    /// The act's name.
    pub act: String,
    /// Tries that were made, whatever became of them; a repeated look for a report is none.
    pub attempts: i64,
    /// Whether it may have been delivered twice: an earlier try had no answer. 0 or 1.
    pub possible_duplicate: i64,
    /// JSON: why it failed, or why it waits.
    pub failure: Option<String>,
    /// The platform's parting words.
    pub note: Option<String>,
    pub created_at: Millis,
    pub settled_at: Option<Millis>,
}

/// Adds deliveries.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, rows: &[Delivery]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO deliveries (message_id, company_id, channel_id, act, attempts, possible_duplicate, failure, \
             note, created_at, settled_at) SELECT message_id, company_id, channel_id, act, attempts, \
             possible_duplicate, failure, note, created_at, settled_at FROM",
            [message_id text, company_id bigint, channel_id bigint, act text, attempts bigint,
             possible_duplicate bigint, failure text, note text, created_at bigint, settled_at bigint],
            ""
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// The delivery of a message.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, message: &str) -> Result<Option<Delivery>> {
    fetch_optional!(
        tx,
        Delivery,
        "SELECT message_id, company_id, channel_id, act, attempts, possible_duplicate, failure, note, created_at, \
         settled_at FROM deliveries WHERE message_id = $1",
        message
    )
}

/// What a try changes of a delivery.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    /// A try reached the platform, or may have.
    pub tried: bool,
    pub possible_duplicate: bool,
    /// JSON; `None` clears it.
    pub failure: Option<&'a str>,
    pub note: Option<&'a str>,
    pub settled_at: Option<Millis>,
}

/// Notes what a try did.
///
/// # Errors
/// Those of the database.
pub async fn change(tx: &mut Tx, message: &str, change: Change<'_>) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE deliveries SET attempts = attempts + $2, possible_duplicate = max(possible_duplicate, $3), \
                     failure = $4, note = coalesce($5, note), settled_at = coalesce($6, settled_at) \
                     WHERE message_id = $1",
            postgres: "UPDATE deliveries SET attempts = attempts + $2, \
                       possible_duplicate = greatest(possible_duplicate, $3), failure = $4, \
                       note = coalesce($5, note), settled_at = coalesce($6, settled_at) WHERE message_id = $1",
        },
        message,
        i64::from(change.tried),
        i64::from(change.possible_duplicate),
        change.failure,
        change.note,
        change.settled_at
    )
    .map(drop)
}

/// Notes that a message may arrive twice, for good.
///
/// # Errors
/// Those of the database.
pub async fn flag(tx: &mut Tx, message: &str) -> Result<()> {
    execute!(tx, "UPDATE deliveries SET possible_duplicate = 1 WHERE message_id = $1", message).map(drop)
}

/// A state that an outbound message was in.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct StateRow {
    pub id: String,
    pub message_id: String,
    pub state: String,
    pub at: Millis,
    pub attempt: Option<i64>,
    /// JSON or a word: why.
    pub detail: Option<String>,
}

/// Adds states to messages' histories.
///
/// # Errors
/// Those of the database.
pub async fn insert_states(tx: &mut Tx, rows: &[StateRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO message_states (id, message_id, state, at, attempt, detail) \
             SELECT id, message_id, state, at, attempt, detail FROM",
            [id text, message_id text, state text, at bigint, attempt bigint, detail text],
            ""
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// The states that a message was in, oldest first; what the platform reported is in its receipts.
///
/// # Errors
/// Those of the database.
pub async fn states(tx: &mut Tx, message: &str) -> Result<Vec<StateRow>> {
    fetch_all!(
        tx,
        StateRow,
        "SELECT id, message_id, state, at, attempt, detail FROM message_states WHERE message_id = $1 ORDER BY id",
        message
    )
}

/// Sets a message's state and, if it failed, why. One that has reached its platform keeps what the platform said of it
/// unless `over` a reported state; gives whether it changed.
///
/// # Errors
/// Those of the database.
pub async fn set_status(tx: &mut Tx, message: &str, state: &str, failure: Option<&str>, now: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE messages SET status = $2, status_at = $4, failure = $3 WHERE id = $1 \
         AND (status IS NULL OR status NOT IN ('sent', 'delivered', 'read', 'played', 'failed'))",
        message,
        state,
        failure,
        now
    )?;
    Ok(rows > 0)
}

/// The state of a message.
///
/// # Errors
/// Those of the database.
pub async fn status(tx: &mut Tx, message: &str) -> Result<Option<String>> {
    let row = fetch_optional!(tx, (Option<String>,), "SELECT status FROM messages WHERE id = $1", message)?;
    Ok(row.and_then(|(status,)| status))
}

/// Whom a conversation is with.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Place {
    pub company_id: i64,
    pub channel_id: i64,
    pub contact_id: Option<String>,
    pub name: Option<String>,
    pub subject: Option<String>,
    pub last_inbound_at: Option<Millis>,
}

/// A conversation as somebody who writes to it needs it.
///
/// # Errors
/// Those of the database.
pub async fn place(tx: &mut Tx, conversation: &str) -> Result<Option<Place>> {
    fetch_optional!(
        tx,
        Place,
        "SELECT c.company_id, c.channel_id, c.contact_id, p.name, c.subject, c.last_inbound_at \
         FROM conversations c LEFT JOIN contacts p ON p.id = c.contact_id WHERE c.id = $1",
        conversation
    )
}

/// Every name of a conversation, the latest bound last.
///
/// # Errors
/// Those of the database.
pub async fn keys(tx: &mut Tx, conversation: &str) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT key FROM conversation_keys WHERE conversation_id = $1 ORDER BY bound_at, key",
        conversation
    )?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Every address of a contact: `(scheme, value)`, the newest first.
///
/// # Errors
/// Those of the database.
pub async fn addresses(tx: &mut Tx, contact: &str) -> Result<Vec<(String, String)>> {
    fetch_all!(
        tx,
        (String, String),
        "SELECT scheme, value FROM identities WHERE contact_id = $1 ORDER BY created_at DESC, scheme, value",
        contact
    )
}

/// A message with its platform name.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Named {
    pub id: String,
    pub name: String,
    pub direction: String,
    pub at: Millis,
}

/// The platform names of a conversation's messages that were not deleted, newest first; a message that has several is there several times.
///
/// # Errors
/// Those of the database.
pub async fn history(tx: &mut Tx, conversation: &str, limit: i64) -> Result<Vec<Named>> {
    fetch_all!(
        tx,
        Named,
        "SELECT m.id, x.ref AS name, m.direction, m.at FROM (SELECT id, direction, at FROM messages \
         WHERE conversation_id = $1 AND origin <> 'note' AND deleted_at IS NULL ORDER BY at DESC, id DESC LIMIT $2) m \
         JOIN message_refs x ON x.message_id = m.id WHERE x.ref NOT LIKE 'group:%' AND x.ref NOT LIKE 'out:%' \
         ORDER BY m.at DESC, m.id DESC, x.ref",
        conversation,
        limit
    )
}

/// The platform name of the customer's latest message in a conversation that was not deleted.
///
/// # Errors
/// Those of the database.
pub async fn last_inbound(tx: &mut Tx, conversation: &str) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT x.ref FROM messages m JOIN message_refs x ON x.message_id = m.id WHERE m.conversation_id = $1 \
         AND m.direction = 'in' AND m.deleted_at IS NULL AND x.ref NOT LIKE 'group:%' ORDER BY m.at DESC, m.id DESC, x.ref LIMIT 1",
        conversation
    )?;
    Ok(row.map(|(name,)| name))
}

/// The platform name of the oldest message of a conversation that has one.
///
/// # Errors
/// Those of the database.
pub async fn first_name(tx: &mut Tx, conversation: &str) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT x.ref FROM messages m JOIN message_refs x ON x.message_id = m.id WHERE m.conversation_id = $1 \
         AND x.ref NOT LIKE 'group:%' AND x.ref NOT LIKE 'out:%' ORDER BY m.at, m.id LIMIT 1",
        conversation
    )?;
    Ok(row.map(|(name,)| name))
}

/// A message's platform name, if it has one.
///
/// # Errors
/// Those of the database.
pub async fn name_of(tx: &mut Tx, message: &str) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT ref FROM message_refs WHERE message_id = $1 AND ref NOT LIKE 'group:%' AND ref NOT LIKE 'out:%' \
         ORDER BY ref LIMIT 1",
        message
    )?;
    Ok(row.map(|(name,)| name))
}

/// Gives a message its platform name. If a message has it that only echoes this one (our own post, reported back
/// before our send was recorded, by us or by nobody that the platform names), that one goes; gives the ticket that it
/// was of.
///
/// # Errors
/// Those of the database.
pub async fn name(tx: &mut Tx, channel: i64, name: &str, message: &str) -> Result<Option<String>> {
    let mut left = None;
    // The echo may come between the look and the insertion: then there is a second look.
    for _ in 0..2 {
        let known = fetch_optional!(
            tx,
            Echo,
            "SELECT m.id, m.origin, m.author_id, m.ticket_id FROM message_refs x JOIN messages m ON m.id = x.message_id \
             WHERE x.channel_id = $1 AND x.ref = $2",
            channel,
            name
        )?;
        match known {
            Some(known) if known.id == message => return Ok(left),
            Some(echo) if echo.is_ours() => {
                absorb(tx, channel, &echo.id, message).await?;
                left = echo.ticket_id;
            }
            _ => {}
        }
        let inserted = execute!(
            tx,
            "INSERT INTO message_refs (channel_id, ref, message_id) VALUES ($1, $2, $3) \
             ON CONFLICT (channel_id, ref) DO NOTHING",
            channel,
            name,
            message
        )?;
        if inserted > 0 {
            break;
        }
    }
    Ok(left)
}

/// A message that has the name which our own send was given.
#[derive(Debug, FromRow)]
struct Echo {
    id: String,
    origin: String,
    author_id: Option<String>,
    ticket_id: Option<String>,
}

impl Echo {
    /// Not every platform says of everything who wrote it.
    fn is_ours(&self) -> bool {
        self.origin == "app" || (self.origin == "contact" && self.author_id.is_none())
    }
}

/// What hangs on an echo hangs on the message from now on.
async fn absorb(tx: &mut Tx, channel: i64, echo: &str, message: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE message_refs SET message_id = $3 WHERE channel_id = $1 AND message_id = $2",
        channel,
        echo,
        message
    )?;
    for statement in [
        "UPDATE message_revisions SET message_id = $2 WHERE message_id = $1",
        "UPDATE message_reactions SET message_id = $2 WHERE message_id = $1",
        "UPDATE message_receipts SET message_id = $2 WHERE message_id = $1",
    ] {
        execute!(tx, statement, echo, message)?;
    }
    execute!(tx, "DELETE FROM attachments WHERE message_id = $1", echo)?;
    execute!(tx, "DELETE FROM messages WHERE id = $1", echo).map(drop)
}

/// A report of the platform has settled a delivery: what was feared of it was not so.
///
/// # Errors
/// Those of the database.
pub async fn reported(tx: &mut Tx, message: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE deliveries SET settled_at = coalesce(settled_at, $2), \
         attempts = CASE WHEN attempts = 0 THEN 1 ELSE attempts END, \
         failure = CASE WHEN (SELECT status FROM messages WHERE id = $1) = 'failed' THEN failure ELSE NULL END \
         WHERE message_id = $1",
        message,
        now
    )
    .map(drop)
}

/// What our side says last on a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The message's id.
    pub message: &'a str,
    pub author: Option<&'a str>,
    pub content: &'a str,
    /// Whether it answers the customer; the house's own notices do not.
    pub is_answer: bool,
}

/// Shows on a ticket what our side said at `now`, unless something later was said.
///
/// # Errors
/// Those of the database.
pub async fn touch_ticket(tx: &mut Tx, ticket: &str, said: Said<'_>, now: Millis) -> Result<()> {
    if said.is_answer {
        let sql = "UPDATE tickets SET answered_at = $2 WHERE id = $1 AND answered_at IS NULL";
        execute!(tx, sql, ticket, now)?;
    }
    execute!(
        tx,
        "UPDATE tickets SET last_author = $2, last_content = $3, last_message_at = $4, last_message_id = $5, \
         updated_at = $4 WHERE id = $1 AND (last_message_at IS NULL OR last_message_at <= $4)",
        ticket,
        said.author,
        said.content,
        now,
        said.message
    )
    .map(drop)
}

/// Shows other words on the ticket that shows a message, by its platform name.
///
/// # Errors
/// Those of the database.
pub async fn reword_ticket(tx: &mut Tx, channel: i64, name: &str, content: &str) -> Result<()> {
    execute!(
        tx,
        "UPDATE tickets SET last_content = $3 WHERE (id, last_message_id) = (SELECT m.ticket_id, m.id \
         FROM messages m JOIN message_refs x ON x.message_id = m.id WHERE x.channel_id = $1 AND x.ref = $2)",
        channel,
        name,
        content
    )
    .map(drop)
}

/// Holds a conversation's row until the end of the transaction, so that what is written to it is written in order.
///
/// # Errors
/// Those of the database.
pub async fn lock_conversation(tx: &mut Tx, conversation: &str) -> Result<()> {
    fetch_optional!(
        tx,
        (String,),
        Sql {
            sqlite: "SELECT id FROM conversations WHERE id = $1",
            postgres: "SELECT id FROM conversations WHERE id = $1 FOR UPDATE",
        },
        conversation
    )
    .map(drop)
}

/// Notes that a message, by its platform name, was deleted.
///
/// # Errors
/// Those of the database.
pub async fn mark_deleted(tx: &mut Tx, channel: i64, name: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE messages SET deleted_at = coalesce(deleted_at, $3) \
         WHERE id = (SELECT message_id FROM message_refs WHERE channel_id = $1 AND ref = $2)",
        channel,
        name,
        now
    )
    .map(drop)
}

/// Notes that a message, by its platform name, was hidden or is shown again.
///
/// # Errors
/// Those of the database.
pub async fn mark_hidden(tx: &mut Tx, channel: i64, name: &str, hidden: bool, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE messages SET hidden_at = CASE WHEN $4 = 1 THEN $3 ELSE NULL END, visibility_at = $3 \
         WHERE id = (SELECT message_id FROM message_refs WHERE channel_id = $1 AND ref = $2)",
        channel,
        name,
        now,
        i64::from(hidden)
    )
    .map(drop)
}

/// Gives a message, by its platform name, a new text; what it said before becomes the revision `revision`.
///
/// # Errors
/// Those of the database.
pub async fn mark_edited(tx: &mut Tx, channel: i64, name: &str, text: &str, revision: &str, now: Millis) -> Result<()> {
    let body = serde_json::json!({ "type": "text", "text": text }).to_string();
    execute!(
        tx,
        "INSERT INTO message_revisions (id, message_id, content, body, at) SELECT $3, m.id, m.content, m.body, $4 \
         FROM messages m JOIN message_refs x ON x.message_id = m.id WHERE x.channel_id = $1 AND x.ref = $2",
        channel,
        name,
        revision,
        now
    )?;
    execute!(
        tx,
        "UPDATE messages SET content = $3, body = $4, edited_at = $5 \
         WHERE id = (SELECT message_id FROM message_refs WHERE channel_id = $1 AND ref = $2)",
        channel,
        name,
        text,
        body,
        now
    )
    .map(drop)
}

/// A failed message waits again, because somebody had it tried once more.
///
/// # Errors
/// Those of the database.
pub async fn reopen(tx: &mut Tx, message: &str, state: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE messages SET status = $2, status_at = $3, failure = NULL WHERE id = $1 AND status = 'failed'",
        message,
        state,
        now
    )?;
    execute!(tx, "UPDATE deliveries SET failure = NULL, settled_at = NULL WHERE message_id = $1", message).map(drop)
}

//! Messages and everything that hangs on one: names, attachments, revisions, reactions, receipts.

use relevo_adapters::Millis;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct MessageRow {
    pub id: String,
    pub company_id: i64,
    pub channel_id: i64,
    pub conversation_id: String,
    pub ticket_id: Option<String>,
    /// `in` (from the customer) or `out` (from our side).
    pub direction: String,
    /// `contact`, `app` (our staff in the platform's own app) or `automatic` (a machine).
    pub origin: String,
    pub kind: String,
    /// What lists show.
    pub content: String,
    /// JSON of the adapters' `Body`.
    pub body: String,
    /// JSON.
    pub extra: Option<String>,
    /// JSON, as the platform sent it, where the body does not say everything.
    pub raw: Option<String>,
    /// The platform's id of the message it answers.
    pub reply_to: Option<String>,
    pub author_id: Option<String>,
    pub author_name: Option<String>,
    pub author_account: Option<String>,
    pub at: Millis,
    pub received_at: Millis,
    pub log_id: i64,
    /// The strongest delivery state reported so far.
    pub status: Option<String>,
    pub status_at: Option<Millis>,
    pub failure: Option<String>,
    pub edited_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
    pub hidden_at: Option<Millis>,
    /// When it was last hidden or shown.
    pub visibility_at: Option<Millis>,
}

impl MessageRow {
    /// Whether somebody else than the thread's customer wrote it, as intake noted.
    pub fn is_strangers(&self) -> bool {
        #[derive(Deserialize)]
        struct Extra {
            #[serde(default)]
            stranger: bool,
        }
        let extra = self.extra.as_deref().and_then(|extra| serde_json::from_str::<Extra>(extra).ok());
        extra.is_some_and(|extra| extra.stranger)
    }
}

macro_rules! columns {
    () => {
        "m.id, m.company_id, m.channel_id, m.conversation_id, m.ticket_id, m.direction, m.origin, m.kind, m.content, \
         m.body, m.extra, m.raw, m.reply_to, m.author_id, m.author_name, m.author_account, m.at, m.received_at, \
         m.log_id, m.status, m.status_at, m.failure, m.edited_at, m.deleted_at, m.hidden_at, \
         m.visibility_at"
    };
}

/// A platform's name of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, FromRow, Serialize)]
pub struct RefRow {
    pub channel_id: i64,
    #[sqlx(rename = "ref")]
    #[serde(rename = "ref")]
    pub name: String,
    pub message_id: String,
}

/// The known ones among `names`.
///
/// # Errors
/// Those of the database.
pub async fn find_refs(tx: &mut Tx, names: &[super::parked::Target<'_>]) -> Result<Vec<RefRow>> {
    fetch_all!(
        tx,
        RefRow,
        rows!(
            "SELECT x.channel_id, x.ref, x.message_id FROM",
            [c bigint, r text],
            "JOIN message_refs x ON x.channel_id = r.c AND x.ref = r.r"
        ),
        json_rows(names)
    )
}

#[derive(Serialize)]
struct Id<'a> {
    i: &'a str,
}

/// The messages with these ids, locked until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn load_for_update(tx: &mut Tx, ids: &[&str]) -> Result<Vec<MessageRow>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        MessageRow,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM messages m \
                 WHERE m.id IN (SELECT json_extract(value, '$.i') FROM json_each($1))"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM messages m \
                 WHERE m.id IN (SELECT i FROM jsonb_to_recordset($1::jsonb) AS r(i text)) ORDER BY m.id FOR UPDATE"
            ),
        },
        json_rows(&ids)
    )
}

/// A company's message by id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: &str) -> Result<Option<MessageRow>> {
    fetch_optional!(
        tx,
        MessageRow,
        concat!("SELECT ", columns!(), " FROM messages m WHERE m.company_id = $1 AND m.id = $2"),
        company,
        id
    )
}

/// Adds messages.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, messages: &[&MessageRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO messages (id, company_id, channel_id, conversation_id, ticket_id, direction, origin, kind, \
             content, body, extra, raw, reply_to, author_id, author_name, author_account, at, received_at, log_id, \
             status, status_at, failure, edited_at, deleted_at, hidden_at, visibility_at) \
             SELECT id, company_id, channel_id, conversation_id, ticket_id, direction, origin, kind, content, body, \
             extra, raw, reply_to, author_id, author_name, author_account, at, received_at, log_id, status, status_at, \
             failure, edited_at, deleted_at, hidden_at, visibility_at FROM",
            [id text, company_id bigint, channel_id bigint, conversation_id text, ticket_id text, direction text,
             origin text, kind text, content text, body text, extra text, raw text, reply_to text, author_id text,
             author_name text, author_account text, at bigint, received_at bigint, log_id bigint, status text,
             status_at bigint, failure text, edited_at bigint, deleted_at bigint, hidden_at bigint,
             visibility_at bigint],
            ""
        ),
        json_rows(messages)
    )
    .map(drop)
}

/// Brings known messages up to date.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, messages: &[&MessageRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "UPDATE messages SET kind = r.kind, content = r.content, body = r.body, status = r.status, \
             status_at = r.status_at, failure = r.failure, edited_at = r.edited_at, deleted_at = r.deleted_at, \
             hidden_at = r.hidden_at, visibility_at = r.visibility_at FROM",
            [id text, kind text, content text, body text, status text, status_at bigint, failure text,
             edited_at bigint, deleted_at bigint, hidden_at bigint, visibility_at bigint],
            "WHERE messages.id = r.id"
        ),
        json_rows(messages)
    )
    .map(drop)
}

/// Adds names; gives how many were new. Fewer than given: another transaction was first.
///
/// # Errors
/// Those of the database.
pub async fn insert_refs(tx: &mut Tx, refs: &[RefRow]) -> Result<u64> {
    execute!(
        tx,
        rows!(
            "INSERT INTO message_refs (channel_id, ref, message_id) SELECT channel_id, ref, message_id FROM",
            [channel_id bigint, ref text, message_id text],
            "WHERE true ORDER BY channel_id, ref ON CONFLICT (channel_id, ref) DO NOTHING"
        ),
        json_rows(refs)
    )
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct AttachmentRow {
    pub id: String,
    pub message_id: String,
    pub channel_id: i64,
    pub kind: String,
    /// JSON of the adapters' `MediaSource`.
    pub source: String,
    /// `pending` (its bytes are still with the platform), `stored` or `unavailable`.
    pub state: String,
    pub mime: Option<String>,
    pub file_name: Option<String>,
    pub size: Option<i64>,
    /// The blob, once stored.
    pub sha256: Option<String>,
    pub content_id: Option<String>,
    /// JSON.
    pub extra: Option<String>,
    pub created_at: Millis,
}

/// Adds attachments.
///
/// # Errors
/// Those of the database.
pub async fn insert_attachments(tx: &mut Tx, rows: &[AttachmentRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO attachments (id, message_id, channel_id, kind, source, state, mime, file_name, size, sha256, \
             content_id, extra, created_at) SELECT id, message_id, channel_id, kind, source, state, mime, file_name, \
             size, sha256, content_id, extra, created_at FROM",
            [id text, message_id text, channel_id bigint, kind text, source text, state text, mime text,
             file_name text, size bigint, sha256 text, content_id text, extra text, created_at bigint],
            ""
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// The attachments of these messages, in order.
///
/// # Errors
/// Those of the database.
pub async fn attachments(tx: &mut Tx, messages: &[&str]) -> Result<Vec<AttachmentRow>> {
    let ids: Vec<Id<'_>> = messages.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        AttachmentRow,
        rows!(
            "SELECT a.id, a.message_id, a.channel_id, a.kind, a.source, a.state, a.mime, a.file_name, a.size, \
             a.sha256, a.content_id, a.extra, a.created_at FROM",
            [i text],
            "JOIN attachments a ON a.message_id = r.i ORDER BY a.message_id, a.id"
        ),
        json_rows(&ids)
    )
}

/// A company's attachment by id, unless its message was deleted.
///
/// # Errors
/// Those of the database.
pub async fn find_attachment(tx: &mut Tx, company: i64, id: &str) -> Result<Option<AttachmentRow>> {
    fetch_optional!(
        tx,
        AttachmentRow,
        "SELECT a.id, a.message_id, a.channel_id, a.kind, a.source, a.state, a.mime, a.file_name, a.size, a.sha256, \
         a.content_id, a.extra, a.created_at FROM attachments a JOIN messages m ON m.id = a.message_id \
         WHERE m.company_id = $1 AND a.id = $2 AND m.deleted_at IS NULL",
        company,
        id
    )
}

/// The attachment with this id.
///
/// # Errors
/// Those of the database.
pub async fn attachment(tx: &mut Tx, id: &str) -> Result<Option<AttachmentRow>> {
    fetch_optional!(
        tx,
        AttachmentRow,
        "SELECT id, message_id, channel_id, kind, source, state, mime, file_name, size, sha256, content_id, extra, \
         created_at FROM attachments WHERE id = $1",
        id
    )
}

/// Notes what became of an attachment whose bytes were awaited; gives whether they still were.
///
/// # Errors
/// Those of the database.
pub async fn set_attachment(tx: &mut Tx, row: &AttachmentRow) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE attachments SET kind = $2, source = $3, state = $4, mime = $5, size = $6, sha256 = $7 \
         WHERE id = $1 AND state = 'pending'",
        &row.id,
        &row.kind,
        &row.source,
        &row.state,
        &row.mime,
        row.size,
        &row.sha256
    )?;
    Ok(rows > 0)
}

/// What a message said before an edit.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct RevisionRow {
    pub id: String,
    pub message_id: String,
    pub content: String,
    pub body: String,
    pub at: Millis,
}

/// Keeps what messages said before an edit.
///
/// # Errors
/// Those of the database.
pub async fn insert_revisions(tx: &mut Tx, rows: &[RevisionRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO message_revisions (id, message_id, content, body, at) \
             SELECT id, message_id, content, body, at FROM",
            [id text, message_id text, content text, body text, at bigint],
            ""
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// What a message said before, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn revisions(tx: &mut Tx, message: &str) -> Result<Vec<RevisionRow>> {
    fetch_all!(
        tx,
        RevisionRow,
        "SELECT id, message_id, content, body, at FROM message_revisions WHERE message_id = $1 ORDER BY id",
        message
    )
}

/// Somebody's reaction to a message; `emoji` is empty once it was taken back.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct ReactionRow {
    pub message_id: String,
    pub author: String,
    pub emoji: String,
    pub at: Millis,
}

/// Sets reactions, each author's latest one; give each author and message once.
///
/// # Errors
/// Those of the database.
pub async fn save_reactions(tx: &mut Tx, rows: &[ReactionRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO message_reactions (message_id, author, emoji, at) SELECT message_id, author, emoji, at FROM",
            [message_id text, author text, emoji text, at bigint],
            "WHERE true ON CONFLICT (message_id, author) DO UPDATE SET emoji = excluded.emoji, at = excluded.at \
             WHERE excluded.at >= message_reactions.at"
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// The reactions that a message has now.
///
/// # Errors
/// Those of the database.
pub async fn reactions(tx: &mut Tx, message: &str) -> Result<Vec<ReactionRow>> {
    fetch_all!(
        tx,
        ReactionRow,
        "SELECT message_id, author, emoji, at FROM message_reactions WHERE message_id = $1 AND emoji <> '' \
         ORDER BY at, author",
        message
    )
}

/// A delivery state that a platform reported.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct ReceiptRow {
    pub message_id: String,
    pub status: String,
    /// The group member it is about; empty outside groups.
    pub participant: String,
    pub at: Millis,
    /// JSON.
    pub error: Option<String>,
    /// JSON.
    pub data: Option<String>,
}

/// Keeps receipts; the first of a kind stays.
///
/// # Errors
/// Those of the database.
pub async fn insert_receipts(tx: &mut Tx, rows: &[ReceiptRow]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO message_receipts (message_id, status, participant, at, error, data) \
             SELECT message_id, status, participant, at, error, data FROM",
            [message_id text, status text, participant text, at bigint, error text, data text],
            "WHERE true ON CONFLICT (message_id, status, participant) DO NOTHING"
        ),
        json_rows(rows)
    )
    .map(drop)
}

/// The receipts of a message, in the order of their time.
///
/// # Errors
/// Those of the database.
pub async fn receipts(tx: &mut Tx, message: &str) -> Result<Vec<ReceiptRow>> {
    fetch_all!(
        tx,
        ReceiptRow,
        "SELECT message_id, status, participant, at, error, data FROM message_receipts WHERE message_id = $1 \
         ORDER BY at, status, participant",
        message
    )
}

/// A ticket goes on in this conversation, and what was written in it too.
///
/// # Errors
/// Those of the database.
pub async fn move_with_ticket(tx: &mut Tx, ticket: &str, conversation: &str) -> Result<()> {
    execute!(tx, "UPDATE messages SET conversation_id = $2 WHERE ticket_id = $1", ticket, conversation).map(drop)
}

/// A ticket's messages, newest first by the platform's time, then by arrival.
///
/// # Errors
/// Those of the database.
pub async fn of_ticket(tx: &mut Tx, ticket: &str, limit: i64) -> Result<Vec<MessageRow>> {
    fetch_all!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM messages m WHERE m.ticket_id = $1 ORDER BY m.at DESC, m.id DESC LIMIT $2"
        ),
        ticket,
        limit
    )
}

/// A conversation's messages before a moment and id, newest first by the platform's time, then by arrival.
///
/// # Errors
/// Those of the database.
pub async fn of_conversation(
    tx: &mut Tx,
    conversation: &str,
    (before, id): (Millis, &str),
    limit: i64,
) -> Result<Vec<MessageRow>> {
    fetch_all!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM messages m WHERE m.conversation_id = $1 AND (m.at, m.id) < ($2, $3) \
             ORDER BY m.at DESC, m.id DESC LIMIT $4"
        ),
        conversation,
        before,
        id,
        limit
    )
}

/// What a channel's customers wrote, in the order of arrival, from the message with the id `from` on.
///
/// # Errors
/// Those of the database.
pub async fn of_customers(tx: &mut Tx, channel: i64, from: &str, limit: i64) -> Result<Vec<MessageRow>> {
    fetch_all!(
        tx,
        MessageRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM messages m WHERE m.id >= $2 AND m.channel_id = $1 AND m.direction = 'in' AND m.origin = 'contact' \
             ORDER BY m.id LIMIT $3"
        ),
        channel,
        from,
        limit
    )
}

/// How many messages a company has.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, company: i64) -> Result<i64> {
    let row = fetch_optional!(tx, (i64,), "SELECT count(*) FROM messages WHERE company_id = $1", company)?;
    Ok(row.map_or(0, |(count,)| count))
}

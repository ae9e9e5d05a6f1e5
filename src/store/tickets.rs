//! Tickets, and the lists of them that the API shows.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};
use crate::domain::TicketState;

#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow, Serialize)]
pub struct Ticket {
    pub id: String,
    pub company_id: i64,
    /// Per company, shown to agents.
    pub number: i64,
    pub channel_id: i64,
    /// The channel's kind.
    pub kind: String,
    pub conversation_id: String,
    pub contact_id: Option<String>,
    /// `open`, `inProgress`, `closed` or `ignored`.
    pub state: String,
    pub subject: Option<String>,
    pub last_author: Option<String>,
    pub last_content: Option<String>,
    /// The platform's time of the message that `last_content` is from.
    pub last_message_at: Option<Millis>,
    /// That message: several may be of one time.
    pub last_message_id: Option<String>,
    /// Since when it waits without an owner.
    pub waiting_since: Option<Millis>,
    pub close_reason: Option<String>,
    pub closed_at: Option<Millis>,
    /// How often it was reopened.
    pub reopened: i64,
    /// Whose queue it is in.
    pub group_id: Option<i64>,
    /// Who owns it; set while it is `inProgress`. Once it is over, whoever had it last stays named.
    pub agent_id: Option<i64>,
    /// Who owned it last: preferred when it is routed again.
    pub previous_agent_id: Option<i64>,
    /// Who is not to get it in this wait: it was taken away from.
    pub excluded_agent_id: Option<i64>,
    pub assigned_at: Option<Millis>,
    /// Its group's when it was queued; higher goes first.
    pub priority: i64,
    /// The bot that has it, as its subscription's id, until `bot_until`.
    pub bot_id: Option<i64>,
    pub bot_until: Option<Millis>,
    /// Our side's first answer since it was opened or reopened.
    pub answered_at: Option<Millis>,
    /// Who closed it; whoever had it, if a program did.
    pub closed_by: Option<i64>,
    /// 1 once it was told that its group is closed.
    pub closed_told: i64,
    /// The `waiting_since` for which it was told that everybody is busy.
    pub busy_told: Option<Millis>,
    /// 1 if the customer's latest message asks that no machine answer it.
    pub no_auto_reply: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl Ticket {
    /// Whether it waits in a queue: for an agent, who is nobody yet, and not for a bot.
    pub fn waits(&self) -> bool {
        self.state == TicketState::Open.as_str() && self.agent_id.is_none() && self.bot_id.is_none()
    }
}

macro_rules! columns {
    () => {
        "t.id, t.company_id, t.number, t.channel_id, t.kind, t.conversation_id, t.contact_id, t.state, t.subject, \
         t.last_author, t.last_content, t.last_message_at, t.last_message_id, t.waiting_since, t.close_reason, t.closed_at, \
         t.reopened, t.group_id, t.agent_id, t.previous_agent_id, t.excluded_agent_id, t.assigned_at, t.priority, t.bot_id, \
         t.bot_until, t.answered_at, \
         t.closed_by, t.closed_told, t.busy_told, t.no_auto_reply, t.created_at, t.updated_at"
    };
}
pub(super) use columns;

#[derive(Serialize)]
struct Id<'a> {
    i: &'a str,
}

/// The tickets with these ids, locked until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn load_for_update(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Ticket>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        Ticket,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM tickets t \
                 WHERE t.id IN (SELECT json_extract(value, '$.i') FROM json_each($1))"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM tickets t \
                 WHERE t.id IN (SELECT i FROM jsonb_to_recordset($1::jsonb) AS r(i text)) ORDER BY t.id FOR UPDATE"
            ),
        },
        json_rows(&ids)
    )
}

/// Adds tickets, or brings known ones up to date.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if another transaction opened one for the same conversation (P3).
pub async fn save(tx: &mut Tx, tickets: &[&Ticket]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO tickets (id, company_id, number, channel_id, kind, conversation_id, contact_id, state, \
             subject, last_author, last_content, last_message_at, last_message_id, waiting_since, close_reason, closed_at, reopened, \
             group_id, agent_id, previous_agent_id, excluded_agent_id, assigned_at, priority, bot_id, bot_until, answered_at, closed_by, \
             closed_told, busy_told, no_auto_reply, created_at, updated_at) \
             SELECT id, company_id, number, channel_id, kind, conversation_id, contact_id, state, subject, \
             last_author, last_content, last_message_at, last_message_id, waiting_since, close_reason, closed_at, reopened, group_id, \
             agent_id, previous_agent_id, excluded_agent_id, assigned_at, priority, bot_id, bot_until, answered_at, closed_by, closed_told, \
             busy_told, no_auto_reply, created_at, updated_at FROM",
            [id text, company_id bigint, number bigint, channel_id bigint, kind text, conversation_id text,
             contact_id text, state text, subject text, last_author text, last_content text, last_message_at bigint,
             last_message_id text, waiting_since bigint, close_reason text, closed_at bigint, reopened bigint, group_id bigint, agent_id bigint,
             previous_agent_id bigint, excluded_agent_id bigint, assigned_at bigint, priority bigint, bot_id bigint, bot_until bigint,
             answered_at bigint, closed_by bigint, closed_told bigint, busy_told bigint, no_auto_reply bigint,
             created_at bigint, updated_at bigint],
            "WHERE true ON CONFLICT (id) DO UPDATE SET conversation_id = excluded.conversation_id, \
             contact_id = excluded.contact_id, state = excluded.state, \
             subject = excluded.subject, last_author = excluded.last_author, last_content = excluded.last_content, \
             last_message_at = excluded.last_message_at, last_message_id = excluded.last_message_id, \
             waiting_since = excluded.waiting_since, close_reason = excluded.close_reason, \
             closed_at = excluded.closed_at, reopened = excluded.reopened, group_id = excluded.group_id, \
             agent_id = excluded.agent_id, previous_agent_id = excluded.previous_agent_id, \
             excluded_agent_id = excluded.excluded_agent_id, \
             assigned_at = excluded.assigned_at, priority = excluded.priority, bot_id = excluded.bot_id, \
             bot_until = excluded.bot_until, answered_at = excluded.answered_at, closed_by = excluded.closed_by, \
             closed_told = excluded.closed_told, busy_told = excluded.busy_told, \
             no_auto_reply = excluded.no_auto_reply, updated_at = excluded.updated_at"
        ),
        json_rows(tickets)
    )
    .map(drop)
}

/// Writes where known tickets are and who has them, which is what routing decides; what was said in them stays as it is.
///
/// # Errors
/// Those of the database.
pub async fn place(tx: &mut Tx, tickets: &[&Ticket]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "UPDATE tickets SET state = r.state, waiting_since = r.waiting_since, close_reason = r.close_reason, \
             closed_at = r.closed_at, reopened = r.reopened, group_id = r.group_id, agent_id = r.agent_id, \
             previous_agent_id = r.previous_agent_id, excluded_agent_id = r.excluded_agent_id, \
             assigned_at = r.assigned_at, priority = r.priority, bot_id = r.bot_id, bot_until = r.bot_until, \
             answered_at = r.answered_at, closed_by = r.closed_by, closed_told = r.closed_told, \
             busy_told = r.busy_told, updated_at = r.updated_at FROM",
            [id text, state text, waiting_since bigint, close_reason text, closed_at bigint, reopened bigint,
             group_id bigint, agent_id bigint, previous_agent_id bigint, excluded_agent_id bigint, assigned_at bigint,
             priority bigint, bot_id bigint, bot_until bigint, answered_at bigint, closed_by bigint, closed_told bigint,
             busy_told bigint, updated_at bigint],
            "WHERE tickets.id = r.id"
        ),
        json_rows(tickets)
    )
    .map(drop)
}

/// A company's ticket by id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: &str) -> Result<Option<Ticket>> {
    fetch_optional!(
        tx,
        Ticket,
        concat!("SELECT ", columns!(), " FROM tickets t WHERE t.company_id = $1 AND t.id = $2"),
        company,
        id
    )
}

/// A company's ticket by the number that agents see.
///
/// # Errors
/// Those of the database.
pub async fn find_by_number(tx: &mut Tx, company: i64, number: i64) -> Result<Option<Ticket>> {
    fetch_optional!(
        tx,
        Ticket,
        concat!("SELECT ", columns!(), " FROM tickets t WHERE t.company_id = $1 AND t.number = $2"),
        company,
        number
    )
}

/// The tickets of the contacts with this national identity number (stored form), newest first.
///
/// # Errors
/// Those of the database.
pub async fn by_country_id(tx: &mut Tx, company: i64, country_id: &str, limit: i64) -> Result<Vec<Ticket>> {
    fetch_all!(
        tx,
        Ticket,
        concat!(
            "SELECT ",
            columns!(),
            " FROM contacts c JOIN tickets t ON t.contact_id = c.id \
             WHERE c.company_id = $1 AND c.country_id = $2 AND t.company_id = $1 \
             ORDER BY t.created_at DESC, t.id DESC LIMIT $3"
        ),
        company,
        country_id,
        limit
    )
}

/// The tickets of the contact with this address, newest first.
///
/// # Errors
/// Those of the database.
pub async fn by_identity(tx: &mut Tx, company: i64, scheme: &str, value: &str, limit: i64) -> Result<Vec<Ticket>> {
    fetch_all!(
        tx,
        Ticket,
        concat!(
            "SELECT ",
            columns!(),
            " FROM identities i JOIN tickets t ON t.contact_id = i.contact_id \
             WHERE i.company_id = $1 AND i.scheme = $2 AND i.value = $3 AND t.company_id = $1 \
             ORDER BY t.created_at DESC, t.id DESC LIMIT $4"
        ),
        company,
        scheme,
        value,
        limit
    )
}

/// A contact's tickets that are not closed.
///
/// # Errors
/// Those of the database.
pub async fn unclosed_of(tx: &mut Tx, contact: &str) -> Result<Vec<Ticket>> {
    fetch_all!(
        tx,
        Ticket,
        concat!("SELECT ", columns!(), " FROM tickets t WHERE t.contact_id = $1 AND t.state <> 'closed' ORDER BY t.id"),
        contact
    )
}

/// The ids of a company's tickets in `state`, newest first.
///
/// # Errors
/// Those of the database.
pub async fn ids_by_state(tx: &mut Tx, company: i64, state: &str, limit: i64) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT id FROM tickets WHERE company_id = $1 AND state = $2 ORDER BY created_at DESC, id DESC LIMIT $3",
        company,
        state,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A page of a company's tickets of one kind that were created in `[from, to)`, newest first, starting at the ticket
/// `start` (itself included), or at the newest. Tickets that arrive meanwhile do not move the pages.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    pub company: i64,
    pub kind: &'a str,
    pub from: Millis,
    pub to: Millis,
    pub start: Option<(Millis, &'a str)>,
    pub limit: i64,
}

/// The tickets of a page.
///
/// # Errors
/// Those of the database.
pub async fn page(tx: &mut Tx, page: Page<'_>) -> Result<Vec<Ticket>> {
    let (start_at, start_id) = page.start.unwrap_or((page.to, ""));
    fetch_all!(
        tx,
        Ticket,
        concat!(
            "SELECT ",
            columns!(),
            " FROM tickets t WHERE t.company_id = $1 AND t.kind = $2 \
             AND t.created_at >= $3 AND t.created_at < $4 AND (t.created_at, t.id) <= ($5, $6) \
             ORDER BY t.created_at DESC, t.id DESC LIMIT $7"
        ),
        page.company,
        page.kind,
        page.from,
        page.to,
        start_at,
        start_id,
        page.limit
    )
}

/// How many tickets each company has per state: `(company, state, count)`.
///
/// # Errors
/// Those of the database.
pub async fn counts(tx: &mut Tx, company: i64) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "SELECT state, count(*) FROM tickets WHERE company_id = $1 GROUP BY state ORDER BY state",
        company
    )
}

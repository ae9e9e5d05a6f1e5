//! Configured channels, their accounts, cursors and news.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// A channel as it is stored: secrets are sealed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChannelRow {
    pub id: i64,
    pub uuid: String,
    pub company_id: i64,
    pub kind: String,
    pub name: String,
    /// The account by which webhooks and people name it (phone number id, bot id, address, Page id).
    pub account: String,
    /// JSON object: setting → value.
    pub settings: String,
    /// JSON object: setting → sealed value.
    pub secrets: String,
    pub active: i64,
    pub reopen_within_ms: Millis,
    /// Increases with every change, so that a process notices.
    pub version: i64,
    pub last_event_at: Option<Millis>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    pub created_at: Millis,
}

macro_rules! columns {
    () => {
        "channels.id, uuid, company_id, channels.kind, name, channels.account, settings, secrets, active, reopen_within_ms, version, \
         last_event_at, last_error, last_error_at, created_at"
    };
}

/// Adds a channel and its accounts (the first one must be nobody else's).
///
/// # Errors
/// [`super::StoreError::Duplicate`] if another channel has the first account.
pub async fn insert(tx: &mut Tx, channel: &ChannelRow, accounts: &[String]) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO channels \
         (uuid, company_id, kind, name, account, settings, secrets, active, reopen_within_ms, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING id",
        &channel.uuid,
        channel.company_id,
        &channel.kind,
        &channel.name,
        &channel.account,
        &channel.settings,
        &channel.secrets,
        channel.active,
        channel.reopen_within_ms,
        channel.created_at
    )?;
    let id = row.map_or(0, |(id,)| id);
    insert_accounts(tx, &channel.kind, id, accounts).await?;
    Ok(id)
}

async fn insert_accounts(tx: &mut Tx, kind: &str, id: i64, accounts: &[String]) -> Result<()> {
    for (position, account) in accounts.iter().enumerate() {
        execute!(
            tx,
            "INSERT INTO channel_accounts (kind, account, channel_id, position) VALUES ($1, $2, $3, $4)",
            kind,
            account,
            id,
            i64::try_from(position).unwrap_or(i64::MAX)
        )?;
    }
    Ok(())
}

/// Stores what an operator may change of a channel, and its accounts; it gets the next version.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if another channel has the first account.
pub async fn update(tx: &mut Tx, channel: &ChannelRow, accounts: &[String], now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE channels SET name = $2, account = $3, settings = $4, secrets = $5, reopen_within_ms = $6, \
         version = version + 1, updated_at = $7 WHERE id = $1",
        channel.id,
        &channel.name,
        &channel.account,
        &channel.settings,
        &channel.secrets,
        channel.reopen_within_ms,
        now
    )?;
    execute!(tx, "DELETE FROM channel_accounts WHERE channel_id = $1", channel.id)?;
    insert_accounts(tx, &channel.kind, channel.id, accounts).await
}

/// Pauses or resumes a channel; it gets the next version.
///
/// # Errors
/// Those of the database.
pub async fn set_active(tx: &mut Tx, id: i64, active: bool, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE channels SET active = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id,
        i64::from(active),
        now
    )
    .map(drop)
}

/// Removes a channel on which nothing ever happened.
///
/// # Errors
/// Those of the database.
pub async fn remove(tx: &mut Tx, id: i64) -> Result<()> {
    execute!(tx, "DELETE FROM channel_accounts WHERE channel_id = $1", id)?;
    execute!(tx, "DELETE FROM channels WHERE id = $1", id).map(drop)
}

/// The channel with this id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<ChannelRow>> {
    fetch_optional!(tx, ChannelRow, concat!("SELECT ", columns!(), " FROM channels WHERE id = $1"), id)
}

/// The channel with this id, which nobody else changes until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, id: i64) -> Result<Option<ChannelRow>> {
    fetch_optional!(
        tx,
        ChannelRow,
        Sql {
            sqlite: concat!("SELECT ", columns!(), " FROM channels WHERE id = $1"),
            postgres: concat!("SELECT ", columns!(), " FROM channels WHERE id = $1 FOR UPDATE"),
        },
        id
    )
}

/// The channel with this uuid.
///
/// # Errors
/// Those of the database.
pub async fn find_by_uuid(tx: &mut Tx, uuid: &str) -> Result<Option<ChannelRow>> {
    fetch_optional!(tx, ChannelRow, concat!("SELECT ", columns!(), " FROM channels WHERE uuid = $1"), uuid)
}

/// The channels of `kind` that go by `account`.
///
/// # Errors
/// Those of the database.
pub async fn find_by_account(tx: &mut Tx, kind: &str, account: &str) -> Result<Vec<ChannelRow>> {
    fetch_all!(
        tx,
        ChannelRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM channels JOIN channel_accounts a ON a.channel_id = channels.id \
             WHERE a.kind = $1 AND a.account = $2 ORDER BY channels.id"
        ),
        kind,
        account
    )
}

/// Every channel, of one company or (`None`) of all.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx, company: Option<i64>) -> Result<Vec<ChannelRow>> {
    fetch_all!(
        tx,
        ChannelRow,
        Sql {
            sqlite: concat!("SELECT ", columns!(), " FROM channels WHERE $1 IS NULL OR company_id = $1 ORDER BY id"),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM channels WHERE $1::bigint IS NULL OR company_id = $1 ORDER BY id"
            ),
        },
        company
    )
}

/// Every account of every channel, usable or not: `(kind, account, channel)`.
///
/// # Errors
/// Those of the database.
pub async fn accounts(tx: &mut Tx) -> Result<Vec<(String, String, i64)>> {
    fetch_all!(
        tx,
        (String, String, i64),
        "SELECT kind, account, channel_id FROM channel_accounts ORDER BY kind, account, channel_id"
    )
}

/// A stamp that changes whenever any channel is added, changed or removed: no id is ever used again.
///
/// # Errors
/// Those of the database.
pub async fn stamp(tx: &mut Tx) -> Result<(i64, i64)> {
    let row = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT cast(coalesce(sum(id), 0) AS bigint), cast(coalesce(sum(version), 0) AS bigint) FROM channels"
    )?;
    Ok(row.unwrap_or_default())
}

/// The channels with these ids.
///
/// # Errors
/// Those of the database.
pub async fn load(tx: &mut Tx, ids: &[i64]) -> Result<Vec<ChannelRow>> {
    #[derive(Serialize)]
    struct Id {
        i: i64,
    }
    let ids: Vec<Id> = ids.iter().map(|i| Id { i: *i }).collect();
    fetch_all!(
        tx,
        ChannelRow,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM channels \
                 WHERE channels.id IN (SELECT json_extract(value, '$.i') FROM json_each($1))"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM channels \
                 WHERE channels.id IN (SELECT i FROM jsonb_to_recordset($1::jsonb) AS r(i bigint))"
            ),
        },
        json_rows(&ids)
    )
}

/// Notes that events came in on these channels.
///
/// # Errors
/// Those of the database.
pub async fn touch(tx: &mut Tx, ids: &[i64], now: Millis) -> Result<()> {
    for id in ids {
        execute!(tx, "UPDATE channels SET last_event_at = $2 WHERE id = $1", *id, now)?;
    }
    Ok(())
}

/// Notes a channel's trouble, or (`None`) that it is over.
///
/// # Errors
/// Those of the database.
pub async fn set_error(tx: &mut Tx, id: i64, error: Option<&str>, now: Millis) -> Result<()> {
    execute!(tx, "UPDATE channels SET last_error = $2, last_error_at = $3 WHERE id = $1", id, error, now).map(drop)
}

/// A poller's cursor.
///
/// # Errors
/// Those of the database.
pub async fn cursor(tx: &mut Tx, channel: i64, name: &str) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT value FROM channel_cursors WHERE channel_id = $1 AND name = $2",
        channel,
        name
    )?;
    Ok(row.map(|(value,)| value))
}

/// Moves a poller's cursor.
///
/// # Errors
/// Those of the database.
pub async fn set_cursor(tx: &mut Tx, channel: i64, name: &str, value: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO channel_cursors (channel_id, name, value, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (channel_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        channel,
        name,
        value,
        now
    )
    .map(drop)
}

/// One piece of news about a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
pub struct ChannelEvent {
    pub id: String,
    pub channel_id: i64,
    pub kind: String,
    pub text: Option<String>,
    /// JSON, as the platform sent it.
    pub raw: Option<String>,
    pub at: Millis,
    pub log_id: i64,
}

/// Adds news.
///
/// # Errors
/// Those of the database.
pub async fn insert_events(tx: &mut Tx, events: &[ChannelEvent]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO channel_events (id, channel_id, kind, text, raw, at, log_id) \
             SELECT id, channel_id, kind, text, raw, at, log_id FROM",
            [id text, channel_id bigint, kind text, text text, raw text, at bigint, log_id bigint],
            ""
        ),
        json_rows(events)
    )
    .map(drop)
}

/// The latest news of a channel, newest first.
///
/// # Errors
/// Those of the database.
pub async fn events(tx: &mut Tx, channel: i64, limit: i64) -> Result<Vec<ChannelEvent>> {
    fetch_all!(
        tx,
        ChannelEvent,
        "SELECT id, channel_id, kind, text, raw, at, log_id FROM channel_events WHERE channel_id = $1 \
         ORDER BY id DESC LIMIT $2",
        channel,
        limit
    )
}

/// Notes, once per `day`, that a webhook named an account that nobody configured. Gives whether it is news.
///
/// # Errors
/// Those of the database.
pub async fn note_unknown(tx: &mut Tx, kind: &str, account: &str, day: &str, now: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "INSERT INTO unknown_accounts (kind, account, day, first_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, account, day) DO NOTHING",
        kind,
        account,
        day,
        now
    )?;
    Ok(rows > 0)
}

/// An account that webhooks named and nobody configured.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct UnknownAccount {
    pub kind: String,
    pub account: String,
    pub day: String,
    pub first_at: Millis,
}

/// The unknown accounts, newest first.
///
/// # Errors
/// Those of the database.
pub async fn unknown(tx: &mut Tx, limit: i64) -> Result<Vec<UnknownAccount>> {
    fetch_all!(
        tx,
        UnknownAccount,
        "SELECT kind, account, day, first_at FROM unknown_accounts ORDER BY first_at DESC, account LIMIT $1",
        limit
    )
}

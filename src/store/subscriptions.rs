//! Subscriptions: bots, CRMs and other systems that events are relayed to.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};
use crate::domain::bot;

/// A subscription.
#[derive(Clone, Default, PartialEq, Eq, FromRow, Serialize)]
pub struct Subscription {
    pub id: i64,
    pub company_id: i64,
    /// `bot` or `relay`.
    pub kind: String,
    pub name: String,
    pub url: String,
    /// Sealed.
    #[serde(skip)]
    pub secret: String,
    /// JSON: the kinds of events that it wants, none for all.
    pub events: String,
    /// A bot: how long a ticket may stay with it, milliseconds.
    pub timeout_ms: i64,
    pub active: i64,
    /// Since when nothing gets through.
    pub failing_since: Option<Millis>,
    /// In a row.
    pub failures: i64,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    pub last_success_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

macro_rules! columns {
    () => {
        "s.id, s.company_id, s.kind, s.name, s.url, s.secret, s.events, s.timeout_ms, s.active, s.failing_since, \
         s.failures, s.last_error, s.last_error_at, s.last_success_at, s.created_at, s.updated_at"
    };
}

/// Adds a subscription; gives the id. The one in `subscription` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, subscription: &Subscription) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO subscriptions (company_id, kind, name, url, secret, events, timeout_ms, active, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id",
        subscription.company_id,
        &subscription.kind,
        &subscription.name,
        &subscription.url,
        &subscription.secret,
        &subscription.events,
        subscription.timeout_ms,
        subscription.active,
        subscription.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The subscription with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Subscription>> {
    fetch_optional!(tx, Subscription, concat!("SELECT ", columns!(), " FROM subscriptions s WHERE s.id = $1"), id)
}

/// A company's subscription.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<Subscription>> {
    fetch_optional!(
        tx,
        Subscription,
        concat!("SELECT ", columns!(), " FROM subscriptions s WHERE s.company_id = $1 AND s.id = $2"),
        company,
        id
    )
}

/// A company's subscriptions.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64) -> Result<Vec<Subscription>> {
    fetch_all!(
        tx,
        Subscription,
        concat!("SELECT ", columns!(), " FROM subscriptions s WHERE s.company_id = $1 ORDER BY s.id"),
        company
    )
}

/// All subscriptions, or those of a company.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx, company: Option<i64>) -> Result<Vec<Subscription>> {
    match company {
        Some(company) => list(tx, company).await,
        None => {
            fetch_all!(
                tx,
                Subscription,
                concat!("SELECT ", columns!(), " FROM subscriptions s ORDER BY s.company_id, s.id")
            )
        }
    }
}

/// Changes what people set: name, URL, events and time-out.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, subscription: &Subscription, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE subscriptions SET name = $2, url = $3, events = $4, timeout_ms = $5, updated_at = $6 WHERE id = $1",
        subscription.id,
        &subscription.name,
        &subscription.url,
        &subscription.events,
        subscription.timeout_ms,
        now
    )
    .map(drop)
}

/// Seals it with another secret.
///
/// # Errors
/// Those of the database.
pub async fn set_secret(tx: &mut Tx, id: i64, sealed: &str, now: Millis) -> Result<()> {
    execute!(tx, "UPDATE subscriptions SET secret = $2, updated_at = $3 WHERE id = $1", id, sealed, now).map(drop)
}

/// Switches it on or off. Switched on, it starts with a clean sheet.
///
/// # Errors
/// Those of the database.
pub async fn set_active(tx: &mut Tx, id: i64, active: bool, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE subscriptions SET active = $2, updated_at = $3, \
         failing_since = CASE $2 WHEN 1 THEN NULL ELSE failing_since END, \
         failures = CASE $2 WHEN 1 THEN 0 ELSE failures END WHERE id = $1",
        id,
        i64::from(active),
        now
    )
    .map(drop)
}

/// Something got through.
///
/// # Errors
/// Those of the database.
pub async fn succeeded(tx: &mut Tx, id: i64, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE subscriptions SET failing_since = NULL, failures = 0, last_success_at = $2 WHERE id = $1",
        id,
        now
    )
    .map(drop)
}

/// Something did not get through, and why.
///
/// # Errors
/// Those of the database.
pub async fn failed(tx: &mut Tx, id: i64, error: &str, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE subscriptions SET failing_since = coalesce(failing_since, $3), failures = failures + 1, \
         last_error = $2, last_error_at = $3 WHERE id = $1",
        id,
        error,
        now
    )
    .map(drop)
}

/// The company's healthy bot with the lowest id.
///
/// # Errors
/// Those of the database.
pub async fn healthy_bot(tx: &mut Tx, company: i64, now: Millis) -> Result<Option<Subscription>> {
    fetch_optional!(
        tx,
        Subscription,
        concat!(
            "SELECT ",
            columns!(),
            " FROM subscriptions s WHERE s.company_id = $1 AND s.kind = 'bot' AND s.active = 1 AND s.failures < $2 \
             AND (s.failing_since IS NULL OR s.failing_since >= $3) ORDER BY s.id LIMIT 1"
        ),
        company,
        bot::MOST_FAILURES,
        now - bot::LONGEST_FAILING_MS
    )
}

/// The bots that are switched on and may have no tickets because they failed.
///
/// # Errors
/// Those of the database.
pub async fn failed_bots(tx: &mut Tx, now: Millis) -> Result<Vec<Subscription>> {
    fetch_all!(
        tx,
        Subscription,
        concat!(
            "SELECT ",
            columns!(),
            " FROM subscriptions s WHERE s.kind = 'bot' AND s.active = 1 \
             AND (s.failures >= $1 OR s.failing_since < $2) ORDER BY s.id"
        ),
        bot::MOST_FAILURES,
        now - bot::LONGEST_FAILING_MS
    )
}

/// Tickets that must leave their bot: it is not healthy, switched off or gone, or their time with it is up. The longest
/// overdue first.
///
/// # Errors
/// Those of the database.
pub async fn tickets_of_failed_bots(tx: &mut Tx, now: Millis, limit: i64) -> Result<Vec<String>> {
    let ids = fetch_all!(
        tx,
        (String,),
        "SELECT t.id FROM tickets t LEFT JOIN subscriptions s ON s.id = t.bot_id AND s.kind = 'bot' AND s.active = 1 \
         AND s.failures < $1 AND (s.failing_since IS NULL OR s.failing_since >= $2) \
         WHERE t.bot_id IS NOT NULL AND t.state = 'open' AND (s.id IS NULL OR t.bot_until <= $3) \
         ORDER BY t.bot_until, t.id LIMIT $4",
        bot::MOST_FAILURES,
        now - bot::LONGEST_FAILING_MS,
        now,
        limit
    )?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

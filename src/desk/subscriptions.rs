//! Bots, CRMs and other systems that events are relayed to.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use relevo_adapters::Millis;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    clock::Clock,
    domain::{EventKind, Target, bot, relay_topic},
    secrets::{MasterKey, random_key},
    store::{
        StoreError, Tx, companies, jobs,
        subscriptions::{self, Subscription},
    },
};

/// The kind of subscription that has tickets.
pub const BOT: &str = "bot";
/// The kind that only hears.
pub const RELAY: &str = "relay";
/// What a secret begins with; base64 of the key follows.
pub const SECRET_PREFIX: &str = "whsec_";
/// What a bot hears of its tickets unless it is said otherwise.
pub const OF_BOTS: [EventKind; 4] =
    [EventKind::TicketBotAssigned, EventKind::TicketBotReleased, EventKind::MessageReceived, EventKind::MessageUpdated];
/// How long a ticket may stay with a bot, at the least and at the most, milliseconds.
pub const TIMEOUTS: (Millis, Millis) = (1_000, 86_400_000);
/// Subscriptions of a company (P8).
const MOST: usize = 50;
/// Characters of an unknown event's name that are said again.
const LONGEST_NAME: usize = 50;

/// A bot that may have tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bot {
    /// Its subscription.
    pub id: i64,
    /// How long a ticket may stay with it, milliseconds.
    pub timeout_ms: Millis,
}

/// The company's bot that gets new tickets: the healthy one with the lowest id.
///
/// # Errors
/// Those of the database.
pub async fn bot_of(tx: &mut Tx, company: i64, now: Millis) -> Result<Option<Bot>, StoreError> {
    let bot = subscriptions::healthy_bot(tx, company, now).await?;
    Ok(bot.map(|bot| Bot { id: bot.id, timeout_ms: bot.timeout_ms }))
}

/// The ids of open tickets that must leave their bot for people, at most `limit`: the bot is not healthy, it was paused,
/// or their time with it is up.
///
/// # Errors
/// Those of the database.
pub async fn tickets_of_failed_bots(tx: &mut Tx, now: Millis, limit: i64) -> Result<Vec<String>, StoreError> {
    subscriptions::tickets_of_failed_bots(tx, now, limit).await
}

/// What is asked for of a new subscription, or of one that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub name: Option<String>,
    pub url: Option<Target>,
    /// Names of kinds of events; none: all, or of a bot [`OF_BOTS`].
    pub events: Option<Vec<String>>,
    pub timeout_ms: Option<Millis>,
}

/// Why a subscription was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    #[error("La suscripción no existe.")]
    Missing,
    #[error("La empresa indicada no existe.")]
    NoCompany,
    /// A field, and what is wrong with it.
    #[error("{1}")]
    Invalid(&'static str, String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A subscription with its secret: the only time that it is seen.
#[derive(Debug)]
pub struct Added {
    pub subscription: Subscription,
    pub secret: SecretString,
}

/// Adds a subscription that is switched on.
///
/// # Errors
/// See [`SubscriptionError`].
pub async fn add(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    company: i64,
    kind: &str,
    wanted: Wanted,
) -> Result<Added, SubscriptionError> {
    let now = clock.now();
    let invalid = |field, why: &str| SubscriptionError::Invalid(field, why.to_owned());
    if ![BOT, RELAY].contains(&kind) {
        return Err(invalid("kind", "El tipo debe ser \"relay\" o \"bot\"."));
    }
    if companies::find(tx, company).await?.is_none() {
        return Err(SubscriptionError::NoCompany);
    }
    if subscriptions::list(tx, company).await?.len() >= MOST {
        return Err(invalid("kind", &format!("La empresa ya tiene {MOST} suscripciones, el máximo.")));
    }
    let mut row = Subscription {
        company_id: company,
        kind: kind.to_owned(),
        events: events(kind, &[])?,
        timeout_ms: bot::TIMEOUT_MS,
        active: 1,
        created_at: now,
        updated_at: now,
        ..Subscription::default()
    };
    apply(&mut row, wanted)?;
    // The secret is sealed under the id, which is known only now.
    row.id = subscriptions::insert(tx, &row).await?;
    let secret = new_secret();
    row.secret = seal(key, row.id, &secret);
    subscriptions::set_secret(tx, row.id, &row.secret, now).await?;
    Ok(Added { subscription: row, secret })
}

/// Changes a company's subscription. What waits for it is tried at once.
///
/// # Errors
/// See [`SubscriptionError`].
pub async fn update(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    id: i64,
    wanted: Wanted,
) -> Result<Subscription, SubscriptionError> {
    let now = clock.now();
    let mut row = subscriptions::find(tx, company, id).await?.ok_or(SubscriptionError::Missing)?;
    apply(&mut row, wanted)?;
    row.updated_at = now;
    jobs::wake(tx, &relay_topic(id), now).await?;
    subscriptions::update(tx, &row, now).await?;
    Ok(row)
}

/// Switches a company's subscription on or off; gives whether that changed anything. While it is off nothing new is kept
/// for it, and what waits goes on waiting.
///
/// # Errors
/// See [`SubscriptionError`].
pub async fn set_active(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    id: i64,
    active: bool,
) -> Result<bool, SubscriptionError> {
    let now = clock.now();
    let row = subscriptions::find(tx, company, id).await?.ok_or(SubscriptionError::Missing)?;
    if (row.active == 1) == active {
        return Ok(false);
    }
    if active {
        jobs::wake(tx, &relay_topic(id), now).await?;
    }
    subscriptions::set_active(tx, id, active, now).await?;
    Ok(true)
}

/// Gives a company's subscription another secret; the old one is worth nothing at once.
///
/// # Errors
/// See [`SubscriptionError`].
pub async fn rotate(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    company: i64,
    id: i64,
) -> Result<Added, SubscriptionError> {
    let mut row = subscriptions::find(tx, company, id).await?.ok_or(SubscriptionError::Missing)?;
    let secret = new_secret();
    row.secret = seal(key, id, &secret);
    subscriptions::set_secret(tx, id, &row.secret, clock.now()).await?;
    Ok(Added { subscription: row, secret })
}

/// The secret of a subscription.
///
/// # Errors
/// If it was sealed with another master key.
pub fn open_secret(key: &MasterKey, subscription: &Subscription) -> anyhow::Result<SecretString> {
    key.open(&subscription.secret, &seal_context(subscription.id))
}

fn new_secret() -> SecretString {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(random_key())).into()
}

fn seal(key: &MasterKey, id: i64, secret: &SecretString) -> String {
    key.seal(secret.expose_secret(), &seal_context(id))
}

fn seal_context(id: i64) -> String {
    format!("subscription:{id}:secret")
}

fn apply(row: &mut Subscription, wanted: Wanted) -> Result<(), SubscriptionError> {
    let invalid = |field, why: String| Err(SubscriptionError::Invalid(field, why));
    if let Some(name) = wanted.name {
        row.name = name;
    }
    if let Some(url) = wanted.url {
        row.url = url.into_string();
    }
    if let Some(names) = wanted.events {
        row.events = events(&row.kind, &names)?;
    }
    if let Some(timeout) = wanted.timeout_ms {
        let (least, most) = TIMEOUTS;
        if !(least..=most).contains(&timeout) {
            return invalid("timeout_ms", format!("El campo timeout_ms debe estar entre {least} y {most}."));
        }
        row.timeout_ms = timeout;
    }
    Ok(())
}

/// The list as it is kept: each kind once, however often it was named.
fn events(kind: &str, names: &[String]) -> Result<String, SubscriptionError> {
    let parse = |name: &String| EventKind::parse(name).ok_or_else(|| unknown(name));
    let named = names.iter().map(parse).collect::<Result<BTreeSet<EventKind>, _>>()?;
    let kinds = match (kind, named.is_empty()) {
        (BOT, true) => OF_BOTS.into(),
        _ => named,
    };
    let names: Vec<&str> = kinds.into_iter().map(EventKind::as_str).collect();
    Ok(serde_json::json!(names).to_string())
}

fn unknown(name: &str) -> SubscriptionError {
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let known = EventKind::ALL.map(EventKind::as_str).join(", ");
    SubscriptionError::Invalid("events", format!("El evento \"{name}\" no existe; los eventos son: {known}."))
}

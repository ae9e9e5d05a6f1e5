//! Bots, CRMs and other systems that events are relayed to.

use relevo_adapters::Millis;

use crate::store::{StoreError, Tx, subscriptions};

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

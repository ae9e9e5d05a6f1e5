//! Whether a subscription's system answers.

use secrecy::SecretString;

use super::{Post, Posted, Poster};
use crate::{
    clock::Clock,
    desk::events,
    domain::relay_topic,
    store::{
        Db, StoreError,
        events::EventRow,
        jobs,
        subscriptions::{self as rows, Subscription},
    },
};

/// Sends a subscription an event that says nothing; gives what became of it. One that gets through ends its failing, and
/// what waits is tried at once: the bell is to be rung then.
///
/// # Errors
/// Those of the database.
pub async fn test_subscription(
    db: &Db,
    clock: &Clock,
    poster: &Poster,
    subscription: &Subscription,
    secret: &SecretString,
) -> Result<Posted, StoreError> {
    let now = clock.now();
    let event = EventRow {
        id: 0,
        tx: 0,
        company_id: subscription.company_id,
        kind: "subscription.test".to_owned(),
        ticket_id: None,
        group_id: None,
        agent_id: None,
        channel: None,
        data: serde_json::json!({"id_subscription": subscription.id}).to_string(),
        at: now,
    };
    let id = format!("test_{}", clock.id());
    let body = events::shown(&event).to_string();
    let posted = poster.post(Post { url: &subscription.url, secret, id: &id, body, now }).await;
    if posted == Posted::Taken {
        let mut tx = db.write().await?;
        jobs::wake(&mut tx, &relay_topic(subscription.id), now).await?;
        rows::succeeded(&mut tx, subscription.id, now).await?;
        tx.commit().await?;
    }
    Ok(posted)
}

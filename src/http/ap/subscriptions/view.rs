//! A subscription as it is shown: never its secret.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{bot, relay_topic},
    http::ap::moment,
    secrets::MASK,
    store::{StoreError, Tx, jobs, subscriptions::Subscription as Row},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApSubscription)]
pub(super) struct Subscription {
    #[schema(examples(4))]
    pub(super) id_subscription: i64,
    #[schema(examples(3))]
    company: i64,
    /// `relay` or `bot`.
    #[schema(examples("relay"))]
    kind: String,
    #[schema(examples("CRM"))]
    name: String,
    #[schema(examples("https://crm.example.org/relevo"))]
    url: String,
    /// The kinds of events that it wants; none: all.
    #[schema(examples("ticket.closed"))]
    events: Vec<String>,
    /// A bot: how long a ticket may stay with it, milliseconds.
    #[schema(examples(300_000))]
    timeout_ms: i64,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    subscription_status: i64,
    /// `****`; shown once, when it is made.
    #[schema(examples("****"))]
    pub(super) secret: String,
    health: Health,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApSubscriptionHealth)]
pub(super) struct Health {
    /// Whether a bot may have tickets: it is active, and not failing for a minute or three times in a row.
    healthy: bool,
    /// Since when nothing gets through.
    failing_since: Option<String>,
    /// In a row.
    failures: i64,
    /// Why the latest try failed.
    last_error: Option<String>,
    last_error_at: Option<String>,
    last_success_at: Option<String>,
    /// Events that wait.
    waiting: i64,
    /// Events that were given up: `relevo job list`.
    dead: i64,
}

impl Subscription {
    /// The view of a row, at `now`.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn of(tx: &mut Tx, row: Row, now: i64) -> Result<Self, StoreError> {
        let topic = relay_topic(row.id);
        let (waiting, dead) = (jobs::waiting(tx, &topic).await?, jobs::dead(tx, &topic).await?);
        Ok(Self {
            id_subscription: row.id,
            company: row.company_id,
            kind: row.kind,
            name: row.name,
            url: row.url,
            events: serde_json::from_str(&row.events).unwrap_or_default(),
            timeout_ms: row.timeout_ms,
            subscription_status: row.active,
            secret: MASK.to_owned(),
            health: Health {
                healthy: bot::is_healthy(row.active == 1, row.failing_since, row.failures, now),
                failing_since: row.failing_since.map(moment),
                failures: row.failures,
                last_error: row.last_error,
                last_error_at: row.last_error_at.map(moment),
                last_success_at: row.last_success_at.map(moment),
                waiting,
                dead,
            },
        })
    }
}

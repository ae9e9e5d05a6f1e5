//! The job that relays an event to a bot or another system.
//!
//! Relaying is at least once: the same event comes under the same `webhook-id` however often it is sent, so that the
//! receiver can tell. A system that is switched off keeps its events waiting; a bot hears nothing of a ticket that it no
//! longer has, however late that is found.

use std::time::Duration;

use relevo_adapters::Millis;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    desk::{events, subscriptions},
    domain::{EventKind, RelayJob, RetryPolicy, millis, relay_topic, retry_delay},
    jobs::{Bell, Claim, Handler, JobError},
    post::{Post, Posted, Poster},
    secrets::MasterKey,
    store::{
        Db, StoreError, Tx,
        events::EventRow,
        jobs, relays,
        subscriptions::{self as rows, Subscription},
    },
};

/// A try has begun.
const POSTING: &str = "posting";
/// How often a subscription that is switched off is looked at.
const PAUSED_MS: Millis = 60_000;
/// How often it is written down that a subscription works.
const NOTED_MS: Millis = 10_000;
const SHORTEST: Duration = Duration::from_millis(200);
const GONE: &str = "answered 410: the subscription was switched off";
/// Why nothing can be signed.
pub(super) const UNSEALED: &str = "the secret cannot be opened with this master key";

/// Handles jobs of kind [`crate::domain::RELAY`].
#[derive(Debug)]
pub struct Relay {
    pub db: Db,
    pub clock: Clock,
    pub key: MasterKey,
    pub poster: Poster,
    pub policy: RetryPolicy,
}

/// What a job is about.
enum Found {
    Ready(Subscription, String),
    /// It is switched off.
    Paused(Subscription),
    /// Nobody wants it any more.
    Pointless,
    /// Why it never can be relayed.
    Lost(&'static str),
}

impl Handler for Relay {
    async fn run(&self, claim: Claim) -> Result<(), JobError> {
        let now = self.clock.now();
        let found = match serde_json::from_str::<RelayJob>(&claim.job().payload) {
            Ok(job) => self.find(&job).await?,
            Err(_) => Found::Lost("it was written by another version"),
        };
        match found {
            Found::Ready(subscription, body) => self.relay(claim, &subscription, body).await,
            Found::Paused(_) if self.is_old(&claim, now) => self.bury(claim, "the subscription is switched off").await,
            Found::Paused(subscription) => {
                let mut tx = self.db.write().await?;
                claim.later(&mut tx, now + PAUSED_MS, None, now).await?;
                tx.commit().await?;
                self.hold(&subscription, now + PAUSED_MS).await;
                Ok(())
            }
            Found::Pointless => {
                let mut tx = self.db.write().await?;
                claim.done(&mut tx, now).await?;
                Ok(tx.commit().await?)
            }
            Found::Lost(why) => self.bury(claim, why).await,
        }
    }
}

impl Relay {
    async fn find(&self, job: &RelayJob) -> Result<Found, StoreError> {
        let mut tx = self.db.read().await?;
        let Some(subscription) = rows::by_id(&mut tx, job.subscription).await? else { return Ok(Found::Pointless) };
        let Some(event) = crate::store::events::find(&mut tx, job.event).await? else {
            return Ok(Found::Lost("the event is older than what is kept (relay.keep_hours)"));
        };
        if subscription.active == 0 {
            return Ok(Found::Paused(subscription));
        }
        if subscription.kind == subscriptions::BOT && !still_has(&mut tx, &subscription, &event).await? {
            return Ok(Found::Pointless);
        }
        let body = events::shown(&event).to_string();
        Ok(Found::Ready(subscription, body))
    }

    async fn relay(&self, mut claim: Claim, subscription: &Subscription, body: String) -> Result<(), JobError> {
        let Ok(secret) = subscriptions::open_secret(&self.key, subscription) else {
            return self.failed(claim, subscription, UNSEALED, None).await;
        };
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        claim.start(&mut tx, POSTING, now).await?;
        tx.commit().await?;
        let event = serde_json::from_str::<RelayJob>(&claim.job().payload).map_or(0, |job| job.event);
        let post = Post { url: &subscription.url, secret: &secret, id: &format!("evt_{event}"), body, now };
        let posted = self.poster.post(post).await;
        let outcome = match &posted {
            Posted::Taken => "taken",
            Posted::Gone => "gone",
            Posted::Refused { .. } => "refused",
        };
        metrics::counter!("relevo_relays_total", "outcome" => outcome).increment(1);
        match posted {
            Posted::Taken => self.taken(claim, subscription).await,
            Posted::Gone => self.gone(claim, subscription).await,
            Posted::Refused { why, retry_after } => self.failed(claim, subscription, &why, retry_after).await,
        }
    }

    async fn taken(&self, claim: Claim, subscription: &Subscription) -> Result<(), JobError> {
        let now = self.clock.now();
        let news = subscription.failures > 0 || subscription.last_success_at.is_none_or(|at| now - at > NOTED_MS);
        let mut tx = self.db.write().await?;
        claim.done(&mut tx, now).await?;
        if news || subscription.failing_since.is_some() {
            rows::succeeded(&mut tx, subscription.id, now).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn gone(&self, claim: Claim, subscription: &Subscription) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        claim.dead(&mut tx, GONE, now).await?;
        switch_off(&mut tx, subscription.id, now).await?;
        Ok(tx.commit().await?)
    }

    async fn failed(
        &self,
        claim: Claim,
        subscription: &Subscription,
        why: &str,
        retry_after: Option<Duration>,
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        tracing::info!(subscription = subscription.id, why, "an event was not taken");
        if self.is_old(&claim, now) {
            tracing::warn!(subscription = subscription.id, why, "events that nobody takes are given up");
            let mut tx = self.db.write().await?;
            // What waits behind it for as long will fare no better.
            let before = now - millis(self.policy.total);
            let lane = claim.job().lane.clone();
            relays::bury_old(&mut tx, &lane, before, why, now).await?;
            claim.dead(&mut tx, why, now).await?;
            rows::failed(&mut tx, subscription.id, why, now).await?;
            return Ok(tx.commit().await?);
        }
        let attempt = u32::try_from(claim.job().attempt).unwrap_or(u32::MAX).max(1);
        let own = retry_delay(self.policy.base, self.policy.cap, attempt, chance()).max(SHORTEST);
        let at = now + millis(retry_after.unwrap_or_default().max(own).min(self.policy.total));
        let mut tx = self.db.write().await?;
        claim.retry(&mut tx, at, None, why, now).await?;
        rows::failed(&mut tx, subscription.id, why, now).await?;
        tx.commit().await?;
        self.hold(subscription, at).await;
        Ok(())
    }

    /// Whether a job was tried for long enough: it goes by its age, so that what waits behind a head that fails does not
    /// begin anew.
    fn is_old(&self, claim: &Claim, now: Millis) -> bool {
        now - claim.job().created_at >= millis(self.policy.total)
    }

    async fn bury(&self, claim: Claim, why: &str) -> Result<(), JobError> {
        let mut tx = self.db.write().await?;
        claim.dead(&mut tx, why, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A bot's other lanes wait with the one that failed. Without it they find out by themselves.
    async fn hold(&self, subscription: &Subscription, until: Millis) {
        if subscription.kind != subscriptions::BOT {
            return;
        }
        let held = async {
            let mut tx = self.db.write().await?;
            jobs::hold(&mut tx, &relay_topic(subscription.id), until).await?;
            tx.commit().await
        };
        if let Err(error) = held.await {
            tracing::debug!(%error, "the lanes of a subscription were not held");
        }
    }
}

/// Whether a bot may hear of an event: it has the ticket, or it is told that it has it no longer.
async fn still_has(tx: &mut Tx, subscription: &Subscription, event: &EventRow) -> Result<bool, StoreError> {
    if event.kind == EventKind::TicketBotReleased.as_str() {
        return Ok(true);
    }
    let Some(ticket) = &event.ticket_id else { return Ok(false) };
    let ticket = crate::store::tickets::find(tx, event.company_id, ticket).await?;
    Ok(ticket.is_some_and(|ticket| ticket.bot_id == Some(subscription.id)))
}

/// The receiver wants no more: an operator may switch it on again.
pub(super) async fn switch_off(tx: &mut Tx, subscription: i64, now: Millis) -> Result<(), StoreError> {
    tracing::warn!(subscription, "a subscription wants no more events and was switched off");
    rows::failed(tx, subscription, GONE, now).await?;
    rows::set_active(tx, subscription, false, now).await
}

/// Opens the lanes of new relays until `stop`: when the bell rings, and every `poll` without it.
pub(super) async fn open_lanes(db: &Db, bell: &Bell, poll: Duration, stop: &CancellationToken) {
    let mut rings = bell.listen();
    while !stop.is_cancelled() {
        rings.mark_unchanged();
        match open(db).await {
            Ok(true) => bell.ring_here(),
            Ok(false) => {}
            Err(error) => tracing::warn!("relays cannot be started: {:#}", anyhow::Error::from(error)),
        }
        tokio::select! {
            () = stop.cancelled() => break,
            Ok(()) = rings.changed() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
}

async fn open(db: &Db) -> Result<bool, StoreError> {
    if !relays::has_waiting(&mut db.read().await?).await? {
        return Ok(false);
    }
    let mut tx = db.write().await?;
    let opened = relays::open_lanes(&mut tx).await?;
    tx.commit().await?;
    Ok(opened > 0)
}

/// Jitter in `[0, 1)`.
fn chance() -> f64 {
    let bits = u32::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff_ffff).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

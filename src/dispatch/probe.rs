//! Bots that failed are tried again: they get no tickets, so that nothing else would find out when they answer.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use relevo_adapters::Millis;
use tokio_util::sync::CancellationToken;

use super::relay::{UNSEALED, switch_off};
use crate::{
    clock::Clock,
    desk::subscriptions,
    domain::{bot, millis},
    jobs::Bell,
    post::{Posted, Poster, test_subscription},
    secrets::MasterKey,
    store::{
        Db, StoreError, leases,
        subscriptions::{self as rows, Subscription},
    },
};

/// How often it is looked whether a probe is due.
const LOOK: Duration = Duration::from_secs(5);
/// Probes on their way at once.
const AT_ONCE: usize = 8;
/// How long no other process probes the same bot.
const HELD_MS: Millis = 60_000;

/// Sends the test event to bots that may have no tickets because they failed, later and later.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) bell: Bell,
    pub(super) key: MasterKey,
    pub(super) poster: Poster,
    /// This process, among others that probe.
    pub(super) owner: String,
}

impl Probe {
    pub(super) async fn run(self, stop: &CancellationToken) {
        let mut rings = self.bell.listen();
        let mut looked = Millis::MIN;
        while !stop.is_cancelled() {
            rings.mark_unchanged();
            let now = self.clock.now();
            if now.saturating_sub(looked) >= millis(LOOK) {
                looked = now;
                if let Err(error) = self.round(now).await {
                    tracing::warn!("bots cannot be probed: {:#}", anyhow::Error::from(error));
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Ok(()) = rings.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn round(&self, now: Millis) -> Result<(), StoreError> {
        let failed = rows::failed_bots(&mut self.db.read().await?, now).await?;
        let is_due = |one: &Subscription| one.last_error_at.is_none_or(|at| now - at >= bot::probe_pause(one.failures));
        let probes = stream::iter(failed.into_iter().filter(is_due));
        probes
            .for_each_concurrent(AT_ONCE, async |bot| {
                if let Err(error) = self.probe(&bot).await {
                    tracing::warn!(subscription = bot.id, "a probe failed: {:#}", anyhow::Error::from(error));
                }
            })
            .await;
        Ok(())
    }

    async fn probe(&self, bot: &Subscription) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let ours = leases::take(&mut tx, &format!("probe:{}", bot.id), &self.owner, now, now + HELD_MS).await?;
        tx.commit().await?;
        if !ours {
            return Ok(());
        }
        let posted = match subscriptions::open_secret(&self.key, bot) {
            Ok(secret) => test_subscription(&self.db, &self.clock, &self.poster, bot, &secret).await?,
            Err(_) => Posted::Refused { why: UNSEALED.to_owned(), retry_after: None },
        };
        match posted {
            Posted::Taken => {
                tracing::info!(subscription = bot.id, "a bot that failed answers again");
                self.bell.ring();
                Ok(())
            }
            Posted::Gone => {
                let mut tx = self.db.write().await?;
                switch_off(&mut tx, bot.id, self.clock.now()).await?;
                tx.commit().await
            }
            Posted::Refused { why, .. } => {
                let mut tx = self.db.write().await?;
                rows::failed(&mut tx, bot.id, &why, self.clock.now()).await?;
                tx.commit().await
            }
        }
    }
}

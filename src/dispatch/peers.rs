//! How many dispatchers there are, so that they share a channel's pace.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use relevo_adapters::Millis;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    store::{Db, StoreError, leases},
};

const PREFIX: &str = "dispatcher:";
const LEASE_MS: Millis = 30_000;
const RENEW: Duration = Duration::from_secs(10);

/// The number of live dispatchers, as far as is known; at least one. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Peers(Arc<AtomicU32>);

impl Default for Peers {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(1)))
    }
}

impl Peers {
    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed).max(1)
    }

    /// Says that we are one, and counts the others, until `stop`.
    pub(super) async fn keep(&self, db: Db, clock: Clock, stop: CancellationToken) {
        let owner = clock.id();
        let name = format!("{PREFIX}{owner}");
        loop {
            match look(&db, &clock, &name, &owner).await {
                Ok(count) => self.0.store(count, Ordering::Relaxed),
                Err(error) => tracing::debug!(%error, "the other dispatchers could not be counted"),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(RENEW) => {}
            }
        }
        // Best effort: without it the lease ends by itself.
        if let Ok(mut tx) = db.write().await
            && leases::release(&mut tx, &name, &owner).await.is_ok()
        {
            _ = tx.commit().await;
        }
    }
}

async fn look(db: &Db, clock: &Clock, name: &str, owner: &str) -> Result<u32, StoreError> {
    let now = clock.now();
    let mut tx = db.write().await?;
    leases::take(&mut tx, name, owner, now, now + LEASE_MS).await?;
    let live = leases::live(&mut tx, PREFIX, now).await?;
    tx.commit().await?;
    Ok(u32::try_from(live.len()).unwrap_or(u32::MAX).max(1))
}

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
/// How often the others are counted.
const LOOK: Duration = Duration::from_secs(2);
/// How old our own lease may grow: idle looks write nothing.
const RENEW_MS: Millis = 10_000;

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

    fn note(&self, counted: Result<u32, StoreError>) {
        match counted {
            Ok(count) => self.0.store(count, Ordering::Relaxed),
            Err(error) => tracing::debug!(%error, "the other dispatchers could not be counted"),
        }
    }

    /// Says that we are one; if there are others, waits until they have seen it, so that nobody sends too fast.
    pub(super) async fn join(&self, db: &Db, clock: &Clock, stop: &CancellationToken) -> String {
        let owner = clock.id();
        self.note(renew(db, clock, &owner).await);
        if self.count() > 1 {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK + LOOK / 2) => {}
            }
        }
        owner
    }

    /// Goes on saying so, as `owner`, and counts the others, until `stop`.
    pub(super) async fn keep(&self, db: Db, clock: Clock, owner: String, stop: CancellationToken) {
        let name = format!("{PREFIX}{owner}");
        let mut renewed = clock.now();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
            if clock.now() - renewed >= RENEW_MS {
                renewed = clock.now();
                self.note(renew(&db, &clock, &owner).await);
            } else {
                self.note(count(&db, &clock).await);
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

async fn renew(db: &Db, clock: &Clock, owner: &str) -> Result<u32, StoreError> {
    let now = clock.now();
    let mut tx = db.write().await?;
    leases::take(&mut tx, &format!("{PREFIX}{owner}"), owner, now, now + LEASE_MS).await?;
    let live = leases::live(&mut tx, PREFIX, now).await?;
    tx.commit().await?;
    Ok(number(live.len()))
}

async fn count(db: &Db, clock: &Clock) -> Result<u32, StoreError> {
    let live = leases::live(&mut db.read().await?, PREFIX, clock.now()).await?;
    Ok(number(live.len()))
}

fn number(live: usize) -> u32 {
    u32::try_from(live).unwrap_or(u32::MAX).max(1)
}

//! One process at a time fetches for a channel.

use std::time::Duration;

use tokio::time::Instant;

use super::port::Port;
use crate::{
    clock::Clock,
    store::{Db, StoreError, leases},
};

/// How long a channel stays with a process that no longer says anything.
const LEASE: Duration = Duration::from_secs(10);
/// How often the lease is renewed, or tried for.
pub(super) const RENEW: Duration = Duration::from_secs(3);

/// The right to fetch for one channel.
#[derive(Debug)]
pub(super) struct Lease {
    db: Db,
    clock: Clock,
    name: String,
    owner: String,
}

impl Lease {
    pub(super) fn new(port: &Port, owner: &str) -> Self {
        Self {
            db: port.inbound.db.clone(),
            clock: port.inbound.clock.clone(),
            name: format!("poll:{}", port.open.id),
            owner: owner.to_owned(),
        }
    }

    /// Takes or renews it; gives whether it is ours.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn take(&self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let until = now + i64::try_from(LEASE.as_millis()).unwrap_or(0);
        let mut tx = self.db.write().await?;
        let ours = leases::take(&mut tx, &self.name, &self.owner, now, until).await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Renews it until it is lost. While the database does not answer nobody else can take it either, but after its
    /// time is up we can no longer be sure of that.
    pub(super) async fn keep(&self) {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEW).await;
            match self.take().await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return,
                Err(error) if renewed.elapsed() >= LEASE => {
                    tracing::warn!(%error, "the lease could not be renewed");
                    return;
                }
                Err(error) => tracing::debug!(%error, "the lease could not be renewed yet"),
            }
        }
    }

    /// Gives it back. Best effort: without it the lease ends by itself.
    pub(super) async fn release(&self) {
        if let Ok(mut tx) = self.db.write().await
            && leases::release(&mut tx, &self.name, &self.owner).await.is_ok()
        {
            _ = tx.commit().await;
        }
    }
}

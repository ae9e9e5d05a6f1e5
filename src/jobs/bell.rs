//! News of new jobs, so that nobody has to wait for the next look.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{backoff::Backoff, store::Db};

/// How long rings are gathered before the other processes are told.
const GATHER: Duration = Duration::from_millis(20);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Rung after a transaction that added jobs was committed. Clones are the same bell.
#[derive(Debug, Clone)]
pub struct Bell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rings: watch::Sender<u64>,
    outward: Notify,
    carried: AtomicBool,
}

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(Inner { rings: watch::Sender::new(0), outward: Notify::new(), carried: AtomicBool::new(false) }))
    }
}

impl Bell {
    /// There may be new jobs.
    pub fn ring(&self) {
        self.0.rings.send_modify(|rings| *rings += 1);
        self.0.outward.notify_one();
    }

    /// There may be new jobs, which the other processes hear of otherwise.
    pub fn ring_here(&self) {
        self.0.rings.send_modify(|rings| *rings += 1);
    }

    /// Changes with every ring.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.rings.subscribe()
    }

    /// Carries rings to and from the other processes, where the database can; without it they poll.
    pub async fn carry(self, db: Db, stop: CancellationToken) {
        if !db.can_notify() || self.0.carried.swap(true, Ordering::Relaxed) {
            return;
        }
        let name = uuid::Uuid::new_v4().to_string();
        tokio::select! {
            () = stop.cancelled() => {}
            () = async { tokio::join!(self.tell(&db, &name), self.hear(&db, &name)); } => {}
        }
    }

    async fn tell(&self, db: &Db, name: &str) {
        loop {
            self.0.outward.notified().await;
            tokio::time::sleep(GATHER).await;
            if let Err(error) = db.notify(name).await {
                tracing::debug!(%error, "other processes could not be told of new jobs; they will find them");
            }
        }
    }

    async fn hear(&self, db: &Db, name: &str) {
        let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let heard = db.listen(|from| {
                pauses.reset();
                if from != name {
                    self.0.rings.send_modify(|rings| *rings += 1);
                }
            });
            if let Err(error) = heard.await {
                tracing::debug!(%error, "no news of other processes' jobs for now");
            }
            tokio::time::sleep(pauses.next_pause()).await;
        }
    }
}

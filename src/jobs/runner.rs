//! Claims lanes and lets a handler work on their heads.

use std::{collections::HashMap, sync::Arc, time::Duration};

use relevo_adapters::Millis;
use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Bell, Claim, JobError};
use crate::{
    clock::Clock,
    domain::retry_delay,
    store::{Db, StoreError, jobs},
};

/// Tries of a job whose handler panics before it is dead.
const PANICS: i64 = 5;
const PANIC_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PANIC_PAUSE: Duration = Duration::from_secs(600);
/// The shortest pause between two looks, so that a lane which is due and cannot be claimed does not spin.
const SHORTEST_LOOK: Duration = Duration::from_millis(5);

/// What a kind of job does.
pub trait Handler: Send + Sync + 'static {
    /// Works on a job and settles it.
    ///
    /// # Errors
    /// If it could not be settled: it will come again when its lease ends.
    fn run(&self, claim: Claim) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// How a kind of job is run.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Jobs in hand at once (P8).
    pub slots: usize,
    /// How long a claim holds unless it is renewed: how long a dead process's jobs wait.
    pub lease: Duration,
    /// How often due jobs are looked for without a bell.
    pub poll: Duration,
}

/// Runs the jobs of one kind.
#[derive(Debug)]
pub struct Runner<H> {
    pub db: Db,
    pub clock: Clock,
    pub bell: Bell,
    pub kind: &'static str,
    pub settings: Settings,
    pub handler: Arc<H>,
}

/// A job in hand, for the case that its handler panics.
struct InHand {
    owner: String,
    id: i64,
    tat: Millis,
}

impl<H: Handler> Runner<H> {
    /// Runs jobs until `stop`, then finishes those in hand.
    pub async fn run(self, stop: CancellationToken) {
        let mut rings = self.bell.listen();
        let mut tasks = JoinSet::new();
        let mut in_hand: HashMap<Id, InHand> = HashMap::new();
        while !stop.is_cancelled() {
            rings.mark_unchanged();
            let free = self.settings.slots.saturating_sub(tasks.len());
            let wait = match self.fill(free, &mut tasks, &mut in_hand).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(kind = self.kind, "jobs cannot be claimed: {:#}", anyhow::Error::from(error));
                    self.settings.poll
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                Some(done) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    self.look_at(done, &mut in_hand).await;
                    while let Some(done) = tasks.try_join_next_with_id() {
                        self.look_at(done, &mut in_hand).await;
                    }
                }
                () = news(&mut rings), if free > 0 => {}
                () = tokio::time::sleep(wait), if free > 0 => {}
            }
        }
        while let Some(done) = tasks.join_next_with_id().await {
            self.look_at(done, &mut in_hand).await;
        }
    }

    /// Claims what is due, as far as there are slots; gives how long to wait for more.
    async fn fill(
        &self,
        free: usize,
        tasks: &mut JoinSet<()>,
        in_hand: &mut HashMap<Id, InHand>,
    ) -> Result<Duration, StoreError> {
        if free == 0 {
            return Ok(self.settings.poll);
        }
        let now = self.clock.now();
        let due = jobs::next_due(&mut self.db.read().await?, self.kind, now).await?;
        match due {
            Some(due) if due <= now => {}
            due => return Ok(self.until(due, now)),
        }
        let owner = self.clock.id();
        let mut tx = self.db.write().await?;
        let until = now + millis(self.settings.lease);
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let claimed = jobs::claim(&mut tx, self.kind, &owner, now, until, limit).await?;
        tx.commit().await?;
        let full = claimed.len() == free;
        for claimed in claimed {
            let claim = Claim { owner: owner.clone(), job: claimed.job, tat: claimed.tat, not_before: 0 };
            let noted = InHand { owner: owner.clone(), id: claim.job.id, tat: claim.tat };
            let task = tasks.spawn(self.work(claim));
            in_hand.insert(task.id(), noted);
        }
        Ok(if full { self.settings.poll } else { SHORTEST_LOOK })
    }

    fn until(&self, due: Option<Millis>, now: Millis) -> Duration {
        let wait = due.map_or(self.settings.poll, |due| Duration::from_millis((due - now).max(0).unsigned_abs()));
        wait.clamp(SHORTEST_LOOK, self.settings.poll)
    }

    /// The handler's work, with its lease renewed beside it.
    fn work(&self, claim: Claim) -> impl Future<Output = ()> + Send + use<H> {
        let (db, clock, handler) = (self.db.clone(), self.clock.clone(), self.handler.clone());
        let (lease, lane, owner) = (self.settings.lease, claim.job.lane.clone(), claim.owner.clone());
        let span = tracing::info_span!("job", kind = self.kind, id = claim.job.id, attempt = claim.job.attempt);
        async move {
            tokio::select! {
                done = handler.run(claim) => match done {
                    Ok(()) => {}
                    Err(JobError::Lost) => tracing::warn!("the lease was lost; somebody else has the job"),
                    Err(JobError::Store(error)) => {
                        tracing::warn!("the job could not be settled: {:#}", anyhow::Error::from(error));
                    }
                },
                () = keep(&db, &clock, &lane, &owner, lease) => {}
            }
        }
        .instrument(span)
    }

    /// A handler that panicked has failed.
    async fn look_at(&self, done: Result<(Id, ()), JoinError>, in_hand: &mut HashMap<Id, InHand>) {
        let error = match done {
            Ok((id, ())) => {
                in_hand.remove(&id);
                return;
            }
            Err(error) => error,
        };
        let Some(noted) = in_hand.remove(&error.id()) else { return };
        tracing::error!(kind = self.kind, job = noted.id, "the handler of a job panicked");
        if let Err(error) = self.after_panic(noted).await {
            tracing::warn!("the job could not be settled: {error:#}");
        }
    }

    async fn after_panic(&self, noted: InHand) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let Some(job) = jobs::find(&mut tx, noted.id).await? else { return Ok(()) };
        let claim = Claim { owner: noted.owner, job, tat: noted.tat, not_before: 0 };
        let why = "our own code failed on it";
        let tries = jobs::tries(&mut tx, noted.id).await?.len();
        if i64::try_from(tries).unwrap_or(PANICS) + 1 >= PANICS {
            claim.dead(&mut tx, why, now).await?;
        } else {
            let attempt = u32::try_from(tries).unwrap_or(u32::MAX).saturating_add(1);
            let pause = retry_delay(PANIC_PAUSE, LONGEST_PANIC_PAUSE, attempt, 1.0);
            let phase = claim.job.phase.clone();
            claim.retry(&mut tx, now + millis(pause), phase.as_deref(), why, now).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn news(rings: &mut watch::Receiver<u64>) {
    // The bell lives as long as its runner.
    if rings.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Renews a lease for as long as it can be.
async fn keep(db: &Db, clock: &Clock, lane: &str, owner: &str, lease: Duration) {
    loop {
        tokio::time::sleep(lease / 3).await;
        let renewed = async {
            let mut tx = db.write().await?;
            let ours = jobs::renew(&mut tx, lane, owner, clock.now() + millis(lease)).await?;
            tx.commit().await?;
            Ok::<bool, StoreError>(ours)
        };
        // A lease that is lost is found out when the job is settled; the work goes on because it may have had its effect.
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "a job's lease could not be renewed");
        }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

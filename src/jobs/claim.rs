//! A claimed job, settled by value.

use relevo_adapters::Millis;

use crate::store::{
    StoreError, Tx,
    jobs::{self, Job},
};

/// Why a job was not settled. It will be claimed again when its lease ends.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lease ended before the work did, and somebody else has the lane.
    #[error("the job's lease was lost")]
    Lost,
}

/// A job that is ours until its lease ends. Each way of settling it takes effect with the caller's transaction, together
/// with what the job did.
#[derive(Debug)]
pub struct Claim {
    pub(super) owner: String,
    pub(super) job: Job,
    pub(super) tat: Millis,
    pub(super) not_before: Millis,
}

impl Claim {
    /// The same claim once more, for a settlement that the database did not take.
    pub(crate) fn again(&self) -> Self {
        Self { owner: self.owner.clone(), job: self.job.clone(), tat: self.tat, not_before: self.not_before }
    }

    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Until when the lane's pace is used up.
    pub fn tat(&self) -> Millis {
        self.tat
    }

    /// Uses the lane's pace up until `tat`; its next job starts at `not_before` at the earliest.
    pub fn pace(&mut self, tat: Millis, not_before: Millis) {
        self.tat = tat;
        self.not_before = not_before;
    }

    /// A try starts: it is counted, and `phase` says to whoever comes after a crash that it did.
    ///
    /// # Errors
    /// [`JobError::Lost`], and those of the database.
    pub async fn start(&mut self, tx: &mut Tx, phase: &str, now: Millis) -> Result<(), JobError> {
        self.lock(tx).await?;
        jobs::mark(tx, self.job.id, true, Some(phase), now).await?;
        self.job.attempt += 1;
        self.job.phase = Some(phase.to_owned());
        Ok(())
    }

    /// It is done.
    ///
    /// # Errors
    /// [`JobError::Lost`], and those of the database.
    pub async fn done(self, tx: &mut Tx, now: Millis) -> Result<(), JobError> {
        self.lock(tx).await?;
        jobs::delete(tx, self.job.id).await?;
        self.release(tx, now).await
    }

    /// It could not start yet: another try at `at`, which does not count as a failure.
    ///
    /// # Errors
    /// [`JobError::Lost`], and those of the database.
    pub async fn later(self, tx: &mut Tx, at: Millis, phase: Option<&str>, now: Millis) -> Result<(), JobError> {
        self.lock(tx).await?;
        jobs::postpone(tx, self.job.id, at, phase, None, now).await?;
        self.release(tx, now).await
    }

    /// It failed: another try at `at`.
    ///
    /// # Errors
    /// [`JobError::Lost`], and those of the database.
    pub async fn retry(
        self,
        tx: &mut Tx,
        at: Millis,
        phase: Option<&str>,
        error: &str,
        now: Millis,
    ) -> Result<(), JobError> {
        self.lock(tx).await?;
        jobs::postpone(tx, self.job.id, at, phase, Some(error), now).await?;
        self.release(tx, now).await
    }

    /// It will not be tried again by itself; its followers go on.
    ///
    /// # Errors
    /// [`JobError::Lost`], and those of the database.
    pub async fn dead(self, tx: &mut Tx, error: &str, now: Millis) -> Result<(), JobError> {
        self.lock(tx).await?;
        jobs::bury(tx, self.job.id, error, now).await?;
        self.release(tx, now).await
    }

    async fn lock(&self, tx: &mut Tx) -> Result<(), JobError> {
        match jobs::lock(tx, &self.job.lane, &self.owner).await? {
            true => Ok(()),
            false => Err(JobError::Lost),
        }
    }

    async fn release(self, tx: &mut Tx, now: Millis) -> Result<(), JobError> {
        Ok(jobs::release(tx, &self.job.lane, self.tat, self.not_before, now).await?)
    }
}

//! The job that brings one message out.
//!
//! The steps, each safe to be the last one before a crash: find out whether it may start ([`super::ready`]); find out
//! what became of a try that had no answer (P6); give the platform its files; note that the call begins; make it;
//! settle ([`super::settle`]). Whatever happens after the note and before the settlement is an unknown outcome.

use std::{sync::Arc, time::Duration};

use relevo_adapters::{
    Millis,
    outbound::{ErrorClass, Io, Outlet, Reconciled, SendError, UnknownOutcome},
};

use super::{
    pace::Pace,
    ready::{PLACED, Ready, Step},
    settle::Outcome,
};
use crate::{
    clock::Clock,
    directory::Directory,
    domain::{OutState, RetryPolicy, SendJob, next_slot},
    jobs::{Bell, Claim, Handler, JobError},
    store::{
        Db,
        deliveries::{self, StateRow},
    },
};

/// The call has begun: found on a claim, its outcome is unknown.
const SENDING: &str = "sending";
/// The call had no answer.
pub(super) const UNKNOWN: &str = "unknown";
/// The platform's report was waited for and did not come.
pub(super) const AWAITED: &str = "awaited";

/// Handles jobs of kind [`crate::domain::SEND`].
pub struct Send {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) bell: Bell,
    pub(super) directory: Directory,
    pub(super) io: Arc<dyn Io>,
    pub(super) pace: Pace,
    pub(super) policy: RetryPolicy,
    pub(super) resend_unknown: bool,
    /// The first pause before a broken channel is tried again by itself; later ones double.
    pub(super) first_trial: Duration,
}

impl std::fmt::Debug for Send {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Send").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What is known of the tries before.
#[derive(Debug)]
enum Past {
    /// None reached the platform.
    Clear,
    /// One may have: this one may double it.
    Doubtful,
    /// It is settled without another call.
    Settled(Outcome),
}

impl Handler for Send {
    async fn run(&self, claim: Claim) -> Result<(), JobError> {
        let Ok(job) = serde_json::from_str::<SendJob>(&claim.job().payload) else {
            return self.bury(claim, "it was written by another version").await;
        };
        match self.prepare(&claim, &job).await? {
            Step::Go(ready) => self.go(claim, job, *ready).await,
            Step::Done => self.drop_job(claim).await,
            Step::Later(at, placed) => {
                let phase = if placed { Some(PLACED) } else { claim.job().phase.as_deref().and_then(doubt) };
                self.postpone(claim, at, phase).await
            }
            Step::Held(until) => self.wait_with(claim, &job, until).await,
            Step::Fail(reason) => self.settle(claim, &job, None, Outcome::Failed(reason)).await,
        }
    }
}

impl Send {
    async fn go(&self, mut claim: Claim, job: SendJob, mut ready: Ready) -> Result<(), JobError> {
        let open = ready.open.clone();
        let Some(outlet) = open.channel.outlet() else {
            let outcome = Outcome::Error { error: super::settle::no_credentials(), doubtful: false };
            return self.settle(claim, &job, Some(&ready), outcome).await;
        };
        let doubtful = match self.past(&claim, &ready, outlet).await {
            Past::Clear => false,
            Past::Doubtful => true,
            Past::Settled(outcome) => return self.settle(claim, &job, Some(&ready), outcome).await,
        };
        if let Err(error) = self.upload(&mut ready, outlet).await? {
            let outcome = Outcome::Error { error, doubtful };
            return self.settle(claim, &job, Some(&ready), outcome).await;
        }
        self.note_start(&mut claim, &job).await?;
        let result = outlet.send(&*self.io, &ready.outbound).await;
        let pacing = outlet.pacing(&ready.outbound.to).chat;
        let (tat, not_before) = next_slot(claim.tat(), self.clock.now(), pacing.interval, pacing.burst);
        claim.pace(tat, not_before);
        let outcome = match result {
            Ok(sent) => Outcome::Sent { sent, doubtful },
            Err(error) => Outcome::Error { error, doubtful },
        };
        self.settle(claim, &job, Some(&ready), outcome).await
    }

    /// What became of earlier tries (P6).
    async fn past(&self, claim: &Claim, ready: &Ready, outlet: &dyn Outlet) -> Past {
        let phase = match claim.job().phase.as_deref() {
            Some(phase @ (SENDING | UNKNOWN | AWAITED)) if !ready.outbound.act.is_idempotent() => phase,
            _ => return Past::Clear,
        };
        let policy = ready.open.kind.capabilities.sending.map_or(UnknownOutcome::Flag, |sending| sending.unknown);
        match policy {
            UnknownOutcome::AwaitReceipt(wait) if phase != AWAITED => {
                Past::Settled(Outcome::Await(self.clock.now() + wait))
            }
            UnknownOutcome::Ask => match outlet.reconcile(&*self.io, &ready.outbound).await {
                Ok(Reconciled::Sent(sent)) => Past::Settled(Outcome::Sent { sent, doubtful: false }),
                Ok(Reconciled::NotSent) => Past::Clear,
                Ok(Reconciled::NobodyKnows) => self.doubtful(),
                // It could not be asked: that is no outcome of the message.
                Err(error) => Past::Settled(Outcome::NotAsked(error)),
            },
            UnknownOutcome::SameId => Past::Doubtful,
            UnknownOutcome::AwaitReceipt(_) | UnknownOutcome::Flag => self.doubtful(),
        }
    }

    fn doubtful(&self) -> Past {
        if self.resend_unknown { Past::Doubtful } else { Past::Settled(Outcome::Failed(super::settle::undecided())) }
    }

    /// Gives the platform the files that it does not have; each of them once per channel and content.
    async fn upload(&self, ready: &mut Ready, outlet: &dyn Outlet) -> Result<Result<(), SendError>, JobError> {
        let channel = ready.open.id;
        for file in ready.outbound.act.files_mut() {
            let now = self.clock.now();
            let known = deliveries::platform_file(&mut self.db.read().await?, channel, &file.sha256, now).await?;
            if known.is_some() {
                file.platform_id = known;
                continue;
            }
            let stored = match outlet.upload(&*self.io, file).await {
                Ok(Some(stored)) => stored,
                Ok(None) => continue,
                // Nothing was said to anybody yet: an upload that had no answer is simply made again.
                Err(error) if error.class == ErrorClass::Unknown => {
                    return Ok(Err(SendError { class: ErrorClass::Transient, ..error }));
                }
                Err(error) => return Ok(Err(error)),
            };
            let expires = stored.keeps.map(|keeps| now + crate::domain::millis(keeps));
            let mut tx = self.db.write().await?;
            deliveries::keep_platform_file(&mut tx, channel, &file.sha256, &stored.id, expires).await?;
            tx.commit().await?;
            file.platform_id = Some(stored.id);
        }
        Ok(Ok(()))
    }

    /// Whoever finds this note after a crash knows that the platform may have the message.
    async fn note_start(&self, claim: &mut Claim, job: &SendJob) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        claim.start(&mut tx, SENDING, now).await?;
        if let Some(message) = &job.message {
            deliveries::set_status(&mut tx, message, OutState::Sending.as_str(), None, now).await?;
            let attempt = claim.job().attempt;
            let state = self.state(message, OutState::Sending, Some(attempt), None);
            deliveries::insert_states(&mut tx, &[state]).await?;
        }
        Ok(tx.commit().await?)
    }

    pub(super) fn state(
        &self,
        message: &str,
        state: OutState,
        attempt: Option<i64>,
        detail: Option<String>,
    ) -> StateRow {
        StateRow {
            id: self.clock.id(),
            message_id: message.to_owned(),
            state: state.as_str().to_owned(),
            at: self.clock.now(),
            attempt,
            detail,
        }
    }

    async fn postpone(&self, claim: Claim, at: Millis, phase: Option<&str>) -> Result<(), JobError> {
        let mut tx = self.db.write().await?;
        claim.later(&mut tx, at, phase, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Waits with the channel. Whoever ends the hold wakes those that wait: the hold's row is held here, so that either
    /// it is seen to be over, or this wait is seen by who ends it.
    async fn wait_with(&self, claim: Claim, job: &SendJob, until: Millis) -> Result<(), JobError> {
        let now = self.clock.now();
        let phase = claim.job().phase.as_deref().and_then(doubt);
        let mut tx = self.db.write().await?;
        let held = deliveries::lock_hold(&mut tx, job.channel).await?;
        claim.later(&mut tx, if held { until } else { now }, phase, now).await?;
        Ok(tx.commit().await?)
    }

    async fn drop_job(&self, claim: Claim) -> Result<(), JobError> {
        let mut tx = self.db.write().await?;
        claim.done(&mut tx, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn bury(&self, claim: Claim, why: &str) -> Result<(), JobError> {
        tracing::error!(why, "a send cannot be understood");
        let mut tx = self.db.write().await?;
        claim.dead(&mut tx, why, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// A doubt about an earlier try outlives a wait.
fn doubt(phase: &str) -> Option<&'static str> {
    [SENDING, UNKNOWN, AWAITED].into_iter().find(|known| *known == phase)
}

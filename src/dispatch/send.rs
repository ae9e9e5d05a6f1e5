//! The job that brings one message out.
//!
//! The steps, each safe to be the last one before a crash: find out whether it may start ([`super::ready`]); find out
//! what became of a try that had no answer (P6); give the platform its files; note that the call begins; make it;
//! settle ([`super::settle`]). Whatever happens after the note and before the settlement is an unknown outcome.

use std::{sync::Arc, time::Duration};

use relevo_adapters::{
    Millis,
    outbound::{ErrorClass, Io, Names, Outlet, Reconciled, SendError, UnknownOutcome},
};

use super::{
    pace::Pace,
    ready::{PLACED, Ready, Step},
    settle::{Outcome, STALE_MS},
};
use crate::{
    backoff::Backoff,
    clock::Clock,
    desk::events,
    directory::Directory,
    domain::{EventKind, OutState, RetryPolicy, SendJob, millis, next_slot},
    jobs::{Bell, Claim, Handler, JobError},
    store::{
        Db, channels,
        deliveries::{self, StateRow},
        holds, jobs, platform_files,
    },
};

/// The call has begun: found on a claim, its outcome is unknown.
const SENDING: &str = "sending";
/// The call had no answer.
pub(super) const UNKNOWN: &str = "unknown";
/// The platform's report was waited for and did not come.
pub(super) const AWAITED: &str = "awaited";

/// Before a number: so often the channel was broken for this message.
pub(super) const REFUSED: &str = "refused:";

/// How long a settlement that the database does not take is tried again: until then the claim is renewed.
const SETTLING: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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
    /// How long the platform's own report of a try is waited for at the most.
    pub(super) report_wait: Duration,
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
            Step::Useless => self.drop_job(claim).await,
            Step::Reported => self.close(claim, &job).await,
            Step::Later(at, placed) => {
                let phase = waiting(claim.job().phase.as_deref(), placed);
                self.postpone(claim, at, phase.as_deref()).await
            }
            Step::Paused(until) => self.wait_for_change(claim, &job, until).await,
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
        let names = outlet.names(&ready.outbound);
        self.note_start(&mut claim, &job, names, doubtful).await?;
        let result = outlet.send(&*self.io, &ready.outbound).await;
        let pacing = outlet.pacing(&ready.outbound.to).chat;
        let (tat, not_before) = next_slot(claim.tat(), self.clock.now(), pacing.interval, pacing.burst);
        claim.pace(tat, not_before);
        let outcome = match result {
            Ok(sent) => Outcome::Sent { sent, doubtful },
            Err(error) => Outcome::Error { error, doubtful },
        };
        self.settle_surely(claim, &job, &ready, outcome).await
    }

    /// What the platform did is known only here: a database that is away for a moment must not make it unknown.
    async fn settle_surely(
        &self,
        claim: Claim,
        job: &SendJob,
        ready: &Ready,
        outcome: Outcome,
    ) -> Result<(), JobError> {
        let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let deadline = tokio::time::Instant::now() + SETTLING;
        loop {
            match self.settle(claim.again(), job, Some(ready), outcome.clone()).await {
                Err(JobError::Store(error)) if error.is_transient() && tokio::time::Instant::now() < deadline => {
                    tracing::warn!(%error, "a send could not be settled yet");
                    tokio::time::sleep(pauses.next_pause()).await;
                }
                done => return done,
            }
        }
    }

    /// What became of earlier tries (P6).
    async fn past(&self, claim: &Claim, ready: &Ready, outlet: &dyn Outlet) -> Past {
        let phase = match claim.job().phase.as_deref().and_then(doubt) {
            Some(phase) if !ready.outbound.act.is_idempotent() => phase,
            _ => return Past::Clear,
        };
        let policy = ready.open.kind.capabilities.sending.map_or(UnknownOutcome::Flag, |sending| sending.unknown);
        match policy {
            UnknownOutcome::AwaitReceipt(wait) if phase != AWAITED => {
                Past::Settled(Outcome::Await(self.clock.now() + wait.min(millis(self.report_wait))))
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
            let known = platform_files::find(&mut self.db.read().await?, channel, &file.sha256, now).await?;
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
            platform_files::keep(&mut tx, channel, &file.sha256, &stored.id, expires).await?;
            tx.commit().await?;
            file.platform_id = Some(stored.id);
        }
        Ok(Ok(()))
    }

    /// Whoever finds this note after a crash knows that the platform may have the message; whoever answers it at once, or
    /// reports about it, finds it (P5). What may be doubled is flagged before it is: the platform's report may settle it
    /// before we do.
    async fn note_start(&self, claim: &mut Claim, job: &SendJob, names: Names, doubtful: bool) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        claim.start(&mut tx, SENDING, now).await?;
        if let Some(message) = &job.message {
            deliveries::set_status(&mut tx, message, OutState::Sending.as_str(), None, now).await?;
            let attempt = claim.job().attempt;
            let state = self.state(message, OutState::Sending, Some(attempt), None);
            deliveries::insert_states(&mut tx, &[state]).await?;
            self.bind_keys(&mut tx, job, &names.keys).await?;
            for name in &names.refs {
                deliveries::name(&mut tx, job.channel, name, message).await?;
            }
            if doubtful {
                deliveries::flag(&mut tx, message).await?;
            }
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
        let phase = waiting(claim.job().phase.as_deref(), false);
        let mut tx = self.db.write().await?;
        let held = holds::lock(&mut tx, job.channel).await?;
        jobs::forgive(&mut tx, claim.job().id).await?;
        claim.later(&mut tx, if held { until } else { now }, phase.as_deref(), now).await?;
        Ok(tx.commit().await?)
    }

    /// Waits for somebody to change the channel. What we know of it may be older than the change, whose wake-up this
    /// lane would then have missed.
    async fn wait_for_change(&self, claim: Claim, job: &SendJob, until: Millis) -> Result<(), JobError> {
        let now = self.clock.now();
        let phase = waiting(claim.job().phase.as_deref(), false);
        let mut tx = self.db.write().await?;
        let known = self.directory.version(job.channel).await;
        let channel = channels::lock(&mut tx, job.channel).await?;
        let changed = channel.is_some_and(|channel| Some(channel.version) != known);
        jobs::forgive(&mut tx, claim.job().id).await?;
        claim.later(&mut tx, if changed { now + STALE_MS } else { until }, phase.as_deref(), now).await?;
        Ok(tx.commit().await?)
    }

    /// The platform's report came before the answer: what is left is to say so.
    async fn close(&self, claim: Claim, job: &SendJob) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        if let Some(message) = &job.message {
            deliveries::reported(&mut tx, message, now).await?;
        }
        claim.done(&mut tx, now).await?;
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
        // Its message must not wait for ever (P5).
        let payload: Option<serde_json::Value> = serde_json::from_str(&claim.job().payload).ok();
        if let Some(message) = payload.as_ref().and_then(|payload| payload.get("message")?.as_str()) {
            let reason = super::settle::not_understood();
            let now = self.clock.now();
            if deliveries::set_status(&mut tx, message, OutState::Failed.as_str(), Some(&reason.es), now).await? {
                events::tell_messages(&mut tx, now, EventKind::MessageStatus, &[message]).await?;
            }
        }
        claim.dead(&mut tx, why, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

/// The phase of a send that waits: what lasts outlives the wait, whatever it is for (P6).
fn waiting(phase: Option<&str>, placed: bool) -> Option<String> {
    match (placed, phase.and_then(lasting)) {
        (true, Some(lasting)) => Some(format!("{PLACED} {lasting}")),
        (true, None) => Some(PLACED.to_owned()),
        (false, lasting) => lasting.map(str::to_owned),
    }
}

/// What outlives a wait: a doubt about an earlier try, and how often the channel's rights were found wanting.
fn lasting(phase: &str) -> Option<&str> {
    let bare = phase.strip_prefix(PLACED).map_or(phase, str::trim_start);
    (doubt(bare).is_some() || bare.starts_with(REFUSED)).then_some(bare)
}

/// A doubt about an earlier try.
fn doubt(phase: &str) -> Option<&'static str> {
    [SENDING, UNKNOWN, AWAITED].into_iter().find(|known| phase.ends_with(known))
}

/// How often this message alone met a channel whose credentials or rights did not suffice.
pub(super) fn refusals(phase: Option<&str>) -> u32 {
    phase.and_then(lasting).and_then(|phase| phase.strip_prefix(REFUSED)?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_a_doubt_outlives_the_wait_for_a_place() {
        for known in [SENDING, UNKNOWN, AWAITED] {
            let placed = waiting(Some(known), true);
            assert_eq!(placed.as_deref().and_then(doubt), Some(known));
            let held = waiting(placed.as_deref(), false);
            assert_eq!(held.as_deref(), Some(known), "a place that was not used is asked for again");
        }
        assert_eq!(waiting(None, true).as_deref().and_then(doubt), None);
        assert_eq!(waiting(Some(PLACED), false), None);
        assert_eq!(refusals(waiting(Some("refused:2"), true).as_deref()), 2);
    }
}

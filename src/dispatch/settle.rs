//! What a try leaves behind: one transaction with the message's state, its names, and the job's settlement.

use relevo_adapters::{
    Millis,
    outbound::{Act, ErrorClass, Explained, SendError, Sent, UnknownOutcome},
};

use super::{
    ready::Ready,
    send::{AWAITED, REFUSED, Send, UNKNOWN, refusals},
};
use crate::{
    desk::{
        events,
        routing::{self, RoutingError},
        tickets::{DELETED, preview},
    },
    domain::{EventKind, FailureReason, OutState, SendJob, Verdict, millis, send_topic, verdict},
    jobs::{Claim, JobError},
    store::{
        Tx, channels,
        conversations::{self, KeyRow},
        deliveries::{self, Change},
        holds::{self, Hold},
        jobs, messages, platform_files,
    },
};

/// The longest pause before a broken channel is tried again by itself.
const LONGEST_TRIAL_MS: Millis = 900_000;
/// How often the channel may be found broken by a message while others pass, until it is the message's own trouble.
const MOST_REFUSALS: u32 = 3;
/// Why a ticket was closed that held nothing but a message of ours.
const OUR_OWN: &str = "mensaje propio";
/// How much later than the others the message that found the channel broken tries again.
const AFTER_OTHERS_MS: Millis = 500;
/// How long a process may know a channel as it was before a change.
pub(super) const STALE_MS: Millis = 2_500;

/// How a try ended.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Sent {
        sent: Sent,
        doubtful: bool,
    },
    Error {
        error: SendError,
        doubtful: bool,
    },
    /// The platform's report of an earlier try is waited for until this moment.
    Await(Millis),
    /// The platform could not be asked what became of an earlier try.
    NotAsked(SendError),
    Failed(FailureReason),
}

impl Send {
    pub(super) async fn settle(
        &self,
        claim: Claim,
        job: &SendJob,
        ready: Option<&Ready>,
        outcome: Outcome,
    ) -> Result<(), JobError> {
        match outcome {
            Outcome::Sent { sent, doubtful } => self.sent(claim, job, ready, &sent, doubtful).await,
            Outcome::Error { error, doubtful } => self.failed(claim, job, ready, &error, doubtful, false).await,
            Outcome::NotAsked(error) => self.failed(claim, job, ready, &error, true, true).await,
            Outcome::Await(until) => {
                let mut tx = self.db.write().await?;
                self.note(&mut tx, job, OutState::Unknown, None, None).await?;
                claim.later(&mut tx, until, Some(AWAITED), self.clock.now()).await?;
                Ok(tx.commit().await?)
            }
            Outcome::Failed(reason) => self.end(claim, job, &reason, false).await,
        }
    }

    async fn sent(
        &self,
        claim: Claim,
        job: &SendJob,
        ready: Option<&Ready>,
        sent: &Sent,
        doubtful: bool,
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        // The message first, as intake locks it, whose report of it may be on its way.
        if job.message.is_some() {
            let state = if sent.reported { OutState::Accepted } else { OutState::Sent };
            self.note(&mut tx, job, state, Some(claim.job().attempt), None).await?;
        }
        for (sha256, file) in &sent.stored {
            let expires = file.keeps.map(|keeps| now + millis(keeps));
            platform_files::keep(&mut tx, job.channel, sha256, &file.id, expires).await?;
        }
        self.bind_keys(&mut tx, job, &sent.keys).await?;
        match &job.message {
            Some(message) => {
                for name in &sent.refs {
                    if let Some(ticket) = deliveries::name(&mut tx, job.channel, name, message).await? {
                        self.close_empty(&mut tx, claim.job().company_id, &ticket).await?;
                    }
                }
                let change = Change {
                    tried: true,
                    possible_duplicate: doubtful,
                    failure: None,
                    note: sent.note.as_deref(),
                    settled_at: Some(now),
                };
                deliveries::change(&mut tx, message, change).await?;
            }
            None => self.apply(&mut tx, job, now).await?,
        }
        if let Some(hold) = ready.and_then(|ready| ready.trial.as_ref()) {
            self.resume(&mut tx, hold, now).await?;
        }
        claim.done(&mut tx, now).await?;
        tx.commit().await?;
        if ready.is_some_and(|ready| ready.trial.is_some()) {
            self.bell.ring();
        }
        count(ready, "sent");
        Ok(())
    }

    /// A ticket in which there was nothing but our own message, taken for a customer's, needs nobody.
    async fn close_empty(&self, tx: &mut Tx, company: Option<i64>, ticket: &str) -> Result<(), JobError> {
        let Some(company) = company else { return Ok(()) };
        if !messages::of_ticket(tx, ticket, 1).await?.is_empty() {
            return Ok(());
        }
        match routing::close(tx, &self.clock, company, ticket, Some(OUR_OWN), None).await {
            Err(RoutingError::Store(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Names under which the thread goes on; one that names another thread by now stays there.
    pub(super) async fn bind_keys(&self, tx: &mut Tx, job: &SendJob, keys: &[String]) -> Result<(), JobError> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows: Vec<KeyRow> = keys
            .iter()
            .map(|key| KeyRow { channel_id: job.channel, key: key.clone(), conversation_id: job.conversation.clone() })
            .collect();
        conversations::insert_keys(tx, &rows, self.clock.now()).await?;
        Ok(())
    }

    /// What an act without a message of its own did to another one.
    async fn apply(&self, tx: &mut Tx, job: &SendJob, now: Millis) -> Result<(), JobError> {
        match &job.act {
            Act::Delete { target } => {
                deliveries::mark_deleted(tx, job.channel, target, now).await?;
                deliveries::reword_ticket(tx, job.channel, target, DELETED).await?;
            }
            Act::Hide { target, hidden } => {
                deliveries::mark_hidden(tx, job.channel, target, *hidden, now).await?;
            }
            Act::Edit { target, text } => {
                deliveries::mark_edited(tx, job.channel, target, text, &self.clock.id(), now).await?;
                deliveries::reword_ticket(tx, job.channel, target, preview(text)).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn failed(
        &self,
        claim: Claim,
        job: &SendJob,
        ready: Option<&Ready>,
        error: &SendError,
        doubtful: bool,
        asking: bool,
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        count(ready, error.class.as_str());
        tracing::info!(
            channel = job.channel,
            class = error.class.as_str(),
            code = error.code,
            detail = error.detail,
            "a send did not succeed"
        );
        // An upload or a question that failed was no try, but it failed.
        let tries = jobs::tries(&mut self.db.read().await?, claim.job().id).await?;
        let failures = u32::try_from(tries.len()).unwrap_or(u32::MAX);
        let chance = chance();
        let verdict = match error.class {
            // Asking is not sending: an answer that can never come leaves the doubt, not a failure.
            class if asking && class.is_final() => Verdict::Retry(now + millis(self.policy.base)),
            _ => verdict(error, self.policy, failures, claim.job().trying_since, now, chance),
        };
        let reason = FailureReason::of(error);
        match verdict {
            Verdict::Fail => {
                self.end_trial(job, ready, now).await?;
                self.end(claim, job, &reason, doubtful).await
            }
            Verdict::GiveUp => {
                let doubtful = doubtful || error.class == ErrorClass::Unknown;
                self.end(claim, job, &given_up(error), doubtful).await
            }
            Verdict::Retry(at) => {
                let unknown = error.class == ErrorClass::Unknown && !job.act.is_idempotent();
                let (phase, at) = match (unknown, asking || doubtful) {
                    (true, _) => self.after_unknown(ready, at, now),
                    (false, true) => (Some(UNKNOWN), at),
                    (false, false) => (None, at),
                };
                let mut tx = self.db.write().await?;
                let state = if phase.is_some() { OutState::Unknown } else { OutState::Queued };
                self.note(&mut tx, job, state, Some(claim.job().attempt), Some(&reason)).await?;
                if let Some(message) = job.message.as_deref().filter(|_| !asking) {
                    let failure = json(&reason);
                    let change = Change { tried: true, failure: Some(&failure), ..Change::default() };
                    deliveries::change(&mut tx, message, change).await?;
                }
                claim.retry(&mut tx, at, phase, &error.to_string(), now).await?;
                Ok(tx.commit().await?)
            }
            Verdict::HoldChannel(until) => self.hold(claim, job, ready, error, until, doubtful).await,
            Verdict::PauseChannel(_) => {
                let failures = ready.and_then(|ready| ready.trial.as_ref()).map_or(0, |hold| hold.failures);
                let pause = millis(self.first_trial).saturating_mul(1 << failures.clamp(0, 10)).min(LONGEST_TRIAL_MS);
                let until = now + error.retry_after.map_or(pause, millis);
                self.hold(claim, job, ready, error, until, doubtful).await
            }
        }
    }

    /// Where the platform reports under our mark, its report is waited for first.
    fn after_unknown(&self, ready: Option<&Ready>, at: Millis, now: Millis) -> (Option<&'static str>, Millis) {
        match ready.and_then(|ready| ready.open.kind.capabilities.sending).map(|sending| sending.unknown) {
            Some(UnknownOutcome::AwaitReceipt(wait)) => {
                (Some(AWAITED), at.max(now + wait.min(millis(self.report_wait))))
            }
            _ => (Some(UNKNOWN), at),
        }
    }

    /// The whole channel waits: what is due of it is moved, and what comes new finds the hold.
    async fn hold(
        &self,
        claim: Claim,
        job: &SendJob,
        ready: Option<&Ready>,
        error: &SendError,
        until: Millis,
        doubtful: bool,
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        let reason = FailureReason::of(error);
        let before = ready.and_then(|ready| ready.trial.as_ref());
        let hold = Hold {
            channel_id: job.channel,
            version: ready.map_or(0, |ready| ready.open.version),
            class: reason.class.clone(),
            code: reason.code.clone(),
            es: reason.es.clone(),
            en: reason.en.clone(),
            detail: reason.detail.clone(),
            since: before.map_or(now, |hold| hold.since),
            until,
            failures: before.map_or(0, |hold| hold.failures) + 1,
        };
        // Others were sent since, so that the channel works: it is this message alone for which it does not.
        let refusals = refusals(claim.job().phase.as_deref()) + 1;
        if error.class == ErrorClass::Auth && before.is_none() && refusals > MOST_REFUSALS {
            return self.end(claim, job, &reason, doubtful).await;
        }
        let phase = match (doubtful, error.class) {
            (true, _) => Some(UNKNOWN.to_owned()),
            (false, ErrorClass::Auth) => Some(format!("{REFUSED}{refusals}")),
            (false, _) => None,
        };
        let mut tx = self.db.write().await?;
        // The channel first, as whoever mends it locks it.
        let channel = channels::lock(&mut tx, job.channel).await?;
        // It was mended while we still used what was broken.
        if channel.is_some_and(|channel| channel.version > hold.version) {
            claim.later(&mut tx, now + STALE_MS, phase.as_deref(), now).await?;
            return Ok(tx.commit().await?);
        }
        self.note(&mut tx, job, OutState::Queued, Some(claim.job().attempt), Some(&reason)).await?;
        holds::set(&mut tx, &hold).await?;
        channels::set_error(&mut tx, job.channel, Some(&reason.es), now).await?;
        jobs::forgive(&mut tx, claim.job().id).await?;
        // Another message tries next.
        claim.later(&mut tx, until + AFTER_OTHERS_MS, phase.as_deref(), now).await?;
        // After the lane is given back: it is one of those that wait.
        jobs::hold(&mut tx, &send_topic(job.channel), until).await?;
        tx.commit().await?;
        tracing::error!(
            channel = job.channel,
            code = error.code,
            detail = error.detail,
            "nothing can be sent on this channel for now: {}",
            error.reason.en
        );
        Ok(())
    }

    /// The channel works again: everything that waited goes.
    async fn resume(&self, tx: &mut Tx, hold: &Hold, now: Millis) -> Result<(), JobError> {
        channels::lock(tx, hold.channel_id).await?;
        holds::end(tx, hold.channel_id).await?;
        channels::set_error(tx, hold.channel_id, None, now).await?;
        let lanes = jobs::wake(tx, &send_topic(hold.channel_id), now).await?;
        tracing::info!(channel = hold.channel_id, lanes, "the channel can send again");
        Ok(())
    }

    /// A refusal of one message shows that the channel itself works.
    async fn end_trial(&self, job: &SendJob, ready: Option<&Ready>, now: Millis) -> Result<(), JobError> {
        let Some(hold) = ready.and_then(|ready| ready.trial.as_ref()) else { return Ok(()) };
        let mut tx = self.db.write().await?;
        self.resume(&mut tx, hold, now).await?;
        tx.commit().await?;
        tracing::debug!(channel = job.channel, "a trial ended the hold");
        self.bell.ring();
        Ok(())
    }

    /// It ends here, visibly (P5).
    async fn end(&self, claim: Claim, job: &SendJob, reason: &FailureReason, doubtful: bool) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        self.note(&mut tx, job, OutState::Failed, Some(claim.job().attempt), Some(reason)).await?;
        if let Some(message) = &job.message {
            let text = json(reason);
            let change = Change {
                tried: claim.job().attempt > 0,
                possible_duplicate: doubtful,
                failure: Some(&text),
                note: None,
                settled_at: Some(now),
            };
            deliveries::change(&mut tx, message, change).await?;
        }
        // A file that the platform no longer has must not spoil the next message.
        for file in job.act.files() {
            platform_files::forget(&mut tx, job.channel, &file.sha256).await?;
        }
        // It stays as a dead job: an operator can send it once more when what was wrong is mended.
        claim.dead(&mut tx, &format!("{} ({}): {}", reason.class, reason.code, reason.detail), now).await?;
        Ok(tx.commit().await?)
    }

    /// The message's state, its history, and why it waits.
    async fn note(
        &self,
        tx: &mut Tx,
        job: &SendJob,
        state: OutState,
        attempt: Option<i64>,
        reason: Option<&FailureReason>,
    ) -> Result<(), JobError> {
        let Some(message) = &job.message else { return Ok(()) };
        let failure = reason.filter(|_| state == OutState::Failed).map(|reason| reason.es.as_str());
        let now = self.clock.now();
        let advanced = deliveries::set_status(tx, message, state.as_str(), failure, now).await?;
        if advanced && matches!(state, OutState::Accepted | OutState::Sent | OutState::Failed) {
            events::tell_messages(tx, now, EventKind::MessageStatus, &[message]).await?;
        }
        let detail = reason.map(json);
        if state != OutState::Failed
            && let Some(detail) = &detail
        {
            let change = Change { failure: Some(detail), ..Change::default() };
            deliveries::change(tx, message, change).await?;
        }
        deliveries::insert_states(tx, &[self.state(message, state, attempt, detail)]).await?;
        Ok(())
    }
}

fn count(ready: Option<&Ready>, outcome: &'static str) {
    if let Some(ready) = ready {
        metrics::counter!("relevo_sends_total", "kind" => ready.open.kind.name, "outcome" => outcome).increment(1);
    }
}

/// Jitter, so that many messages do not come back at the same moment.
fn chance() -> f64 {
    let random = uuid::Uuid::new_v4().as_u128() & 0xffff_ffff;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let chance = random as f64 / 4_294_967_296.0;
    chance
}

fn json(reason: &FailureReason) -> String {
    serde_json::to_string(reason).unwrap_or_default()
}

pub(super) fn no_channel() -> FailureReason {
    let reason = Explained { es: "El canal ya no existe.", en: "The channel no longer exists." };
    FailureReason::new(ErrorClass::Content, "no_channel", reason, "")
}

pub(super) fn no_credentials() -> SendError {
    let reason = Explained {
        es: "El canal no tiene credenciales para enviar; un operador debe configurarlas y el mensaje saldrá solo.",
        en: "The channel has no credentials to send with; once an operator sets them the message leaves by itself.",
    };
    SendError::new(ErrorClass::Auth, "no_credentials", "the channel has no settings for sending", reason).of_channel()
}

pub(super) fn not_understood() -> FailureReason {
    let reason = Explained {
        es: "El mensaje no se pudo procesar; debe enviarse de nuevo.",
        en: "The message could not be processed; it has to be sent again.",
    };
    FailureReason::new(ErrorClass::Content, "not_understood", reason, "")
}

pub(super) fn undecided() -> FailureReason {
    let reason = Explained {
        es: "La plataforma no respondió y no se sabe si el mensaje llegó; revise la conversación antes de reenviarlo.",
        en: "The platform did not answer and nobody knows whether the message arrived; look before sending it again.",
    };
    FailureReason::new(
        ErrorClass::Unknown,
        "unknown",
        reason,
        "the outcome is unknown, and the setting says not to send again",
    )
}

fn given_up(error: &SendError) -> FailureReason {
    let reason = Explained {
        es: "No se pudo entregar el mensaje dentro del plazo de reintentos; puede volver a enviarlo.",
        en: "The message could not be delivered within the time for retries; it can be sent again.",
    };
    FailureReason::new(error.class, &error.code, reason, error.detail.clone())
}

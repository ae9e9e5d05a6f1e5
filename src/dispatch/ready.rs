//! Whether a send can start now, and with what.

use std::sync::Arc;

use relevo_adapters::{
    Identity, Millis,
    outbound::{Address, Outbound},
};

use super::{
    pace,
    send::{AWAITED, Send},
};
use crate::{
    directory::{Found, OpenChannel},
    domain::{FailureReason, SendJob, has_left},
    jobs::{Claim, JobError},
    store::{
        Tx, deliveries,
        holds::{self, Hold},
    },
};

/// How long a send waits for a channel that an operator paused: resuming wakes it.
const PAUSED_MS: Millis = 600_000;
/// How long a send waits for a channel whose settings cannot be used.
const BROKEN_MS: Millis = 60_000;
/// How long the one that tries a held channel has for it.
const TRIAL_MS: Millis = 60_000;
/// A place on the channel is reserved: it is not asked for again. What was unknown of an earlier try stands behind it.
pub(super) const PLACED: &str = "placed";
/// How late a place may be taken.
const PLACE_HOLDS_MS: Millis = 2_000;
/// Messages whose names a mail refers to.
const HISTORY: i64 = 10;

/// What to do with a claimed send.
#[derive(Debug)]
pub(super) enum Step {
    Go(Box<Ready>),
    /// It is of no use any more.
    Useless,
    /// The platform's own report has settled it.
    Reported,
    /// Not before this moment; `true`: a place on the channel is reserved for then.
    Later(Millis, bool),
    /// The channel is paused or cannot be used; not before this moment, unless somebody changes it meanwhile.
    Paused(Millis),
    /// The channel is held; not before this moment, unless the hold ends meanwhile.
    Held(Millis),
    Fail(FailureReason),
}

#[derive(Debug)]
pub(super) struct Ready {
    pub(super) open: Arc<OpenChannel>,
    pub(super) outbound: Outbound,
    /// The hold that this send tries to end.
    pub(super) trial: Option<Hold>,
}

impl Send {
    pub(super) async fn prepare(&self, claim: &Claim, job: &SendJob) -> Result<Step, JobError> {
        let now = self.clock.now();
        if job.expires_at.is_some_and(|end| now >= end) {
            return Ok(Step::Useless);
        }
        // Waking a channel's lanes ends no wait for a report.
        if claim.job().phase.as_deref() == Some(AWAITED) && now < claim.job().due_at {
            return match self.is_reported(job).await? {
                true => Ok(Step::Reported),
                false => Ok(Step::Later(claim.job().due_at, false)),
            };
        }
        let open = match self.directory.by_name(&job.channel.to_string()).await? {
            Found::Open(open) if open.active => open,
            Found::Open(_) => return Ok(Step::Paused(now + PAUSED_MS)),
            Found::Broken => return Ok(Step::Paused(now + BROKEN_MS)),
            Found::Missing => return Ok(Step::Fail(super::settle::no_channel())),
        };
        let mut tx = self.db.read().await?;
        if let Some(message) = &job.message
            && has_left(deliveries::status(&mut tx, message).await?.as_deref())
        {
            return Ok(Step::Reported);
        }
        let outbound = outbound(&mut tx, job).await?;
        let hold = holds::find(&mut tx, job.channel).await?;
        drop(tx);
        let trial = match hold {
            None => None,
            Some(hold) if hold.version == open.version && now < hold.until => {
                return Ok(Step::Held(hold.until));
            }
            Some(hold) => match self.take_trial(&hold, now).await? {
                true => Some(hold),
                false => return Ok(Step::Held(now + TRIAL_MS)),
            },
        };
        if trial.is_none()
            && let Some(at) = self.place(claim, &open, &outbound, now)
        {
            return Ok(at);
        }
        Ok(Step::Go(Box::new(Ready { open, outbound, trial })))
    }

    async fn is_reported(&self, job: &SendJob) -> Result<bool, JobError> {
        let Some(message) = &job.message else { return Ok(false) };
        let status = deliveries::status(&mut self.db.read().await?, message).await?;
        Ok(has_left(status.as_deref()))
    }

    async fn take_trial(&self, hold: &Hold, now: Millis) -> Result<bool, JobError> {
        let mut tx = self.db.write().await?;
        let ours = holds::take_trial(&mut tx, hold.channel_id, hold.until, now + TRIAL_MS).await?;
        tx.commit().await?;
        Ok(ours)
    }

    /// Where it stands in the chat's and the channel's pace, if it is too early.
    fn place(&self, claim: &Claim, open: &OpenChannel, outbound: &Outbound, now: Millis) -> Option<Step> {
        let pacing = open.channel.outlet()?.pacing(&outbound.to);
        let chat = pace::earliest(claim.tat(), pacing.chat);
        if chat > now {
            return Some(Step::Later(chat, false));
        }
        // A place holds for its moment: after a longer wait everybody would come at once.
        let placed = claim.job().phase.as_deref().is_some_and(|phase| phase.starts_with(PLACED));
        if placed && (0..PLACE_HOLDS_MS).contains(&(now - claim.job().due_at)) {
            return None;
        }
        let channel = self.pace.take(open.id, pacing.channel, now);
        (channel > now).then_some(Step::Later(channel, true))
    }
}

/// The message with everything that its adapter needs to know of the conversation.
async fn outbound(tx: &mut Tx, job: &SendJob) -> Result<Outbound, JobError> {
    let place = deliveries::place(tx, &job.conversation).await?;
    let identities = match place.as_ref().and_then(|place| place.contact_id.as_deref()) {
        Some(contact) => deliveries::addresses(tx, contact).await?,
        None => Vec::new(),
    };
    let recent = deliveries::history(tx, &job.conversation, HISTORY).await?;
    // What it answers is what the agent saw, also if the customer has written since.
    let newest = || recent.iter().find(|named| named.direction == "in").map(|named| named.name.clone());
    let last_inbound = job.answers.clone().or_else(newest);
    let mut history: Vec<String> = Vec::new();
    history.extend(deliveries::first_name(tx, &job.conversation).await?);
    for named in recent.into_iter().rev() {
        if !history.contains(&named.name) {
            history.push(named.name);
        }
    }
    let reply_to = match &job.reply_to {
        Some(message) => deliveries::name_of(tx, message).await?,
        None => None,
    };
    let to = Address {
        conversation: job.conversation.clone(),
        keys: deliveries::keys(tx, &job.conversation).await?,
        identities: identities.into_iter().map(|(scheme, value)| Identity { scheme, value }).collect(),
        name: place.as_ref().and_then(|place| place.name.clone()),
        last_inbound,
        last_inbound_at: place.as_ref().and_then(|place| place.last_inbound_at),
        subject: place.and_then(|place| place.subject),
        history,
    };
    let id = job.message.clone().unwrap_or_default();
    Ok(Outbound { id, to, act: job.act.clone(), reply_to, automatic: job.automatic })
}

//! Whether a send can start now, and with what.

use std::sync::Arc;

use relevo_adapters::{
    Identity, Millis,
    outbound::{Address, Outbound},
};

use super::{pace, send::Send};
use crate::{
    directory::{Found, OpenChannel},
    domain::{FailureReason, SendJob, has_left},
    jobs::{Claim, JobError},
    store::{
        Tx,
        deliveries::{self, Hold},
    },
};

/// How long a send waits for a channel that an operator paused: resuming wakes it.
const PAUSED_MS: Millis = 600_000;
/// How long a send waits for a channel whose settings cannot be used.
const BROKEN_MS: Millis = 60_000;
/// How long the one that tries a held channel has for it.
const TRIAL_MS: Millis = 60_000;
/// A place on the channel is reserved: it is not asked for again.
pub(super) const PLACED: &str = "placed";
/// Messages whose names a mail refers to.
const HISTORY: i64 = 10;

/// What to do with a claimed send.
#[derive(Debug)]
pub(super) enum Step {
    Go(Box<Ready>),
    /// Nothing is left to be done.
    Done,
    /// Not before this moment; `true`: a place on the channel is reserved for then.
    Later(Millis, bool),
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
            return Ok(Step::Done);
        }
        let open = match self.directory.by_name(&job.channel.to_string()).await? {
            Found::Open(open) if open.active => open,
            Found::Open(_) => return Ok(Step::Later(now + PAUSED_MS, false)),
            Found::Broken => return Ok(Step::Later(now + BROKEN_MS, false)),
            Found::Missing => return Ok(Step::Fail(super::settle::no_channel())),
        };
        let mut tx = self.db.read().await?;
        if let Some(message) = &job.message
            && has_left(deliveries::status(&mut tx, message).await?.as_deref())
        {
            return Ok(Step::Done);
        }
        let outbound = outbound(&mut tx, job).await?;
        let hold = deliveries::hold(&mut tx, job.channel).await?;
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

    async fn take_trial(&self, hold: &Hold, now: Millis) -> Result<bool, JobError> {
        let mut tx = self.db.write().await?;
        let ours = deliveries::take_trial(&mut tx, hold.channel_id, hold.until, now + TRIAL_MS).await?;
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
        if claim.job().phase.as_deref() == Some(PLACED) {
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
    let last_inbound = recent.iter().find(|named| named.direction == "in").map(|named| named.name.clone());
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
    Ok(Outbound { id: job.message.clone().unwrap_or_default(), to, act: job.act.clone(), reply_to })
}

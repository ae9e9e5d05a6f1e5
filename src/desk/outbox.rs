//! What became of what we sent: each message's way, and the jobs that nobody tries any more.

use relevo_adapters::Millis;
use serde::Serialize;

use crate::{
    domain::{FailureReason, OutState, SEND, SendJob, send_topic},
    store::{
        StoreError, Tx,
        deliveries::{self, Delivery},
        holds::{self, Hold},
        jobs,
        messages::{self, MessageRow},
    },
};

/// A message's way out, for people (P5, P10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    pub message: MessageRow,
    /// `None` for a message that did not go through us.
    pub delivery: Option<Delivery>,
    /// Why it failed, or why it waits.
    pub failure: Option<FailureReason>,
    /// Why nothing of its channel leaves now.
    pub hold: Option<Hold>,
    /// Every state it was in, ours and the platform's, in the order of their time.
    pub steps: Vec<StepView>,
}

/// One state that a message was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    pub state: String,
    pub at: Millis,
    /// The try that it belongs to.
    pub attempt: Option<i64>,
    /// Whether the platform reported it; we saw the others ourselves.
    pub by_platform: bool,
    pub reason: Option<FailureReason>,
}

/// The way of a company's message.
///
/// # Errors
/// Those of the database.
pub async fn trail(tx: &mut Tx, company: i64, message: &str) -> Result<Option<Trail>, StoreError> {
    let Some(message) = messages::find(tx, company, message).await? else { return Ok(None) };
    let delivery = deliveries::find(tx, &message.id).await?;
    let own = deliveries::states(tx, &message.id).await?.into_iter().map(|row| StepView {
        state: row.state,
        at: row.at,
        attempt: row.attempt,
        by_platform: false,
        reason: reason(row.detail.as_deref()),
    });
    let mut steps: Vec<StepView> = own.collect();
    let reported = messages::receipts(tx, &message.id).await?;
    steps.extend(reported.into_iter().filter(|receipt| receipt.participant.is_empty()).map(|receipt| StepView {
        state: receipt.status,
        at: receipt.at,
        attempt: None,
        by_platform: true,
        reason: None,
    }));
    // Platforms report in whole seconds: what they report of a second came after what we did in it.
    steps.sort_by_key(|step| if step.by_platform { step.at + 999 } else { step.at });
    let hold = match crate::domain::has_left(message.status.as_deref()) {
        true => None,
        false => holds::find(tx, message.channel_id).await?,
    };
    let failure = reason(delivery.as_ref().and_then(|delivery| delivery.failure.as_deref()));
    Ok(Some(Trail { message, delivery, failure, hold, steps }))
}

fn reason(text: Option<&str>) -> Option<FailureReason> {
    serde_json::from_str(text?).ok()
}

/// Sends a dead job back to its lane; its message waits again. Gives whether it was dead.
///
/// # Errors
/// Those of the database.
pub async fn requeue(tx: &mut Tx, job: i64, now: Millis) -> Result<bool, StoreError> {
    let Some(row) = jobs::find(tx, job).await? else { return Ok(false) };
    if !jobs::requeue(tx, job, now).await? {
        return Ok(false);
    }
    let message = (row.kind == SEND).then(|| serde_json::from_str::<SendJob>(&row.payload).ok()?.message).flatten();
    if let Some(message) = message {
        deliveries::reopen(tx, &message, OutState::Queued.as_str(), now).await?;
    }
    Ok(true)
}

/// How many sends of a channel wait.
///
/// # Errors
/// Those of the database.
pub async fn waiting(tx: &mut Tx, channel: i64) -> Result<i64, StoreError> {
    jobs::waiting(tx, &send_topic(channel)).await
}

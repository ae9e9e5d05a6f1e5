//! A channel that can send nothing: what waits of it is held.

use relevo_adapters::Millis;

use crate::{
    domain::{FailureReason, send_topic},
    store::{
        StoreError, Tx, channels,
        holds::{self, Hold},
        jobs,
    },
};

/// When the next message tries: a platform that takes messages and fails them later needs the account mended.
const TRIAL_MS: Millis = 300_000;

/// Notes what a report of the platform says of a whole channel: that it can send nothing, and why. What waits of it is
/// held, as if a send had found it out; a hold that is there already stays.
///
/// # Errors
/// Those of the database.
pub(in crate::desk) async fn broken(
    tx: &mut Tx,
    channel: i64,
    reason: &FailureReason,
    now: Millis,
) -> Result<(), StoreError> {
    let Some(row) = channels::lock(tx, channel).await? else { return Ok(()) };
    if holds::find(tx, channel).await?.is_some() {
        return Ok(());
    }
    let FailureReason { class, code, es, en, detail } = reason.clone();
    let until = now + TRIAL_MS;
    tracing::error!(channel, code, detail, "nothing can be sent on this channel for now: {en}");
    channels::set_error(tx, channel, Some(&es), now).await?;
    let version = row.version;
    let hold = Hold { channel_id: channel, version, class, code, es, en, detail, since: now, until, failures: 1 };
    holds::set(tx, &hold).await?;
    jobs::hold(tx, &send_topic(channel), until).await
}

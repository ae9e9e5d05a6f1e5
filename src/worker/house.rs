//! Housekeeping: delayed events come back, parked events meet their messages, old rows go. One process at a time.

use std::time::Duration;

use relevo_adapters::Millis;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::{
    desk::{intake, routing},
    domain::millis,
    store::{dedup, events, idempotency, jobs, leases, meta, parked, relays, stream_tickets, tokens},
};

const HOUSEKEEPER: &str = "housekeeper";
/// How often delayed events are looked for.
const ROUND: Duration = Duration::from_millis(500);
const LEASE_MS: Millis = 10_000;
/// How old the lease may grow before it is renewed: idle rounds write nothing.
const RENEW_MS: Millis = 3_000;
/// How often parked events are compared with the messages that came without seeing them.
const REUNITE_MS: Millis = 5_000;
const PRUNE_MS: Millis = 60_000;
const DAY_MS: Millis = 86_400_000;
/// Days for which a call's answer is given again under its `Idempotency-Key`.
const ANSWER_DAYS: u32 = 1;
/// Parked events that are reunited in one transaction.
const AT_ONCE: i64 = 1_000;
/// Markers that are forgotten in one transaction.
const CHUNK: i64 = 10_000;

/// When each thing was last done.
#[derive(Debug, Default)]
struct Done {
    leased: Millis,
    reunited: Millis,
    pruned: Millis,
    swept: Millis,
}

/// Keeps house until `stop`.
pub(super) async fn keep(worker: Worker, stop: CancellationToken) {
    let owner = worker.clock.id();
    let mut done = Done::default();
    loop {
        if let Err(error) = round(&worker, &owner, &mut done).await {
            tracing::warn!("housekeeping: {error:#}");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
    // Best effort: without it the lease ends by itself.
    if let Ok(mut tx) = worker.db.write().await
        && leases::release(&mut tx, HOUSEKEEPER, &owner).await.is_ok()
    {
        _ = tx.commit().await;
    }
}

async fn round(worker: &Worker, owner: &str, done: &mut Done) -> anyhow::Result<()> {
    let now = worker.clock.now();
    if now - done.leased >= RENEW_MS {
        let mut tx = worker.db.write().await?;
        let ours = leases::take(&mut tx, HOUSEKEEPER, owner, now, now + LEASE_MS).await?;
        tx.commit().await?;
        if !ours {
            return Ok(());
        }
        done.leased = now;
    }
    worker.queue.publish_due(now).await?;
    if now - done.reunited >= REUNITE_MS {
        done.reunited = now;
        let mut tx = worker.db.write().await?;
        intake::apply_parked(&mut tx, &worker.clock, AT_ONCE).await?;
        tx.commit().await?;
    }
    if now - done.swept >= millis(worker.routing.sweep) {
        done.swept = now;
        sweep(worker).await?;
    }
    if now - done.pruned >= PRUNE_MS {
        done.pruned = now;
        prune(worker, now).await?;
    }
    Ok(())
}

async fn sweep(worker: &Worker) -> anyhow::Result<()> {
    let swept = routing::sweep(&worker.db, &worker.clock, worker.routing.offline_grace).await?;
    if swept.done.jobs > 0 {
        worker.bell.ring();
    }
    if swept != routing::Swept::default() {
        let (from_bots, given_back, assigned) = (swept.from_bots, swept.given_back, swept.done.assigned);
        tracing::info!(from_bots, given_back, assigned, "waiting tickets were looked at again");
    }
    Ok(())
}

async fn prune(worker: &Worker, now: Millis) -> anyhow::Result<()> {
    let settings = &worker.settings;
    let before = |days: u32| now - Millis::from(days) * DAY_MS;
    loop {
        let mut tx = worker.db.write().await?;
        let forgotten = dedup::prune(&mut tx, before(settings.dedup_days), CHUNK).await?;
        tx.commit().await?;
        if forgotten < CHUNK.unsigned_abs() {
            break;
        }
    }
    let old = now - millis(worker.keep_events);
    loop {
        let mut tx = worker.db.write().await?;
        let forgotten = events::prune(&mut tx, old, CHUNK).await?;
        tx.commit().await?;
        if forgotten < CHUNK.unsigned_abs() {
            break;
        }
    }
    loop {
        let mut tx = worker.db.write().await?;
        let forgotten = relays::forget(&mut tx, old, CHUNK).await?;
        tx.commit().await?;
        if forgotten < CHUNK.unsigned_abs() {
            break;
        }
    }
    let mut tx = worker.db.write().await?;
    stream_tickets::prune(&mut tx, now).await?;
    let dropped = parked::prune(&mut tx, before(settings.parked_days)).await?;
    meta::prune_records(&mut tx, before(settings.record_days)).await?;
    jobs::prune(&mut tx, now, before(settings.record_days)).await?;
    idempotency::prune(&mut tx, before(ANSWER_DAYS)).await?;
    tokens::prune(&mut tx, now).await?;
    tx.commit().await?;
    if dropped > 0 {
        tracing::info!(dropped, "parked events whose message never came were dropped");
    }
    Ok(())
}

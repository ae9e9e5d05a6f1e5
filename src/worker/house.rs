//! Housekeeping: delayed events come back, parked events meet their messages, old rows go. One process at a time.

use std::{fmt::Display, time::Duration};

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
/// How often what waits is compared with who has room, beside the sweeps: a ticket and an agent who came at the same
/// instant, in transactions that did not see each other, wait no longer than this.
const FILL_MS: Millis = 2_000;
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
    filled: Millis,
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
    // Each by itself: a broker that is away keeps no ticket from its agent.
    note("delayed events", worker.queue.publish_due(now).await.map(drop));
    if now - done.reunited >= REUNITE_MS {
        done.reunited = now;
        note("parked events", reunite(worker).await);
    }
    if now - done.swept >= millis(worker.routing.sweep) {
        (done.swept, done.filled) = (now, now);
        note("the sweep", sweep(worker).await);
    }
    if now - done.filled >= FILL_MS {
        done.filled = now;
        note("giving out what waits", fill(worker).await);
    }
    if now - done.pruned >= PRUNE_MS {
        done.pruned = now;
        note("pruning", prune(worker, now).await);
    }
    Ok(())
}

fn note(chore: &str, done: Result<(), impl Display>) {
    if let Err(error) = done {
        tracing::warn!("housekeeping: {chore}: {error:#}");
    }
}

async fn reunite(worker: &Worker) -> anyhow::Result<()> {
    let mut tx = worker.db.write().await?;
    intake::apply_parked(&mut tx, &worker.clock, AT_ONCE).await?;
    tx.commit().await?;
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

async fn fill(worker: &Worker) -> anyhow::Result<()> {
    let done = routing::fill(&worker.db, &worker.clock).await?;
    if done.jobs > 0 {
        worker.bell.ring();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        config::Config,
        jobs::Bell,
        queue::{Queue, RabbitQueue, RabbitSettings},
        store::{Db, queue_items},
    };

    #[tokio::test]
    async fn a_broker_that_is_away_keeps_no_other_chore_from_being_done() {
        let folder = std::env::temp_dir().join(format!("relevo-house-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open_sqlite(&folder.join("relevo.db"), 2).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Clock::manual(1_780_000_000_000);
        let settings = RabbitSettings {
            url: "amqp://127.0.0.1:9".into(),
            prefix: "relevo".to_owned(),
            partitions: 1,
            confirm: Duration::from_millis(50),
        };
        let config = Config::defaults();
        let worker = Worker {
            queue: Queue::Rabbit(RabbitQueue::new(db.clone(), settings)),
            db,
            clock,
            bell: Bell::default(),
            settings: config.worker,
            routing: config.routing,
            keep_events: Duration::from_secs(60),
        };
        let now = worker.clock.now();
        let due = queue_items::Delayed {
            id: "one".to_owned(),
            due_at: now - 1,
            route: "r".to_owned(),
            body: "{}".to_owned(),
            attempt: 1,
            reason: String::new(),
        };
        let mut tx = worker.db.write().await.unwrap();
        queue_items::delay(&mut tx, &due).await.unwrap();
        tx.commit().await.unwrap();
        assert!(worker.queue.publish_due(now).await.is_err(), "nobody takes it");
        let mut done = Done::default();
        round(&worker, "us", &mut done).await.unwrap();
        assert_eq!([done.leased, done.reunited, done.swept, done.filled, done.pruned], [now; 5]);
        assert_eq!(queue_items::count_delayed(&mut worker.db.read().await.unwrap()).await.unwrap(), 1, "it is kept");
        worker.db.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

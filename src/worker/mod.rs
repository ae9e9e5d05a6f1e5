//! The intake worker: takes events off the queue and applies them, a partition at a time.
//!
//! A batch is tried as one transaction. If another transaction was first it is tried again; if the database is away
//! everything goes back to the queue and the worker waits; if the batch holds an event that cannot be applied, each is
//! tried alone, so that one bad event hurts nobody else (P7).

mod house;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config,
    desk::intake::{self, IntakeError, Report},
    domain::{Envelope, retry_delay},
    jobs::Bell,
    queue::{Consumer, Delivery, Queue, QueueError},
    store::Db,
};

/// How often a batch is tried again because another transaction was first, before its events are tried alone.
const CONFLICT_TRIES: u32 = 8;
/// How long the worker waits while the database or the broker is away: doubles from the first to the second.
const AWAY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// How long an event that failed alone waits for its next try: doubles from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// What the worker works with. Clones share it.
#[derive(Debug, Clone)]
pub struct Worker {
    pub db: Db,
    pub clock: Clock,
    pub queue: Queue,
    /// Rung when applied events left jobs.
    pub bell: Bell,
    pub settings: config::Worker,
    pub routing: config::Routing,
    /// How long events are kept.
    pub keep_events: Duration,
}

impl Worker {
    /// Works on every partition until `stop`; what is in hand then is finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        for partition in 0..self.queue.partitions() {
            tasks.spawn(self.clone().work_for_ever(partition, stop.clone()));
        }
        tasks.spawn(house::keep(self, stop));
        while tasks.join_next().await.is_some() {}
    }

    /// A panic ends neither the partition nor the others: its consumer is gone with it, so what it held comes again.
    async fn work_for_ever(self, partition: u16, stop: CancellationToken) {
        while let Err(panic) = tokio::spawn(self.clone().work(partition, stop.clone())).await {
            tracing::error!(partition, %panic, "the worker of a partition failed and starts again");
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(AWAY.1) => {}
            }
        }
    }

    async fn work(self, partition: u16, stop: CancellationToken) {
        // As many in hand as one batch: the next batch is fetched while this one is settled.
        let mut consumer = self.queue.consumer(partition, self.settings.batch * 2);
        let mut failures = 0;
        while let Some(next) = self.next(&mut consumer, &stop).await {
            let settled = match next {
                Ok(deliveries) => self.settle(deliveries).await,
                Err(error) => Err(error),
            };
            match settled {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(partition, %error, failures, "the worker waits for the database or the broker");
                    let delay = retry_delay(AWAY.0, AWAY.1, failures, chance());
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(delay) => {}
                    }
                }
            }
        }
        consumer.close().await;
    }

    async fn next(
        &self,
        consumer: &mut Consumer,
        stop: &CancellationToken,
    ) -> Option<Result<Vec<Delivery>, QueueError>> {
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            next = consumer.next(self.settings.batch) => Some(next),
        }
    }

    /// Applies deliveries and settles them.
    async fn settle(&self, deliveries: Vec<Delivery>) -> Result<(), QueueError> {
        let mut good = Vec::with_capacity(deliveries.len());
        let mut envelopes = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match Envelope::decode(&delivery.item.body) {
                Ok(envelope) => {
                    envelopes.push(envelope);
                    good.push(delivery);
                }
                Err(error) => delivery.dead_letter(&error.to_string(), None, &self.clock).await?,
            }
        }
        match self.apply(&envelopes).await {
            Ok(report) => {
                count(&report);
                Delivery::ack_all(good).await
            }
            Err(error) if error.is_unavailable() => self.release_all(good, error).await,
            Err(error) if error.is_conflict() && good.len() == 1 => self.release_all(good, error).await,
            Err(_) if good.len() > 1 => self.settle_one_by_one(good, envelopes).await,
            Err(error) => self.settle_failed(good, &envelopes, &error).await,
        }
    }

    /// Dropping a delivery unsettled brings it again, in order.
    async fn release_all(&self, deliveries: Vec<Delivery>, error: IntakeError) -> Result<(), QueueError> {
        for delivery in deliveries.into_iter().rev() {
            delivery.release().await?;
        }
        match error {
            IntakeError::Store(error) => Err(error.into()),
            IntakeError::NoChannel(_) => Ok(()),
        }
    }

    async fn settle_one_by_one(&self, deliveries: Vec<Delivery>, envelopes: Vec<Envelope>) -> Result<(), QueueError> {
        let mut rest = deliveries.into_iter().zip(envelopes);
        while let Some((delivery, envelope)) = rest.next() {
            match self.apply(std::slice::from_ref(&envelope)).await {
                Ok(report) => {
                    count(&report);
                    delivery.ack().await?;
                }
                Err(error) if error.is_unavailable() || error.is_conflict() => {
                    let mut again = vec![delivery];
                    again.extend(rest.map(|(delivery, _)| delivery));
                    return self.release_all(again, error).await;
                }
                Err(error) => self.settle_failed(vec![delivery], std::slice::from_ref(&envelope), &error).await?,
            }
        }
        Ok(())
    }

    /// An event that failed alone: later, or to the dead letters.
    async fn settle_failed(
        &self,
        deliveries: Vec<Delivery>,
        envelopes: &[Envelope],
        error: &IntakeError,
    ) -> Result<(), QueueError> {
        for (delivery, envelope) in deliveries.into_iter().zip(envelopes) {
            let attempt = u32::try_from(delivery.item.attempt + 1).unwrap_or(u32::MAX);
            tracing::error!(
                channel = envelope.channel,
                log = envelope.log,
                attempt,
                "an event cannot be applied: {error}"
            );
            if attempt >= self.settings.max_attempts {
                delivery.dead_letter(&error.to_string(), Some(envelope.channel), &self.clock).await?;
            } else {
                let delay = retry_delay(RETRY.0, RETRY.1, attempt, chance());
                let when = self.clock.now() + i64::try_from(delay.as_millis()).unwrap_or(0);
                delivery.retry_at(when, &error.to_string(), &self.clock).await?;
            }
        }
        Ok(())
    }

    /// Applies events in one transaction, again if another transaction was first.
    async fn apply(&self, envelopes: &[Envelope]) -> Result<Report, IntakeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.apply_once(envelopes).await {
                Err(error) if error.is_conflict() && tries < CONFLICT_TRIES => {
                    let pause = retry_delay(Duration::from_millis(5), Duration::from_millis(200), tries, chance());
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
    }

    async fn apply_once(&self, envelopes: &[Envelope]) -> Result<Report, IntakeError> {
        if envelopes.is_empty() {
            return Ok(Report::default());
        }
        let mut tx = self.db.write().await?;
        let report = intake::apply(&mut tx, &self.clock, envelopes).await?;
        tx.commit().await?;
        if report.jobs > 0 {
            self.bell.ring();
        }
        Ok(report)
    }
}

fn count(report: &Report) {
    metrics::counter!("relevo_events_applied_total").increment(report.applied as u64);
    metrics::counter!("relevo_events_duplicate_total").increment(report.duplicates as u64);
    metrics::counter!("relevo_tickets_opened_total").increment(report.opened as u64);
    metrics::counter!("relevo_tickets_reopened_total").increment(report.reopened as u64);
    metrics::counter!("relevo_events_parked_total").increment(report.parked as u64);
}

/// Jitter in `[0, 1)`.
fn chance() -> f64 {
    let bits = u32::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff_ffff).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

//! `relevo simulate`: a channel's traffic against a gateway that runs somewhere.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use super::{
    push::Pusher,
    traffic::{Call, Target, traffic},
};
use crate::clock::Clock;

/// Requests in flight at most.
const IN_FLIGHT: usize = 64;

/// Slower or faster nobody means, and the arithmetic of time ends somewhere.
const RATES: (f64, f64) = (0.001, 1_000_000.0);

/// What became of a simulation's calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulationReport {
    pub sent: u32,
    /// Answered 2xx: durable.
    pub accepted: u32,
    /// Answered anything else.
    pub refused: u32,
    /// Not answered.
    pub failed: u32,
    /// Of answered calls; milliseconds.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub seconds: f64,
    /// Status → how often.
    pub statuses: BTreeMap<u16, u32>,
}

impl fmt::Display for SimulationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, accepted, refused, failed, p50_ms, p99_ms, seconds, statuses } = self;
        writeln!(
            f,
            "{sent} webhooks in {seconds:.1} s: {accepted} accepted, {refused} refused, {failed} not answered"
        )?;
        write!(f, "answered within {p50_ms:.1} ms (median), {p99_ms:.1} ms (99 %)")?;
        for (status, count) in statuses.iter().filter(|(status, _)| !(200..300).contains(*status)) {
            write!(f, "\n  {count} × HTTP {status}")?;
        }
        Ok(())
    }
}

/// Sends `count` calls at `rate` per second and tells `on_result` of each: the call, the status (0 without an answer) and
/// how long it took, in milliseconds. At most 64 are in flight, and calls of one conversation go one after the other; a
/// gateway that is slower than `rate` slows the simulation down.
///
/// # Errors
/// If the channel cannot be pushed to, or no gateway answers at the target.
pub async fn simulate(
    target: &Target,
    count: u32,
    rate: f64,
    seed: u64,
    clock: &Clock,
    mut on_result: impl FnMut(&Call, u16, u64),
) -> anyhow::Result<SimulationReport> {
    let mut traffic = traffic(target, seed).with_context(|| {
        format!("nothing can be pushed to this {} channel: its settings hold no secret for a webhook", target.kind)
    })?;
    let mut lanes = Lanes::start(&Pusher::new(&target.base_url)?);
    let mut tally = Tally::default();
    let rate = rate.clamp(RATES.0, RATES.1);
    let started = Instant::now();
    for number in 0..count {
        let due = started + Duration::from_secs_f64(f64::from(number) / rate);
        while let Some(result) = lanes.result_before(due).await {
            tally.note(&result, target, &mut on_result)?;
        }
        lanes.send(traffic.next(clock.now())).await;
    }
    lanes.close();
    while let Some(result) = lanes.results.recv().await {
        tally.note(&result, target, &mut on_result)?;
    }
    Ok(tally.report(started.elapsed()))
}

/// A call and its answer.
type Sent = (Call, reqwest::Result<(u16, Duration)>);

/// Connections, each with one request in flight. A conversation always goes to the same one.
#[derive(Debug)]
struct Lanes {
    senders: Vec<mpsc::Sender<Call>>,
    results: mpsc::UnboundedReceiver<Sent>,
    /// Dropped, they stop.
    _tasks: JoinSet<()>,
}

impl Lanes {
    fn start(pusher: &Pusher) -> Self {
        let (sender, results) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let senders = (0..IN_FLIGHT)
            .map(|_| {
                let (lane, calls) = mpsc::channel(1);
                tasks.spawn(push_in_order(pusher.clone(), calls, sender.clone()));
                lane
            })
            .collect();
        Self { senders, results, _tasks: tasks }
    }

    async fn send(&self, call: Call) {
        let mut hasher = DefaultHasher::new();
        call.lane.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % IN_FLIGHT as u64).unwrap_or_default();
        // A lane ends only when it is dropped.
        _ = self.senders[place].send(call).await;
    }

    /// The next result, or `None` once it is `due` and there is none.
    async fn result_before(&mut self, due: Instant) -> Option<Sent> {
        tokio::select! {
            biased;
            result = self.results.recv() => result,
            () = tokio::time::sleep_until(due) => None,
        }
    }

    /// Nothing more is sent: the results end with the last answer.
    fn close(&mut self) {
        self.senders.clear();
    }
}

async fn push_in_order(pusher: Pusher, mut calls: mpsc::Receiver<Call>, results: mpsc::UnboundedSender<Sent>) {
    while let Some(call) = calls.recv().await {
        let answer = pusher.push(&call).await;
        if results.send((call, answer)).is_err() {
            return;
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    statuses: BTreeMap<u16, u32>,
    failed: u32,
    latencies: Vec<Duration>,
}

impl Tally {
    fn note(
        &mut self,
        (call, answer): &Sent,
        target: &Target,
        on_result: &mut impl FnMut(&Call, u16, u64),
    ) -> anyhow::Result<()> {
        match answer {
            Ok((status, latency)) => {
                *self.statuses.entry(*status).or_default() += 1;
                self.latencies.push(*latency);
                on_result(call, *status, u64::try_from(latency.as_millis()).unwrap_or(u64::MAX));
            }
            Err(error) if error.is_connect() && self.statuses.is_empty() => {
                bail!("no gateway at {}: start one with relevo serve", target.base_url);
            }
            Err(_) => {
                self.failed += 1;
                on_result(call, 0, 0);
            }
        }
        Ok(())
    }

    fn report(mut self, took: Duration) -> SimulationReport {
        self.latencies.sort_unstable();
        let answered: u32 = self.statuses.values().sum();
        let accepted = self.statuses.range(200..300).map(|(_, count)| count).sum();
        SimulationReport {
            sent: answered + self.failed,
            accepted,
            refused: answered - accepted,
            failed: self.failed,
            p50_ms: percentile(&self.latencies, 50),
            p99_ms: percentile(&self.latencies, 99),
            seconds: took.as_secs_f64(),
            statuses: self.statuses,
        }
    }
}

/// The smallest latency that so many per cent do not exceed, in milliseconds; 0 without any.
fn percentile(sorted: &[Duration], per_cent: usize) -> f64 {
    let place = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let of = |count: u64| (1..=count).map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!((percentile(&[], 50), percentile(&of(1), 99)), (0.0, 1.0));
        assert_eq!((percentile(&of(100), 50), percentile(&of(100), 99)), (50.0, 99.0));
        assert_eq!((percentile(&of(10), 50), percentile(&of(10), 99)), (5.0, 10.0));
    }
}

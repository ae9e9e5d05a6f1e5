//! Intake: events become tickets and messages (DESIGN §5).
//!
//! A batch is one transaction and a fixed number of statements: everything that the events may touch is loaded, the
//! rules run in memory on a [`World`], and what changed is saved. The dedup markers are written in the same
//! transaction, so an event that comes twice has one effect (P2), and a batch that fails has none.

mod bodies;
mod load;
mod news;
mod rules;
mod save;
mod targets;
mod world;

use std::collections::{HashMap, HashSet};

use world::World;

use crate::{
    clock::Clock,
    domain::Envelope,
    store::{
        StoreError, Tx, dead_letters, dedup,
        parked::{self, ParkedEvent},
    },
};

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that had their effect now.
    pub applied: usize,
    /// Events that had had it before.
    pub duplicates: usize,
    pub opened: usize,
    pub reopened: usize,
    /// Events that wait for their message.
    pub parked: usize,
    /// Jobs that were added, or may go on.
    pub jobs: usize,
}

/// Why a batch had no effect.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event names a channel that is not in the database.
    #[error("there is no channel {0}")]
    NoChannel(i64),
}

impl IntakeError {
    /// Whether another transaction was first, so that the same batch will pass if it is tried at once.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict | StoreError::Duplicate(_)))
    }

    /// Whether the database is away, so that nothing will pass for now.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable(_)))
    }
}

/// Applies a batch of events in order. On an error the caller drops the transaction and nothing has happened.
///
/// # Errors
/// See [`IntakeError`].
pub async fn apply(tx: &mut Tx, clock: &Clock, batch: &[Envelope]) -> Result<Report, IntakeError> {
    let fresh = claim(tx, clock, batch).await?;
    let mut report = run(tx, clock, &fresh).await?;
    report.duplicates = batch.len() - fresh.len();
    Ok(report)
}

/// Applies parked events whose message has come without seeing them; gives how many.
///
/// # Errors
/// See [`IntakeError`].
pub async fn apply_parked(tx: &mut Tx, clock: &Clock, limit: i64) -> Result<usize, IntakeError> {
    let ready = parked::take_ready(tx, limit).await?;
    let mut envelopes = Vec::with_capacity(ready.len());
    for parked in ready {
        envelopes.extend(unpark(tx, clock, parked).await?);
    }
    run(tx, clock, &envelopes.iter().collect::<Vec<_>>()).await?;
    Ok(envelopes.len())
}

/// A parked event; one that another version wrote and this one cannot read becomes a dead letter.
async fn unpark(tx: &mut Tx, clock: &Clock, parked: ParkedEvent) -> Result<Option<Envelope>, StoreError> {
    match Envelope::decode(&parked.event) {
        Ok(envelope) => Ok(Some(envelope)),
        Err(error) => {
            let letter = dead_letters::DeadLetter {
                id: clock.id(),
                kind: dead_letters::EVENT.to_owned(),
                channel_id: Some(parked.channel_id),
                route: parked.channel_id.to_string(),
                content_type: None,
                body: parked.event.into_bytes(),
                reason: error.to_string(),
                attempt: 1,
                state: "dead".to_owned(),
                created_at: clock.now(),
                settled_at: None,
            };
            dead_letters::insert(tx, &letter).await?;
            Ok(None)
        }
    }
}

async fn run(tx: &mut Tx, clock: &Clock, events: &[&Envelope]) -> Result<Report, IntakeError> {
    if events.is_empty() {
        return Ok(Report::default());
    }
    let mut world = World::load(tx, clock, events).await?;
    events.iter().for_each(|event| world.apply(event));
    let jobs = world.added.jobs.len() + world.added.awaited.len();
    let mut report = Report { applied: events.len(), jobs, ..world.report };
    let news = world.save(tx).await?;
    report.jobs += news.spread(tx, clock).await?;
    Ok(report)
}

/// Marks the events as done and gives those that were not: an event counts as done if any of its keys was seen
/// before, be it in the database or earlier in the batch.
async fn claim<'a>(tx: &mut Tx, clock: &Clock, batch: &'a [Envelope]) -> Result<Vec<&'a Envelope>, StoreError> {
    let mut first: HashMap<(i64, &str), usize> = HashMap::new();
    let mut markers = Vec::with_capacity(batch.len());
    for (place, envelope) in batch.iter().enumerate() {
        for key in &envelope.event.dedup {
            first.entry((envelope.channel, key)).or_insert_with(|| {
                markers.push(dedup::Marker { c: envelope.channel, k: key });
                place
            });
        }
    }
    markers.sort_unstable_by(|a, b| (a.c, a.k).cmp(&(b.c, b.k)));
    let claimed: HashSet<(i64, String)> = dedup::claim(tx, &markers, clock.now()).await?;
    let is_fresh = |(place, envelope): &(usize, &Envelope)| {
        envelope.event.dedup.iter().all(|key| {
            first.get(&(envelope.channel, key.as_str())) == Some(place)
                && claimed.contains(&(envelope.channel, key.clone()))
        })
    };
    Ok(batch.iter().enumerate().filter(is_fresh).map(|(_, envelope)| envelope).collect())
}

//! What is looked at again and again: nobody has to notice that somebody went home, that hours began, or that a bot
//! fell silent.

use std::time::Duration;

use relevo_adapters::Millis;

use super::{
    Routed,
    acts::{add, let_go},
    decide,
    give::fill_group,
    hold,
    record::Record,
};
use crate::{
    clock::Clock,
    desk::subscriptions::{self, Failed},
    domain::{TicketState, routing::Cause},
    store::{
        Db, StoreError, Tx,
        routing::{self as store},
    },
};

/// Tickets that are decided about in one transaction.
const BATCH: i64 = 100;
/// Transactions of one kind in one sweep, at most: the next sweep goes on.
const ROUNDS: usize = 50;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tickets that bots no longer have.
    pub from_bots: usize,
    /// Tickets whose agents are gone.
    pub given_back: usize,
    pub done: Routed,
}

/// Takes tickets from bots that do not answer and from agents who have been gone for longer than `grace`, finds a group
/// for those that had none, and gives what waits in automatic groups to whoever has room now.
///
/// # Errors
/// Those of the database; what was done until then is done.
pub async fn sweep(db: &Db, clock: &Clock, grace: Duration) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    for _ in 0..ROUNDS {
        let (found, done) = once(db, async |tx| from_bots(tx, clock).await).await?;
        swept.from_bots += found;
        add(&mut swept.done, done);
        if found == 0 {
            break;
        }
    }
    let gone_before = clock.now() - Millis::try_from(grace.as_millis()).unwrap_or(Millis::MAX);
    for _ in 0..ROUNDS {
        let (found, done) = once(db, async |tx| from_gone(tx, clock, gone_before).await).await?;
        swept.given_back += found;
        add(&mut swept.done, done);
        if found == 0 {
            break;
        }
    }
    for _ in 0..ROUNDS {
        let (found, done) = once(db, async |tx| ungrouped(tx, clock).await).await?;
        add(&mut swept.done, done);
        if found == 0 {
            break;
        }
    }
    let groups = store::groups_to_fill(&mut db.read().await?).await?;
    for group in groups {
        let filled = once(db, async |tx| {
            let mut record = Record::new(clock);
            fill_group(tx, group, Cause::Sweep, &mut record).await?;
            Ok((0, record.save(tx).await?))
        });
        add(&mut swept.done, filled.await?.1);
    }
    Ok(swept)
}

/// One transaction, again if another was first.
async fn once(
    db: &Db,
    work: impl AsyncFn(&mut Tx) -> Result<(usize, Routed), StoreError>,
) -> Result<(usize, Routed), StoreError> {
    const TRIES: u32 = 5;
    let mut tries = 1;
    loop {
        let mut tx = db.write().await?;
        match work(&mut tx).await {
            Err(StoreError::Conflict) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(done) => {
                tx.commit().await?;
                return Ok(done);
            }
        }
    }
}

async fn from_bots(tx: &mut Tx, clock: &Clock) -> Result<(usize, Routed), StoreError> {
    let failed = subscriptions::tickets_of_failed_bots(tx, clock.now(), BATCH).await?;
    let ids: Vec<&str> = failed.iter().map(|failed| failed.ticket.as_str()).collect();
    let mut record = Record::new(clock);
    let (mut late, mut broken) = (Vec::new(), Vec::new());
    for mut ticket in hold(tx, &ids).await? {
        if ticket.bot_id.is_none() || ticket.state != TicketState::Open.as_str() {
            continue;
        }
        let timed_out = ticket.bot_until.is_some_and(|until| until <= clock.now());
        let_go(&mut ticket, &mut record);
        if timed_out { late.push(ticket) } else { broken.push(ticket) }
    }
    let found = late.len() + broken.len();
    let mut done = record.save(tx).await?;
    add(&mut done, decide(tx, clock, late, Cause::BotTimeout).await?);
    add(&mut done, decide(tx, clock, broken, Cause::BotFailed).await?);
    Ok((found, done))
}

async fn from_gone(tx: &mut Tx, clock: &Clock, gone_before: Millis) -> Result<(usize, Routed), StoreError> {
    let ids = store::unanswered_of_gone(tx, gone_before, BATCH).await?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut record = Record::new(clock);
    let mut back = Vec::new();
    for mut ticket in hold(tx, &ids).await? {
        if ticket.state == TicketState::InProgress.as_str() {
            ticket.previous_agent_id = let_go(&mut ticket, &mut record);
            back.push(ticket);
        }
    }
    let found = back.len();
    let mut done = record.save(tx).await?;
    add(&mut done, decide(tx, clock, back, Cause::AgentGone).await?);
    Ok((found, done))
}

async fn ungrouped(tx: &mut Tx, clock: &Clock) -> Result<(usize, Routed), StoreError> {
    let ids = store::ungrouped(tx, BATCH).await?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let waiting = hold(tx, &ids).await?.into_iter().filter(|ticket| {
        ticket.state == TicketState::Open.as_str() && ticket.agent_id.is_none() && ticket.group_id.is_none()
    });
    let waiting: Vec<_> = waiting.collect();
    Ok((waiting.len(), decide(tx, clock, waiting, Cause::Sweep).await?))
}

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
    desk::subscriptions,
    domain::{TicketState, millis, routing::Cause},
    store::{
        Db, StoreError, Tx,
        routing::{self as store},
        tickets::Ticket,
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
    let gone_before = clock.now() - millis(grace);
    let mut swept = Swept::default();
    swept.from_bots = again(db, clock, Step::Bots, &mut swept.done).await?;
    swept.given_back = again(db, clock, Step::Gone { gone_before }, &mut swept.done).await?;
    add(&mut swept.done, refresh(db, clock).await?);
    Ok(swept)
}

/// Finds a group for tickets that had none, and gives what waits in automatic groups to whoever has room now: to be done
/// after groups, their members, channels or hours were changed.
///
/// # Errors
/// Those of the database; what was done until then is done, and a sweep does the rest.
pub async fn refresh(db: &Db, clock: &Clock) -> Result<Routed, StoreError> {
    let mut all = Routed::default();
    again(db, clock, Step::Ungrouped, &mut all).await?;
    for group in store::groups_to_fill(&mut db.read().await?).await? {
        again(db, clock, Step::Fill { group }, &mut all).await?;
    }
    Ok(all)
}

/// What is done in one transaction.
#[derive(Debug, Clone, Copy)]
enum Step {
    Bots,
    Gone { gone_before: Millis },
    Ungrouped,
    Fill { group: i64 },
}

/// A step until it finds nothing more; gives how many tickets it found.
async fn again(db: &Db, clock: &Clock, step: Step, all: &mut Routed) -> Result<usize, StoreError> {
    let mut sum = 0;
    for _ in 0..ROUNDS {
        let (found, done) = once(db, clock, step).await?;
        add(all, done);
        sum += found;
        if found == 0 {
            break;
        }
    }
    Ok(sum)
}

/// A step in one transaction, again if another was first.
async fn once(db: &Db, clock: &Clock, step: Step) -> Result<(usize, Routed), StoreError> {
    const TRIES: u32 = 5;
    let mut tries = 1;
    loop {
        let mut tx = db.write().await?;
        let done = match step {
            Step::Bots => from_bots(&mut tx, clock).await,
            Step::Gone { gone_before } => from_gone(&mut tx, clock, gone_before).await,
            Step::Ungrouped => ungrouped(&mut tx, clock).await,
            Step::Fill { group } => fill(&mut tx, clock, group).await,
        };
        match done {
            Err(StoreError::Conflict) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(done) => {
                tx.commit().await?;
                return Ok(done);
            }
        }
    }
}

async fn fill(tx: &mut Tx, clock: &Clock, group: i64) -> Result<(usize, Routed), StoreError> {
    let mut record = Record::new(clock);
    fill_group(tx, group, Cause::Sweep, &mut record).await?;
    let done = record.save(tx).await?;
    Ok((done.assigned, done))
}

async fn from_bots(tx: &mut Tx, clock: &Clock) -> Result<(usize, Routed), StoreError> {
    let failed = subscriptions::tickets_of_failed_bots(tx, clock.now(), BATCH).await?;
    let ids: Vec<&str> = failed.iter().map(String::as_str).collect();
    let mut record = Record::new(clock);
    let (mut late, mut broken) = (Vec::new(), Vec::new());
    for mut ticket in hold(tx, &ids).await? {
        if ticket.bot_id.is_none() || ticket.state != TicketState::Open.as_str() {
            continue;
        }
        let timed_out = ticket.bot_until.is_some_and(|until| until <= clock.now());
        let_go(&mut ticket, &mut record);
        record.keep(ticket.clone());
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
        // Its agent may be back, may have answered, or may be another one by now.
        if store::is_unanswered_of_gone(tx, gone_before, &ticket.id).await? {
            ticket.previous_agent_id = let_go(&mut ticket, &mut record);
            record.keep(ticket.clone());
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
    let waiting: Vec<_> = hold(tx, &ids).await?.into_iter().filter(Ticket::waits).collect();
    Ok((waiting.len(), decide(tx, clock, waiting, Cause::Sweep).await?))
}

//! What is looked at again and again: nobody has to notice that somebody went home, that hours began, or that a bot
//! fell silent.

use std::time::Duration;

use relevo_adapters::Millis;

use super::{
    Routed,
    acts::{add, let_go},
    decide,
    give::fill_group,
    hold, orphans,
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
/// Transactions in one call, at most: the next sweep goes on.
const AT_ONCE: usize = 20;

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
    let mut round = Round { db, clock, company: None, left: usize::MAX, done: Routed::default() };
    swept.from_bots = round.again(Step::Bots).await?;
    swept.given_back = round.again(Step::Gone { gone_before }).await?;
    round.refresh().await?;
    swept.done = round.done;
    Ok(swept)
}

/// Finds a group for a company's tickets that have none, or whose group is gone, and gives what waits in automatic groups
/// to whoever has room now: to be done after groups, their members, channels or hours were changed.
///
/// # Errors
/// Those of the database; what was done until then is done, and a sweep does the rest.
pub async fn refresh(db: &Db, clock: &Clock, company: i64) -> Result<Routed, StoreError> {
    let mut round = Round { db, clock, company: Some(company), left: AT_ONCE, done: Routed::default() };
    round.refresh().await?;
    Ok(round.done)
}

/// What is done in one transaction.
#[derive(Debug, Clone, Copy)]
enum Step {
    Bots,
    Gone { gone_before: Millis },
    Orphans { group: i64 },
    Ungrouped { company: Option<i64> },
    Fill { group: i64 },
}

/// A round of transactions.
struct Round<'a> {
    db: &'a Db,
    clock: &'a Clock,
    /// `None`: all.
    company: Option<i64>,
    /// How many transactions there may be yet.
    left: usize,
    done: Routed,
}

impl Round<'_> {
    async fn refresh(&mut self) -> Result<(), StoreError> {
        for group in store::groups_to_empty(&mut self.db.read().await?, self.company).await? {
            self.again(Step::Orphans { group }).await?;
        }
        self.again(Step::Ungrouped { company: self.company }).await?;
        for group in store::groups_to_fill(&mut self.db.read().await?, self.company).await? {
            self.again(Step::Fill { group }).await?;
        }
        Ok(())
    }

    /// A step until it finds nothing more; gives how many tickets it found.
    async fn again(&mut self, step: Step) -> Result<usize, StoreError> {
        let mut sum = 0;
        for _ in 0..ROUNDS.min(self.left) {
            let (found, done) = once(self.db, self.clock, step).await?;
            add(&mut self.done, done);
            sum += found;
            if found == 0 {
                break;
            }
            self.left -= 1;
        }
        Ok(sum)
    }
}

/// A step in one transaction, again if another was first.
async fn once(db: &Db, clock: &Clock, step: Step) -> Result<(usize, Routed), StoreError> {
    db.transact(async |tx| match step {
        Step::Bots => from_bots(tx, clock).await,
        Step::Gone { gone_before } => from_gone(tx, clock, gone_before).await,
        Step::Orphans { group } => orphans::go_on(tx, clock, group, BATCH).await,
        Step::Ungrouped { company } => ungrouped(tx, clock, company).await,
        Step::Fill { group } => fill(tx, clock, group).await,
    })
    .await
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

async fn ungrouped(tx: &mut Tx, clock: &Clock, company: Option<i64>) -> Result<(usize, Routed), StoreError> {
    let ids = store::ungrouped(tx, company, BATCH).await?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let waiting: Vec<_> = hold(tx, &ids).await?.into_iter().filter(Ticket::waits).collect();
    Ok((waiting.len(), decide(tx, clock, waiting, Cause::Sweep).await?))
}

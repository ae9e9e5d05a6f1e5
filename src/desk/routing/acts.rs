//! What people do with tickets and agents: assign, take, give to somebody else, move.

use serde_json::json;

use super::{
    Routed, RoutingError, decide,
    give::{Room, fill},
    hold_one,
    record::{Record, event},
};
use crate::{
    clock::Clock,
    domain::{
        EventKind, TicketState,
        routing::{Candidate, Cause, Choice, Explanation, Presence},
    },
    store::{
        StoreError, Tx, groups,
        routing::{self as store, Agent},
        tickets::Ticket,
        users,
    },
};

/// Gives a company's ticket to an agent of somebody's choice (MS "Asignar Usuario a Ticket"): he must be online, below
/// capacity and a member of the ticket's group. Giving it to its owner changes nothing.
///
/// # Errors
/// See [`RoutingError`].
pub async fn assign(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    ticket: &str,
    user: i64,
) -> Result<(Ticket, Routed), RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    refuse_closed(&ticket)?;
    if ticket.agent_id == Some(user) && ticket.state == TicketState::InProgress.as_str() {
        return Ok((ticket, Routed::default()));
    }
    let agent = able(tx, company, user, &ticket).await?;
    let mut record = Record::new(clock);
    let freed = let_go(&mut ticket, &mut record);
    let mut explanation = Explanation::of(Cause::Assigned);
    explanation.add("eleccion", format!("Asignado a {}.", agent.name));
    record.assign(&mut ticket, agent.id, Cause::Assigned, &explanation);
    record.keep(ticket.clone());
    let mut done = record.save(tx).await?;
    add(&mut done, fill_freed(tx, clock, company, freed).await?);
    Ok((ticket, done))
}

/// Lets an agent take a waiting ticket of his choice (MS "Autoasignación"), if the ticket's group allows it. Taking what
/// he has changes nothing.
///
/// # Errors
/// See [`RoutingError`].
pub async fn self_assign(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    ticket: &str,
    user: i64,
) -> Result<(Ticket, Routed), RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    refuse_closed(&ticket)?;
    if ticket.agent_id == Some(user) && ticket.state == TicketState::InProgress.as_str() {
        return Ok((ticket, Routed::default()));
    }
    let group = ticket.group_id.ok_or(RoutingError::NoGroupYet)?;
    let allows = groups::find(tx, company, group).await?.is_some_and(|group| group.self_assign == 1);
    if !allows {
        return Err(RoutingError::NoSelfAssignment);
    }
    if let Some(owner) = ticket.agent_id.filter(|_| ticket.state == TicketState::InProgress.as_str()) {
        let owner = users::find(tx, company, owner).await?.map(|user| user.name);
        return Err(RoutingError::Taken(owner.unwrap_or_default()));
    }
    let agent = able(tx, company, user, &ticket).await?;
    let mut record = Record::new(clock);
    let_go(&mut ticket, &mut record);
    let mut explanation = Explanation::of(Cause::SelfAssigned);
    explanation.add("eleccion", format!("{} lo tomó; su grupo lo permite.", agent.name));
    record.assign(&mut ticket, agent.id, Cause::SelfAssigned, &explanation);
    record.keep(ticket.clone());
    Ok((ticket, record.save(tx).await?))
}

/// Takes a ticket from its owner, or its bot, and routes it to anybody else (PC "Reasignar ticket"). In this wait it does
/// not go back to him by itself.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::Closed`], [`RoutingError::Ignored`], or those of the database.
pub async fn reassign(tx: &mut Tx, clock: &Clock, company: i64, ticket: &str) -> Result<Routed, RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    refuse_closed(&ticket)?;
    // To make it wait again is to reopen it, which is told.
    if ticket.state == TicketState::Ignored.as_str() {
        return Err(RoutingError::Ignored);
    }
    let mut record = Record::new(clock);
    let freed = let_go(&mut ticket, &mut record);
    ticket.previous_agent_id = None;
    ticket.excluded_agent_id = freed.or(ticket.excluded_agent_id);
    record.keep(ticket.clone());
    let mut done = record.save(tx).await?;
    add(&mut done, decide(tx, clock, vec![(ticket, Cause::Reassigned)]).await?);
    add(&mut done, fill_freed(tx, clock, company, freed).await?);
    Ok(done)
}

/// Moves a ticket to another group and routes it there (MS "Cambiar Grupo"; also how a bot hands over). Its owner keeps
/// it if he serves that group too and is there for it, whatever the group's policy and hours; a bot never does.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::NoGroup`], [`RoutingError::Closed`], or those of the database.
pub async fn move_to_group(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    ticket: &str,
    group: i64,
) -> Result<(Ticket, Routed), RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    refuse_closed(&ticket)?;
    let group = groups::find(tx, company, group).await?.filter(|group| group.active == 1);
    let group = group.ok_or(RoutingError::NoGroup)?;
    let mut record = Record::new(clock);
    let before = ticket.group_id;
    let keeps = keeps(tx, &ticket, group.id).await?;
    let freed = if keeps.is_none() { let_go(&mut ticket, &mut record) } else { None };
    ticket.previous_agent_id = freed.or(ticket.previous_agent_id);
    ticket.excluded_agent_id = None;
    ticket.group_id = Some(group.id);
    ticket.priority = group.priority;
    ticket.updated_at = clock.now();
    // Another group may be closed at other times.
    if before != Some(group.id) {
        ticket.closed_told = 0;
        let moved = event(EventKind::TicketGroupChanged, &ticket, json!({"grup_anterior": before}));
        record.push(moved);
    }
    if let Some((owner, choice)) = keeps {
        let mut explanation = Explanation::of(Cause::Group);
        explanation.add("grupo", format!("El ticket pasa al grupo {}.", group.name));
        explanation.add("eleccion", format!("{} también atiende ese grupo y lo conserva.", owner.name));
        explanation.consider(&[owner], &choice);
        record.stays(&ticket, Cause::Group, &explanation);
        record.keep(ticket.clone());
        return Ok((ticket, record.save(tx).await?));
    }
    record.keep(ticket.clone());
    let mut done = record.save(tx).await?;
    let id = ticket.id.clone();
    add(&mut done, decide(tx, clock, vec![(ticket, Cause::Group)]).await?);
    add(&mut done, fill_freed(tx, clock, company, freed).await?);
    let ticket = crate::store::tickets::find(tx, company, &id).await?.ok_or(RoutingError::NoTicket)?;
    Ok((ticket, done))
}

/// The ticket's owner, held, if he serves this group and would be chosen in it, were this ticket not his.
async fn keeps(tx: &mut Tx, ticket: &Ticket, group: i64) -> Result<Option<(Candidate, Choice)>, StoreError> {
    let Some(owner) = ticket.agent_id.filter(|_| ticket.state == TicketState::InProgress.as_str()) else {
        return Ok(None);
    };
    let Some(agent) = store::lock_agent(tx, ticket.company_id, owner).await? else { return Ok(None) };
    if !store::is_member(tx, group, owner).await? {
        return Ok(None);
    }
    let others = store::load(tx, owner).await? - 1;
    let (candidates, choice) = Room::of_agent(&agent, others, &[group]).look(group, Some(owner), None);
    Ok(candidates.into_iter().next().filter(|_| choice.chosen.is_some()).map(|owner| (owner, choice)))
}

pub(super) fn refuse_closed(ticket: &Ticket) -> Result<(), RoutingError> {
    match ticket.state == TicketState::Closed.as_str() {
        true => Err(RoutingError::Closed),
        false => Ok(()),
    }
}

/// The agent, held, if he may get this ticket now.
async fn able(tx: &mut Tx, company: i64, user: i64, ticket: &Ticket) -> Result<Agent, RoutingError> {
    let agent = store::lock_agent(tx, company, user).await?.ok_or(RoutingError::NoAgent)?;
    refuse_unable(tx, &agent).await?;
    match ticket.group_id {
        Some(group) if !store::is_member(tx, group, user).await? => Err(RoutingError::NotMember),
        _ => Ok(agent),
    }
}

/// Refuses who is inactive, not online, or has as many as may be. The agent must be held.
pub(super) async fn refuse_unable(tx: &mut Tx, agent: &Agent) -> Result<(), RoutingError> {
    if agent.active != 1 {
        return Err(RoutingError::Inactive);
    }
    if Presence::parse(&agent.presence) != Presence::Online {
        return Err(RoutingError::NotOnline);
    }
    let load = store::load(tx, agent.id).await?;
    match load >= agent.capacity {
        true => Err(RoutingError::Full(load, agent.capacity)),
        false => Ok(()),
    }
}

/// Takes a ticket from whoever has it: it waits from now on. Gives the agent who has a slot more.
pub(super) fn let_go(ticket: &mut Ticket, record: &mut Record) -> Option<i64> {
    let now = record.clock.now();
    let owner = ticket.agent_id.filter(|_| ticket.state == TicketState::InProgress.as_str());
    if let Some(bot) = ticket.bot_id.take() {
        ticket.bot_until = None;
        record.tell(EventKind::TicketBotReleased, ticket, json!({"bot_id": bot}));
    }
    if owner.is_some() {
        record.tell(EventKind::TicketUnassigned, ticket, json!({}));
        ticket.waiting_since = Some(now);
    }
    ticket.agent_id = None;
    ticket.state = TicketState::Open.as_str().to_owned();
    ticket.waiting_since = ticket.waiting_since.or(Some(now));
    ticket.updated_at = now;
    owner
}

/// Gives the agent whose slot became free what waits for it.
pub(super) async fn fill_freed(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    freed: Option<i64>,
) -> Result<Routed, StoreError> {
    match freed {
        Some(freed) => fill_agent(tx, clock, company, freed, Cause::Slot).await,
        None => Ok(Routed::default()),
    }
}

/// Gives an agent who is online and has room what waits in the automatic groups that are open now.
///
/// # Errors
/// Those of the database.
pub async fn fill_agent(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    user: i64,
    cause: Cause,
) -> Result<Routed, StoreError> {
    let mut record = Record::new(clock);
    if let Some(agent) = store::lock_agent(tx, company, user).await? {
        fill(tx, &agent, cause, &mut record).await?;
    }
    record.save(tx).await
}

pub(super) fn add(done: &mut Routed, more: Routed) {
    done.assigned += more.assigned;
    done.queued += more.queued;
    done.to_bots += more.to_bots;
    done.told += more.told;
    done.jobs += more.jobs;
}

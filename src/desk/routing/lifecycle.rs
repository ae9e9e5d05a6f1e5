//! How a ticket ends, begins again, and what is noted on it.

use serde_json::json;

use super::{
    Routed, RoutingError,
    acts::{add, fill_freed, refuse_closed},
    decide, hold_one,
    record::Record,
};
use crate::{
    clock::Clock,
    domain::{EventKind, TicketState, routing::Cause},
    store::{
        Tx, conversations,
        notes::{self, Note},
        tickets::{self, Ticket},
    },
};

/// The reasons for closing that the seeds name; others are taken too.
pub const REASONS: [&str; 5] = ["abandono_chat", "solo_informacion", "desiste", "no_contesta", "compra_futura"];
/// Characters of a reason for closing.
const REASON: usize = 100;
/// Characters of a note.
const NOTE: usize = 10_000;

/// Closes a ticket; its agent's slot is free for the next one. One that is closed stays as it was.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::Invalid`] for the reason, or those of the database.
pub async fn close(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    ticket: &str,
    reason: Option<&str>,
    by: Option<i64>,
) -> Result<(Ticket, Routed), RoutingError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON) {
        return Err(RoutingError::Invalid("motivo", format!("El motivo no debe superar {REASON} caracteres.")));
    }
    let mut ticket = hold_one(tx, company, ticket).await?;
    if ticket.state == TicketState::Closed.as_str() {
        return Ok((ticket, Routed::default()));
    }
    let now = clock.now();
    ticket.close_reason = reason.map(str::to_owned);
    ticket.closed_at = Some(now);
    ticket.closed_by = by.or(ticket.agent_id);
    let done = end(tx, clock, &mut ticket, TicketState::Closed, EventKind::TicketClosed).await?;
    Ok((ticket, done))
}

/// Decides that a ticket needs no answer. What its customer writes still goes to it, and it waits for nobody.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::Closed`], or those of the database.
pub async fn ignore(tx: &mut Tx, clock: &Clock, company: i64, ticket: &str) -> Result<(Ticket, Routed), RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    refuse_closed(&ticket)?;
    if ticket.state == TicketState::Ignored.as_str() {
        return Ok((ticket, Routed::default()));
    }
    let done = end(tx, clock, &mut ticket, TicketState::Ignored, EventKind::TicketIgnored).await?;
    Ok((ticket, done))
}

async fn end(
    tx: &mut Tx,
    clock: &Clock,
    ticket: &mut Ticket,
    state: TicketState,
    kind: EventKind,
) -> Result<Routed, RoutingError> {
    let mut record = Record::new(clock);
    let owner = ticket.agent_id;
    // Who ends it had it; he stays named on it.
    let freed = ticket.agent_id.filter(|_| ticket.state == TicketState::InProgress.as_str());
    if let Some(bot) = ticket.bot_id.take() {
        ticket.bot_until = None;
        record.tell(EventKind::TicketBotReleased, ticket, json!({"bot_id": bot}));
    }
    ticket.state = state.as_str().to_owned();
    ticket.agent_id = owner;
    ticket.waiting_since = None;
    ticket.updated_at = clock.now();
    record.tell(kind, ticket, json!({"motivo": ticket.close_reason, "cerrado_por": ticket.closed_by}));
    record.keep(ticket.clone());
    let mut done = record.save(tx).await?;
    add(&mut done, fill_freed(tx, clock, ticket.company_id, freed).await?);
    Ok(done)
}

/// Opens a closed or ignored ticket again and routes it; where its group gives tickets out, to its agent first.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::NotClosed`], [`RoutingError::AnotherOpen`] (P3), or those of the database.
pub async fn reopen(tx: &mut Tx, clock: &Clock, company: i64, ticket: &str) -> Result<(Ticket, Routed), RoutingError> {
    let mut ticket = hold_one(tx, company, ticket).await?;
    let is_over = [TicketState::Closed, TicketState::Ignored].iter().any(|state| ticket.state == state.as_str());
    if !is_over {
        return Err(RoutingError::NotClosed);
    }
    let mut conversation = conversations::load(tx, &[&ticket.conversation_id]).await?;
    if let Some(conversation) = conversation.first_mut()
        && conversation.ticket_id.as_deref() != Some(&ticket.id)
    {
        if let Some(latest) = &conversation.ticket_id
            && let Some(latest) = tickets::find(tx, company, latest).await?
            && latest.state != TicketState::Closed.as_str()
        {
            return Err(RoutingError::AnotherOpen(latest.number));
        }
        conversation.ticket_id = Some(ticket.id.clone());
        conversations::save(tx, &[conversation]).await?;
    }
    let mut record = Record::new(clock);
    reopened(&mut ticket, clock.now());
    record.tell(EventKind::TicketReopened, &ticket, json!({}));
    record.keep(ticket.clone());
    let mut done = record.save(tx).await?;
    let id = ticket.id.clone();
    add(&mut done, decide(tx, clock, vec![(ticket, Cause::Reopened)]).await?);
    let ticket = tickets::find(tx, company, &id).await?.ok_or(RoutingError::NoTicket)?;
    Ok((ticket, done))
}

/// Makes a ticket one that waits again; its agent is preferred.
pub(in crate::desk) fn reopened(ticket: &mut Ticket, now: relevo_adapters::Millis) {
    ticket.state = TicketState::Open.as_str().to_owned();
    ticket.previous_agent_id = ticket.agent_id.take().or(ticket.previous_agent_id);
    ticket.excluded_agent_id = None;
    ticket.waiting_since = Some(now);
    ticket.close_reason = None;
    ticket.closed_at = None;
    ticket.closed_by = None;
    ticket.answered_at = None;
    ticket.closed_told = 0;
    ticket.busy_told = None;
    ticket.reopened += 1;
    ticket.updated_at = now;
}

/// Notes something on a ticket, for our side only; gives the note's id.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::Invalid`], or those of the database.
pub async fn note(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    ticket: &str,
    (user, client): (Option<i64>, Option<i64>),
    text: &str,
) -> Result<(String, Ticket, Routed), RoutingError> {
    let text = text.trim();
    let invalid = |why: String| Err(RoutingError::Invalid("nota", why));
    match text.chars().count() {
        0 => return invalid("La nota está vacía.".to_owned()),
        n if n > NOTE => return invalid(format!("La nota no debe superar {NOTE} caracteres.")),
        _ => {}
    }
    let ticket = hold_one(tx, company, ticket).await?;
    let note = Note {
        id: clock.id(),
        ticket_id: ticket.id.clone(),
        user_id: user,
        client_id: client,
        text: text.to_owned(),
        at: clock.now(),
    };
    notes::insert(tx, &note).await?;
    let mut record = Record::new(clock);
    record.tell(EventKind::TicketNoted, &ticket, json!({"nota_id": note.id, "autor": user}));
    let done = record.save(tx).await?;
    Ok((note.id, ticket, done))
}

//! Routing (DESIGN §6): tickets find their agent, and agents their next ticket.
//!
//! Every decision is made in one transaction with what causes it, and is kept with its explanation (P10). Conversations
//! are held before tickets and tickets before users; what waits in a queue is taken with SKIP LOCKED, so that two agents
//! never get the same ticket and nobody waits for another. Load is counted while the agent is held, never kept.

mod acts;
mod give;
mod hours;
mod lifecycle;
mod notices;
mod orphans;
mod place;
mod possible;
mod pull;
mod record;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    acts::{assign, fill_agent, move_to_group, reassign, self_assign},
    lifecycle::{REASONS, close, ignore, note, reopen},
    notices::{BUSY, Difference, difference},
    possible::{Possible, possible},
    pull::next,
    sweep::{Swept, fill, refresh, sweep},
};
use self::{
    give::{Own, Room},
    place::Places,
    record::Record,
};
pub(in crate::desk) use self::{lifecycle::reopened, record::event};
use crate::{
    clock::Clock,
    domain::routing::Cause,
    store::{
        StoreError, Tx, conversations, routing,
        tickets::{self, Ticket},
    },
};

/// Why a ticket was not given, moved or changed. The texts are answers of the API.
#[derive(Debug, thiserror::Error)]
pub enum RoutingError {
    #[error("El ticket no existe.")]
    NoTicket,
    #[error("El usuario no existe.")]
    NoAgent,
    #[error("El grupo no existe.")]
    NoGroup,
    #[error("El ticket está cerrado.")]
    Closed,
    #[error("El ticket está ignorado: reábralo primero.")]
    Ignored,
    #[error("El ticket no está cerrado.")]
    NotClosed,
    #[error("El cliente ya tiene otro ticket abierto en esta conversación (número {0}).")]
    AnotherOpen(i64),
    /// MS "Buscar Siguiente Ticket".
    #[error("Usuario no se encuentra en línea")]
    NotOnline,
    #[error("El usuario está inactivo.")]
    Inactive,
    #[error("El usuario ya tiene {0} tickets en curso, su máximo es {1}.")]
    Full(i64, i64),
    #[error("El usuario no pertenece al grupo del ticket.")]
    NotMember,
    /// MS "Autoasignación".
    #[error("Error al autoasignar:El grupo asignado al ticket no permite la auto asignación")]
    NoSelfAssignment,
    #[error("Error al autoasignar:El ticket ya lo atiende {0}")]
    Taken(String),
    #[error("Error al autoasignar:El ticket no tiene grupo")]
    NoGroupYet,
    /// An agent may touch only what is his, and what waits in his groups.
    #[error("El ticket lo atiende otro ejecutivo.")]
    NotYours,
    #[error("El ticket no espera en ninguno de sus grupos.")]
    NotInYourGroups,
    #[error("No hay tickets en espera en sus grupos.")]
    NothingWaits,
    /// A field, and what is wrong with it.
    #[error("{1}")]
    Invalid(&'static str, String),
    #[error("the database did not do it")]
    Store(#[from] StoreError),
}

/// What a round of routing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Routed {
    pub assigned: usize,
    pub queued: usize,
    pub to_bots: usize,
    /// Customers to whom a message of the house is on its way.
    pub told: usize,
    /// Jobs that were added: somebody is to be told, by message or by relay.
    pub jobs: usize,
}

/// Decides about tickets that wait and belong to nobody, each for its cause; all others among them stay as they are. The
/// tickets' rows are written and must not be held in memory by the caller. What one transaction brought about is decided
/// at once, because what is not yet decided about looks like something that waited before.
///
/// # Errors
/// Those of the database.
pub async fn route(tx: &mut Tx, clock: &Clock, begun: &[(&str, Cause)]) -> Result<Routed, StoreError> {
    let ids: Vec<&str> = begun.iter().map(|(id, _)| *id).collect();
    let causes: BTreeMap<&str, Cause> = begun.iter().copied().collect();
    let waiting = hold(tx, &ids).await?.into_iter().filter(Ticket::waits);
    let caused = waiting.filter_map(|ticket| causes.get(ticket.id.as_str()).map(|cause| (ticket.clone(), *cause)));
    decide(tx, clock, caused.collect()).await
}

/// The tickets of these ids with their conversations, held until the end of the transaction.
async fn hold(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Ticket>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    conversations::hold_of_tickets(tx, ids).await?;
    tickets::load_for_update(tx, ids).await
}

/// A company's ticket, by its id or by the number that agents see, held with its conversation.
async fn hold_one(tx: &mut Tx, company: i64, ticket: &str) -> Result<Ticket, RoutingError> {
    let found = find(tx, company, ticket).await?;
    hold(tx, &[&found.id]).await?.pop().ok_or(RoutingError::NoTicket)
}

/// A company's ticket, to be read by anybody of the company, by its id or by the number that agents see.
///
/// # Errors
/// [`RoutingError::NoTicket`], or those of the database.
pub async fn find(tx: &mut Tx, company: i64, ticket: &str) -> Result<Ticket, RoutingError> {
    crate::desk::chats::ticket(tx, company, ticket).await?.ok_or(RoutingError::NoTicket)
}

/// The same for whoever acts on it: it is held, so that it stays in that hand until the end of the transaction. `hand`: an
/// agent who acts for himself; he may touch what is his, and what nobody has in his groups.
///
/// # Errors
/// [`RoutingError::NoTicket`], [`RoutingError::NotYours`], [`RoutingError::NotInYourGroups`], or those of the database.
pub async fn hold_in_hand(tx: &mut Tx, company: i64, ticket: &str, hand: Option<i64>) -> Result<Ticket, RoutingError> {
    let held = hold_one(tx, company, ticket).await?;
    refuse_others(tx, &held, hand).await?;
    Ok(held)
}

/// Refuses an agent who acts for himself on a ticket that is held and not in his hand.
pub(in crate::desk) async fn refuse_others(
    tx: &mut Tx,
    ticket: &Ticket,
    hand: Option<i64>,
) -> Result<(), RoutingError> {
    let Some(hand) = hand.filter(|hand| ticket.agent_id != Some(*hand)) else { return Ok(()) };
    match (ticket.agent_id, ticket.group_id) {
        (None, Some(group)) if routing::is_member(tx, group, hand).await? => Ok(()),
        (None, _) => Err(RoutingError::NotInYourGroups),
        (Some(_), _) => Err(RoutingError::NotYours),
    }
}

/// Decides about tickets that are held and wait, each for its cause: all that one transaction has to decide about.
async fn decide(tx: &mut Tx, clock: &Clock, tickets: Vec<(Ticket, Cause)>) -> Result<Routed, StoreError> {
    if tickets.is_empty() {
        return Ok(Routed::default());
    }
    let mut record = Record::new(clock);
    let places = Places::load(tx, clock.now(), tickets.iter().map(|(ticket, _)| ticket)).await?;
    // What is decided here is not written yet, and still looks like what waits.
    let held = tickets.iter().map(|(ticket, _)| ticket.id.clone()).collect();
    let mut own = Vec::new();
    for (mut ticket, cause) in tickets {
        match places.place(&mut ticket, cause, &mut record) {
            Some(explanation) => own.push(Own { ticket, cause, explanation }),
            None => record.keep(ticket),
        }
    }
    if !own.is_empty() {
        let groups: BTreeSet<i64> = own.iter().filter_map(|own| own.ticket.group_id).collect();
        let groups: Vec<i64> = groups.into_iter().collect();
        let mut room = Room::of_groups(tx, &groups).await?;
        let others = room.waiting(tx, &groups, &held).await?;
        room.give(own, others, Cause::Sweep, &mut record);
    }
    record.save(tx).await
}

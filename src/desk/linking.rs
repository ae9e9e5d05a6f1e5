//! Tickets that belong together: those that somebody says do, and those of one customer.

use serde_json::json;

use super::events;
use crate::{
    clock::Clock,
    domain::{Event, EventKind},
    store::{
        StoreError, Tx,
        lists::{self, Listed},
        ticket_links as links,
        tickets::Ticket,
    },
};

/// Tickets that are linked at once, and that a list of related ones shows, at most: the newest.
pub const MOST: i64 = 1_000;

/// Links a ticket with others of its company, and tells it; gives how many of them were not linked with it before.
///
/// # Errors
/// Those of the database.
pub async fn link(
    tx: &mut Tx,
    clock: &Clock,
    ticket: &Ticket,
    others: &[(&str, i64)],
    user: Option<i64>,
) -> Result<u64, StoreError> {
    let ids: Vec<&str> = others.iter().map(|(id, _)| *id).collect();
    let now = clock.now();
    let new =
        if ids.is_empty() { 0 } else { links::insert(tx, ticket.company_id, &ticket.id, &ids, user, now).await? };
    if new > 0 {
        let linked: Vec<_> = others.iter().map(|(id, number)| json!({"id": id, "number": number})).collect();
        let event = Event {
            company: ticket.company_id,
            kind: EventKind::TicketLinked,
            ticket: Some(ticket.id.clone()),
            group: ticket.group_id,
            agent: ticket.agent_id,
            data: json!({"number": ticket.number, "linked": linked, "by": user}),
        };
        events::tell(tx, now, &[event]).await?;
    }
    Ok(new)
}

/// The tickets that go with this one, newest first, at most [`MOST`]: all of its customer's, and those that it is linked
/// with; and the ids of the latter.
///
/// # Errors
/// Those of the database.
pub async fn related(tx: &mut Tx, ticket: &Ticket) -> Result<(Vec<Listed>, Vec<String>), StoreError> {
    let contact = ticket.contact_id.as_deref().unwrap_or_default();
    let all = lists::related(tx, ticket.company_id, &ticket.id, contact, MOST).await?;
    Ok((all, links::of_ticket(tx, &ticket.id).await?))
}

/// Links a ticket with all that go with it; gives how many there are, and how many were not linked with it before.
///
/// # Errors
/// Those of the database.
pub async fn link_all(
    tx: &mut Tx,
    clock: &Clock,
    ticket: &Ticket,
    user: Option<i64>,
) -> Result<(usize, u64), StoreError> {
    let (all, _) = related(tx, ticket).await?;
    let others: Vec<(&str, i64)> = all.iter().map(|row| (row.id.as_str(), row.number)).collect();
    Ok((others.len(), link(tx, clock, ticket, &others, user).await?))
}

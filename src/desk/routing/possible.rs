//! Who would get a ticket (PC "Obtener un ejecutivo disponible"): the choice without its effect.

use super::{RoutingError, give::Room, place::Places};
use crate::{
    clock::Clock,
    desk::chats,
    domain::{TicketState, routing::Verdict},
    store::Tx,
};

/// Who would get a ticket now, and why; or why nobody would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possible {
    pub agent: Option<i64>,
    /// English, as the seed's.
    pub reason: String,
}

impl Possible {
    fn nobody(reason: &str) -> Self {
        Self { agent: None, reason: reason.to_owned() }
    }
}

/// Who would get a company's ticket if it were given out now. Whoever has it already is left out, as a reassignment would.
///
/// # Errors
/// [`RoutingError::NoTicket`], or those of the database.
pub async fn possible(tx: &mut Tx, clock: &Clock, company: i64, ticket: &str) -> Result<Possible, RoutingError> {
    let ticket = chats::ticket(tx, company, ticket).await?.ok_or(RoutingError::NoTicket)?;
    if ticket.state == TicketState::Closed.as_str() {
        return Ok(Possible::nobody("The ticket is closed"));
    }
    let places = Places::load(tx, clock.now(), std::iter::once(&ticket)).await?;
    let Some(queue) = places.queue_of(&ticket) else {
        return Ok(Possible::nobody("The ticket's channel has no group"));
    };
    if !places.is_open(queue.id) {
        return Ok(Possible::nobody("The ticket's group is outside of its business hours"));
    }
    let room = Room::as_seen(tx, &[queue.id]).await?;
    let owner = ticket.agent_id.filter(|_| ticket.state == TicketState::InProgress.as_str());
    let previous = ticket.previous_agent_id.filter(|_| owner.is_none());
    let (candidates, choice) = room.look(queue.id, previous, owner.or(ticket.excluded_agent_id));
    Ok(match choice.chosen {
        Some(place) => {
            Possible { agent: Some(candidates[place].id), reason: choice.verdicts[place].text_en().to_owned() }
        }
        None if candidates.is_empty() => Possible::nobody("The ticket's group has no agents"),
        None if choice.verdicts.contains(&Verdict::Full) => {
            Possible::nobody("Every agent who is online is at capacity")
        }
        None => Possible::nobody("No agent of the ticket's group is online"),
    })
}

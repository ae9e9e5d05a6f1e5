//! "Siguiente ticket": an agent asks for the next one.

use super::{Routed, RoutingError, acts::refuse_unable, record::Record};
use crate::{
    clock::Clock,
    domain::routing::{Cause, Explanation},
    store::{
        StoreError, Tx,
        routing::{self as store},
        tickets::Ticket,
    },
};

/// How far into what waits is looked for a ticket that nobody holds, if all before it are held: so many agents may pull
/// from the same queues at the same instant.
const DEPTHS: [i64; 2] = [4, 64];

/// Gives an agent the next ticket of the queues that he serves: the highest priority, then the longest waiting. No two
/// agents get the same one.
///
/// # Errors
/// [`RoutingError::NoAgent`], [`RoutingError::NotOnline`], [`RoutingError::Full`], [`RoutingError::NothingWaits`];
/// [`StoreError::Conflict`] if all that waits is held by others just now: worth another try in a moment.
pub async fn next(tx: &mut Tx, clock: &Clock, company: i64, user: i64) -> Result<(Ticket, Routed), RoutingError> {
    let agent = store::lock_agent(tx, company, user).await?.ok_or(RoutingError::NoAgent)?;
    refuse_unable(tx, &agent).await?;
    let mut ticket = first(tx, user).await?;
    let waited = (clock.now() - ticket.waiting_since.unwrap_or(ticket.created_at)).max(0) / 1000;
    let mut explanation = Explanation::of(Cause::Pulled);
    explanation.add(
        "eleccion",
        format!(
            "{} pidió el siguiente: entre lo que esperaba en sus grupos era el de mayor prioridad ({}) y, entre iguales, \
             el que más esperaba ({waited} s).",
            agent.name, ticket.priority
        ),
    );
    let mut record = Record::new(clock);
    record.assign(&mut ticket, agent.id, Cause::Pulled, &explanation);
    record.keep(ticket.clone());
    Ok((ticket, record.save(tx).await?))
}

/// The first ticket of somebody's queues that nobody else holds, held.
async fn first(tx: &mut Tx, user: i64) -> Result<Ticket, RoutingError> {
    for depth in DEPTHS {
        if let Some(ticket) = store::next(tx, user, depth).await? {
            return Ok(ticket);
        }
        if store::count_waiting(tx, user, 1).await? == 0 {
            return Err(RoutingError::NothingWaits);
        }
    }
    Err(StoreError::Conflict.into())
}

//! Telling what happened: in the transaction in which it happens, so that nobody hears of what was not, and nothing
//! that was is kept from anybody.

use relevo_adapters::Millis;

use crate::{
    domain::Event,
    store::{
        StoreError, Tx,
        events::{self, NewEvent},
        relays,
    },
};

/// Tells events in order, and has them relayed to the subscriptions that want them: to be called when what happened is
/// written, because a bot hears only of tickets that it has. Gives how many relays were added: if there are any, the
/// bell is to be rung after the commit.
///
/// # Errors
/// Those of the database.
pub async fn tell(tx: &mut Tx, now: Millis, told: &[Event]) -> Result<usize, StoreError> {
    if told.is_empty() {
        return Ok(0);
    }
    let rows: Vec<NewEvent<'_>> = told
        .iter()
        .enumerate()
        .map(|(n, event)| NewEvent {
            n,
            company_id: event.company,
            kind: event.kind.as_str(),
            ticket_id: event.ticket.as_deref(),
            group_id: event.group,
            agent_id: event.agent,
            channel: None,
            data: event.data.to_string(),
            at: now,
        })
        .collect();
    let ids = events::insert(tx, &rows).await?;
    relays::insert(tx, &ids, now).await
}

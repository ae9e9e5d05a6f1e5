//! Telling what happened: in the transaction in which it happens, so that nobody hears of what was not, and nothing
//! that was is kept from anybody.

use relevo_adapters::Millis;

use crate::{
    domain::Event,
    store::{
        StoreError, Tx,
        events::{self, NewEvent},
    },
};

/// Tells events in order.
///
/// # Errors
/// Those of the database.
pub async fn tell(tx: &mut Tx, now: Millis, told: &[Event]) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
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
            data: event.data.to_string(),
            at: now,
        })
        .collect();
    events::insert(tx, &rows).await
}

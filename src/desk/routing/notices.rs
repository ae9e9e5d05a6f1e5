//! "Diferencia": who waits without an agent is told that everybody is busy.

use super::{Routed, hold, record::Record};
use crate::{
    clock::Clock,
    store::{
        StoreError, Tx,
        routing::{self as store},
    },
};

/// What is said in a group that has no words of its own (MS "Diferencia").
pub const BUSY: &str =
    "En este momento nuestros ejecutivos se encuentran ocupados,en unos minutos un ejecutivo analizara su solicitud.";
/// Tickets that are told in one transaction.
const BATCH: i64 = 50;

/// What one batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Customers who are being told now.
    pub told: usize,
    /// Whether there may be more to tell.
    pub more: bool,
    pub done: Routed,
}

/// Tells a batch of a company's tickets that wait without an agent that everybody is busy; each at most once per wait.
/// Whoever cannot be written to (blocked, out of the platform's window, on a channel that cannot send now) is not asked again
/// in this wait.
///
/// # Errors
/// Those of the database.
pub async fn difference(tx: &mut Tx, clock: &Clock, company: i64) -> Result<Difference, StoreError> {
    let waiting = store::not_told(tx, company, BATCH).await?;
    let ids: Vec<&str> = waiting.iter().map(|waiting| waiting.id.as_str()).collect();
    let mut record = Record::new(clock);
    for mut ticket in hold(tx, &ids).await? {
        // It may have got an agent while its conversation was waited for.
        if !ticket.waits() || ticket.busy_told == ticket.waiting_since {
            continue;
        }
        let own = waiting.iter().find(|waiting| waiting.id == ticket.id);
        let own = own.and_then(|waiting| waiting.busy_message.as_deref()).filter(|text| !text.trim().is_empty());
        record.notice(&ticket, own.unwrap_or(BUSY));
        ticket.busy_told = ticket.waiting_since;
        record.keep(ticket);
    }
    let done = record.save(tx).await?;
    let more = i64::try_from(ids.len()).is_ok_and(|found| found == BATCH);
    Ok(Difference { told: done.told, more, done })
}

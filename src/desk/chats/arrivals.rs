//! Customers' messages for programs that ask for them: each gets every message of a channel once.

use relevo_adapters::Millis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Line, lines};
use crate::{
    clock::Clock,
    store::{StoreError, Tx, channels, deliveries, messages},
};

/// How far back the first question of a program reaches: as far as platforms keep what nobody fetched.
const FIRST_MS: Millis = 86_400_000;
/// Messages that arrive at once may become visible in another order; this far back it is looked for late ones.
const LATE_MS: Millis = 60_000;

/// A message with the names of its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub line: Line,
    /// Every name of the conversation on its channel, the latest last.
    pub keys: Vec<String>,
}

/// Where a program stands.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    from: Millis,
    /// What it was given of the time since `from`.
    seen: Vec<String>,
}

/// What customers wrote on a channel and the program `reader` was not given yet, in the order of arrival, at most
/// `limit`. The caller commits, and with that they count as given.
///
/// # Errors
/// Those of the database; [`StoreError::Conflict`] never.
pub async fn arrivals(
    tx: &mut Tx,
    clock: &Clock,
    channel: i64,
    reader: &str,
    limit: usize,
) -> Result<Vec<Arrival>, StoreError> {
    // Whoever asks at the same time waits here, and goes on where this one ends.
    channels::lock(tx, channel).await?;
    let now = clock.now();
    let stored = channels::cursor(tx, channel, reader).await?.and_then(|value| serde_json::from_str(&value).ok());
    let mut place: Place = stored.unwrap_or(Place { from: now - FIRST_MS, seen: Vec::new() });
    let wanted = i64::try_from(limit + place.seen.len() + 1).unwrap_or(i64::MAX);
    let mut rows = messages::of_customers(tx, channel, &first_id(place.from), wanted).await?;
    rows.retain(|row| !place.seen.contains(&row.id));
    let all = rows.len() <= limit;
    rows.truncate(limit);
    place.seen.extend(rows.iter().map(|row| row.id.clone()));
    let reached = rows.last().filter(|_| !all).map_or(now, |row| made_at(&row.id).unwrap_or(place.from));
    place.from = place.from.max(reached - LATE_MS);
    let first = first_id(place.from);
    place.seen.retain(|id| *id >= first);
    let value = serde_json::json!(place).to_string();
    channels::set_cursor(tx, channel, reader, &value, now).await?;
    let mut given = Vec::new();
    for line in lines(tx, rows).await? {
        let keys = deliveries::keys(tx, &line.message.conversation_id).await?;
        given.push(Arrival { line, keys });
    }
    Ok(given)
}

/// The least id that is made at this moment.
fn first_id(at: Millis) -> String {
    let time = u128::from(at.max(0).unsigned_abs()) << 80;
    Uuid::from_u128(time).to_string()
}

/// When a message's id was made.
fn made_at(id: &str) -> Option<Millis> {
    let time = Uuid::parse_str(id).ok()?.as_u128() >> 80;
    Millis::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_id_is_its_order() {
        let clock = Clock::manual(1_780_000_000_123);
        let id = clock.id();
        assert_eq!(made_at(&id), Some(1_780_000_000_123));
        assert!(first_id(1_780_000_000_123) < id && id < first_id(1_780_000_000_124));
        assert_eq!(made_at("x"), None);
    }
}

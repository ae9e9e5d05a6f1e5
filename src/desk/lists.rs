//! Lists of tickets, page by page.

use relevo_adapters::Millis;

use crate::store::{
    StoreError, Tx,
    lists::{self, Filter, Listed, Queue},
};

/// Tickets of a page unless another number is asked for.
pub const PAGE: i64 = 50;
/// Tickets of the largest page.
pub const LARGEST: i64 = 100;

/// A place in a list: after the ticket with this id. What stands before it is what the list is in order of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The priority in a queue; 0 elsewhere.
    pub priority: i64,
    pub at: Millis,
    pub id: String,
}

impl Place {
    /// The place as callers get it and give it back.
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", self.priority, self.at, self.id)
    }

    /// The place of this text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let (priority, rest) = text.split_once('.')?;
        let (at, id) = rest.split_once('.')?;
        let fine = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        // A queue counts downwards.
        let priority = priority.parse().ok().filter(|priority: &i64| priority.checked_neg().is_some())?;
        Some(Self { priority, at: at.parse().ok()?, id: id.to_owned() }).filter(|_| fine)
    }
}

/// A page, and where the next one begins, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub tickets: Vec<Listed>,
    pub next: Option<Place>,
}

/// Which page.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first one if `None`.
    pub after: Option<Place>,
    pub size: i64,
}

impl Wanted {
    fn after(&self) -> (Millis, &str) {
        self.after.as_ref().map_or((Millis::MAX, ""), |place| (place.at, &place.id))
    }

    /// One more than is shown: whether there is a next page.
    fn limit(&self) -> i64 {
        self.size + 1
    }

    fn page(&self, mut tickets: Vec<Listed>, place: impl Fn(&Listed) -> (i64, Option<Millis>)) -> Page {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = tickets.len() > size;
        tickets.truncate(size);
        let next = tickets.last().filter(|_| more).map(|last| {
            let (priority, at) = place(last);
            Place { priority, at: at.unwrap_or_default(), id: last.id.clone() }
        });
        Page { tickets, next }
    }
}

/// A page of the tickets of a filter, newest first; its `after` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx, filter: Filter<'_>, wanted: &Wanted) -> Result<Page, StoreError> {
    let rows = lists::list(tx, Filter { after: wanted.after(), ..filter }, wanted.limit()).await?;
    Ok(wanted.page(rows, |row| (0, Some(row.created_at))))
}

/// A page of what waits, in the order in which it would be given out; the queue's `after` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn queue(tx: &mut Tx, queue: Queue<'_>, wanted: &Wanted) -> Result<Page, StoreError> {
    let after = wanted.after.as_ref().map(|place| (place.priority, place.at, place.id.as_str()));
    let rows = lists::queue(tx, Queue { after, ..queue }, wanted.limit()).await?;
    Ok(wanted.page(rows, |row| (row.priority, row.waiting_since)))
}

/// A page of what an agent has in hand, newest first.
///
/// # Errors
/// Those of the database.
pub async fn in_hand(tx: &mut Tx, company: i64, agent: i64, wanted: &Wanted) -> Result<Page, StoreError> {
    let rows = lists::in_hand(tx, company, agent, wanted.after(), wanted.limit()).await?;
    Ok(wanted.page(rows, |row| (0, Some(row.created_at))))
}

/// A page of an agent's closed tickets, whoever closed them, the latest first.
///
/// # Errors
/// Those of the database.
pub async fn closed_of(tx: &mut Tx, company: i64, agent: i64, wanted: &Wanted) -> Result<Page, StoreError> {
    let rows = lists::closed_of(tx, company, agent, wanted.after(), wanted.limit()).await?;
    Ok(wanted.page(rows, |row| (0, row.closed_at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_one_that_was_given() {
        let place = Place { priority: -3, at: 1_780_000_000_000, id: "0190-a.b".to_owned() };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for wrong in ["", "1", "1.2", "1.2.", "x.2.id", "1.y.id", "1.2.a b", "1.2.ñ", "99999999999999999999.2.id"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Place::parse("-9223372036854775808.0.x"), None, "it has no opposite");
        assert!(Place::parse("-9223372036854775807.0.x").is_some());
    }
}

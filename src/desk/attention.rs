//! When groups attend: by their own week, or their department's, and the days on which other hours hold.

use std::collections::HashMap;

use relevo_adapters::Millis;

use crate::{
    domain::{self, Hours, HoursError, Week, department_message},
    store::{
        StoreError, Tx,
        routing::{self as store, Holiday, Queue},
    },
};

/// Hours of a day before may reach over midnight, and no zone's today is two days away from ours.
const BEFORE_MS: Millis = 3 * 24 * 60 * 60 * 1000;

/// Whose week a group attends by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Group,
    Department,
    /// Nobody's: it is always open.
    None,
}

/// When a group attends, and what it says otherwise.
#[derive(Debug, Clone)]
pub struct Attention {
    pub hours: Hours,
    pub origin: Origin,
    /// The group's own closed message, or its department's.
    pub closed_message: Option<String>,
}

/// When these groups attend from `now` until `until`, by their ids. What was stored and cannot be read any more counts as no
/// hours, with a line in the log: a group that is open too long is better than one that nobody can reach.
///
/// # Errors
/// Those of the database.
pub(super) async fn load(
    tx: &mut Tx,
    (now, until): (Millis, Millis),
    queues: &[&Queue],
) -> Result<HashMap<i64, Attention>, StoreError> {
    let mut companies: Vec<i64> = queues.iter().map(|queue| queue.company_id).collect();
    companies.sort_unstable();
    companies.dedup();
    if companies.is_empty() {
        return Ok(HashMap::new());
    }
    let days = store::holidays(tx, &companies, &day(now - BEFORE_MS), &day(until)).await?;
    Ok(queues.iter().map(|queue| (queue.id, of(queue, &days))).collect())
}

/// The day of the calendar (`YYYY-MM-DD`) in UTC.
fn day(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string()
}

fn of(queue: &Queue, days: &[Holiday]) -> Attention {
    let own = days.iter().filter(|day| day.company_id == queue.company_id);
    let own = own.filter(|day| day.group_id.is_none_or(|group| group == queue.id));
    let read = own.map(|day| domain::Holiday::parse(&day.day, &day.hours, day.group_id.is_some()));
    let days: Vec<domain::Holiday> = read.filter_map(|day| readable(queue.id, day)).collect();
    let (hours, origin) = match (&queue.hours, &queue.department_hours) {
        (Some(json), _) => (Hours::parse(Some(json), &queue.timezone, days), Origin::Group),
        (None, Some(json)) => (Hours::from_department(Some(json), &queue.timezone, days), departments(json)),
        (None, None) => (Hours::parse(None, &queue.timezone, days), Origin::None),
    };
    let of_department = || queue.department_hours.as_deref().and_then(department_message);
    let closed_message = queue.closed_message.clone().or_else(of_department);
    match readable(queue.id, hours) {
        Some(hours) => Attention { hours, origin, closed_message },
        None => Attention { hours: Hours::always(), origin: Origin::None, closed_message },
    }
}

/// A department's hours may be nothing but a message.
fn departments(json: &str) -> Origin {
    match serde_json::from_str(json).is_ok_and(|json| matches!(Week::of_department(&json), Ok(Some(_)))) {
        true => Origin::Department,
        false => Origin::None,
    }
}

fn readable<T>(group: i64, read: Result<T, HoursError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(group, error = %error, "stored hours cannot be read")).ok()
}

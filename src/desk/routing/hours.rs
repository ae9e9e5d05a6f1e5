//! Whether groups are open now.

use std::collections::HashMap;

use relevo_adapters::Millis;

use crate::{
    domain::{Holiday, Hours, HoursError},
    store::{
        StoreError, Tx,
        routing::{self as store, Queue},
    },
};

/// Which groups are open.
#[derive(Debug, Default)]
pub(super) struct Open(HashMap<i64, bool>);

impl Open {
    pub(super) async fn load(tx: &mut Tx, now: Millis, queues: &[&Queue]) -> Result<Self, StoreError> {
        let mut companies: Vec<i64> = queues.iter().map(|queue| queue.company_id).collect();
        companies.sort_unstable();
        companies.dedup();
        if companies.is_empty() {
            return Ok(Self::default());
        }
        let (from, to) = days_around(now);
        let holidays = store::holidays(tx, &companies, &from, &to).await?;
        Ok(Self(queues.iter().map(|queue| (queue.id, is_open(queue, &holidays, now))).collect()))
    }

    pub(super) fn is_open(&self, group: i64) -> bool {
        self.0.get(&group).copied().unwrap_or(true)
    }
}

/// The days of the calendar that may hold at `now` in any time zone, and those before, whose hours may reach over
/// midnight.
fn days_around(now: Millis) -> (String, String) {
    const DAY_MS: Millis = 86_400_000;
    let day = |at: Millis| {
        let moment = time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1000));
        moment.map_or_else(|_| String::new(), |moment| moment.date().to_string())
    };
    (day(now - 3 * DAY_MS), day(now + 2 * DAY_MS))
}

/// Whether a group is open; one whose hours cannot be read always is, so that nobody is sent away because of them.
fn is_open(queue: &Queue, holidays: &[store::Holiday], now: Millis) -> bool {
    match hours(queue, holidays) {
        Ok(hours) => hours.is_open(now),
        Err(error) => {
            tracing::error!(group = queue.id, "a group's hours cannot be read: {error}");
            true
        }
    }
}

/// A group's hours, or those of its department if it has none of its own.
fn hours(queue: &Queue, holidays: &[store::Holiday]) -> Result<Hours, HoursError> {
    let of_company = holidays.iter().filter(|day| day.company_id == queue.company_id);
    let of_group = of_company.filter(|day| day.group_id.is_none_or(|group| group == queue.id));
    let holidays: Result<Vec<Holiday>, HoursError> =
        of_group.map(|day| Holiday::parse(&day.day, &day.hours, day.group_id.is_some())).collect();
    match (&queue.hours, &queue.department_hours) {
        (None, Some(department)) => Hours::from_department(Some(department), &queue.timezone, holidays?),
        (own, _) => Hours::parse(own.as_deref(), &queue.timezone, holidays?),
    }
}

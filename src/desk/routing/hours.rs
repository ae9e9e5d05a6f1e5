//! Whether groups are open now.

use std::collections::HashMap;

use relevo_adapters::Millis;

use crate::{
    domain::hours::{self, Hours},
    store::{
        StoreError, Tx,
        routing::{self as store, Queue},
    },
};

/// Which groups are open, and what to say for those that are not.
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
        // Days of any zone that may hold now, and the one before, whose spans may reach over midnight.
        let (from, to) = hours::days_around(now);
        let holidays = store::holidays(tx, &companies, &from, &to).await?;
        let is_open = |queue: &&Queue| (queue.id, of(queue, &holidays).is_open(now));
        Ok(Self(queues.iter().map(is_open).collect()))
    }

    pub(super) fn is_open(&self, group: i64) -> bool {
        self.0.get(&group).copied().unwrap_or(true)
    }
}

/// A group's hours; its own holidays win over the company's. What cannot be read is always open, so that nobody is sent
/// away because of it: it is refused when it is set.
fn of(queue: &Queue, holidays: &[store::Holiday]) -> Hours {
    let of_group = holidays.iter().filter(|day| day.company_id == queue.company_id);
    let of_group = of_group.filter(|day| day.group_id.is_none_or(|group| group == queue.id));
    let rows = of_group.map(|day| (day.group_id.is_some(), day.day.as_str(), day.hours.as_str()));
    hours::of_group(queue.hours.as_deref(), queue.department_hours.as_deref(), &queue.timezone, rows)
}

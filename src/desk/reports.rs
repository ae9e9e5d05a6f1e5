//! Reports of a company's tickets.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use relevo_adapters::Millis;

use crate::{
    domain::{
        TicketState,
        report::{Counted, Day, Moments, Report, Spans},
    },
    store::{
        Db, StoreError,
        reports::{self, ReportRow},
    },
};

/// Tickets that are read at once.
const BATCH: i64 = 5_000;

/// What channels, groups and agents are called, also those that are gone.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub channels: HashMap<i64, String>,
    pub groups: HashMap<i64, String>,
    pub agents: HashMap<i64, String>,
}

/// The report of the company's tickets that were created in `[from, to)`, by the days of a time zone. Tickets are read
/// in batches, each in a transaction of its own, and none is kept (P8); one that changes meanwhile counts as it is when
/// its batch is read, and none counts twice.
///
/// # Errors
/// Those of the database.
pub async fn report(
    db: &Db,
    company: i64,
    range: (Millis, Millis),
    zone: &TimeZone,
) -> Result<(Report, Names), StoreError> {
    let mut report = Report::default();
    let mut last: Option<ReportRow> = None;
    loop {
        let after = last.as_ref().map_or((Millis::MIN, ""), |row| (row.created_at, row.id.as_str()));
        let rows = reports::tickets(&mut db.read().await?, company, range, after, BATCH).await?;
        rows.iter().filter_map(|row| counted(row, zone)).for_each(|ticket| report.add(&ticket));
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == BATCH);
        last = rows.into_iter().next_back();
        if !full {
            break;
        }
    }
    let mut tx = db.read().await?;
    let names = Names {
        channels: reports::channel_names(&mut tx, company).await?.into_iter().collect(),
        groups: reports::group_names(&mut tx, company).await?.into_iter().collect(),
        agents: reports::agent_names(&mut tx, company).await?.into_iter().collect(),
    };
    Ok((report, names))
}

fn counted(row: &ReportRow, zone: &TimeZone) -> Option<Counted> {
    let moments = Moments {
        first_assigned: row.first_assigned_at,
        assigned: row.assigned_at,
        answered: row.answered_at,
        closed: row.closed_at,
        reopened: row.reopened > 0,
    };
    Some(Counted {
        state: TicketState::parse(&row.state)?,
        channel: row.channel_id,
        group: row.group_id,
        agent: row.agent_id,
        day: day(row.created_at, zone)?,
        spans: Spans::of(row.created_at, moments),
    })
}

/// The calendar day of a moment in a time zone.
fn day(at: Millis, zone: &TimeZone) -> Option<Day> {
    let date = zone.to_datetime(Timestamp::from_millisecond(at).ok()?).date();
    Some((date.year(), date.month(), date.day()))
}

/// When a calendar day begins in a time zone; in some, with the first minute after a gap. `None` if there is no such
/// day.
pub fn begins(day: Day, zone: &TimeZone) -> Option<Millis> {
    let date = jiff::civil::Date::new(day.0, day.1, day.2).ok()?;
    date.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp().as_millisecond())
}

/// The day after.
pub fn next(day: Day) -> Option<Day> {
    let date = jiff::civil::Date::new(day.0, day.1, day.2).ok()?.tomorrow().ok()?;
    Some((date.year(), date.month(), date.day()))
}

/// How many days there are from one to another, both included; 0 or less if they are the wrong way round.
pub fn days(from: Day, to: Day) -> Option<i32> {
    let date = |day: Day| jiff::civil::Date::new(day.0, day.1, day.2).ok();
    Some(date(from)?.until(date(to)?).ok()?.get_days() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_time_zone() {
        let zone = TimeZone::get("America/Santiago").unwrap();
        // 2026-06-01 03:59:59 and 04:00:00 UTC; Santiago is at UTC-4 in winter.
        assert_eq!(day(1_780_286_399_000, &zone), Some((2026, 5, 31)));
        assert_eq!(day(1_780_286_400_000, &zone), Some((2026, 6, 1)));
        assert_eq!(begins((2026, 6, 1), &zone), Some(1_780_286_400_000));
        // Clocks go from 24:00 to 01:00 that night: the day has no midnight.
        assert_eq!(begins((2026, 9, 6), &zone), Some(1_788_667_200_000));
        assert_eq!(day(1_788_667_200_000, &zone), Some((2026, 9, 6)));
        assert_eq!(day(1_788_667_199_000, &zone), Some((2026, 9, 5)));
        assert_eq!(begins((2026, 2, 29), &zone), None);
        assert_eq!((next((2026, 12, 31)), days((2026, 1, 1), (2026, 12, 31))), (Some((2027, 1, 1)), Some(365)));
        assert_eq!(days((2026, 1, 2), (2026, 1, 1)), Some(0));
    }
}

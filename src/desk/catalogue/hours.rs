//! When groups attend: their own week, or their department's, and the days on which other hours hold.

use relevo_adapters::Millis;
use serde_json::Value;

use super::{CatalogueError, Findings, Part, TEXT, Thing};
use crate::{
    domain::{
        Holiday, Hours, HoursError, Week, calendar_day, day_spans, department_message, spans_to_json, timezone_name,
    },
    store::{
        StoreError, Tx, departments,
        groups::{self, Group},
        holidays::{self, HolidayRow},
    },
};

/// Days of a group, or of a company (P8).
const HOLIDAYS: usize = 400;
/// Characters of a day's name.
const NAME: usize = 100;
const MILLIS_A_DAY: Millis = 24 * 60 * 60 * 1000;

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

/// When a group attends at `now`. What was stored and cannot be read any more counts as no hours, with a line in the log: a
/// group that is open too long is better than one that nobody can reach.
///
/// # Errors
/// Those of the database.
pub async fn of_group(tx: &mut Tx, now: Millis, group: &Group) -> Result<Attention, StoreError> {
    let department = match (group.department_id, &group.hours, &group.closed_message) {
        (None, _, _) | (_, Some(_), Some(_)) => None,
        (Some(id), _, _) => departments::find(tx, Some(group.company_id), id).await?,
    };
    let department = department.filter(|department| department.active != 0).and_then(|department| department.hours);
    let rows = holidays::of_group(tx, group.company_id, group.id, &day_before(now)).await?;
    let days = rows.iter().map(|row| Holiday::parse(&row.day, &row.hours, row.group_id.is_some()));
    let days: Vec<Holiday> = days.filter_map(|day| readable(group.id, day)).collect();
    let (hours, origin) = match (&group.hours, &department) {
        (Some(json), _) => (Hours::parse(Some(json), &group.timezone, days), Origin::Group),
        (None, Some(json)) => {
            let names_days =
                serde_json::from_str(json).is_ok_and(|json| matches!(Week::of_department(&json), Ok(Some(_))));
            let origin = if names_days { Origin::Department } else { Origin::None };
            (Hours::from_department(Some(json), &group.timezone, days), origin)
        }
        (None, None) => (Hours::parse(None, &group.timezone, days), Origin::None),
    };
    let closed_message = group.closed_message.clone().or_else(|| department_message(department.as_deref()?));
    Ok(match readable(group.id, hours) {
        Some(hours) => Attention { hours, origin, closed_message },
        None => Attention { hours: Hours::always(), origin: Origin::None, closed_message },
    })
}

fn readable<T>(group: i64, read: Result<T, HoursError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(group, error = %error, "stored hours cannot be read")).ok()
}

/// Two days before `now`, so that no zone's today is later than what is left out.
fn day_before(now: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(now - 2 * MILLIS_A_DAY).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string()
}

/// What is to be of a group's hours; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Weekdays and their spans; `Some(Value::Null)` takes them away.
    pub week: Option<Value>,
    pub timezone: Option<String>,
    /// An inner `None` takes it away.
    pub closed_message: Option<Option<String>>,
    pub holidays: Option<Vec<NewHoliday>>,
}

/// A day as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHoliday {
    /// `DD-MM-YYYY` or `YYYY-MM-DD`.
    pub day: String,
    pub name: String,
    /// A list of spans; closed without any.
    pub spans: Value,
}

/// Changes a company's group's hours.
///
/// # Errors
/// See [`CatalogueError`]; everything that is wrong with the hours is told at once.
pub async fn store(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    group: i64,
    change: Change,
) -> Result<Group, CatalogueError> {
    let mut group = groups::lock(tx, company, group).await?.ok_or(CatalogueError::missing(Thing::Group))?;
    let mut findings = Findings::default();
    match change.week.as_ref().map(|week| (week, Week::read(week))) {
        None => {}
        Some((Value::Null, _)) => group.hours = None,
        Some((_, Ok(week))) if week.is_some_day_open() => group.hours = Some(week.to_json().to_string()),
        Some((_, Ok(_))) => findings.wrong(
            Part::Hours,
            "El horario no tiene ningún tramo: use null para atender siempre, o desactive el grupo.",
        ),
        Some((_, Err(errors))) => errors.iter().for_each(|error| findings.wrong(Part::Hours, error.to_string())),
    }
    if let Some(zone) = change.timezone {
        match timezone_name(&zone) {
            Ok(name) => group.timezone = name,
            Err(error) => findings.wrong(Part::Hours, error.to_string()),
        }
    }
    if let Some(message) = change.closed_message {
        if let Some(message) = &message {
            findings.length(Part::Other, "El mensaje de cerrado", message, TEXT);
        }
        group.closed_message = message;
    }
    let days = change.holidays.map(|days| rows(&days, &mut findings));
    findings.check()?;
    groups::update(tx, &group, now).await?;
    if let Some(days) = days {
        holidays::replace(tx, company, Some(group.id), &days).await?;
    }
    Ok(group)
}

/// Puts these days in the place of a company's own, which hold for all of its groups.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn store_holidays(tx: &mut Tx, company: i64, days: &[NewHoliday]) -> Result<(), CatalogueError> {
    let mut findings = Findings::default();
    let days = rows(days, &mut findings);
    findings.check()?;
    Ok(holidays::replace(tx, company, None, &days).await?)
}

fn rows(days: &[NewHoliday], findings: &mut Findings) -> Vec<HolidayRow> {
    if days.len() > HOLIDAYS {
        findings.wrong(Part::Hours, format!("Puede haber hasta {HOLIDAYS} feriados."));
        return Vec::new();
    }
    let mut rows: Vec<HolidayRow> = Vec::new();
    for NewHoliday { day, name, spans } in days {
        findings.length(Part::Hours, &format!("El nombre del feriado {day}"), name, NAME);
        match (calendar_day(day), day_spans(day, spans)) {
            (Ok(date), Ok(_)) if rows.iter().any(|row| row.day == date) => {
                findings.wrong(Part::Hours, format!("El feriado {day} está repetido."));
            }
            (Ok(date), Ok(spans)) => rows.push(HolidayRow {
                group_id: None,
                day: date,
                name: name.clone(),
                hours: spans_to_json(&spans).to_string(),
            }),
            (date, spans) => {
                date.err().into_iter().chain(spans.err().into_iter().flatten()).for_each(|error| {
                    findings.wrong(Part::Hours, error.to_string());
                });
            }
        }
    }
    rows
}

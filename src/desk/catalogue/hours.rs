//! When groups attend: their own week, or their department's, and the days on which other hours hold.

use relevo_adapters::Millis;
use serde_json::Value;

use super::{CatalogueError, Findings, Part, TEXT, Thing};
pub use crate::desk::attention::{Attention, Origin};
use crate::{
    desk::attention,
    domain::{Hours, Week, calendar_day, day_spans, spans_to_json, timezone_name},
    store::{
        StoreError, Tx, departments,
        groups::{self, Group},
        holidays::{self, HolidayRow},
        routing::Queue,
    },
};

/// Days of a group, or of a company (P8).
const HOLIDAYS: usize = 400;
/// Characters of a day's name.
const NAME: usize = 100;
/// Holidays that are looked at: those of the days in which the next change is looked for, and more.
const AHEAD_MS: Millis = 35 * 24 * 60 * 60 * 1000;

/// When a group attends from `now` on.
///
/// # Errors
/// Those of the database.
pub async fn of_group(tx: &mut Tx, now: Millis, group: &Group) -> Result<Attention, StoreError> {
    let department = match group.department_id {
        Some(id) => departments::find(tx, Some(group.company_id), id).await?.filter(|found| found.active != 0),
        None => None,
    };
    let queue = Queue {
        id: group.id,
        company_id: group.company_id,
        name: group.name.clone(),
        policy: group.policy.clone(),
        self_assign: group.self_assign,
        priority: group.priority,
        timezone: group.timezone.clone(),
        hours: group.hours.clone(),
        closed_message: group.closed_message.clone(),
        busy_message: group.busy_message.clone(),
        department_hours: department.and_then(|department| department.hours),
    };
    let mut attention = attention::load(tx, (now, now + AHEAD_MS), &[&queue]).await?;
    let nobodys = || Attention { hours: Hours::always(), origin: Origin::None, closed_message: None };
    Ok(attention.remove(&group.id).unwrap_or_else(nobodys))
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

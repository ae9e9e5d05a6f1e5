//! When a group attends: a week of hours in a time zone, and the days on which others hold.
//!
//! What the clock on the wall shows decides. Where it is put back and shows a time twice, hours begin at the first and end
//! at the second; where it is put forward, a time that it leaves out is the moment of the jump. So whenever the clock
//! shows a time within the hours, it is open.

mod week;
mod words;

#[cfg(test)]
mod tests;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};
use relevo_adapters::Millis;
use serde_json::Value;

pub use week::{HoursError, Span, WEEKDAYS, Week, day_spans, spans_to_json};

/// How far ahead [`Hours::next_change`] looks.
const HORIZON_DAYS: i32 = 30;
const MILLIS_A_DAY: Millis = 24 * 60 * 60 * 1000;

/// A day of the calendar on which other hours hold than the week's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    day: Date,
    /// A group's own day wins over its company's.
    of_group: bool,
    spans: Vec<Span>,
}

impl Holiday {
    /// `day` is `YYYY-MM-DD` (or `DD-MM-YYYY`), `hours` a JSON list of spans, empty if it is closed.
    ///
    /// # Errors
    /// What is wrong with the day or the spans.
    pub fn parse(day: &str, hours: &str, of_group: bool) -> Result<Self, HoursError> {
        let date = date(day)?;
        let hours: Value = serde_json::from_str(hours).map_err(|_| HoursError::Span)?;
        let spans = day_spans(day, &hours).map_err(first)?;
        Ok(Self { day: date, of_group, spans })
    }
}

/// A day of the calendar as `YYYY-MM-DD`, from that or `DD-MM-YYYY`.
///
/// # Errors
/// [`HoursError::Date`] if it is neither or there is no such day.
pub fn calendar_day(text: &str) -> Result<String, HoursError> {
    date(text).map(|date| date.to_string())
}

/// The name of a time zone as IANA writes it.
///
/// # Errors
/// [`HoursError::Timezone`] if there is none of this name.
pub fn timezone_name(name: &str) -> Result<String, HoursError> {
    let zone = timezone(name)?;
    Ok(zone.iana_name().unwrap_or(name).to_owned())
}

/// What a department's customers are told who write while it is closed (`defecto` of `departments.hours`).
pub fn department_message(json: &str) -> Option<String> {
    let hours = value(json).ok()?;
    hours["defecto"].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// When a group attends.
#[derive(Debug, Clone)]
pub struct Hours {
    week: Week,
    zone: TimeZone,
    holidays: Vec<Holiday>,
}

impl Hours {
    /// The hours that `json` writes as [`Week::read`] reads them (`groups.hours`), in an IANA time zone. Without any it
    /// is always open but on holidays.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(json: Option<&str>, zone: &str, holidays: Vec<Holiday>) -> Result<Self, HoursError> {
        let week = match json {
            Some(json) => Week::read(&value(json)?).map_err(first)?,
            None => Week::always(),
        };
        Ok(Self { week, zone: timezone(zone)?, holidays })
    }

    /// The hours of a department (`departments.hours`) in an IANA time zone. If they name no day it is always open but on
    /// holidays.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_department(json: Option<&str>, zone: &str, holidays: Vec<Holiday>) -> Result<Self, HoursError> {
        let week = match json {
            Some(json) => Week::of_department(&value(json)?).map_err(first)?,
            None => None,
        };
        Ok(Self { week: week.unwrap_or_else(Week::always), zone: timezone(zone)?, holidays })
    }

    /// Always open, holidays too.
    pub fn always() -> Self {
        Self { week: Week::always(), zone: TimeZone::UTC, holidays: Vec::new() }
    }

    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Millis) -> bool {
        let now = timestamp(now);
        let today = self.zone.to_datetime(now).date();
        self.intervals(today, 1).iter().any(|(start, end)| (*start..*end).contains(&now))
    }

    /// The next moment at which it opens or closes, if there is one within 30 days.
    pub fn next_change(&self, now: Millis) -> Option<Millis> {
        let limit = now.saturating_add(MILLIS_A_DAY * Millis::from(HORIZON_DAYS));
        let now = timestamp(now);
        let today = self.zone.to_datetime(now).date();
        let (start, end) = merged(self.intervals(today, HORIZON_DAYS + 2)).into_iter().find(|(_, end)| *end > now)?;
        let change = if start > now { start } else { end };
        Some(change.as_millisecond()).filter(|change| *change <= limit)
    }

    /// The hours in words, in Spanish: `lunes a viernes de 09:00 a 18:00 (America/Santiago)`.
    pub fn describe(&self) -> String {
        words::describe(&self.week, self.zone.iana_name())
    }

    /// What is open from two days before `today` (the hours of the day before reach into it, and where clocks are put
    /// back at midnight so do those of the day before that) to `ahead` days after.
    fn intervals(&self, today: Date, ahead: i32) -> Vec<(Timestamp, Timestamp)> {
        let days = (-2..=ahead).map(|days| today.saturating_add(days.days()));
        days.flat_map(|day| self.spans(day).iter().filter_map(move |span| self.interval(day, *span))).collect()
    }

    fn interval(&self, day: Date, span: Span) -> Option<(Timestamp, Timestamp)> {
        let (start, end) = (self.moments(day, span.start())?.0, self.moments(day, span.end())?.1);
        (start < end).then_some((start, end))
    }

    /// The hours of a calendar day: a holiday's of its own, else the week's.
    fn spans(&self, day: Date) -> &[Span] {
        let holidays = self.holidays.iter().filter(|holiday| holiday.day == day);
        match holidays.max_by_key(|holiday| holiday.of_group) {
            Some(holiday) => &holiday.spans,
            None => &self.week.0[index(day.weekday())],
        }
    }

    /// The first and the last moment at which the clock shows a time, given in minutes since `day` began.
    fn moments(&self, day: Date, minutes: u16) -> Option<(Timestamp, Timestamp)> {
        let time = day.at(0, 0, 0, 0).checked_add(i64::from(minutes).minutes()).ok()?;
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                let moment = offset.to_timestamp(time).ok()?;
                Some((moment, moment))
            }
            AmbiguousOffset::Fold { before, after } => {
                Some((before.to_timestamp(time).ok()?, after.to_timestamp(time).ok()?))
            }
            AmbiguousOffset::Gap { after, .. } => {
                let jump = self.zone.following(after.to_timestamp(time).ok()?).next()?.timestamp();
                Some((jump, jump))
            }
        }
    }
}

/// Overlapping and adjoining intervals made one, in order.
fn merged(mut intervals: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    intervals.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(intervals.len());
    for (start, end) in intervals {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn index(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn timezone(name: &str) -> Result<TimeZone, HoursError> {
    let known = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown());
    known.ok_or_else(|| HoursError::Timezone(name.to_owned()))
}

fn date(text: &str) -> Result<Date, HoursError> {
    let wrong = || HoursError::Date(text.to_owned());
    let parts: Vec<&str> = text.split('-').collect();
    let [a, b, c] = parts[..] else { return Err(wrong()) };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let is_written_out = year.len() == 4 && month.len() == 2 && day.len() == 2;
    if !is_written_out || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err(wrong());
    }
    let date = year.parse().ok().zip(month.parse().ok()).zip(day.parse().ok());
    date.and_then(|((year, month), day)| Date::new(year, month, day).ok()).ok_or_else(wrong)
}

fn value(json: &str) -> Result<Value, HoursError> {
    serde_json::from_str(json).map_err(|_| HoursError::Shape)
}

fn first(errors: Vec<HoursError>) -> HoursError {
    errors.into_iter().next().unwrap_or(HoursError::Shape)
}

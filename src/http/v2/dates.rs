//! Moments as PC writes them. All are UTC.

use relevo_adapters::Millis;
use time::{
    Date, Month, OffsetDateTime, PrimitiveDateTime, Time,
    format_description::{BorrowedFormatItem, StaticFormatDescription},
    macros::format_description,
};

const SECONDS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]");
const DAY_FIRST: &[BorrowedFormatItem<'_>] = format_description!("[day]-[month]-[year] [hour]:[minute]:[second]");

/// `2016-11-29T18:38:32`.
pub(super) fn to_second(at: Millis) -> String {
    format(at, SECONDS)
}

/// `2016-12-21T13:17:29.283`.
pub(super) fn to_milli(at: Millis) -> String {
    format(at, MILLIS)
}

/// `18-04-2019 22:30:21`.
pub(super) fn day_first(at: Millis) -> String {
    format(at, DAY_FIRST)
}

fn format(at: Millis, form: StaticFormatDescription) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    // A time outside the calendar is not stored by anybody; it is shown as none.
    moment.ok().and_then(|moment| moment.format(form).ok()).unwrap_or_default()
}

/// The moment that `DD-MM-AAAA` (the start of that day) or `DD-MM-AAAA hh:mm:ss` names; `None` for any other form and
/// for days and times that do not exist.
pub(in crate::http) fn parse(text: &str) -> Option<Millis> {
    let (day, clock) = match text.len() {
        10 => (text, Time::MIDNIGHT),
        19 => {
            let (day, clock) = text.split_once(' ')?;
            (day, parse_clock(clock)?)
        }
        _ => return None,
    };
    let [day, month, year] = fields(day, '-', [2, 2, 4])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    Some(PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp() * 1000)
}

fn parse_clock(text: &str) -> Option<Time> {
    let [hour, minute, second] = fields(text, ':', [2, 2, 2])?;
    Time::from_hms(u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?).ok()
}

/// Three numbers of exactly so many digits.
fn fields(text: &str, separator: char, digits: [usize; 3]) -> Option<[u16; 3]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    Some([number(a, digits[0])?, number(b, digits[1])?, number(c, digits[2])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_in_the_seeds_examples() {
        // PC "Detalle de un ticket" and "Tickets filtrados por canal y rango de fechas".
        assert_eq!(to_second(1_480_444_712_999), "2016-11-29T18:38:32");
        assert_eq!(to_milli(1_482_326_249_283), "2016-12-21T13:17:29.283");
        assert_eq!(to_milli(1_482_326_249_000), "2016-12-21T13:17:29.000");
        assert_eq!(day_first(1_555_626_621_000), "18-04-2019 22:30:21");
        assert_eq!(to_second(i64::MAX), "");
    }

    #[test]
    fn only_the_two_documented_forms_are_dates() {
        // PC "Tickets filtrados por canal y rango de fechas": valid, and the five that are not.
        assert_eq!(parse("12-10-2018"), Some(1_539_302_400_000));
        assert_eq!(parse("09-08-2017 12:22:25"), Some(1_502_281_345_000));
        for wrong in ["12/12/2012", "12-12-12", "10-12", "03-16-2014", "12-10-2018 10:23"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        for wrong in [
            "",
            "2018-10-12",
            "1-10-2018",
            "29-02-2019",
            "31-04-2019",
            "00-01-2019",
            "12-10-2018T10:23:00",
            "12-10-2018 24:00:00",
            "12-10-2018 10:60:00",
            "12-10-2018 10:23:60",
            "12-10-2018 10:23:5",
            " 12-10-2018",
            "+2-10-2018",
            "12-10-+018",
            "١٢-10-2018",
            "12-10-2018 10:23:000",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse("29-02-2020").map(day_first).as_deref(), Some("29-02-2020 00:00:00"));
    }
}

//! Days, and moments between two of which a list is: those of one time zone, as in `reporte`.

use jiff::{Timestamp, tz::TimeZone};
use relevo_adapters::Millis;

use crate::http::{ap::Fields, v2::dates};

/// The time zone unless another is named.
const ZONE: &str = "America/Santiago";

/// The zone that `zona` names; notes it if there is none.
pub(super) fn zone(fields: &mut Fields) -> Option<TimeZone> {
    let name = fields.text("zona").unwrap_or_else(|| ZONE.to_owned());
    let found = TimeZone::get(&name).ok();
    if found.is_none() {
        fields.complain("zona", "El campo zona debe ser una zona horaria IANA, como America/Santiago.");
    }
    found
}

/// From when until when, `desde` and `hasta` say; a day alone is all of that day, and what is not named is open. What is
/// wrong is noted.
pub(super) fn span(fields: &mut Fields) -> (Millis, Millis) {
    let zone = zone(fields);
    let from = moment(fields, "desde", zone.as_ref(), false).unwrap_or(Millis::MIN);
    let to = moment(fields, "hasta", zone.as_ref(), true).unwrap_or(Millis::MAX);
    if from >= to {
        fields.complain("hasta", "El campo hasta debe ser posterior a desde.");
    }
    (from, to)
}

fn moment(fields: &mut Fields, name: &str, zone: Option<&TimeZone>, whole: bool) -> Option<Millis> {
    let text = fields.text(name)?;
    let found = read(&text, zone.unwrap_or(&TimeZone::UTC), whole);
    if found.is_none() {
        fields.complain(name, format!("El campo {name} debe ser una fecha real: DD-MM-AAAA o DD-MM-AAAA hh:mm:ss."));
    }
    found
}

/// The moment that a text names in a zone; of a day alone its start, or its end if it is meant `whole`.
fn read(text: &str, zone: &TimeZone, whole: bool) -> Option<Millis> {
    let written = Timestamp::from_millisecond(dates::parse(text)?).ok()?.to_zoned(TimeZone::UTC).datetime();
    let written = if whole && !text.contains(' ') { written.tomorrow().ok()? } else { written };
    Some(zone.to_timestamp(written).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_its_zone() {
        let santiago = TimeZone::get(ZONE).unwrap();
        let hour = 3_600_000;
        // In summer, three hours behind.
        let start = dates::parse("29-11-2016").unwrap() + 3 * hour;
        assert_eq!(read("29-11-2016", &santiago, false), Some(start));
        assert_eq!(read("29-11-2016", &santiago, true), Some(start + 24 * hour));
        assert_eq!(read("29-11-2016 00:00:01", &santiago, true), Some(start + 1_000));
        // A day of 23 hours, which begins at one o'clock.
        let (from, to) = (read("08-09-2024", &santiago, false), read("08-09-2024", &santiago, true));
        assert_eq!(to.zip(from).map(|(to, from)| to - from), Some(23 * hour));
        assert_eq!(read("31-12-9999", &TimeZone::UTC, true), None, "there is no day after it");
    }
}

use jiff::civil::date as day;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const WORKDAYS: &str = r#"{"lunes":["09:00-13:00","14:00-18:00"],"martes":["09:00-18:00"],"miércoles":["09:00-18:00"],
    "JUEVES":[{"desde":"09:00","hasta":"18:00"}],"viernes":"22:00-06:00","sabado":null,"domingo":[]}"#;

/// A moment by a clock on a wall of the zone; where it shows it twice, the first.
fn at(zone: &str, text: &str) -> Millis {
    let time: jiff::civil::DateTime = text.parse().unwrap();
    TimeZone::get(zone).unwrap().to_ambiguous_timestamp(time).earlier().unwrap().as_millisecond()
}

fn hours(json: &str, zone: &str) -> Hours {
    Hours::parse(Some(json), zone, Vec::new()).unwrap()
}

fn closed(day: &str, of_group: bool) -> Holiday {
    Holiday::parse(day, "[]", of_group).unwrap()
}

#[test]
fn a_week_is_open_from_a_start_until_an_end_that_is_outside() {
    let hours = hours(WORKDAYS, "America/Santiago");
    let open = |text| hours.is_open(at("America/Santiago", text));
    // 8 June 2026 is a Monday.
    assert!(!open("2026-06-08T08:59:59.999"));
    assert!(open("2026-06-08T09:00"));
    assert!(open("2026-06-08T12:59:59.999"));
    assert!(!open("2026-06-08T13:00"), "lunch");
    assert!(open("2026-06-08T14:00"));
    assert!(!open("2026-06-08T18:00"));
    assert!(open("2026-06-12T22:00"), "Friday's night");
    assert!(open("2026-06-13T05:59"), "reaches into a Saturday without hours");
    assert!(!open("2026-06-13T06:00"));
    assert!(!open("2026-06-14T12:00"));
    assert_eq!(
        hours.next_change(at("America/Santiago", "2026-06-13T06:00")),
        Some(at("America/Santiago", "2026-06-15T09:00"))
    );
}

#[test]
fn without_hours_it_is_always_open_but_on_holidays() {
    let zone = "America/Santiago";
    let always = Hours::parse(None, zone, Vec::new()).unwrap();
    assert!(always.is_open(0));
    assert_eq!(always.next_change(at(zone, "2026-06-08T10:00")), None);
    let hours = Hours::parse(None, zone, vec![closed("2026-06-29", false)]).unwrap();
    assert!(hours.is_open(at(zone, "2026-06-28T23:59")));
    assert!(!hours.is_open(at(zone, "2026-06-29T00:00")));
    assert_eq!(hours.next_change(at(zone, "2026-06-10T10:00")), Some(at(zone, "2026-06-29T00:00")));
    assert_eq!(hours.next_change(at(zone, "2026-06-29T10:00")), Some(at(zone, "2026-06-30T00:00")));
    assert_eq!(hours.next_change(at(zone, "2026-05-29T23:59")), None, "more than 30 days ahead");
}

#[test]
fn a_holiday_takes_the_place_of_its_day_and_a_groups_own_wins() {
    let zone = "Europe/Madrid";
    let own = Holiday::parse("24-12-2026", r#"["09:00-12:00"]"#, true).unwrap();
    let hours = Hours::parse(
        Some(r#"{"miercoles":["20:00-04:00"],"jueves":["09:00-18:00"]}"#),
        zone,
        vec![own, closed("2026-12-24", false)],
    )
    .unwrap();
    let open = |text| hours.is_open(at(zone, text));
    assert!(open("2026-12-24T03:59"), "the night before still holds");
    assert!(!open("2026-12-24T04:00"));
    assert!(open("2026-12-24T11:59"));
    assert!(!open("2026-12-24T12:00"));
    assert!(open("2026-12-31T17:59"), "the next Thursday is an ordinary one");
}

#[test]
fn what_the_clock_leaves_out_in_spring_is_the_moment_of_the_jump() {
    // Each has a gap of an hour: [02:00, 03:00) in New York and Madrid, [00:00, 01:00) in Santiago.
    for (zone, date, jump, long) in [
        ("America/New_York", "2026-03-08", "03:00", "2026-03-08T05:00"),
        ("Europe/Madrid", "2026-03-29", "03:00", "2026-03-29T05:00"),
        ("America/Santiago", "2026-09-06", "01:00", "2026-09-06T05:00"),
    ] {
        let left_out = if jump == "03:00" { ["02:15", "02:30", "02:45"] } else { ["00:15", "00:30", "00:45"] };
        let jump = at(zone, &format!("{date}T{jump}"));
        let opens = hours(&format!(r#"{{"domingo":["{}-05:00"]}}"#, left_out[1]), zone);
        assert!(!opens.is_open(jump - 1), "{zone}");
        assert!(opens.is_open(jump), "{zone}");
        assert_eq!(opens.next_change(jump - 1), Some(jump), "{zone}");
        assert_eq!(opens.next_change(jump), Some(at(zone, long)), "{zone}");
        let closes = hours(&format!(r#"{{"sabado":["22:00-{}"]}}"#, left_out[1]), zone);
        assert!(closes.is_open(jump - 1), "{zone}");
        assert!(!closes.is_open(jump), "{zone}");
        let none = hours(&format!(r#"{{"domingo":["{}-{}"]}}"#, left_out[0], left_out[2]), zone);
        assert!(!none.is_open(jump - 1) && !none.is_open(jump), "{zone}: it never shows these hours");
        assert!(none.next_change(jump - 1).unwrap() > jump + MILLIS_A_DAY, "{zone}: next week");
    }
}

#[test]
fn what_the_clock_shows_twice_in_autumn_begins_at_the_first_and_ends_at_the_second() {
    const HOUR: Millis = 3_600_000;
    // Shown twice: [01:00, 02:00) in New York, [02:00, 03:00) in Madrid, [23:00, 24:00) of Saturday in Santiago.
    for (zone, weekday, first, [start, end, after]) in [
        ("America/New_York", "domingo", "2026-11-01T01:00", ["01:15", "01:45", "02:00"]),
        ("Europe/Madrid", "domingo", "2026-10-25T02:00", ["02:15", "02:45", "03:00"]),
        ("America/Santiago", "sabado", "2026-04-04T23:00", ["23:15", "23:45", "24:00"]),
    ] {
        let fold = at(zone, first);
        let minute = |n: Millis| fold + n * 60_000;
        let within = hours(&format!(r#"{{"{weekday}":["{start}-{end}"]}}"#), zone);
        assert!(!within.is_open(minute(15) - 1), "{zone}");
        assert_eq!(within.next_change(minute(0)), Some(minute(15)), "{zone}: at the first");
        assert_eq!(within.next_change(minute(15)), Some(minute(60 + 45)), "{zone}: until the second");
        // What comes after the hour that is shown twice comes once; in Santiago that is the end of a day of 25 hours.
        let from = if after == "24:00" { "00:00" } else { after };
        let once = hours(&format!(r#"{{"{weekday}":["{from}-{after}"]}}"#), zone);
        assert_eq!(once.next_change(fold), Some(fold + 2 * HOUR), "{zone}");
    }
}

#[test]
fn a_day_of_a_start_that_is_its_end_lasts_until_the_next() {
    let hours = hours(r#"{"lunes":["08:00-08:00"],"miercoles":["00:00-24:00"]}"#, "UTC");
    assert_eq!(hours.next_change(at("UTC", "2026-06-08T08:00")), Some(at("UTC", "2026-06-09T08:00")));
    assert_eq!(hours.next_change(at("UTC", "2026-06-10T00:00")), Some(at("UTC", "2026-06-11T00:00")));
}

#[test]
fn a_department_writes_its_week_by_openings_and_closings() {
    let json = r#"{"lunes_apertura":"08:00","lunes_cierre":"17:00","miercoles_apertura":"22:00","miercoles_cierre":"02:00",
        "defecto":"Fuera de horario","email":"a@b.example"}"#;
    let hours = Hours::from_department(Some(json), "America/Santiago", Vec::new()).unwrap();
    assert_eq!(
        hours.describe(),
        "lunes de 08:00 a 17:00; miércoles de 22:00 a 02:00 del día siguiente (America/Santiago)"
    );
    assert_eq!(department_message(json).as_deref(), Some("Fuera de horario"));
    assert_eq!([r#"{"defecto":" "}"#, "{}", "[]", ""].map(department_message), [const { None }; 4]);
    let always = Hours::from_department(Some(r#"{"defecto":"Fuera"}"#), "UTC", Vec::new()).unwrap();
    assert_eq!(always.describe(), "siempre abierto");
    assert!(Hours::from_department(None, "UTC", Vec::new()).unwrap().is_open(0));
    let wrong =
        Week::of_department(&json!({"lunes_apertura": ":03:45", "lunes_cierre": "10:00", "martes_cierre": "10:00"}));
    assert_eq!(wrong, Err(vec![HoursError::Time(":03:45".into()), HoursError::Incomplete("martes")]));
}

#[test]
fn hours_are_told_in_words() {
    let words = |json| hours(json, "America/Santiago").describe();
    assert_eq!(
        words(WORKDAYS),
        "lunes de 09:00 a 13:00 y de 14:00 a 18:00; martes a jueves de 09:00 a 18:00; viernes de 22:00 a 06:00 del día \
         siguiente (America/Santiago)"
    );
    assert_eq!(
        words(r#"{"sabado":["00:00-24:00"],"domingo":["00:00-24:00"]}"#),
        "sábado y domingo todo el día (America/Santiago)"
    );
    assert_eq!(words("{}"), "siempre cerrado");
}

#[test]
fn everything_that_is_wrong_with_a_week_is_told() {
    let wrong = |value: Value| Week::read(&value).unwrap_err();
    let time = |text: &str| HoursError::Time(text.to_owned());
    assert_eq!(
        wrong(json!({"lunes": ["24:00-25:00", "9:00-10:00"], "feriado": [], "martes": [7], "jueves": ["10:00"]})),
        [HoursError::Weekday("feriado".into()), HoursError::Span, time("24:00"), time("9:00"), HoursError::Span]
    );
    for bad in ["09:60-10:00", "09:00-24:01", "-1:00-10:00", "+9:00-10:00", "09:00-", "0９:00-10:00", "09:00:00-10:00"]
    {
        assert_eq!(wrong(json!({"lunes": [bad]})).len(), 1, "{bad}");
    }
    assert_eq!(wrong(json!([])), [HoursError::Shape]);
    assert_eq!(Hours::parse(Some("no"), "UTC", Vec::new()).unwrap_err(), HoursError::Shape);
    let overlap = |a: &str, b: &str, day: &str| HoursError::Overlap(a.into(), b.into(), day.into());
    assert_eq!(
        wrong(json!({"lunes": ["12:00-14:00", "09:00-13:00"]})),
        [overlap("09:00-13:00", "12:00-14:00", "lunes")]
    );
    assert_eq!(
        wrong(json!({"domingo": ["22:00-06:00"], "lunes": ["05:00-09:00"]})),
        [overlap("22:00-06:00", "05:00-09:00", "lunes")],
        "over the end of the week"
    );
    assert!(Week::read(&json!({"domingo": ["22:00-06:00"], "lunes": ["06:00-09:00"]})).is_ok(), "one after the other");
    assert!(Week::read(&json!({"martes": ["06:00-06:00"]})).is_ok(), "not with itself");
    assert_eq!(day_spans("24-12-2026", &json!(["09:00-12:00", "11:00-13:00"])).unwrap_err().len(), 1);
}

#[test]
fn days_that_do_not_exist_and_unknown_zones_are_refused() {
    assert_eq!(calendar_day("18-09-2026").unwrap(), "2026-09-18");
    assert_eq!(calendar_day("2026-09-18").unwrap(), "2026-09-18");
    assert_eq!(calendar_day("29-02-2028").unwrap(), "2028-02-29");
    for bad in [
        "31-02-2026",
        "2026-02-31",
        "29-02-2026",
        "1-1-2026",
        "18/09/2026",
        "18-09-26",
        "",
        "2026-9-18",
        "+8-09-2026",
        "٣٠-09-2026",
    ] {
        assert_eq!(calendar_day(bad), Err(HoursError::Date(bad.into())));
    }
    assert_eq!(timezone_name("america/santiago").unwrap(), "America/Santiago");
    for bad in ["", "Chile", "America/Valparaiso", "Etc/Unknown", "../UTC", "UTC+25"] {
        assert_eq!(timezone_name(bad), Err(HoursError::Timezone(bad.into())));
    }
}

#[test]
fn a_week_is_stored_as_it_is_read() {
    let week = Week::read(&serde_json::from_str(WORKDAYS).unwrap()).unwrap();
    let stored = week.to_json();
    assert_eq!(stored["lunes"][0], json!({"desde": "09:00", "hasta": "13:00"}));
    assert_eq!(stored["sabado"], json!([]));
    assert_eq!(Week::read(&stored), Ok(week));
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let span =
        (0u16..1440, 0u16..=1440).prop_map(|(start, end)| Span::new(&week::clock(start), &week::clock(end)).unwrap());
    prop::collection::vec(span, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_next_change_agrees_with_every_minute(
        week in prop::collection::vec(spans(), 7),
        holiday in spans(),
        zone in prop::sample::select(vec![
            "America/Santiago", "America/New_York", "Europe/Madrid", "UTC", "Australia/Lord_Howe", "Asia/Kathmandu",
        ]),
        // Two days before the clocks of one of these zones change, or any day.
        start in prop::sample::select(vec![
            day(2026, 3, 6), day(2026, 3, 27), day(2026, 4, 2), day(2026, 4, 3), day(2026, 9, 4), day(2026, 10, 2),
            day(2026, 10, 23), day(2026, 10, 30), day(2026, 6, 10), day(2027, 12, 30),
        ]),
        minute in 0i64..1440,
    ) {
        const MINUTE: Millis = 60_000;
        let holidays = vec![Holiday { day: start.saturating_add(2.days()), of_group: true, spans: holiday }];
        let zone = TimeZone::get(zone).unwrap();
        let hours = Hours { week: Week(week.try_into().unwrap()), zone: zone.clone(), holidays };
        let start = start.at(0, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp().as_millisecond() + minute * MINUTE;
        let end = start + 4 * MILLIS_A_DAY;
        let (mut now, mut open) = (start, hours.is_open(start));
        let mut next = hours.next_change(start);
        while now < end {
            // The clock shows a time within the hours of its day: then it is open.
            let wall = zone.to_datetime(timestamp(now));
            let shown = u16::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).unwrap();
            let within = hours.spans(wall.date()).iter().any(|span| (span.start()..span.end()).contains(&shown));
            prop_assert!(open || !within, "closed at {wall}");
            now += MINUTE;
            let then = hours.is_open(now);
            prop_assert_eq!(then != open, next == Some(now), "at {} in {:?}", timestamp(now), zone.iana_name());
            if then != open {
                open = then;
                next = hours.next_change(now);
            }
        }
        prop_assert!(next.is_none_or(|next| next > now - MINUTE));
    }
}

//! Hours in words, in Spanish.

use super::week::{Span, WEEKDAYS, Week, clock};

/// Days of equal hours that follow each other are told together.
pub(super) fn describe(week: &Week, zone: Option<&str>) -> String {
    if *week == Week::always() {
        return "siempre abierto".to_owned();
    }
    if !week.is_some_day_open() {
        return "siempre cerrado".to_owned();
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in (0..7).filter(|day| !week.0[*day].is_empty()) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day && week.0[*last] == week.0[day] => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let told: Vec<String> =
        runs.into_iter().map(|(from, to)| format!("{} {}", days(from, to), hours(&week.0[from]))).collect();
    let zone = zone.map(|zone| format!(" ({zone})")).unwrap_or_default();
    format!("{}{zone}", told.join("; "))
}

fn days(from: usize, to: usize) -> String {
    match to - from {
        0 => WEEKDAYS[from].to_owned(),
        1 => format!("{} y {}", WEEKDAYS[from], WEEKDAYS[to]),
        _ => format!("{} a {}", WEEKDAYS[from], WEEKDAYS[to]),
    }
}

fn hours(spans: &[Span]) -> String {
    if spans == [Span::ALL_DAY] {
        return "todo el día".to_owned();
    }
    let told: Vec<String> = spans.iter().map(|span| format!("de {} a {}", start(*span), end(*span))).collect();
    told.join(" y ")
}

fn start(span: Span) -> String {
    clock(span.start())
}

fn end(span: Span) -> String {
    let day = 24 * 60;
    match span.end() {
        end if end > day => format!("{} del día siguiente", clock(end - day)),
        end => clock(end),
    }
}

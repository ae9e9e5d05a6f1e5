//! MS "Reportes": known by its title only.

mod csv;
mod view;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use relevo_adapters::Millis;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::view::Reporte;
use super::fechas::zone;
use crate::{
    desk::{
        clients::Role,
        reports::{self, begins, days, next},
    },
    domain::report::Day,
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
    },
};

/// Days of a report, at most.
const LONGEST: i32 = 366;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(reporte))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The first day: `DD-MM-AAAA`.
    #[param(example = "01-05-2026")]
    desde: String,
    /// The last day, itself included; at most 366 days.
    #[param(example = "31-05-2026")]
    hasta: String,
    /// The IANA time zone whose days they are; `America/Santiago` unless said otherwise.
    zona: Option<String>,
    /// `json`, or `csv`.
    formato: Option<String>,
}

/// Tickets that were opened in a range of days: how many by state and day, how long they waited for their first agent
/// (`espera`), for the first answer (`primera_respuesta`), and how long they took from the assignment to the closing
/// (`atencion`); in total and by channel, group and agent. Whole seconds; the median and the 90th percentile are exact
/// below 4,096 s and to one part in 2,048 above. Not for agents.
#[utoipa::path(
    get, path = "/api/mundosocial/reporte", tag = "mundosocial", operation_id = "ms_reporte",
    params(Query),
    responses((status = 200, content(
        (Reporte = "application/json"),
        (String = "text/csv"),
    )))
)]
async fn reporte(State(api): State<Api>, mut asked: Asked) -> Result<Response, Error> {
    match asked.caller.role {
        Role::Admin | Role::Operator | Role::Integration => {}
        Role::Agent => return Err(Error::Forbidden),
    }
    let company = asked.company(&api, "id_company").await?;
    let wanted = read(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let Some(Wanted { first, last, range, zone, csv }) = wanted else {
        return Err(Error::Invalid(INVALID, Default::default()));
    };
    let (report, names) = reports::report(&api.0.db, company, range, &zone).await?;
    let reporte = Reporte::of(&report, &names, (first, last), zone.iana_name().unwrap_or_default());
    match csv {
        false => Ok(Answer::ok("ok").with(reporte).into_response()),
        true => Ok(as_csv(csv::table(&reporte), first, last)),
    }
}

fn as_csv(text: String, first: Day, last: Day) -> Response {
    let name = format!("attachment; filename=\"reporte_{}_{}.csv\"", view::date(first), view::date(last));
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let form = HeaderValue::from_static("text/csv; charset=utf-8");
    ([(header::CONTENT_TYPE, form), (header::CONTENT_DISPOSITION, name)], text).into_response()
}

/// What is asked for.
struct Wanted {
    first: Day,
    last: Day,
    range: (Millis, Millis),
    zone: TimeZone,
    csv: bool,
}

/// Reads it; what is wrong is noted.
fn read(fields: &mut Fields) -> Option<Wanted> {
    let (first, last) = (day(fields, "desde"), day(fields, "hasta"));
    let zone = zone(fields);
    let csv = match fields.text("formato").map(|form| form.to_lowercase()).as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => {
            fields.complain("formato", "El campo formato debe ser json o csv.");
            false
        }
    };
    let (first, last, zone) = (first?, last?, zone?);
    match days(first, last)? {
        ..1 => fields.complain("hasta", "El campo hasta no debe ser anterior a desde."),
        1..=LONGEST => {}
        _ => fields.complain("hasta", format!("El reporte abarca a lo más {LONGEST} días.")),
    }
    let range = (begins(first, &zone)?, begins(next(last)?, &zone)?);
    Some(Wanted { first, last, range, zone, csv })
}

/// The day that a field names in the form `DD-MM-AAAA`; notes it if there is none.
fn day(fields: &mut Fields, name: &str) -> Option<Day> {
    let text = fields.need_text(name);
    let found = parse(&text).filter(|day| begins(*day, &TimeZone::UTC).is_some() && next(*day).is_some());
    if found.is_none() && !text.is_empty() {
        fields.complain(name, format!("El campo {name} debe ser una fecha real: DD-MM-AAAA."));
    }
    found
}

fn parse(text: &str) -> Option<Day> {
    let parts: Vec<&str> = text.split('-').collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let fits = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let fine = fits(day, 2) && fits(month, 2) && fits(year, 4);
    fine.then(|| Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_taken_in_the_one_form() {
        assert_eq!(parse("01-05-2026"), Some((2026, 5, 1)));
        for wrong in ["", "1-5-2026", "01/05/2026", "2026-05-01", "01-05-26", "01-05-2026 10:00:00", "+1-05-2026"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

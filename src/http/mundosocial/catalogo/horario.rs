//! MS "Horarios": when a group attends.

use axum::extract::State;
use relevo_adapters::Millis;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{clearable, field, prose, refused, rerouting, unknown};
use crate::{
    desk::catalogue::{
        Thing,
        hours::{self, Change, NewHoliday, Origin},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, moment, sending::INVALID},
    },
    store::{
        Tx,
        groups::{self, Group},
        holidays::{self, HolidayRow},
    },
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(horario))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(store))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// The group; without one the company's own holidays are meant.
    grup_id: Option<i64>,
}

/// Hours of a day. One whose `hasta` is not after its `desde` ends on the next day; `hasta` may be `24:00`.
#[derive(Debug, ToSchema)]
#[schema(as = MsTramo)]
#[expect(dead_code, reason = "describes what is stored as JSON")]
struct Tramo {
    #[schema(examples("09:00"))]
    desde: String,
    #[schema(examples("18:00"))]
    hasta: String,
}

/// The hours of every weekday; a day without any is closed.
#[derive(Debug, ToSchema)]
#[schema(as = MsSemana)]
#[expect(dead_code, reason = "describes what is stored as JSON")]
struct Semana {
    lunes: Vec<Tramo>,
    martes: Vec<Tramo>,
    miercoles: Vec<Tramo>,
    jueves: Vec<Tramo>,
    viernes: Vec<Tramo>,
    sabado: Vec<Tramo>,
    domingo: Vec<Tramo>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFeriado)]
struct Feriado {
    #[schema(examples("2026-09-18"))]
    fecha: String,
    #[schema(examples("Independencia Nacional"))]
    nombre: String,
    /// Closed without any.
    #[schema(value_type = Vec<Tramo>)]
    tramos: Value,
}

impl From<HolidayRow> for Feriado {
    fn from(row: HolidayRow) -> Self {
        Self { fecha: row.day, nombre: row.name, tramos: serde_json::from_str(&row.hours).unwrap_or_default() }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsHorario)]
struct Horario {
    /// `null`: these are the company's holidays.
    grup_id: Option<i64>,
    grup_zona_horaria: Option<String>,
    /// What customers are told who write while it is closed: the group's own, or its department's.
    grup_mensaje_cerrado: Option<String>,
    /// The group's own week; `null` if it has none.
    #[schema(value_type = Option<Semana>)]
    hora_semana: Option<Value>,
    /// By whose week the group attends: `grupo`, `departamento`, or `ninguno`, which is always open.
    #[schema(examples("grupo"))]
    hora_origen: Option<&'static str>,
    /// The hours that hold, in words.
    #[schema(examples("lunes a viernes de 09:00 a 18:00 (America/Santiago)"))]
    hora_descripcion: Option<String>,
    /// Whether it attends now.
    hora_abierto: Option<bool>,
    /// When it next opens or closes (UTC), if it does within 30 days.
    #[schema(examples("2026-06-08T13:00:00.000Z"))]
    hora_proximo_cambio: Option<String>,
    /// The group's own; without a group, the company's.
    feriados: Vec<Feriado>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsHorarioUnico)]
struct Unico {
    horario: Horario,
}

/// When a group attends; without `grup_id`, the holidays of the whole company.
#[utoipa::path(
    get, path = "/api/mundosocial/horario", tag = "mundosocial", operation_id = "ms_horario",
    params(Query),
    responses((status = 200, body = Unico))
)]
async fn horario(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = asked.fields.int(field(Thing::Group));
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let group = match id {
        None => None,
        Some(id) => Some(groups::find(&mut tx, company, id).await?.ok_or_else(|| unknown(Thing::Group))?),
    };
    show(&mut tx, api.0.clock.now(), company, group).await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsHorarioRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Body {
    /// The group; without one the company's own holidays are stored, and nothing else may be given.
    #[schema(examples(1))]
    grup_id: Option<i64>,
    /// Replaces the whole week; spans also as `"09:00-18:00"`. `null`: the department's, or always open.
    hora_semana: Option<Semana>,
    /// An IANA name.
    #[schema(examples("America/Santiago"))]
    grup_zona_horaria: Option<String>,
    /// `null` takes it away.
    grup_mensaje_cerrado: Option<String>,
    /// Replaces all of them. `fecha` is `DD-MM-AAAA` or `AAAA-MM-DD`; the group's own days win over the company's.
    feriados: Option<Vec<NewFeriado>>,
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFeriadoNuevo)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewFeriado {
    #[schema(examples("18-09-2026"))]
    fecha: String,
    #[schema(examples("Independencia Nacional"))]
    nombre: String,
    /// Closed without any.
    tramos: Option<Vec<Tramo>>,
}

/// Stores what is given of a group's hours; without `grup_id`, the holidays of the whole company.
#[utoipa::path(
    post, path = "/api/mundosocial/horario", tag = "mundosocial", operation_id = "ms_horario_store",
    request_body = Body,
    responses((status = 200, body = Unico))
)]
async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let group = fields.int(field(Thing::Group));
    let named = fields.is_named("hora_semana");
    let change = Change {
        week: fields.take("hora_semana").or(named.then_some(Value::Null)),
        timezone: fields.text("grup_zona_horaria"),
        closed_message: clearable(fields, "grup_mensaje_cerrado", prose),
        holidays: feriados(fields),
    };
    if group.is_none() && fields.is_fine(field(Thing::Group)) {
        let other = change.week.is_some() || change.timezone.is_some() || change.closed_message.is_some();
        if other || (change.holidays.is_none() && fields.is_fine("feriados")) {
            fields.complain(
                field(Thing::Group),
                "El campo grup_id es obligatorio, salvo para los feriados de la empresa.",
            );
        }
    }
    fields.check(INVALID)?;
    let now = api.0.clock.now();
    rerouting(&api, &asked, company, async |tx| {
        let group = match group {
            Some(group) => Some(hours::store(tx, now, company, group, change.clone()).await.map_err(refused)?),
            None => {
                let days = change.holidays.as_deref().unwrap_or_default();
                hours::store_holidays(tx, company, days).await.map_err(refused)?;
                None
            }
        };
        show(tx, now, company, group).await
    })
    .await
}

async fn show(tx: &mut Tx, now: Millis, company: i64, group: Option<Group>) -> Result<Answer, Error> {
    let days = holidays::list(tx, company, group.as_ref().map(|group| group.id)).await?;
    let mut horario = Horario {
        grup_id: None,
        grup_zona_horaria: None,
        grup_mensaje_cerrado: None,
        hora_semana: None,
        hora_origen: None,
        hora_descripcion: None,
        hora_abierto: None,
        hora_proximo_cambio: None,
        feriados: days.into_iter().map(Feriado::from).collect(),
    };
    if let Some(group) = group {
        let attention = hours::of_group(tx, now, &group).await?;
        horario = Horario {
            grup_id: Some(group.id),
            hora_origen: Some(match attention.origin {
                Origin::Group => "grupo",
                Origin::Department => "departamento",
                Origin::None => "ninguno",
            }),
            hora_descripcion: Some(attention.hours.describe()),
            hora_abierto: Some(attention.hours.is_open(now)),
            hora_proximo_cambio: attention.hours.next_change(now).map(moment),
            hora_semana: group.hours.and_then(|week| serde_json::from_str(&week).ok()),
            grup_mensaje_cerrado: attention.closed_message,
            grup_zona_horaria: Some(group.timezone),
            ..horario
        };
    }
    Ok(Answer::ok("ok").with(Unico { horario }))
}

fn feriados(fields: &mut Fields) -> Option<Vec<NewHoliday>> {
    let Value::Array(items) = fields.take("feriados")? else {
        fields.complain("feriados", "El campo feriados debe ser una lista.");
        return None;
    };
    let mut days = Vec::new();
    for (n, item) in items.into_iter().enumerate() {
        let Value::Object(values) = item else {
            fields.complain("feriados", "Cada feriado debe ser un objeto con fecha, nombre y tramos.");
            continue;
        };
        let mut inner = Fields::from(values);
        let day = inner.need_text("fecha");
        let name = inner.need_text("nombre");
        days.push(NewHoliday { day, name, spans: inner.take("tramos").unwrap_or_default() });
        fields.take_problems(inner, &format!("feriados.{n}"));
    }
    Some(days)
}

//! MS "Estado de Conexión".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    acting::{Act, act},
    agente, fechas,
};
use crate::{
    desk::{
        presence,
        routing::{Routed, RoutingError},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, moment, sending::INVALID},
    },
    store::Tx,
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(update))
        .routes(routes!(people))
        .routes(routes!(history))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEstado)]
struct Estado {
    #[schema(examples(1))]
    esta_id: i64,
    #[schema(examples("En línea"))]
    esta_descripcion: String,
    /// `online`: gets tickets; `away`: keeps the own ones; `offline`: gives unanswered ones back after a while.
    #[schema(examples("online"))]
    esta_tipo: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEstados)]
pub(super) struct Estados {
    estados: Vec<Estado>,
}

/// The connection states that there are.
#[utoipa::path(
    get, path = "/api/mundosocial/estadoconexion", tag = "mundosocial", operation_id = "ms_estadoconexion",
    responses((status = 200, body = Estados))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let states = presence::states(&mut api.0.db.read().await?, company).await?;
    let estados = states.into_iter().map(|it| Estado { esta_id: it.id, esta_descripcion: it.name, esta_tipo: it.kind });
    Ok(Answer::ok("ok").with(Estados { estados: estados.collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsEstadoRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// Whose state; a logged-in person who names nobody means himself.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
    #[schema(examples(1))]
    esta_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEstadoCambiado)]
pub(super) struct Changed {
    usua_id: i64,
    esta_id: i64,
    esta_descripcion: String,
    esta_tipo: String,
    /// Tickets that the agent got by this.
    asignados: usize,
}

/// Changes somebody's connection state. Who comes online gets at once what waits in the groups that give tickets out.
#[utoipa::path(
    post, path = "/api/mundosocial/estadoconexion", tag = "mundosocial", operation_id = "ms_estadoconexion_modificar",
    request_body = Body,
    responses((status = 200, body = Changed))
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let state = asked.fields.need_int("esta_id");
    let user = agente::acting(&mut api.0.db.read().await?, &mut asked.fields, &caller, company).await?.id;
    act(&api, &asked, &Changing { company, user, state, by: caller.user }).await
}

struct Changing {
    company: i64,
    user: i64,
    state: i64,
    by: Option<i64>,
}

impl Act for Changing {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        let (state, done) = presence::set(tx, &api.0.clock, self.company, self.user, self.state, self.by).await?;
        let changed = Changed {
            usua_id: self.user,
            esta_id: state.id,
            esta_descripcion: state.name,
            esta_tipo: state.kind,
            asignados: done.assigned,
        };
        Ok((Answer::ok("ok").with(changed), done))
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEjecutivo)]
struct Ejecutivo {
    usua_id: i64,
    usua_nombre: String,
    usua_mail: String,
    esta_id: i64,
    esta_descripcion: String,
    esta_tipo: String,
    /// Since when.
    esta_desde: String,
    /// Tickets in hand.
    usua_carga: i64,
    usua_capacidad: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEjecutivos)]
pub(super) struct Ejecutivos {
    ejecutivos: Vec<Ejecutivo>,
}

/// How the company's people are now, by name.
#[utoipa::path(
    get, path = "/api/mundosocial/estadoconexion/ejecutivos", tag = "mundosocial",
    operation_id = "ms_estadoconexion_ejecutivos",
    responses((status = 200, body = Ejecutivos))
)]
pub(super) async fn people(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let people = presence::now(&mut api.0.db.read().await?, company).await?;
    let ejecutivos = people.into_iter().map(|one| Ejecutivo {
        usua_id: one.id,
        usua_nombre: one.name,
        usua_mail: one.email,
        esta_id: one.presence_id,
        esta_descripcion: one.presence,
        esta_tipo: one.kind,
        esta_desde: moment(one.presence_at),
        usua_carga: one.load,
        usua_capacidad: one.capacity,
    });
    Ok(Answer::ok("ok").with(Ejecutivos { ejecutivos: ejecutivos.collect() }))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// One person; everybody without. An agent's own token sees himself.
    mail: Option<String>,
    /// The same by number.
    usua_id: Option<i64>,
    /// From this moment on: `DD-MM-AAAA`, the day's start, or `DD-MM-AAAA hh:mm:ss`.
    #[param(example = "29-11-2016")]
    desde: String,
    /// Until the end of this day, or before this moment.
    #[param(example = "30-11-2016 12:00:00")]
    hasta: String,
    /// The IANA time zone of both; `America/Santiago` unless said otherwise.
    zona: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEstadoHistorico)]
struct Spell {
    usua_id: i64,
    usua_nombre: String,
    esta_id: i64,
    esta_descripcion: String,
    esta_tipo: String,
    desde: String,
    /// `null` while it lasts.
    hasta: Option<String>,
    /// Seconds so far.
    segundos: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsEstadosHistoricos)]
pub(super) struct Spells {
    historial: Vec<Spell>,
}

/// What people were when, the latest first, at most 10,000 rows.
#[utoipa::path(
    get, path = "/api/mundosocial/estadoconexion/historial", tag = "mundosocial",
    operation_id = "ms_estadoconexion_historial",
    params(Query),
    responses((status = 200, body = Spells))
)]
pub(super) async fn history(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let fields = &mut asked.fields;
    fields.need_text("desde");
    fields.need_text("hasta");
    let span = fechas::span(fields);
    let user = match caller.hand().is_some() || agente::names(fields) {
        true => Some(agente::acting(&mut api.0.db.read().await?, fields, &caller, company).await?.id),
        false => None,
    };
    asked.fields.check(INVALID)?;
    let rows = presence::history(&mut api.0.db.read().await?, company, user, span).await?;
    let now = api.0.clock.now();
    let historial = rows.into_iter().map(|row| Spell {
        usua_id: row.user_id,
        usua_nombre: row.user_name,
        esta_id: row.presence_id,
        esta_descripcion: row.name,
        esta_tipo: row.kind,
        desde: moment(row.at),
        hasta: row.until.map(moment),
        segundos: (row.until.unwrap_or(now) - row.at).max(0) / 1000,
    });
    Ok(Answer::ok("ok").with(Spells { historial: historial.collect() }))
}

//! MS "Grupos".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{clearable, field, need_id, prose, refused, rerouting, unknown};
use crate::{
    desk::catalogue::{
        LIST, Thing,
        groups::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
    },
    store::groups::{Group, find, list},
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(grupo))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsGrupo)]
pub(super) struct Grupo {
    grup_id: i64,
    grup_nombre: String,
    depa_id: Option<i64>,
    /// `auto`: tickets are given out; `manual`: agents pull them.
    #[schema(examples("auto"))]
    grup_politica: String,
    /// Whether agents may take a ticket of their choice.
    grup_autoasignacion: bool,
    /// Higher goes first.
    grup_prioridad: i64,
    /// Lower is listed first.
    grup_orden: i64,
    #[schema(examples("America/Santiago"))]
    grup_zona_horaria: String,
    /// What customers are told once who write while it is closed.
    grup_mensaje_cerrado: Option<String>,
    /// What customers are told who wait without an agent.
    grup_mensaje_ocupado: Option<String>,
    grup_activo: bool,
}

impl From<Group> for Grupo {
    fn from(group: Group) -> Self {
        Self {
            grup_id: group.id,
            grup_nombre: group.name,
            depa_id: group.department_id,
            grup_politica: group.policy,
            grup_autoasignacion: group.self_assign != 0,
            grup_prioridad: group.priority,
            grup_orden: group.position,
            grup_zona_horaria: group.timezone,
            grup_mensaje_cerrado: group.closed_message,
            grup_mensaje_ocupado: group.busy_message,
            grup_activo: group.active != 0,
        }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// Only this one.
    grup_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsGrupos)]
pub(super) struct Grupos {
    grupos: Vec<Grupo>,
}

impl From<Vec<Group>> for Grupos {
    fn from(groups: Vec<Group>) -> Self {
        Self { grupos: groups.into_iter().map(Grupo::from).collect() }
    }
}

/// The company's groups, in order; or one of them.
#[utoipa::path(
    get, path = "/api/mundosocial/grupo", tag = "mundosocial", operation_id = "ms_grupo",
    params(Query),
    responses((status = 200, body = Grupos))
)]
async fn grupo(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = asked.fields.int(field(Thing::Group));
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let groups = match id {
        None => list(&mut tx, company, LIST).await?,
        Some(id) => vec![find(&mut tx, company, id).await?.ok_or_else(|| unknown(Thing::Group))?],
    };
    Ok(Answer::ok("ok").with(Grupos::from(groups)))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsGrupoRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    /// 1 to 100 characters, once per company.
    #[schema(examples("Ventas Web"))]
    grup_nombre: String,
    depa_id: Option<i64>,
    /// `auto` (default) or `manual`.
    grup_politica: Option<String>,
    /// `false` unless said otherwise.
    grup_autoasignacion: Option<bool>,
    /// 0 to 1000; 0 unless said otherwise.
    grup_prioridad: Option<i64>,
    /// 0 unless said otherwise.
    grup_orden: Option<i64>,
    /// An IANA name; `America/Santiago` unless said otherwise.
    grup_zona_horaria: Option<String>,
    grup_mensaje_cerrado: Option<String>,
    grup_mensaje_ocupado: Option<String>,
    /// `true` unless said otherwise.
    grup_activo: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsGrupoUnico)]
struct Unico {
    grupo: Grupo,
}

/// Adds a group. It has nobody and no hours yet: it is always open.
#[utoipa::path(
    post, path = "/api/mundosocial/grupo", tag = "mundosocial", operation_id = "ms_grupo_create",
    request_body = NewBody,
    responses((status = 200, body = Unico))
)]
async fn create(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.need_text("grup_nombre");
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    rerouting(&api, &asked, company, async |tx| {
        let group = groups::add(tx, now, company, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unico { grupo: group.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsGrupoUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(1))]
    grup_id: i64,
    grup_nombre: Option<String>,
    /// `null` takes it away; so it does with the messages.
    depa_id: Option<i64>,
    #[schema(examples("manual"))]
    grup_politica: Option<String>,
    grup_autoasignacion: Option<bool>,
    grup_prioridad: Option<i64>,
    grup_orden: Option<i64>,
    grup_zona_horaria: Option<String>,
    grup_mensaje_cerrado: Option<String>,
    grup_mensaje_ocupado: Option<String>,
    grup_activo: Option<bool>,
}

/// Changes what is given of a group. Tickets that wait in it get its new priority at once.
#[utoipa::path(
    post, path = "/api/mundosocial/grupo/update", tag = "mundosocial", operation_id = "ms_grupo_update",
    request_body = ChangeBody,
    responses((status = 200, body = Unico))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Group);
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    rerouting(&api, &asked, company, async |tx| {
        let group = groups::update(tx, now, company, id, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unico { grupo: group.into() }))
    })
    .await
}

fn change(fields: &mut Fields) -> Change {
    Change {
        name: fields.text("grup_nombre"),
        department: clearable(fields, field(Thing::Department), Fields::int),
        policy: fields.text("grup_politica"),
        self_assign: fields.flag("grup_autoasignacion"),
        priority: fields.int("grup_prioridad"),
        position: fields.int_within("grup_orden", 0, 1_000_000),
        timezone: fields.text("grup_zona_horaria"),
        closed_message: clearable(fields, "grup_mensaje_cerrado", prose),
        busy_message: clearable(fields, "grup_mensaje_ocupado", prose),
        active: fields.flag("grup_activo"),
    }
}

#[derive(Debug, ToSchema)]
#[schema(as = MsGrupoDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(1))]
    grup_id: i64,
    /// The active group that takes over the tickets that wait.
    grup_id_destino: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsGrupoEliminado)]
struct Eliminado {
    /// The group that was named for the tickets that waited; `null`: they were routed by their channels.
    grup_id_destino: Option<i64>,
    /// Tickets that waited, with the bot's: they are routed again, many of them some at a time.
    tick_en_espera: i64,
    /// Tickets in progress: they stay with their agents, without a group.
    tick_en_proceso: i64,
}

/// Deletes a group, with its hours, holidays and quick replies. Its tickets stay: those that wait are routed again, in
/// `grup_id_destino` or by their channels' other groups.
#[utoipa::path(
    post, path = "/api/mundosocial/grupo/delete", tag = "mundosocial", operation_id = "ms_grupo_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Eliminado))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Group);
    let into = asked.fields.int(field(Thing::Destination));
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    rerouting(&api, &asked, company, async |tx| {
        let changed = groups::delete(tx, now, company, id, into).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Eliminado {
            grup_id_destino: changed.into,
            tick_en_espera: changed.waiting,
            tick_en_proceso: changed.in_progress,
        }))
    })
    .await
}

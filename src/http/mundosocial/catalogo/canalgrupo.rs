//! MS "Canal Grupo": which groups serve which channels.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, cuenta::Cuenta, need_id, refused, rerouting, unknown};
use crate::{
    desk::catalogue::{Thing, links},
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
    },
    store::{
        groups,
        links::{self as rows, Link, LinkChange},
    },
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(canalgrupo)).routes(routes!(cuentabycanal))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// The group.
    #[param(example = 1)]
    grup_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanalGrupo)]
struct CanalGrupo {
    cagr_id: i64,
    grup_id: i64,
    cuen_id: i64,
    /// Whether the bot may have this channel's tickets in this group.
    cagr_usa_bot: bool,
    /// Lower comes first: a channel's tickets go to its first group.
    cagr_orden: i64,
    cuen_identificador: String,
    cuen_descripcion: String,
    /// The kind of channel.
    cana_id: Option<i64>,
}

impl From<Link> for CanalGrupo {
    fn from(link: Link) -> Self {
        Self {
            cagr_id: link.id,
            grup_id: link.group_id,
            cuen_id: link.channel_id,
            cagr_usa_bot: link.uses_bot != 0,
            cagr_orden: link.position,
            cuen_identificador: link.account,
            cuen_descripcion: link.name,
            cana_id: relevo_adapters::kind(&link.kind).map(|kind| kind.number),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanalesGrupo)]
struct Canales {
    data: Vec<CanalGrupo>,
}

/// The channels that a group serves.
#[utoipa::path(
    get, path = "/api/mundosocial/canalgrupo", tag = "mundosocial", operation_id = "ms_canalgrupo",
    params(Query),
    responses((status = 200, body = Canales))
)]
async fn canalgrupo(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let (company, group) = named_group(&api, &mut asked).await?;
    let links = rows::of_group(&mut api.0.db.read().await?, company, group).await?;
    Ok(Answer::ok("ok").with(Canales { data: links.into_iter().map(CanalGrupo::from).collect() }))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCuentasGrupo)]
struct Cuentas {
    cuentas: Vec<Cuenta>,
}

/// The internal accounts that a group serves.
#[utoipa::path(
    get, path = "/api/mundosocial/cuentabycanal", tag = "mundosocial", operation_id = "ms_cuentabycanal",
    params(Query),
    responses((status = 200, body = Cuentas))
)]
async fn cuentabycanal(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let (company, group) = named_group(&api, &mut asked).await?;
    let accounts = rows::accounts_of_group(&mut api.0.db.read().await?, company, group).await?;
    Ok(Answer::ok("ok").with(Cuentas { cuentas: accounts.into_iter().map(Cuenta::from).collect() }))
}

/// The company, and its group that `grup_id` names.
async fn named_group(api: &Api, asked: &mut Asked) -> Result<(i64, i64), Error> {
    let company = asked.company(api, "id_company").await?;
    let group = need_id(&mut asked.fields, Thing::Group);
    asked.fields.check(INVALID)?;
    match groups::find(&mut api.0.db.read().await?, company, group).await? {
        Some(_) => Ok((company, group)),
        None => Err(unknown(Thing::Group)),
    }
}

#[derive(Debug, ToSchema)]
#[schema(as = MsCanalGrupoRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    #[schema(examples(1))]
    grup_id: i64,
    #[schema(examples(1))]
    cuen_id: i64,
    #[schema(examples(true))]
    cagr_usa_bot: bool,
    /// Lower comes first; 0 unless said otherwise.
    cagr_orden: Option<i64>,
}

/// Lets a group serve a channel. New tickets of the channel are routed by it at once.
#[utoipa::path(
    post, path = "/api/mundosocial/canalgrupo", tag = "mundosocial", operation_id = "ms_canalgrupo_create",
    request_body = NewBody,
    responses((status = 200, body = Hecho))
)]
async fn create(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let link = link(&mut asked.fields);
    asked.fields.check(INVALID)?;
    rerouting(&api, &asked, company, async |tx| {
        links::add(tx, company, link).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsCanalGrupoUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(2))]
    cagr_id: i64,
    #[schema(examples(1))]
    grup_id: i64,
    #[schema(examples(1))]
    cuen_id: i64,
    #[schema(examples(false))]
    cagr_usa_bot: bool,
    /// As it was unless it is said.
    cagr_orden: Option<i64>,
}

/// Changes which group serves which channel.
#[utoipa::path(
    post, path = "/api/mundosocial/canalgrupo/update", tag = "mundosocial", operation_id = "ms_canalgrupo_update",
    request_body = ChangeBody,
    responses((status = 200, body = Hecho))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Link);
    let link = link(&mut asked.fields);
    asked.fields.check(INVALID)?;
    rerouting(&api, &asked, company, async |tx| {
        links::update(tx, company, id, link).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsCanalGrupoDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(2))]
    cagr_id: i64,
}

/// Lets a group no longer serve a channel. Tickets that are in its queue stay there.
#[utoipa::path(
    post, path = "/api/mundosocial/canalgrupo/delete", tag = "mundosocial", operation_id = "ms_canalgrupo_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Link);
    asked.fields.check(INVALID)?;
    rerouting(&api, &asked, company, async |tx| {
        links::delete(tx, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

fn link(fields: &mut Fields) -> LinkChange {
    LinkChange {
        group: need_id(fields, Thing::Group),
        channel: need_id(fields, Thing::Channel),
        uses_bot: fields.need_flag("cagr_usa_bot"),
        position: fields.int_within("cagr_orden", 0, 1_000_000),
    }
}

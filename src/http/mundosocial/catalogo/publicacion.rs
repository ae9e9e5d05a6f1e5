//! MS "Publicaciones": posts that comments are about.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, clearable, field, need_id, prose, refused, unknown};
use crate::{
    desk::catalogue::{
        Thing,
        publications::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, moment, sending::INVALID},
        idempotency::once,
    },
    store::publications::{Publication, find, list},
};

/// Rows of a page.
const PAGE: i64 = 100;

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(publicacion)).routes(routes!(publicaciones))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(store)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsPublicacion)]
struct Publicacion {
    publ_id: i64,
    /// The channel that it was published on.
    cuen_id: i64,
    /// The platform's id of it.
    #[schema(examples("1001_9001"))]
    publ_referencia: String,
    publ_texto: Option<String>,
    publ_url: Option<String>,
    /// When it was noted here (UTC).
    publ_fecha: String,
}

impl From<Publication> for Publicacion {
    fn from(publication: Publication) -> Self {
        Self {
            publ_id: publication.id,
            cuen_id: publication.channel_id,
            publ_referencia: publication.reference,
            publ_texto: publication.text,
            publ_url: publication.url,
            publ_fecha: moment(publication.created_at),
        }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    #[param(example = 1)]
    publ_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsPublicacionUnica)]
struct Unica {
    publicacion: Publicacion,
}

/// One post.
#[utoipa::path(
    get, path = "/api/mundosocial/publicacion", tag = "mundosocial", operation_id = "ms_publicacion",
    params(Query),
    responses((status = 200, body = Unica))
)]
async fn publicacion(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Publication);
    asked.fields.check(INVALID)?;
    let found = find(&mut api.0.db.read().await?, company, id).await?;
    let publication = found.ok_or_else(|| unknown(Thing::Publication))?;
    Ok(Answer::ok("ok").with(Unica { publicacion: publication.into() }))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct ListQuery {
    /// Only this channel's.
    cuen_id: Option<i64>,
    /// `siguiente` of the page before.
    siguiente: Option<i64>,
    /// 1 to 100; 100 unless said otherwise.
    cantidad: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsPublicaciones)]
struct Publicaciones {
    publicaciones: Vec<Publicacion>,
    /// What asks for the next page; `null` at the last one.
    siguiente: Option<i64>,
}

/// The company's posts, the newest first.
#[utoipa::path(
    get, path = "/api/mundosocial/publicaciones", tag = "mundosocial", operation_id = "ms_publicaciones",
    params(ListQuery),
    responses((status = 200, body = Publicaciones))
)]
async fn publicaciones(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let channel = asked.fields.int(field(Thing::Channel));
    let after = asked.fields.int_within("siguiente", 1, i64::MAX);
    let size = asked.fields.int_within("cantidad", 1, PAGE).unwrap_or(PAGE);
    asked.fields.check(INVALID)?;
    let mut rows = list(&mut api.0.db.read().await?, company, channel, after, size + 1).await?;
    let is_last = rows.len() <= usize::try_from(size).unwrap_or(usize::MAX);
    if !is_last {
        rows.pop();
    }
    let siguiente = rows.last().filter(|_| !is_last).map(|publication| publication.id);
    let publicaciones = rows.into_iter().map(Publicacion::from).collect();
    Ok(Answer::ok("ok").with(Publicaciones { publicaciones, siguiente }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsPublicacionRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    #[schema(examples(1))]
    cuen_id: i64,
    /// The platform's id of it, up to 255 characters; once per channel.
    #[schema(examples("1001_9001"))]
    publ_referencia: String,
    publ_texto: Option<String>,
    /// http or https.
    publ_url: Option<String>,
}

/// Notes a post.
#[utoipa::path(
    post, path = "/api/mundosocial/publicacion", tag = "mundosocial", operation_id = "ms_publicacion_store",
    request_body = NewBody,
    responses((status = 200, body = Unica))
)]
async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    need_id(&mut asked.fields, Thing::Channel);
    asked.fields.need_text("publ_referencia");
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let publication = publications::add(tx, now, company, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { publicacion: publication.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsPublicacionUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(1))]
    publ_id: i64,
    cuen_id: Option<i64>,
    publ_referencia: Option<String>,
    /// `null` takes it away; so it does with `publ_url`.
    #[schema(examples("Oferta de la semana"))]
    publ_texto: Option<String>,
    publ_url: Option<String>,
}

/// Changes what is given of a post.
#[utoipa::path(
    post, path = "/api/mundosocial/publicacion/update", tag = "mundosocial", operation_id = "ms_publicacion_update",
    request_body = ChangeBody,
    responses((status = 200, body = Unica))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Publication);
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let publication = publications::update(tx, now, company, id, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { publicacion: publication.into() }))
    })
    .await
}

fn change(fields: &mut Fields) -> Change {
    Change {
        channel: fields.int(field(Thing::Channel)),
        reference: fields.text("publ_referencia"),
        text: clearable(fields, "publ_texto", prose),
        url: clearable(fields, "publ_url", Fields::text),
    }
}

#[derive(Debug, ToSchema)]
#[schema(as = MsPublicacionDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(1))]
    publ_id: i64,
}

/// Deletes a post; its comments' tickets stay.
#[utoipa::path(
    post, path = "/api/mundosocial/publicacion/delete", tag = "mundosocial", operation_id = "ms_publicacion_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Publication);
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        publications::delete(tx, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

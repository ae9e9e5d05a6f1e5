//! MS "Respuestas Rápidas": texts that agents send often.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, clearable, field, need_id, need_prose, prose, refused, unknown};
use crate::{
    desk::catalogue::{
        LIST, Thing,
        quick_replies::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
        idempotency::once,
    },
    store::{
        groups,
        quick_replies::{QuickReply, list},
    },
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(respuestarapida))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(store)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRespuestaRapida)]
struct Respuesta {
    rera_id: i64,
    rera_titulo: String,
    rera_texto: String,
    /// `null`: every group's.
    grup_id: Option<i64>,
}

impl From<QuickReply> for Respuesta {
    fn from(reply: QuickReply) -> Self {
        Self { rera_id: reply.id, rera_titulo: reply.title, rera_texto: reply.text, grup_id: reply.group_id }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// Only what this group may use: its own and every group's.
    grup_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRespuestasRapidas)]
struct Respuestas {
    respuestas: Vec<Respuesta>,
}

/// The company's quick replies, in the order in which they were added.
#[utoipa::path(
    get, path = "/api/mundosocial/respuestarapida", tag = "mundosocial", operation_id = "ms_respuestarapida",
    params(Query),
    responses((status = 200, body = Respuestas))
)]
async fn respuestarapida(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let group = asked.fields.int(field(Thing::Group));
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    if let Some(group) = group
        && groups::find(&mut tx, company, group).await?.is_none()
    {
        return Err(unknown(Thing::Group));
    }
    let rows = list(&mut tx, company, group, LIST).await?;
    Ok(Answer::ok("ok").with(Respuestas { respuestas: rows.into_iter().map(Respuesta::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsRespuestaRapidaRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    /// Up to 100 characters.
    #[schema(examples("Saludo"))]
    rera_titulo: String,
    /// Up to 4,096 characters.
    #[schema(examples("Hola, ¿en qué le puedo ayudar?"))]
    rera_texto: String,
    /// Every group's unless it is said.
    grup_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRespuestaRapidaUnica)]
struct Unica {
    respuesta: Respuesta,
}

/// Adds a quick reply.
#[utoipa::path(
    post, path = "/api/mundosocial/respuestarapida", tag = "mundosocial", operation_id = "ms_respuestarapida_store",
    request_body = NewBody,
    responses((status = 200, body = Unica))
)]
async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.need_text("rera_titulo");
    need_prose(&mut asked.fields, "rera_texto");
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let reply = quick_replies::add(tx, now, company, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { respuesta: reply.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsRespuestaRapidaUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(3))]
    rera_id: i64,
    rera_titulo: Option<String>,
    #[schema(examples("Buenas tardes, ¿en qué le puedo ayudar?"))]
    rera_texto: Option<String>,
    /// `null`: every group's.
    grup_id: Option<i64>,
}

/// Changes what is given of a quick reply.
#[utoipa::path(
    post, path = "/api/mundosocial/respuestarapida/update", tag = "mundosocial",
    operation_id = "ms_respuestarapida_update",
    request_body = ChangeBody,
    responses((status = 200, body = Unica))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::QuickReply);
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let reply = quick_replies::update(tx, now, company, id, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { respuesta: reply.into() }))
    })
    .await
}

fn change(fields: &mut Fields) -> Change {
    Change {
        title: fields.text("rera_titulo"),
        text: prose(fields, "rera_texto"),
        group: clearable(fields, field(Thing::Group), Fields::int),
    }
}

#[derive(Debug, ToSchema)]
#[schema(as = MsRespuestaRapidaDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(3))]
    rera_id: i64,
}

/// Deletes a quick reply.
#[utoipa::path(
    post, path = "/api/mundosocial/respuestarapida/delete", tag = "mundosocial",
    operation_id = "ms_respuestarapida_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::QuickReply);
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        quick_replies::delete(tx, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

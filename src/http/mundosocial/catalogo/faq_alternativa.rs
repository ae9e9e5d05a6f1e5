//! MS "FAQ › Preguntas Alternativas": other ways to ask a frequent question.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, need_id, need_prose, refused};
use crate::{
    desk::catalogue::{Thing, faqs},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
        idempotency::once,
    },
    store::faqs::{Alternative, alternatives},
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(alternativa))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaqAlternativa)]
pub(super) struct Alternativa {
    faal_id: i64,
    faq_id: i64,
    faal_pregunta: String,
}

impl From<Alternative> for Alternativa {
    fn from(alternative: Alternative) -> Self {
        Self { faal_id: alternative.id, faq_id: alternative.faq_id, faal_pregunta: alternative.question }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    #[param(example = 5)]
    faq_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaqAlternativas)]
struct Alternativas {
    alternativas: Vec<Alternativa>,
}

/// The other ways to ask a frequent question.
#[utoipa::path(
    get, path = "/api/mundosocial/faq/alternativa", tag = "mundosocial", operation_id = "ms_faq_alternativa",
    params(Query),
    responses((status = 200, body = Alternativas))
)]
async fn alternativa(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let faq = need_id(&mut asked.fields, Thing::Faq);
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    faqs::find(&mut tx, Some(company), faq).await.map_err(refused)?;
    let found = alternatives(&mut tx, company, Some(faq)).await?;
    Ok(Answer::ok("ok").with(Alternativas { alternativas: found.into_iter().map(Alternativa::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqAlternativaRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    #[schema(examples(5))]
    faq_id: i64,
    /// Up to 500 characters; up to 100 of a question.
    #[schema(examples("¿A qué hora abren?"))]
    faal_pregunta: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaqAlternativaUnica)]
struct Unica {
    alternativa: Alternativa,
}

/// Adds another way to ask a frequent question.
#[utoipa::path(
    post, path = "/api/mundosocial/faq/alternativa", tag = "mundosocial", operation_id = "ms_faq_alternativa_create",
    request_body = NewBody,
    responses((status = 200, body = Unica))
)]
async fn create(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let faq = need_id(&mut asked.fields, Thing::Faq);
    let question = need_prose(&mut asked.fields, "faal_pregunta");
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        let added = faqs::add_alternative(tx, company, faq, &question).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { alternativa: added.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqAlternativaUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(8))]
    faal_id: i64,
    #[schema(examples("¿Cuándo abren?"))]
    faal_pregunta: String,
}

/// Changes another way to ask a frequent question.
#[utoipa::path(
    post, path = "/api/mundosocial/faq/alternativa/update", tag = "mundosocial",
    operation_id = "ms_faq_alternativa_update",
    request_body = ChangeBody,
    responses((status = 200, body = Hecho))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Alternative);
    let question = need_prose(&mut asked.fields, "faal_pregunta");
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        faqs::update_alternative(tx, company, id, &question).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqAlternativaDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(8))]
    faal_id: i64,
}

/// Deletes another way to ask a frequent question.
#[utoipa::path(
    post, path = "/api/mundosocial/faq/alternativa/delete", tag = "mundosocial",
    operation_id = "ms_faq_alternativa_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Alternative);
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        faqs::delete_alternative(tx, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

//! MS "FAQ › Preguntas Frecuentes".

use std::collections::HashMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, clearable, faq_alternativa::Alternativa, field, need_id, need_prose, numbers, prose, refused};
use crate::{
    desk::catalogue::{
        LIST, Thing,
        faqs::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
        idempotency::once,
    },
    store::{
        Tx,
        faqs::{self as rows, Faq},
    },
};

/// Departments of one question (P8).
const DEPARTMENTS: usize = 1_000;

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(faq))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaq)]
struct Pregunta {
    faq_id: i64,
    /// `null` for an answer that was added without a question.
    faq_pregunta: Option<String>,
    faq_respuesta: String,
    /// The departments that use it; all if it is empty or holds 0.
    faq_departamentos: Vec<i64>,
    faq_activo: bool,
    faq_alternativas: Vec<Alternativa>,
}

impl Pregunta {
    fn of(faq: Faq, faq_alternativas: Vec<Alternativa>) -> Self {
        Self {
            faq_id: faq.id,
            faq_departamentos: faqs::departments(&faq),
            faq_pregunta: faq.question,
            faq_respuesta: faq.answer,
            faq_activo: faq.active != 0,
            faq_alternativas,
        }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// Only this one.
    faq_id: Option<i64>,
    /// Only those for this department.
    depa_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaqs)]
struct Preguntas {
    faqs: Vec<Pregunta>,
}

/// The company's frequent questions with their alternatives, in the order in which they were added.
#[utoipa::path(
    get, path = "/api/mundosocial/faq", tag = "mundosocial", operation_id = "ms_faq",
    params(Query),
    responses((status = 200, body = Preguntas))
)]
async fn faq(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = asked.fields.int(field(Thing::Faq));
    let department = asked.fields.int(field(Thing::Department));
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let mut found = match id {
        Some(id) => vec![faqs::find(&mut tx, Some(company), id).await.map_err(refused)?],
        None => rows::list(&mut tx, company, LIST).await?,
    };
    found.retain(|faq| department.is_none_or(|department| faqs::is_for(faq, department)));
    let mut alternatives: HashMap<i64, Vec<Alternativa>> = HashMap::new();
    for alternative in rows::alternatives(&mut tx, company, id).await? {
        alternatives.entry(alternative.faq_id).or_default().push(alternative.into());
    }
    let preguntas = found.into_iter().map(|faq| {
        let of = alternatives.remove(&faq.id).unwrap_or_default();
        Pregunta::of(faq, of)
    });
    Ok(Answer::ok("ok").with(Preguntas { faqs: preguntas.collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    /// Up to 500 characters.
    #[schema(examples("¿Cuál es el horario de atención?"))]
    faq_pregunta: String,
    /// Up to 4,096 characters.
    #[schema(examples("De lunes a viernes, de 9 a 18 horas."))]
    faq_respuesta: String,
    /// All unless it is said.
    faq_departamentos: Option<Vec<i64>>,
    faq_activo: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsFaqUnica)]
struct Unica {
    faq: Pregunta,
}

/// Adds a frequent question.
#[utoipa::path(
    post, path = "/api/mundosocial/faq", tag = "mundosocial", operation_id = "ms_faq_create",
    request_body = NewBody,
    responses((status = 200, body = Unica))
)]
async fn create(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    need_prose(&mut asked.fields, "faq_pregunta");
    need_prose(&mut asked.fields, "faq_respuesta");
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let faq = faqs::add(tx, now, company, change.clone()).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { faq: Pregunta::of(faq, Vec::new()) }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(5))]
    faq_id: i64,
    /// `null` takes it away.
    faq_pregunta: Option<String>,
    #[schema(examples("De lunes a sábado, de 9 a 18 horas."))]
    faq_respuesta: Option<String>,
    faq_departamentos: Option<Vec<i64>>,
    faq_activo: Option<bool>,
}

/// Changes what is given of a frequent question.
#[utoipa::path(
    post, path = "/api/mundosocial/faq/update", tag = "mundosocial", operation_id = "ms_faq_update",
    request_body = ChangeBody,
    responses((status = 200, body = Unica))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Faq);
    let change = change(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let faq = faqs::update(tx, now, Some(company), id, change.clone()).await.map_err(refused)?;
        let alternatives = alternatives(tx, company, id).await?;
        Ok(Answer::ok("ok").with(Unica { faq: Pregunta::of(faq, alternatives) }))
    })
    .await
}

async fn alternatives(tx: &mut Tx, company: i64, id: i64) -> Result<Vec<Alternativa>, Error> {
    Ok(rows::alternatives(tx, company, Some(id)).await?.into_iter().map(Alternativa::from).collect())
}

fn change(fields: &mut Fields) -> Change {
    Change {
        question: clearable(fields, "faq_pregunta", prose),
        answer: prose(fields, "faq_respuesta"),
        departments: numbers(fields, "faq_departamentos", DEPARTMENTS),
        active: fields.flag("faq_activo"),
    }
}

#[derive(Debug, ToSchema)]
#[schema(as = MsFaqDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(5))]
    faq_id: i64,
}

/// Deletes a frequent question with its alternatives.
#[utoipa::path(
    post, path = "/api/mundosocial/faq/delete", tag = "mundosocial", operation_id = "ms_faq_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Faq);
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        faqs::delete(tx, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

//! AP "Crear FAQ".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{INVALID, departments, given, refused};
use crate::{
    desk::catalogue::faqs::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, required},
        idempotency::once,
    },
};

const NO_COMPANY: Error = Error::NotFound("La empresa indicada no existe.");

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqStoreRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(3))]
    company: i64,
    /// Up to 4,096 characters.
    #[schema(examples("Hola, ¿en que puedo ayudarte?"))]
    replay: String,
    /// Ids of departments as text; `"0"` for all. `department` says the same.
    #[schema(examples("0"))]
    departament: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApFaqNew)]
pub(super) struct New {
    id_faq: i64,
    company: i64,
    replay: String,
    departament: Vec<String>,
    status: i64,
}

/// Adds a frequent answer to a company.
#[utoipa::path(
    post, path = "/api/admin/faqs/store", tag = "catalogue", operation_id = "ap_faqs_store",
    request_body = Body,
    responses((status = 201, body = Envelope<New>, description = "The new answer."))
)]
pub(super) async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    fields.need_int("company");
    let replay = fields.need_text("replay");
    let departments_given = given(fields, ["departament", "department"]);
    if departments_given.is_none() && fields.is_fine("departament") && fields.is_fine("department") {
        fields.missing("departament", &required("departament"));
    }
    fields.check(INVALID)?;
    let company = asked.company(&api, "company").await?;
    let change = Change { answer: Some(replay), departments: departments_given, ..Change::default() };
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let faq = faqs::add(tx, now, company, change.clone())
            .await
            .map_err(|error| refused(error, NO_COMPANY, "departament"))?;
        let departament = departments(&faq);
        let new = New { id_faq: faq.id, company, replay: faq.answer, departament, status: faq.active };
        Ok(Answer::ok("FAQ creada exitosamente.").with(new).created())
    })
    .await
}

//! AP "Actualizar FAQ".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{INVALID, departments, given, refused};
use crate::{
    desk::catalogue::faqs::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA},
    },
    store::Tx,
};

const MISSING: Error = Error::NotFoundWith("FAQ no encontrado.", NO_DATA);
const NOTHING: &str = "Debes proporcionar al menos un atributo a actualizar: replay o department.";

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(5))]
    id_faq: i64,
    #[schema(examples("Respuesta actualizada"))]
    replay: Option<String>,
    /// Ids of departments as text; `"0"` for all. `departament` says the same.
    department: Option<Vec<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApFaqChanged)]
pub(super) struct Changed {
    id_faq: i64,
    replay: String,
    department: Vec<String>,
}

/// Changes a frequent answer's text or departments.
#[utoipa::path(
    patch, path = "/api/admin/faqs/update", tag = "catalogue", operation_id = "ap_faqs_update",
    request_body = Body,
    responses((status = 200, body = Envelope<Changed>, description = "The answer as it is now."))
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_faq");
    let replay = fields.text("replay");
    let change =
        Change { answer: replay, departments: given(fields, ["department", "departament"]), ..Change::default() };
    fields.check(INVALID)?;
    if change == Change::default() {
        fields.complain("payload", NOTHING);
    }
    fields.check(INVALID)?;
    let (now, company) = (api.0.clock.now(), asked.caller.company);
    let work = async |tx: &mut Tx| {
        let done = faqs::update(tx, now, company, id, change.clone()).await;
        done.map_err(|error| refused(error, MISSING, "department"))
    };
    let faq = api.0.db.transact(work).await?;
    let department = departments(&faq);
    Ok(Answer::ok("FAQ actualizado correctamente.").with(Changed { id_faq: faq.id, replay: faq.answer, department }))
}

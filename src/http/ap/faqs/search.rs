//! AP "admin/faqs/search".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{INVALID, departments_text, refused};
use crate::{
    desk::catalogue::faqs,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA},
    },
};

const MISSING: Error = Error::NotFoundWith("FAQ no encontrado.", NO_DATA);

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqSearchRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(5))]
    id_faq: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApFaqFound)]
pub(super) struct Found {
    id_faq: i64,
    replay: String,
    id_company: i64,
    /// A list as JSON in a text; `"0"` in it stands for all.
    #[schema(examples("[\"0\",\"7\"]"))]
    department: String,
}

/// One frequent answer.
#[utoipa::path(
    post, path = "/api/admin/faqs/search", tag = "catalogue", operation_id = "ap_faqs_search",
    request_body = Body,
    responses((status = 200, body = Envelope<Found>, description = "`FAQ encontrado.`"))
)]
pub(super) async fn search(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let id = asked.fields.need_int("id_faq");
    asked.fields.check(INVALID)?;
    let found = faqs::find(&mut api.0.db.read().await?, asked.caller.company, id).await;
    let faq = found.map_err(|error| refused(error, MISSING, "department"))?;
    let department = departments_text(&faq);
    Ok(Answer::ok("FAQ encontrado.").with(Found {
        id_faq: faq.id,
        replay: faq.answer,
        id_company: faq.company_id,
        department,
    }))
}

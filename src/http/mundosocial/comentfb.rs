//! MS "Cambia Face": whose comment it was.

use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::acting;
use crate::{
    desk::rebind::{self, RebindError},
    http::{
        Api,
        ap::{
            Answer, Asked, Error,
            sending::{INVALID, invalid},
        },
        idempotency::once,
    },
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(comentfb))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsComentFbRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The comment's id on Facebook, or the conversation's id here.
    #[serde(rename = "remitenteOriginal")]
    #[schema(examples("155555_15522"))]
    remitente_original: String,
    /// The author's id on Facebook.
    #[serde(rename = "nuevoRemitente")]
    #[schema(examples("122222224"))]
    nuevo_remitente: String,
}

#[derive(Debug, ToSchema)]
#[schema(as = MsOk)]
#[expect(dead_code, reason = "describes the answer, which is made elsewhere")]
pub(super) struct Done {
    #[schema(examples("ok"))]
    mensaje: String,
}

/// Says who wrote a comment of which Facebook did not say it. The conversation and its tickets become that customer's,
/// and so does what they write next under that post. A ticket that the customer has open there already stays, and is
/// linked. Said again, it changes nothing. An agent's own token says it only of what is his, or waits in his groups.
#[utoipa::path(
    post, path = "/api/mundosocial/comentfb", tag = "mundosocial", operation_id = "ms_comentfb",
    request_body = Body,
    responses((status = 200, body = Done))
)]
pub(super) async fn comentfb(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let hand = asked.caller.hand();
    let original = asked.fields.need_text("remitenteOriginal");
    let person = asked.fields.need_text("nuevoRemitente");
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        rebind::author(tx, &api.0.clock, company, hand, &original, &person).await.map_err(refusal)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

fn refusal(error: RebindError) -> Error {
    match error {
        RebindError::Store(error) => error.into(),
        RebindError::Ticket(error) => acting::refusal(error),
        RebindError::Unknown => invalid("remitenteOriginal", "El remitenteOriginal no se encuentra registrado."),
        RebindError::NoPerson => {
            invalid("nuevoRemitente", "El campo nuevoRemitente debe ser el id numérico de una persona en Facebook.")
        }
        RebindError::Known(number) => invalid(
            "remitenteOriginal",
            format!("El remitenteOriginal ya está identificado como el cliente con clie_id {number}."),
        ),
    }
}

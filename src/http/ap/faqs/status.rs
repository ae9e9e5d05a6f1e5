//! AP "Actualizar estado de FAQ".

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{INVALID, refused};
use crate::{
    desk::catalogue::faqs,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    store::Tx,
};

const STATES: &str = "El estado debe ser 0 (Inactivo) o 1 (Activo).";
const SAME: &str = "El estado solicitado coincide con el actual. No se realizaron cambios.";

#[derive(Debug, ToSchema)]
#[schema(as = ApFaqStatusRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(5))]
    id_faq: i64,
    /// 1 active, 0 inactive.
    #[schema(examples(0))]
    status: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApFaqStatus)]
pub(super) struct Status {
    id_faq: i64,
    status: i64,
    /// Said when it was in this state already.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Activates (1) or deactivates (0) a frequent answer.
#[utoipa::path(
    patch, path = "/api/admin/faqs/update-status", tag = "catalogue", operation_id = "ap_faqs_update_status",
    request_body = Body,
    responses((status = 200, body = Envelope<Status>, description = "The state as it is now."))
)]
pub(super) async fn update_status(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_faq");
    let status = fields.need_int_or("status", STATES);
    if ![0, 1].contains(&status) && fields.is_fine("status") {
        fields.complain("status", STATES);
    }
    fields.check(INVALID)?;
    let missing = || Error::NotFoundWith("FAQ no encontrada.", json!({"id_faq": id}));
    let (now, company) = (api.0.clock.now(), asked.caller.company);
    let work = async |tx: &mut Tx| {
        let done = faqs::set_active(tx, now, company, id, status == 1).await;
        done.map_err(|error| refused(error, missing(), "department"))
    };
    let changed = api.0.db.transact(work).await?;
    let (message, note) = match changed {
        true => ("Estado de la FAQ actualizado correctamente.", None),
        false => ("Solicitud idempotente: sin cambios.", Some(SAME)),
    };
    Ok(Answer::ok(message).with(Status { id_faq: id, status, note }))
}

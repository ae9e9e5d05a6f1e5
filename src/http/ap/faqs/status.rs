//! AP "Actualizar estado de FAQ".

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{INVALID, refused};
use crate::{
    desk::catalogue::faqs::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
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
    let (company, now) = (asked.caller.company, api.0.clock.now());
    let mut tx = api.0.db.write().await?;
    let missing = || Error::NotFoundWith("FAQ no encontrada.", json!({"id_faq": id}));
    let refused = |error| refused(error, missing(), "department");
    let before = faqs::find(&mut tx, company, id).await.map_err(refused)?;
    if before.active == status {
        let answer = Answer::ok("Solicitud idempotente: sin cambios.");
        return Ok(answer.with(Status { id_faq: id, status, note: Some(SAME) }));
    }
    let change = Change { active: Some(status == 1), ..Change::default() };
    faqs::update(&mut tx, now, company, id, change).await.map_err(refused)?;
    tx.commit().await?;
    let answer = Answer::ok("Estado de la FAQ actualizado correctamente.");
    Ok(answer.with(Status { id_faq: id, status, note: None }))
}

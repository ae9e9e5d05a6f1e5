//! AP "Actualizar estado del departamento".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::refused;
use crate::{
    desk::catalogue::departments,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA},
        route_again,
    },
    store::Tx,
};

const INVALID: &str = "Validacion fallida.";
const MISSING: Error = Error::NotFoundWith("Departamento no encontrado.", NO_DATA);
const STATES: &str = "El estado debe ser 0 (Inactivo) o 1 (Activo).";

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentStatusRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(7))]
    id_department: i64,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    status: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApDepartmentStatus)]
pub(super) struct Status {
    id_department: i64,
    status: i64,
}

/// Activates (1) or deactivates (0) a department. An inactive one lends its hours to no group.
#[utoipa::path(
    patch, path = "/api/admin/departments/update-status", tag = "catalogue",
    operation_id = "ap_departments_update_status",
    request_body = Body,
    responses((status = 200, body = Envelope<Status>, description = "The state as it is now."))
)]
pub(super) async fn update_status(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_department");
    let status = fields.need_int_or("status", STATES);
    if ![0, 1].contains(&status) && fields.is_fine("status") {
        fields.complain("status", STATES);
    }
    fields.check(INVALID)?;
    let (now, company) = (api.0.clock.now(), asked.caller.company);
    let work = async |tx: &mut Tx| {
        let done = departments::set_active(tx, now, company, id, status == 1).await;
        done.map_err(|error| refused(error, MISSING, "", INVALID))
    };
    let changed = api.0.db.transact(work).await?;
    // Groups without hours of their own borrow its hours.
    if let Some(department) = &changed {
        route_again(&api, department.company_id).await;
    }
    let message = match changed {
        Some(_) => "Estado del departamento actualizado correctamente.",
        None => "El estado enviado es igual al actual. No se realizo ningun cambio.",
    };
    Ok(Answer::ok(message).with(Status { id_department: id, status }))
}

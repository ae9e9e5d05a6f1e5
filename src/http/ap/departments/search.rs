//! AP "admin/departments/search".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::refused;
use crate::{
    desk::catalogue::departments,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA},
    },
};

const INVALID: &str = "Errores de validacion.";
const MISSING: Error = Error::NotFoundWith("Departamento no encontrado.", NO_DATA);

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentSearchRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(7))]
    id_department: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApDepartmentFound)]
pub(super) struct Found {
    id_department: i64,
    department_name: String,
    company: i64,
    /// The hours as JSON in a text; empty without any.
    #[schema(examples("{\"lunes_apertura\":\"08:00\",\"lunes_cierre\":\"17:00\"}"))]
    hour: String,
}

/// One department.
#[utoipa::path(
    post, path = "/api/admin/departments/search", tag = "catalogue", operation_id = "ap_departments_search",
    request_body = Body,
    responses((status = 200, body = Envelope<Found>, description = "The department."))
)]
pub(super) async fn search(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let id = asked.fields.need_int("id_department");
    asked.fields.check(INVALID)?;
    let found = departments::find(&mut api.0.db.read().await?, asked.caller.company, id).await;
    let department = found.map_err(|error| refused(error, MISSING, "", INVALID))?;
    Ok(Answer::ok("").with(Found {
        id_department: department.id,
        department_name: department.name,
        company: department.company_id,
        hour: department.hours.unwrap_or_default(),
    }))
}

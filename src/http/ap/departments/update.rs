//! AP "Actualizar departamento".

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Hour, given_hour, hour, refused};
use crate::{
    desk::catalogue::departments::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
        route_again,
    },
    store::Tx,
};

const INVALID: &str = "Validacion fallida.";
const NOTHING: &str = "Debe enviar al menos un atributo a actualizar (department_name u hour).";
const MISSING: Error = Error::NotFound("El departamento indicado no existe.");
const TAKEN: &str = "Ya existe un departamento con ese nombre en la empresa.";

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(7))]
    id_department: i64,
    company: Option<i64>,
    #[schema(examples("Soporte Nivel 2"))]
    department_name: Option<String>,
    /// Replaces the hours as a whole; `null` takes them away.
    hour: Option<Hour>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApDepartmentChanged)]
pub(super) struct Changed {
    id_department: i64,
    company: i64,
    department_name: String,
    #[schema(value_type = Option<Hour>)]
    hour: Option<Value>,
}

/// Changes a department's name or hours. A name that its company has already is refused with 409.
#[utoipa::path(
    patch, path = "/api/admin/departments/update", tag = "catalogue", operation_id = "ap_departments_update",
    request_body = Body,
    responses(
        (status = 200, body = Envelope<Changed>, description = "The department as it is now."),
        (status = 409, body = Envelope<Value>, description = "Another department has the name."),
    )
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_department");
    let named = fields.int("company");
    let change = Change { name: fields.text("department_name"), hours: given_hour(fields) };
    fields.check(INVALID)?;
    if change == Change::default() {
        fields.complain("payload", NOTHING);
    }
    fields.check("Validacion de negocio.")?;
    if asked.caller.company.is_some_and(|own| named.is_some_and(|named| named != own)) {
        return Err(MISSING);
    }
    let (now, company) = (api.0.clock.now(), asked.caller.company.or(named));
    let work = async |tx: &mut Tx| {
        let done = departments::update(tx, now, company, id, change.clone()).await;
        done.map_err(|error| refused(error, MISSING, TAKEN, INVALID))
    };
    let department = api.0.db.transact(work).await?;
    // Groups without hours of their own borrow its hours.
    route_again(&api, department.company_id).await;
    let hour = hour(&department);
    Ok(Answer::ok("Departamento actualizado correctamente.").with(Changed {
        id_department: department.id,
        company: department.company_id,
        department_name: department.name,
        hour,
    }))
}

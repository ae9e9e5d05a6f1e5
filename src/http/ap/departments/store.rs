//! AP "Crear departamento".

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Hour, given_hour, hour, refused};
use crate::{
    desk::catalogue::{
        CatalogueError,
        departments::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA},
        idempotency::once,
    },
};

const INVALID: &str = "Validacion fallida.";
const NO_COMPANY: Error = Error::NotFound("La empresa indicada no existe.");
const TAKEN: &str = "Ya existe un departamento con ese nombre para esta compania.";

#[derive(Debug, ToSchema)]
#[schema(as = ApDepartmentStoreRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(3))]
    company: i64,
    /// 5 to 100 characters, once per company.
    #[schema(examples("Soporte Tecnico"))]
    department_name: String,
    hour: Option<Hour>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApDepartmentNew)]
pub(super) struct New {
    id_department: i64,
    uuid: String,
    company: i64,
    department_name: String,
    #[schema(value_type = Option<Hour>)]
    hour: Option<Value>,
}

/// Adds a department to a company. A name that it has already is refused with 409.
#[utoipa::path(
    post, path = "/api/admin/departments/store", tag = "catalogue", operation_id = "ap_departments_store",
    request_body = Body,
    responses((status = 201, body = Envelope<New>, description = "The new department."))
)]
pub(super) async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    fields.need_int("company");
    let name = fields.need_text_or("department_name", "El nombre del departamento es obligatorio.");
    let change = Change { name: Some(name), hours: given_hour(fields) };
    fields.check(INVALID)?;
    let company = asked.company(&api, "company").await?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let added = departments::add(tx, now, company, change.clone()).await;
        let department = added.map_err(|error| match error {
            CatalogueError::Taken(_) => Error::ConflictWith(TAKEN, NO_DATA),
            error => refused(error, NO_COMPANY, TAKEN, INVALID),
        })?;
        let hour = hour(&department);
        let new = New {
            id_department: department.id,
            uuid: department.uuid,
            company,
            department_name: department.name,
            hour,
        };
        Ok(Answer::ok("Departamento creado correctamente.").with(new).created())
    })
    .await
}

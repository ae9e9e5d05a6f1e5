//! MS "Departamento".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Hecho, need_id, refused};
use crate::{
    desk::catalogue::{
        LIST, Thing,
        departments::{self, Change},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
        idempotency::once,
    },
    store::departments::{Department, list},
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(departamento))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create)).routes(routes!(update)).routes(routes!(delete))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDepartamento)]
struct Departamento {
    depa_id: i64,
    depa_descripcion: String,
}

impl From<Department> for Departamento {
    fn from(department: Department) -> Self {
        Self { depa_id: department.id, depa_descripcion: department.name }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDepartamentos)]
struct Departamentos {
    departamentos: Vec<Departamento>,
}

/// The company's active departments.
#[utoipa::path(
    get, path = "/api/mundosocial/departamento", tag = "mundosocial", operation_id = "ms_departamento",
    responses((status = 200, body = Departamentos))
)]
async fn departamento(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let rows = list(&mut api.0.db.read().await?, company, LIST).await?;
    let active = rows.into_iter().filter(|department| department.active != 0);
    Ok(Answer::ok("ok").with(Departamentos { departamentos: active.map(Departamento::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsDepartamentoRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct NewBody {
    /// 5 to 100 characters, once per company.
    #[schema(examples("Soporte Técnico"))]
    depa_descripcion: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDepartamentoUnico)]
struct Unico {
    departamento: Departamento,
}

/// Adds a department.
#[utoipa::path(
    post, path = "/api/mundosocial/departamento", tag = "mundosocial", operation_id = "ms_departamento_create",
    request_body = NewBody,
    responses((status = 200, body = Unico))
)]
async fn create(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let name = asked.fields.need_text("depa_descripcion");
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let change = Change { name: Some(name.clone()), hours: None };
        let department = departments::add(tx, now, company, change).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unico { departamento: department.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsDepartamentoUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct ChangeBody {
    #[schema(examples(2))]
    depa_id: i64,
    #[schema(examples("Soporte Nivel 2"))]
    depa_descripcion: String,
}

/// Renames a department.
#[utoipa::path(
    post, path = "/api/mundosocial/departamento/update", tag = "mundosocial", operation_id = "ms_departamento_update",
    request_body = ChangeBody,
    responses((status = 200, body = Unico))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Department);
    let name = asked.fields.need_text("depa_descripcion");
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let change = Change { name: Some(name.clone()), hours: None };
        let department = departments::update(tx, now, Some(company), id, change).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unico { departamento: department.into() }))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsDepartamentoDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    #[schema(examples(2))]
    depa_id: i64,
}

/// Deletes a department; one that groups or people are in is refused with 409.
#[utoipa::path(
    post, path = "/api/mundosocial/departamento/delete", tag = "mundosocial", operation_id = "ms_departamento_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Hecho))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = need_id(&mut asked.fields, Thing::Department);
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        departments::delete(tx, now, company, id).await.map_err(refused)?;
        Ok(Answer::ok("ok"))
    })
    .await
}

//! AP "Analizar usuarios por empresa".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, sending::INVALID},
    },
    store::users::{self, Filter},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the call, which is read field by field")]
pub(super) struct Params {
    /// Only a super-admin names the company.
    id_company: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserSummary)]
pub(super) struct Summary {
    #[schema(examples(10))]
    total: i64,
    #[schema(examples(9))]
    activos: i64,
    #[schema(examples(1))]
    inactivos: i64,
}

/// How many people the company has.
#[utoipa::path(
    get, path = "/api/users/analizeUsersCompany", tag = "users", operation_id = "ap_users_analyze",
    params(Params),
    responses((status = 200, body = Envelope<Summary>))
)]
pub(super) async fn analyze(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let total = users::count(&mut tx, &Filter { company, ..Filter::default() }).await?;
    let activos = users::count(&mut tx, &Filter { company, active: Some(true), ..Filter::default() }).await?;
    Ok(Answer::ok("").with(Summary { total, activos, inactivos: total - activos }))
}

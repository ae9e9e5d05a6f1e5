//! MS "Clientes".

mod buscar;
mod crear;
mod ticket;

pub(super) use self::crear::refusal;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    desk::customers,
    http::{
        Api,
        ap::{Error, Fields},
    },
    store::{Tx, customers::Customer},
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(buscar::buscar, crear::crear)).routes(routes!(ticket::ticket))
}

/// The company's customer that `clie_id` names, by number or by the contact's id; notes it if there is none.
pub(super) async fn named(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Option<Customer>, Error> {
    let Some(named) = fields.text("clie_id") else { return Ok(None) };
    let found = customers::find(tx, company, &named).await?;
    if found.is_none() {
        fields.complain("clie_id", "El clie_id no se encuentra registrado.");
    }
    Ok(found)
}

//! MS "Omnicanalidad": known by its titles only. One customer, all of their channels and tickets.

mod abiertos;
mod canales;
mod cliente;
mod crear;
mod relacionados;
mod vincular;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::cliente::named;
use crate::{
    http::{
        Api,
        ap::{Error, Fields, required, sending::INVALID},
    },
    store::{Tx, customers::Customer},
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(canales::canales))
        .routes(routes!(cliente::cliente, crear::crear))
        .routes(routes!(abiertos::abiertos))
        .routes(routes!(relacionados::relacionados))
        .routes(routes!(vincular::vincular))
        .routes(routes!(vincular::vinculartodos))
}

/// The company's customer that `clie_id` must name.
async fn customer(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Customer, Error> {
    if !fields.is_given("clie_id") {
        fields.missing("clie_id", &required("clie_id"));
    }
    let found = named(tx, fields, company).await?;
    fields.check(INVALID)?;
    found.ok_or(Error::Invalid(INVALID, Default::default()))
}

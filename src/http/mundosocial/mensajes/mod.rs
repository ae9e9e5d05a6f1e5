//! MS "Mensajes": known by its titles only.

mod conversaciones;
mod noleidos;
mod recibe;
mod sale;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    desk::chats,
    http::{
        Api,
        ap::{Error, Fields},
    },
    store::{Tx, tickets::Ticket},
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(recibe::recibe))
        .routes(routes!(sale::sale))
        .routes(routes!(conversaciones::conversaciones))
        .routes(routes!(noleidos::noleidos))
}

/// The company's ticket that `tick_id` names; notes it if there is none.
pub(super) async fn ticket(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Option<Ticket>, Error> {
    let named = fields.need_text("tick_id");
    let found = chats::ticket(tx, company, &named).await?;
    if found.is_none() && !named.is_empty() {
        fields.complain("tick_id", "El tick_id no se encuentra registrado.");
    }
    Ok(found)
}

//! MS: Mundo Social's routes, in its words: `{"mensaje":"ok",…}`, and refusals as `{"mensaje":…}` or in its nested
//! form. Handlers are AP's; only what they say is put differently.
//!
//! `tick_id` is the ticket's number or its id, `cuen_id` a channel's, `clie_id` a contact's, too (the number is what is
//! answered), `usua_id` a person's; `mens_…` is of a message.

mod acting;
mod agente;
mod canales;
mod catalogo;
mod cliente;
mod comentfb;
mod estado;
mod fechas;
mod listas;
mod mensajes;
mod omnicanalidad;
mod plantillawsp;
mod reporte;
mod ticket;
mod usuarios;
mod words;

use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;

pub(super) use self::{plantillawsp::Cache, words::said};
use super::{Api, access::authenticate};

/// Paths whose answers, also those of no handler, have this family's form.
pub(super) const FAMILY: &str = "/api/mundosocial/";

/// The family's routes; the check of credentials stands before all.
pub(super) fn router(api: &Api) -> OpenApiRouter<Api> {
    mensajes::router()
        .merge(plantillawsp::router())
        .merge(estado::router())
        .merge(ticket::router())
        .merge(usuarios::router())
        .merge(cliente::router())
        .merge(comentfb::router())
        .merge(listas::router())
        .merge(omnicanalidad::router())
        .merge(reporte::router())
        .merge(catalogo::router())
        .route_layer(from_fn_with_state(api.clone(), authenticate))
}

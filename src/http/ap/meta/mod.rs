//! WhatsApp, as AP's programs know it ("Meta WhatsApp").

mod channels;
mod send;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

/// The channel kind that the seed calls `whatsappfb`.
const KIND: &str = "whatsapp";
/// The seed's message of both routes.
const SENT: &str = "Mensaje Meta Enviado";

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(send::send)).routes(routes!(channels::list))
}

//! Channels, for those who configure (AP "SuperAdmin Canales").

mod list;
mod show;
mod spanish;
mod status;
mod store;
mod translate;
mod update;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::translate::{Words, refusal};
use crate::http::Api;

/// What the seed says above the problems of these routes.
const INVALID: &str = "Errores de validacion.";
const NO_COMPANY: &str = "El id de la empresa es obligatorio.";

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list::list))
        .routes(routes!(store::store))
        .routes(routes!(update::update))
        .routes(routes!(show::show))
        .routes(routes!(status::update_status))
}

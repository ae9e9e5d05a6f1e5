//! MS "Asignación de Usuarios", "Autoasignación", "Colas", and what else agents do with tickets.

mod assign;
mod difference;
mod explain;
mod lifecycle;
mod next;
mod notes;
mod people;
mod place;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(assign::assign))
        .routes(routes!(people::people))
        .routes(routes!(next::next))
        .routes(routes!(place::move_to_group))
        .routes(routes!(place::reassign))
        .routes(routes!(difference::difference))
        .routes(routes!(lifecycle::close))
        .routes(routes!(lifecycle::ignore))
        .routes(routes!(lifecycle::reopen))
        .routes(routes!(notes::add))
        .routes(routes!(notes::list))
        .routes(routes!(explain::explain))
}

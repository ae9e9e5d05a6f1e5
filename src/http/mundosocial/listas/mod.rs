//! MS "Listar Tickets": known by its titles only. Pages have `cantidad` rows at most; `siguiente` of one is how the next
//! is asked for.

mod cola;
mod mis;
mod tickets;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::view::Ticket;
use crate::{
    desk::lists::{LARGEST, PAGE, Place, Wanted},
    http::{Api, ap::Fields},
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(tickets::tickets))
        .routes(routes!(cola::cola))
        .routes(routes!(mis::misproceso))
        .routes(routes!(mis::miscerrados))
}

/// The page that is wanted; what is wrong is noted.
fn page(fields: &mut Fields) -> Wanted {
    let size = fields.int_within("cantidad", 1, LARGEST).unwrap_or(PAGE);
    let text = fields.text("siguiente");
    let after = text.as_deref().and_then(Place::parse);
    if text.is_some() && after.is_none() {
        fields.complain("siguiente", "El campo siguiente debe ser el que entregó la página anterior.");
    }
    Wanted { after, size }
}

/// The number of a channel, group or the like that a list is restricted to; 0 if none is named.
fn number(fields: &mut Fields, name: &str) -> i64 {
    fields.int_within(name, 1, i64::MAX).unwrap_or_default()
}

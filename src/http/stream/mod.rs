//! Realtime: what changes a ticket, a queue or a presence, as it happens.
//!
//! A stream begins with a snapshot and its place among all events (`cursor`); whoever comes back with a place goes on
//! exactly after it, in whatever process. Events are read by one poller for all streams of a process ([`hub`]), in the
//! order of the transactions that told them, and never beyond one that is still open: what is told late comes late and is
//! not missed.

mod feed;
mod hub;
mod open;
mod snapshot;
#[cfg(test)]
mod tests;
mod ticket;
mod viewer;

use axum::middleware::from_fn_with_state;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::hub::Hub;
use super::{Api, access::authenticate};

/// The streams. A ticket stands for credentials, which are checked behind it.
pub(super) fn router(api: &Api) -> OpenApiRouter<Api> {
    let streams = OpenApiRouter::default().routes(routes!(open::sse)).routes(routes!(open::ws));
    let streams = streams
        .route_layer(from_fn_with_state(api.clone(), authenticate))
        .route_layer(from_fn_with_state(api.clone(), ticket::redeem));
    let tickets = OpenApiRouter::default().routes(routes!(ticket::ticket));
    streams.merge(tickets.route_layer(from_fn_with_state(api.clone(), authenticate)))
}

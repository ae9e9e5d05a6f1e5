//! AP "Broadcast": what people and programs tell each other in real time. Each message is an event on a realtime channel,
//! heard by the streams that asked for the channel (`GET /api/stream?channels=…`).
//!
//! The seed's answers have no envelope, and its refusals are `{"message": …}`; both are so here.

mod customers;
mod people;
mod told;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(people::public_message))
        .routes(routes!(people::private_notification))
        .routes(routes!(people::channels_info))
        .routes(routes!(people::send_presence))
        .routes(routes!(people::typing))
        .routes(routes!(people::send_presence_wap))
        .routes(routes!(customers::public_message))
        .routes(routes!(customers::private_notification))
        .routes(routes!(customers::send_presence))
        .routes(routes!(customers::typing))
}

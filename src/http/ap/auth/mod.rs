//! People log in, and see who they are (AP "Login" and what follows). No answer of these is to be kept by anybody.

mod login;
mod me;
mod password;

use axum::{
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

/// Routes that a program calls for somebody who is not logged in.
pub(super) fn entering() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(login::login))
        .routes(routes!(login::login_pin))
        .routes(routes!(password::forgot))
        .routes(routes!(password::reset))
        .route_layer(map_response(unkept))
}

/// Routes of those who are.
pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(me::data))
        .routes(routes!(me::refresh))
        .routes(routes!(me::logout))
        .route_layer(map_response(unkept))
}

async fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

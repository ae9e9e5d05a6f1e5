//! Telegram, for those who configure (AP "Telegram").

mod set_webhook;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(set_webhook::set_webhook))
}

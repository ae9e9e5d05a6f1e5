//! Files of messages: links to them, and the routes that these lead to.

mod get;
mod link;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(in crate::http) use self::link::{File, url};
use crate::http::Api;

/// These check credentials themselves: a signed link needs none.
pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(get::meta)).routes(routes!(get::telegram))
}

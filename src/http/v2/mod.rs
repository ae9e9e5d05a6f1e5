//! The tickets family (PC). Every role reads; an agent closes and gives away only what is his. Times are UTC.

mod acts;
pub(super) mod dates;
mod lists;
mod media;
mod paginated;
mod ticket;
mod view;

use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

use super::{Api, access::authenticate};

/// The family's routes, each with and without the slash at its end; the check of credentials stands before all.
pub(super) fn router(api: &Api) -> OpenApiRouter<Api> {
    [
        routes!(ticket::detail),
        routes!(ticket::messages),
        routes!(acts::close),
        routes!(acts::reassign),
        routes!(acts::possible),
        routes!(ticket::by_agent_id, ticket::by_agent_id_post),
        routes!(lists::of_customer),
        routes!(lists::of_facebook_user),
        routes!(lists::in_state),
        routes!(paginated::paginated),
        routes!(media::media),
    ]
    .into_iter()
    .fold(OpenApiRouter::default(), with_and_without_slash)
    .route_layer(axum::middleware::from_fn_with_state(api.clone(), authenticate))
}

fn with_and_without_slash(router: OpenApiRouter<Api>, routes: UtoipaMethodRouter<Api>) -> OpenApiRouter<Api> {
    let (schemas, paths, methods) = routes;
    let twin = |path: &String| path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
    let twins: Vec<String> = paths.paths.keys().map(twin).collect();
    let router = twins.iter().fold(router, |router, path| router.route(path, methods.clone()));
    router.routes((schemas, paths, methods))
}

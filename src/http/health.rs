//! Probes and metrics. No credentials: keep them off the public network where that matters.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::store::{StoreError, meta};

/// How long each part has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// State of the process.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or `unavailable`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// What is not ready; absent if all is well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(examples(json!(["the database does not answer"])))]
    not_ready: Vec<&'static str>,
}

/// The process lives.
#[utoipa::path(
    get, path = "/healthz", tag = "operation",
    responses((status = 200, body = Health, description = "Always, while the process lives."))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", not_ready: Vec::new() })
}

/// The process can do its work: database and queue each answer within two seconds.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, body = Health, description = "Ready."),
        (status = 503, body = Health, description = "Not ready; names the part. With Retry-After."),
    )
)]
pub(super) async fn readyz(State(api): State<Api>) -> Response {
    let database = async { ping(&api).await.map_err(|error| format!("{:#}", anyhow::Error::from(error))) };
    let queue = async { api.0.queue.ping().await.map_err(|error| format!("{:#}", anyhow::Error::from(error))) };
    let (database, queue) = tokio::join!(answers("database", database), answers("queue", queue));
    let not_ready: Vec<&'static str> =
        [(!database).then_some("the database does not answer"), (!queue).then_some("the queue does not answer")]
            .into_iter()
            .flatten()
            .collect();
    match not_ready.is_empty() {
        true => Json(Health { status: "ok", not_ready }).into_response(),
        false => {
            let retry = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
            (StatusCode::SERVICE_UNAVAILABLE, retry, Json(Health { status: "unavailable", not_ready })).into_response()
        }
    }
}

async fn ping(api: &Api) -> Result<(), StoreError> {
    meta::ping(&mut api.0.db.read().await?).await
}

async fn answers(part: &'static str, ping: impl Future<Output = Result<(), String>>) -> bool {
    match tokio::time::timeout(PATIENCE, ping).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(part, error, "not ready");
            false
        }
        Err(_) => {
            tracing::warn!(part, "not ready: no answer in time");
            false
        }
    }
}

/// Metrics in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4"))
)]
pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let form = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, form)], api.0.metrics.render()).into_response()
}

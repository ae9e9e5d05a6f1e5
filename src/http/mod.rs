//! The HTTP API: who calls, what is recorded, what is answered.
//!
//! One folder per family of the contract (`v2`: tickets); each is a thin facade over `desk`, and no rule is in a
//! handler. Around all of them, from the outside in: [`audit`] gives every call its `id_bitacora_log` and its record,
//! a time limit, a net for panics, and per family the check of credentials ([`access`]). [`health`] and [`openapi`]
//! are for everybody.
//!
//! May use: `desk`, `store`, `queue` (its ping), `media`. Used by: the composition root.

mod access;
mod audit;
mod error;
mod extract;
mod files;
mod health;
mod openapi;
#[cfg(test)]
mod tests;
mod throttle;
mod v2;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::Response,
    middleware::{Next, from_fn, from_fn_with_state},
    response::IntoResponse,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;

use self::{access::Access, audit::Journal, error::Error};
use crate::{clock::Clock, media::Blobs, queue::Queue, store::Db};

/// How long a call may take until its answer begins (P8).
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the API's routes work with. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    queue: Queue,
    metrics: PrometheusHandle,
    blobs: Blobs,
    access: Access,
    journal: Journal,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("db", &self.db.describe()).finish_non_exhaustive()
    }
}

impl Api {
    /// The API over these parts. Must be called within a runtime: the record of calls is written in the background.
    pub fn new(db: Db, clock: Clock, queue: Queue, blobs: Blobs, metrics: PrometheusHandle) -> Self {
        let access = Access::new(db.clone(), clock.clone());
        let journal = Journal::start(db.clone());
        Self(Arc::new(Inner { db, clock, queue, metrics, blobs, access, journal }))
    }

    /// Waits until the record of every call that was answered so far is in the database. To be called when the last
    /// call was answered and before the database is closed. Gives up, with a line in the log, after ten seconds.
    pub async fn flush(&self) {
        self.0.journal.flush().await;
    }
}

/// The API's routes, the probes and the documentation. Its fallback answers whatever no route of it or of the routers
/// that are merged with it takes.
pub fn router(api: Api) -> Router {
    let (router, document) = openapi::collect(&api).split_for_parts();
    around(router.merge(openapi::pages(&document)), api)
}

/// What stands around every route: from the outside in, the record of calls, the time limit and the net for panics.
fn around(router: Router<Api>, api: Api) -> Router {
    router
        .method_not_allowed_fallback(|| async { Error::WrongMethod })
        .fallback(|| async { Error::NotFound("There is no such route") })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(api.clone(), audit::record))
        .with_state(api)
}

async fn in_time(request: Request, next: Next) -> Response<Body> {
    tokio::time::timeout(TIMEOUT, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!("a call took too long and was given up");
        Error::Unavailable.into_response()
    })
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response<Body> {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = said.unwrap_or("without a word"), "a handler panicked");
    Error::Internal.into_response()
}

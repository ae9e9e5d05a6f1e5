//! The HTTP API: who calls, what is recorded, what is answered.
//!
//! One folder per family of the contract (`v2`: tickets; `ap`: channels); each is a thin facade over `desk`, and no rule
//! is in a handler. Around all of them, from the outside in: AP's envelope, [`audit`], which gives every call its
//! `id_bitacora_log` and its record, a time limit, a net for panics, and per family the check of credentials
//! ([`access`]). [`health`] and [`openapi`] are for everybody.
//!
//! May use: `desk`, `store`, `directory`, `queue` (its ping), `jobs` (its bell), `media`, `post`. Used by: the composition
//! root.

mod access;
mod ap;
mod audit;
mod error;
mod extract;
mod files;
mod health;
mod idempotency;
mod mundosocial;
mod openapi;
mod stream;
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
use relevo_adapters::outbound::Io;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use self::{access::Access, audit::Journal, error::Error, throttle::Throttle};
use crate::{
    admission::Admission, clock::Clock, desk::routing, directory::Directory, jobs::Bell, media::Blobs,
    passwords::Passwords, post::Poster, queue::Queue, secrets::MasterKey, store::Db,
};

/// How long a call may take until its answer begins (P8).
const TIMEOUT: Duration = Duration::from_secs(30);

/// Bodies of calls that are in hand at once, MiB together; more calls are answered 503 (P8).
const BODIES: usize = 256;

/// What the API is built from.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub queue: Queue,
    pub blobs: Blobs,
    pub metrics: PrometheusHandle,
    pub directory: Directory,
    /// Seals what is secret of a channel.
    pub key: MasterKey,
    /// Makes the calls to platforms.
    pub io: Arc<dyn Io>,
    /// Rung when there are new jobs, or held ones may go on.
    pub bell: Bell,
    /// Where platforms reach us, without a slash at its end; empty if nobody said.
    pub public_url: String,
    /// Makes the calls to subscriptions.
    pub poster: Poster,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("db", &self.db.describe()).finish_non_exhaustive()
    }
}

/// What the API's routes work with. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    queue: Queue,
    metrics: PrometheusHandle,
    blobs: Blobs,
    directory: Directory,
    key: MasterKey,
    io: Arc<dyn Io>,
    bell: Bell,
    public_url: String,
    poster: Poster,
    templates: mundosocial::Cache,
    access: Access,
    /// Of people who log in.
    passwords: Passwords,
    logins: Throttle,
    journal: Journal,
    bodies: Admission,
    hub: stream::Hub,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("db", &self.db.describe()).finish_non_exhaustive()
    }
}

impl Api {
    /// The API over these parts. Must be called within a runtime: the record of calls is written in the background.
    pub fn new(parts: Parts) -> Self {
        let Parts { db, clock, queue, blobs, metrics, directory, key, io, bell, public_url, poster } = parts;
        let access = Access::new(db.clone(), clock.clone());
        let journal = Journal::start(db.clone());
        // Places are the journal's to give.
        let bodies = Admission::new(Semaphore::MAX_PERMITS, BODIES);
        let hub = stream::Hub::new(db.clone(), bell.clone());
        Self(Arc::new(Inner {
            db,
            clock,
            queue,
            metrics,
            blobs,
            directory,
            key,
            io,
            bell,
            public_url,
            poster,
            templates: mundosocial::Cache::default(),
            access,
            passwords: Passwords::default(),
            logins: Throttle::of_logins(),
            journal,
            bodies,
            hub,
        }))
    }

    /// Ends every stream, so that nobody waits for what will not come. To be called when the house begins to stop.
    pub fn end_streams(&self) {
        self.0.hub.end();
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
    let (router, _) = openapi::collect(&api).split_for_parts();
    around(router.merge(openapi::pages()), api)
}

/// What stands around every route: from the outside in, the record of calls, the time limit and the net for panics.
fn around(router: Router<Api>, api: Api) -> Router {
    router
        .method_not_allowed_fallback(|| async { Error::WrongMethod })
        .fallback(|| async { Error::NoRoute })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(api.clone(), audit::record))
        .layer(from_fn(ap::number))
        .with_state(api)
}

/// What decides where a company's tickets go was changed: what waits is looked at again. What is much is left to sweeps.
async fn route_again(api: &Api, company: i64) {
    match routing::refresh(&api.0.db, &api.0.clock, company).await {
        Ok(done) if done.jobs > 0 => api.0.bell.ring(),
        Ok(_) => {}
        Err(error) => tracing::warn!("what waits is routed by the next sweep: {error}"),
    }
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

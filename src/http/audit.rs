//! The record of calls: each gets its `id_bitacora_log` before anything else happens, says it in `X-Bitacora-Log`,
//! and leaves a row, whatever becomes of it (P10).
//!
//! A call takes a place in the journal before it starts, so that no call is answered without one; when there is none,
//! because the database does not take rows, calls wait a moment and are then refused with 503. The places are also
//! the bound of calls in hand (P8). Rows are written in the background, many in one transaction.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use relevo_adapters::text;
use tokio::{
    sync::{
        mpsc::{self, OwnedPermit},
        oneshot,
    },
    time::{Instant, timeout, timeout_at},
};
use tracing::Instrument;

use super::{Api, access::Caller, error::Error};
use crate::{
    clock::Clock,
    store::{
        Db, StoreError,
        audit::{self, AuditEntry},
    },
};

/// Header of every answer with the call's `id_bitacora_log`.
pub(super) const LOG_HEADER: &str = "x-bitacora-log";

/// Calls in hand and rows not yet written, together.
const PLACES: usize = 1_024;
/// How long a call waits for a place.
const PLACE_WAIT: Duration = Duration::from_secs(5);
/// Rows in one transaction, and how long the first one waits for others.
const GROUP: usize = 500;
const LINGER: Duration = Duration::from_millis(100);
/// How long a stopping process waits for the last rows.
const FLUSH: Duration = Duration::from_secs(10);
/// Bytes of a path that are kept.
const PATH: usize = 512;
/// What stands as the status of a call whose caller left before the answer.
const CALLER_LEFT: i64 = 499;

/// Paths whose calls are recorded; the others are probes and documentation.
const RECORDED: [&str; 2] = ["/v2/", "/api/"];

/// The number of a call in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log(pub(super) i64);

/// Who a call turned out to be from.
#[derive(Debug, Clone, Default)]
pub(super) struct Who(Arc<OnceLock<Caller>>);

impl Who {
    pub(super) fn is(&self, caller: Caller) {
        // A call is from one caller: the first word stands.
        _ = self.0.set(caller);
    }
}

enum Note {
    Call(AuditEntry),
    Flush(oneshot::Sender<()>),
}

/// The way to the background writer, which ends when the last journal is gone.
#[derive(Debug)]
pub(super) struct Journal(mpsc::Sender<Note>);

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Call(entry) => entry.fmt(f),
            Self::Flush(_) => f.write_str("Flush"),
        }
    }
}

impl Journal {
    pub(super) fn start(db: Db) -> Self {
        let (sender, notes) = mpsc::channel(PLACES);
        tokio::spawn(write(db, notes));
        Self(sender)
    }

    pub(super) async fn flush(&self) {
        let written = async {
            let (done, answer) = oneshot::channel();
            self.0.send(Note::Flush(done)).await.ok()?;
            answer.await.ok()
        };
        if timeout(FLUSH, written).await.ok().flatten().is_none() {
            tracing::error!("the records of the last calls could not be written");
        }
    }

    async fn place(&self) -> Option<OwnedPermit<Note>> {
        timeout(PLACE_WAIT, self.0.clone().reserve_owned()).await.ok()?.ok()
    }
}

/// A call in hand. However it ends, also by its caller leaving, it leaves its row.
struct Open {
    place: Option<OwnedPermit<Note>>,
    entry: AuditEntry,
    who: Who,
    clock: Clock,
}

impl Drop for Open {
    fn drop(&mut self) {
        let caller = self.who.0.get();
        let entry = AuditEntry {
            company_id: caller.and_then(|caller| caller.company),
            client_id: caller.and_then(Caller::client),
            user_id: caller.and_then(|caller| caller.user),
            duration_ms: (self.clock.now() - self.entry.at).max(0),
            ..self.entry.clone()
        };
        if let Some(place) = self.place.take() {
            place.send(Note::Call(entry));
        }
    }
}

/// The outermost layer of the API.
pub(super) async fn record(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let log = api.0.clock.log_id();
    let path = text::truncate(request.uri().path(), PATH).to_owned();
    let span = tracing::info_span!(
        "call", log, method = %request.method(), path, client = tracing::field::Empty, user = tracing::field::Empty,
        role = tracing::field::Empty
    );
    let mut response = match RECORDED.iter().any(|family| path.starts_with(family)) {
        false => next.run(request).instrument(span).await,
        true => {
            let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
            let who = Who::default();
            request.extensions_mut().insert(who.clone());
            request.extensions_mut().insert(Log(log));
            let method = request.method().as_str().to_owned();
            let at = api.0.clock.now();
            let entry = AuditEntry {
                id: log,
                company_id: None,
                client_id: None,
                user_id: None,
                method,
                path,
                status: CALLER_LEFT,
                at,
                duration_ms: 0,
            };
            let response = recorded(&api, entry, who, next.run(request)).instrument(span).await;
            count(route.as_deref(), &response);
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(LOG_HEADER, HeaderValue::from(log));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn recorded(api: &Api, entry: AuditEntry, who: Who, call: impl Future<Output = Response>) -> Response {
    let Some(place) = api.0.journal.place().await else {
        tracing::error!("a call was refused because calls cannot be recorded now");
        return Error::Unavailable.into_response();
    };
    let mut open = Open { place: Some(place), entry, who, clock: api.0.clock.clone() };
    let response = call.await;
    open.entry.status = response.status().as_u16().into();
    response
}

fn count(route: Option<&str>, response: &Response) {
    let status = response.status().as_str().to_owned();
    let route = route.unwrap_or("none").to_owned();
    metrics::counter!("relevo_api_calls_total", "route" => route, "status" => status).increment(1);
}

/// Writes what comes in, group by group, until the last journal is gone.
async fn write(db: Db, mut notes: mpsc::Receiver<Note>) {
    while let Some(first) = notes.recv().await {
        let mut entries = Vec::new();
        let flush = gather(first, &mut notes, &mut entries).await;
        keep(&db, &entries).await;
        if let Some(done) = flush {
            // Who asked may have given up.
            _ = done.send(());
        }
    }
}

/// Gathers a group: full, or all that came within a moment, or all before a flush.
async fn gather(
    first: Note,
    notes: &mut mpsc::Receiver<Note>,
    entries: &mut Vec<AuditEntry>,
) -> Option<oneshot::Sender<()>> {
    let until = Instant::now() + LINGER;
    let mut next = Some(first);
    while let Some(note) = next {
        match note {
            Note::Call(entry) => entries.push(entry),
            Note::Flush(done) => return Some(done),
        }
        next = match entries.len() < GROUP {
            true => timeout_at(until, notes.recv()).await.ok().flatten(),
            false => None,
        };
    }
    None
}

/// Writes a group, however long it takes while the database is away; meanwhile the places fill up.
async fn keep(db: &Db, entries: &[AuditEntry]) {
    const FIRST: Duration = Duration::from_millis(100);
    const LAST: Duration = Duration::from_secs(5);
    let mut pause = FIRST;
    while let Err(error) = insert(db, entries).await {
        if !error.is_transient() {
            let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
            tracing::error!(error = format!("{:#}", anyhow::Error::from(error)), ?ids, "calls were not recorded");
            return;
        }
        tracing::warn!(calls = entries.len(), "calls cannot be recorded now; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST);
    }
}

async fn insert(db: &Db, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut tx = db.write().await?;
    audit::insert(&mut tx, entries).await?;
    tx.commit().await
}

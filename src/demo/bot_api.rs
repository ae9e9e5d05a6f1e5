//! A pretend Bot API server (`telegram.md §1, §4`), for bots whose updates are fetched.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::Instant};

/// The longest that a poll is held (`telegram.md §1`).
const LONGEST_POLL: Duration = Duration::from_secs(50);

/// Updates that one answer holds at most.
const LARGEST_ANSWER: usize = 100;

/// Kinds of update that are given only to those who ask for them.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// A running server with one bot. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct BotApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    token: String,
    state: Mutex<Server>,
    /// Moves with every update and every poll.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Server {
    /// Not confirmed yet.
    updates: VecDeque<Value>,
    polls: u64,
}

impl BotApi {
    /// A server on loopback that knows the bot of this token.
    pub(super) async fn start(token: &str) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared { token: token.to_owned(), state: Mutex::default(), news: watch::Sender::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on loopback")?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/{bot}/{method}", any(method)).with_state(shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the pretend Bot API stopped");
            }
        });
        Ok(Self { address, shared, server })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Something happened; `update` is its JSON.
    pub(super) fn add(&self, update: &[u8]) -> anyhow::Result<()> {
        let update = serde_json::from_slice(update)?;
        self.shared.lock().updates.push_back(update);
        self.shared.news.send_modify(|news| *news += 1);
        Ok(())
    }

    /// How often somebody has asked.
    #[cfg(test)]
    pub(super) fn polls(&self) -> u64 {
        self.shared.lock().polls
    }

    /// Updates that nobody has confirmed.
    pub(super) fn pending(&self) -> usize {
        self.shared.lock().updates.len()
    }
}

impl Drop for BotApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Server> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn method(
    State(shared): State<Arc<Shared>>,
    Path((bot, method)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let given = Parameters { query, body: serde_json::from_slice(&body).unwrap_or_default() };
    match (bot.strip_prefix("bot") == Some(shared.token.as_str()), method.as_str()) {
        (false, _) => refusal(StatusCode::UNAUTHORIZED, "Unauthorized"),
        (true, "getUpdates") => get_updates(&shared, &given).await,
        (true, "getMe") => {
            result(json!({ "id": 1, "is_bot": true, "first_name": "Casa Luma", "username": "casaluma_bot" }))
        }
        (true, "getWebhookInfo") => {
            result(json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 0 }))
        }
        (true, "deleteWebhook") => result(json!(true)),
        (true, _) => refusal(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// Parameters come in the query or as JSON.
#[derive(Debug)]
struct Parameters {
    query: HashMap<String, String>,
    body: Value,
}

impl Parameters {
    fn number(&self, key: &str) -> Option<i64> {
        let in_query = self.query.get(key).and_then(|text| text.parse().ok());
        in_query.or_else(|| self.body.get(key).and_then(Value::as_i64))
    }

    /// `None`: all but what is given on request only.
    fn allowed(&self) -> Option<Vec<String>> {
        let in_query = self.query.get("allowed_updates").and_then(|text| serde_json::from_str(text).ok());
        let given = in_query.or_else(|| serde_json::from_value(self.body.get("allowed_updates")?.clone()).ok());
        given.filter(|kinds: &Vec<String>| !kinds.is_empty())
    }
}

/// Confirms what lies below the offset and answers with what is there, or holds the question until something is.
async fn get_updates(shared: &Shared, given: &Parameters) -> Response {
    let seconds = u64::try_from(given.number("timeout").unwrap_or(0)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(seconds).min(LONGEST_POLL);
    let limit = given.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LARGEST_ANSWER);
    let mut news = shared.news.subscribe();
    let poll = {
        let mut server = shared.lock();
        server.confirm(given.number("offset").unwrap_or(0), given.allowed().as_deref());
        server.polls += 1;
        server.polls
    };
    shared.news.send_modify(|news| *news += 1);
    loop {
        news.mark_unchanged();
        match shared.lock().answer(poll, limit.clamp(1, LARGEST_ANSWER)) {
            Err(conflict) => return refusal(StatusCode::CONFLICT, conflict),
            Ok(updates) if !updates.is_empty() => return result(updates.into()),
            Ok(_) => {}
        }
        if tokio::time::timeout_at(deadline, news.changed()).await.is_err() {
            return result(json!([]));
        }
    }
}

impl Server {
    fn confirm(&mut self, offset: i64, allowed: Option<&[String]>) {
        match usize::try_from(offset.unsigned_abs()) {
            // A negative offset counts from the end and forgets everything before.
            Ok(last) if offset < 0 => _ = self.updates.drain(..self.updates.len().saturating_sub(last)),
            _ => self.updates.retain(|update| update["update_id"].as_i64() >= Some(offset)),
        }
        self.updates.retain(|update| {
            let kind = update.as_object().and_then(|fields| fields.keys().find(|key| *key != "update_id"));
            match (kind, allowed) {
                (None, _) => true,
                (Some(kind), Some(allowed)) => allowed.contains(kind),
                (Some(kind), None) => !ON_REQUEST.contains(&kind.as_str()),
            }
        });
    }

    /// # Errors
    /// If somebody else has asked since.
    fn answer(&self, poll: u64, limit: usize) -> Result<Vec<Value>, &'static str> {
        match self.polls == poll {
            true => Ok(self.updates.iter().take(limit).cloned().collect()),
            false => {
                Err("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            }
        }
    }
}

fn result(result: Value) -> Response {
    Json(json!({ "ok": true, "result": result })).into_response()
}

fn refusal(status: StatusCode, description: &str) -> Response {
    (status, Json(json!({ "ok": false, "error_code": status.as_u16(), "description": description }))).into_response()
}

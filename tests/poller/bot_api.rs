//! A pretend Bot API: `getUpdates` with the real one's offsets, waiting and refusals.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// The bot that it knows at first.
pub(super) const TOKEN: &str = "7001001:invented-secret";

#[derive(Clone)]
pub(super) struct BotApi(Arc<Shared>);

pub(super) struct Server {
    pub(super) api: BotApi,
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared {
    state: Mutex<Inner>,
    news: Notify,
}

struct Inner {
    token: String,
    pending: Vec<(i64, Value)>,
    /// Answers that come before the true ones.
    script: VecDeque<Reply>,
    asks: Vec<Value>,
    waiting: usize,
    most_waiting: usize,
}

pub(super) type Reply = (u16, Option<u32>, String);

impl Server {
    pub(super) async fn start() -> Self {
        let inner = Inner {
            token: TOKEN.to_owned(),
            pending: Vec::new(),
            script: VecDeque::new(),
            asks: Vec::new(),
            waiting: 0,
            most_waiting: 0,
        };
        let api = BotApi(Arc::new(Shared { state: Mutex::new(inner), news: Notify::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/{bot}/getUpdates", post(get_updates)).with_state(api.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { api, address, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl BotApi {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.state.lock().expect("nobody panicked in here")
    }

    /// Somebody writes to the bot.
    pub(super) fn says(&self, id: i64, text: &str) {
        self.update(json!({
            "update_id": id,
            "message": {
                "message_id": id,
                "date": 1_780_000_000,
                "chat": {"id": 4401, "type": "private", "first_name": "Ida"},
                "from": {"id": 4401, "is_bot": false, "first_name": "Ida"},
                "text": text
            }
        }));
    }

    pub(super) fn update(&self, update: Value) {
        let id = update["update_id"].as_i64().expect("a number");
        self.lock().pending.push((id, update));
        self.0.news.notify_waiters();
    }

    /// The next answers, before the true ones.
    pub(super) fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().script.extend(replies);
        self.0.news.notify_waiters();
    }

    pub(super) fn script_is_over(&self) -> bool {
        self.lock().script.is_empty()
    }

    /// The bot's owner takes a new token.
    pub(super) fn revoke(&self, new: &str) {
        new.clone_into(&mut self.lock().token);
        self.0.news.notify_waiters();
    }

    pub(super) fn asks(&self) -> Vec<Value> {
        self.lock().asks.clone()
    }

    pub(super) fn pending(&self) -> usize {
        self.lock().pending.len()
    }

    pub(super) fn most_waiting(&self) -> usize {
        self.lock().most_waiting
    }

    /// What there is for an offset; what lies below it is forgotten.
    fn look(&self, offset: i64, limit: usize) -> Vec<Value> {
        let mut inner = self.lock();
        inner.pending.retain(|(id, _)| *id >= offset);
        inner.pending.iter().take(limit).map(|(_, update)| update.clone()).collect()
    }
}

/// One question waits; it is counted even if the asker goes away.
struct Waiting<'a>(&'a BotApi);

impl<'a> Waiting<'a> {
    fn begin(api: &'a BotApi) -> Self {
        let mut inner = api.lock();
        inner.waiting += 1;
        inner.most_waiting = inner.most_waiting.max(inner.waiting);
        drop(inner);
        Self(api)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

async fn get_updates(State(api): State<BotApi>, Path(bot): Path<String>, Json(ask): Json<Value>) -> Response {
    let _waiting = Waiting::begin(&api);
    api.lock().asks.push(ask.clone());
    let number = |name: &str| ask[name].as_u64().expect("a number");
    let (offset, limit) = (ask["offset"].as_i64().unwrap_or_default(), number("limit"));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(number("timeout"));
    loop {
        let mut news = std::pin::pin!(api.0.news.notified());
        news.as_mut().enable();
        if bot != format!("bot{}", api.lock().token) {
            return refusal(401, "Unauthorized");
        }
        if let Some(reply) = api.lock().script.pop_front() {
            return scripted(reply);
        }
        let updates = api.look(offset, usize::try_from(limit).expect("small"));
        let late = tokio::time::Instant::now() >= deadline;
        if late || !updates.is_empty() {
            return Json(json!({"ok": true, "result": updates})).into_response();
        }
        tokio::select! {
            () = news => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    }
}

fn refusal(code: u16, description: &str) -> Response {
    scripted(refused(code, description))
}

fn scripted((status, retry_after, body): Reply) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    (StatusCode::from_u16(status).expect("a status"), headers, body).into_response()
}

/// A refusal as the Bot API words it.
pub(super) fn refused(code: u16, description: &str) -> Reply {
    (code, None, json!({"ok": false, "error_code": code, "description": description}).to_string())
}

//! Webhooks in. A webhook is verified, translated, made durable and only then answered 2xx (P1).
//!
//! The order never changes: admission (bounded in number and bytes), body (bounded), channel, signature over the raw
//! bytes — nothing is stored before it (P9) —, translation, files, dead letters for what could not be understood
//! (P7), publish, answer. What cannot be made durable is answered 503 with Retry-After: platforms send it again.
//!
//! May use: the directory (adapters), `queue`, `store`, `media`. No rule about tickets is here.

mod answer;
mod intake;
mod shared;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    response::Response,
    routing::{any, get, post},
};
use bytes::Bytes;

use self::answer::{Answer, Style};
use crate::{
    admission::{Admission, is_too_large},
    config,
    directory::{Directory, Found},
    inbound::Inbound,
};

/// The largest body of Meta's shared webhook: the platform's own limit is 3 MB (`whatsapp.md §3`).
const SHARED_BODY: usize = 4 << 20;

/// What the webhook routes work with. Clones share it.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    inbound: Inbound,
    directory: Directory,
    admission: Admission,
    timeout: Duration,
    retry_after: u32,
    unknown: intake::UnknownAccounts,
}

/// A webhook as it arrived, past its size check.
#[derive(Debug)]
struct Webhook {
    query: String,
    headers: HeaderMap,
    body: Bytes,
    /// Its `id_bitacora_log`.
    log: i64,
}

impl Gateway {
    pub fn new(inbound: Inbound, directory: Directory, settings: &config::Gateway) -> Self {
        Self(Arc::new(Inner {
            inbound,
            directory,
            admission: Admission::new(settings.max_in_flight, settings.max_mebibytes),
            timeout: settings.timeout,
            retry_after: settings.retry_after_seconds,
            unknown: intake::UnknownAccounts::default(),
        }))
    }

    /// The webhook routes of `API.md`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/webhooks/meta", get(shared_handshake).post(shared_webhook))
            .route("/api/meta/readMessagesWAP", get(shared_handshake).post(shared_webhook_ap))
            .route("/api/telegram/receive/{channel}", post(channel_webhook))
            .route("/webhooks/email/{channel}", any(channel_route))
            .route("/webhooks/{channel}", any(channel_route))
            .with_state(self)
    }

    /// Reads a body of at most `limit` bytes, within the bounds of all bodies in hand, and runs `work` on it within
    /// the time limit.
    async fn admit<F: Future<Output = Answer>>(
        &self,
        request: Request,
        limit: usize,
        log: i64,
        work: impl FnOnce(Webhook) -> F,
    ) -> Answer {
        let Some(_place) = self.0.admission.enter(request.headers(), limit) else { return Answer::Busy };
        let handled = tokio::time::timeout(self.0.timeout, async {
            let (parts, body) = request.into_parts();
            match axum::body::to_bytes(body, limit).await {
                Ok(body) => {
                    let query = parts.uri.query().unwrap_or_default().to_owned();
                    work(Webhook { query, headers: parts.headers, body, log }).await
                }
                Err(error) if is_too_large(&error) => Answer::TooLarge(limit),
                Err(_) => Answer::Incomplete,
            }
        });
        handled.await.unwrap_or(Answer::NotDurable)
    }

    fn finish(&self, answer: Answer, style: Style, log: i64) -> Response {
        answer.render(style, log, self.0.retry_after)
    }
}

/// `GET` of a shared webhook: Meta checks the URL.
async fn shared_handshake(State(gateway): State<Gateway>, request: Request) -> Response {
    let answer = gateway.shared_handshake(request.uri().query().unwrap_or_default()).await;
    gateway.finish(answer, Style::Short, gateway.0.inbound.clock.log_id())
}

async fn shared_webhook(State(gateway): State<Gateway>, request: Request) -> Response {
    receive_shared(gateway, request, Style::Short).await
}

/// The same under AP's path, answered as its document shows.
async fn shared_webhook_ap(State(gateway): State<Gateway>, request: Request) -> Response {
    receive_shared(gateway, request, Style::Ap).await
}

async fn receive_shared(gateway: Gateway, request: Request, style: Style) -> Response {
    let log = gateway.0.inbound.clock.log_id();
    let answer = gateway.admit(request, SHARED_BODY, log, |webhook| gateway.shared(webhook)).await;
    gateway.finish(answer, style, log)
}

/// A channel's own URL, for any kind: `GET` is a handshake, `POST` a webhook.
async fn channel_route(State(gateway): State<Gateway>, channel: Path<String>, request: Request) -> Response {
    match *request.method() {
        Method::GET => channel_handshake(State(gateway), channel, request).await,
        Method::POST => channel_webhook(State(gateway), channel, request).await,
        _ => gateway.finish(Answer::WrongMethod, Style::Short, gateway.0.inbound.clock.log_id()),
    }
}

async fn channel_handshake(
    State(gateway): State<Gateway>,
    Path(channel): Path<String>,
    request: Request<Body>,
) -> Response {
    let answer = match gateway.0.directory.by_name(&channel).await {
        Ok(Found::Open(open)) => match open.channel.handshake(request.uri().query().unwrap_or_default()) {
            Ok(challenge) => Answer::Challenge(challenge),
            Err(_) => Answer::WrongToken,
        },
        Ok(Found::Broken) | Err(_) => Answer::NotDurable,
        Ok(Found::Missing) => Answer::WrongToken,
    };
    gateway.finish(answer, Style::Short, gateway.0.inbound.clock.log_id())
}

async fn channel_webhook(State(gateway): State<Gateway>, Path(channel): Path<String>, request: Request) -> Response {
    let log = gateway.0.inbound.clock.log_id();
    let answer = match gateway.0.directory.by_name(&channel).await {
        Ok(Found::Open(open)) => {
            let limit = open.kind.capabilities.max_webhook_bytes;
            gateway.admit(request, limit, log, |webhook| gateway.channel(open, webhook)).await
        }
        Ok(Found::Missing) => gateway.note_unknown("channel", &channel).await,
        Ok(Found::Broken) | Err(_) => Answer::NotDurable,
    };
    gateway.finish(answer, Style::Short, log)
}

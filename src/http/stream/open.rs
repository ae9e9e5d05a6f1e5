//! `GET /api/stream` and `GET /api/stream/ws`: how a stream is opened, and its two forms on the wire.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{
        FromRequestParts, State, WebSocketUpgrade,
        ws::{Message as Frame, WebSocket},
    },
    http::{HeaderMap, request::Parts},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{Stream, stream::unfold};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};
use utoipa::IntoParams;

use super::{
    feed::{self, Message, Opening},
    hub::Full,
    snapshot::Snapshot,
    ticket::credentials,
    viewer::{Unheard, Viewer, channels},
};
use crate::{
    http::{
        Api,
        access::{Caller, Company},
        ap::Error,
        error::Error as PlainError,
        extract::Params as Query,
    },
    store::events::Cursor,
};

/// How long a frame may take on its way (P8).
const SEND: Duration = Duration::from_secs(30);
/// The longest message that is taken from a caller, bytes: nothing it says means anything.
const LARGEST: usize = 4 << 10;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Params {
    /// The place after which to go on: the `cursor` of the latest message. `Last-Event-ID` says the same.
    cursor: Option<String>,
    /// Realtime channels to listen to, comma separated, at most 50: what `broadcast/…` sends.
    channels: Option<String>,
    /// `S`: only what there is by now, then the end.
    once: Option<String>,
    /// What `POST /api/stream/ticket` gave, in place of credentials.
    #[expect(dead_code, reason = "read before the check of credentials")]
    ticket: Option<String>,
}

/// Everything that a stream needs, read before it begins.
pub(super) struct Asked(Opening);

impl FromRequestParts<Api> for Asked {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Error> {
        let caller = *parts.extensions.get::<Caller>().ok_or(PlainError::Unauthenticated)?;
        let Company(company) = Company::from_request_parts(parts, api).await?;
        let Query(params) = Query::<Params>::from_request_parts(parts, api).await?;
        let channels = channels(caller, params.channels.as_deref().unwrap_or_default()).map_err(|why| match why {
            Unheard::Names => Error::Bad("El parámetro channels admite hasta 50 nombres de 200 bytes.".to_owned()),
            Unheard::Private => Error::Forbidden,
        })?;
        let said = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let said = said.or(params.cursor).filter(|said| !said.trim().is_empty());
        let cursor = said.map(|said| said.trim().parse::<Cursor>()).transpose();
        let cursor = cursor.map_err(|_| Error::Bad("El cursor no es uno de los que entrega el stream.".to_owned()))?;
        let once = params.once.is_some_and(|once| matches!(once.to_uppercase().as_str(), "S" | "SI" | "1" | "TRUE"));
        let viewer = Viewer { company, caller, groups: std::collections::HashSet::new(), channels };
        Ok(Self(Opening { viewer, credentials: credentials(&parts.headers), cursor, once }))
    }
}

fn begin(api: Api, Asked(opening): Asked) -> Result<mpsc::Receiver<Message>, Error> {
    let seat = api.0.hub.seat(opening.viewer.key()).map_err(|full| match full {
        Full::House => PlainError::Unavailable.into(),
        Full::Own => Error::TooMany("Hay demasiadas conexiones abiertas; cierre alguna.".to_owned(), 30),
    })?;
    Ok(feed::start(api, seat, opening))
}

/// What happens, as server-sent events. The first is `snapshot` (how everything is: groups with their counts, agents with
/// their presences and, for an agent, itself and the own tickets), then `event`s in the order in which they happened: `data` is
/// `{"message", "cursor", "type", "timestamp", "data"}`, with `channel` if it was sent to one. Whoever comes back with
/// `Last-Event-ID` or `cursor` goes on exactly after it and misses nothing; an event that happened right before a snapshot
/// may be in it and come after it, too. A place from before what is kept (72 hours unless set otherwise) is answered by
/// `reset`, which is a new snapshot. A comment comes after each 15 silent seconds. An agent's token sees the own groups,
/// tickets and presence, everybody else the whole company. The stream ends when the credentials do, when the caller reads
/// too slowly, and when the house stops: then it is to be opened again. At most 20 streams each.
#[utoipa::path(
    get, path = "/api/stream", tag = "stream", operation_id = "stream",
    params(Params),
    responses((status = 200, content_type = "text/event-stream", body = Snapshot, description = "The stream."))
)]
pub(super) async fn sse(State(api): State<Api>, asked: Asked) -> Result<Response, Error> {
    let mut response = Sse::new(events(begin(api, asked)?)).into_response();
    // Proxies that gather would hold events back.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

fn events(messages: mpsc::Receiver<Message>) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(messages, async |mut messages| {
        let event = match messages.recv().await? {
            Message::Heartbeat => Event::default().comment(""),
            Message::News { name, cursor, body } => {
                Event::default().event(name).id(cursor.to_string()).data(body.to_string())
            }
        };
        Some((Ok(event), messages))
    })
}

/// The same as a WebSocket: each message is one JSON text, with `message` as `snapshot`, `reset`, `event` or `heartbeat`.
/// What the caller sends is not looked at.
#[utoipa::path(
    get, path = "/api/stream/ws", tag = "stream", operation_id = "stream_ws",
    params(Params),
    responses((status = 101, description = "The stream."))
)]
pub(super) async fn ws(
    State(api): State<Api>,
    asked: Asked,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let upgrade = upgrade.map_err(|_| Error::Bad("Se esperaba una conexión WebSocket.".to_owned()))?;
    let messages = begin(api, asked)?;
    let upgrade = upgrade.max_message_size(LARGEST).max_frame_size(LARGEST);
    Ok(upgrade.on_upgrade(|socket| talk(socket, messages)))
}

async fn talk(mut socket: WebSocket, mut messages: mpsc::Receiver<Message>) {
    loop {
        tokio::select! {
            message = messages.recv() => {
                let Some(message) = message else { break };
                let text = match message {
                    Message::Heartbeat => json!({"message": "heartbeat"}).to_string(),
                    Message::News { body, .. } => body.to_string(),
                };
                match timeout(SEND, socket.send(Frame::Text(text.into()))).await {
                    Ok(Ok(())) => {}
                    _ => return,
                }
            }
            heard = socket.recv() => match heard {
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    }
    _ = timeout(SEND, socket.send(Frame::Close(None))).await;
}

/// The request's own credentials, or those behind its ticket.
pub(super) fn of_request(headers: &mut HeaderMap, credentials: HeaderMap) {
    for (name, value) in credentials {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
}

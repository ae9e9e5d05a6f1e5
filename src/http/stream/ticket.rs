//! `POST /api/stream/ticket`: what a browser opens a stream with, because it cannot send headers there.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::open::of_request;
use crate::{
    http::{
        Api,
        access::{KEY_HEADER, SECRET_HEADER},
        ap::{Answer, Envelope, Error},
        error::Error as PlainError,
        extract::Params,
    },
    secrets::{hash_secret, random_secret},
    store::{StoreError, stream_tickets},
};

/// How long a ticket is good.
const GOOD_MS: i64 = 60_000;
const CONTEXT: &str = "stream:ticket";

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreamTicketAnswer)]
pub(super) struct Ticket {
    /// To be given as `?ticket=`, once.
    ticket: String,
    /// Seconds for which it is good.
    #[schema(examples(60))]
    expires_in: i64,
}

/// Gives a ticket that opens one stream in the caller's name within a minute: `?ticket=` in place of credentials, for
/// browsers, whose `EventSource` and `WebSocket` send no headers. The stream ends when the credentials that asked for the
/// ticket do.
#[utoipa::path(
    post, path = "/api/stream/ticket", tag = "stream", operation_id = "stream_ticket",
    responses((status = 200, body = Envelope<Ticket>, description = "The ticket."))
)]
pub(super) async fn ticket(State(api): State<Api>, headers: HeaderMap) -> Result<Answer, Error> {
    let kept: BTreeMap<String, String> = credentials(&headers)
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let ticket = random_secret();
    let sealed = api.0.key.seal(&serde_json::to_string(&kept).unwrap_or_default(), CONTEXT);
    let mut tx = api.0.db.write().await?;
    let until = api.0.clock.now() + GOOD_MS;
    stream_tickets::insert(&mut tx, &hash_secret(ticket.expose_secret()), &sealed, until).await?;
    tx.commit().await?;
    let ticket = Ticket { ticket: ticket.expose_secret().to_owned(), expires_in: GOOD_MS / 1000 };
    Ok(Answer::ok("Ticket creado correctamente.").with(ticket))
}

/// What a caller proves itself by.
pub(super) fn credentials(headers: &HeaderMap) -> HeaderMap {
    let names = [KEY_HEADER, SECRET_HEADER, AUTHORIZATION.as_str()];
    let kept = names.iter().filter_map(|name| Some((HeaderName::from_static(name), headers.get(*name)?.clone())));
    kept.collect()
}

#[derive(Debug, Deserialize)]
struct Shown {
    ticket: Option<String>,
}

/// The layer before the check of credentials: a ticket stands for the credentials that asked for it.
pub(super) async fn redeem(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let shown = match Params::<Shown>::from_request_parts(&mut parts, &()).await {
        Ok(Params(shown)) => shown.ticket,
        Err(error) => return error.into_response(),
    };
    if let Some(ticket) = shown {
        match take(&api, &ticket).await {
            Ok(Some(credentials)) => of_request(&mut parts.headers, credentials),
            Ok(None) => return PlainError::Unauthenticated.into_response(),
            Err(error) => return PlainError::from(error).into_response(),
        }
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn take(api: &Api, ticket: &str) -> Result<Option<HeaderMap>, StoreError> {
    let hash = hash_secret(ticket);
    // Nobody has proven anything yet: a guess is not to hold those who write.
    if !stream_tickets::exists(&mut api.0.db.read().await?, &hash).await? {
        return Ok(None);
    }
    let mut tx = api.0.db.write().await?;
    let sealed = stream_tickets::take(&mut tx, &hash, api.0.clock.now()).await?;
    tx.commit().await?;
    let kept = sealed.and_then(|sealed| api.0.key.open(&sealed, CONTEXT).ok());
    let kept = kept.and_then(|kept| serde_json::from_str::<BTreeMap<String, String>>(kept.expose_secret()).ok());
    Ok(kept.map(|kept| {
        let pairs = kept.into_iter();
        pairs
            .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)))
            .collect()
    }))
}

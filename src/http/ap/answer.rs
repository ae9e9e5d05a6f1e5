//! The envelope around every answer of the AP family. Handlers leave `id_bitacora_log` open; [`number`] fills it in.

use axum::{
    Json,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::Error;
use crate::http::{audit::LOG_HEADER, error::Error as PlainError, mundosocial};

/// Paths whose answers, also those of no handler, have this family's form.
pub(super) const FAMILY: &str = "/api/";

/// AP's envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct Envelope<T = Value> {
    /// What was asked for; `null` in a refusal, and missing where there is nothing to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) data: Option<T>,
    /// `ok` or `success`, as the route's example says; `error` in a refusal.
    #[schema(examples("ok"))]
    pub(in crate::http) status: String,
    /// For people, in Spanish.
    pub(in crate::http) message: String,
    /// The HTTP status once more.
    #[schema(examples(200))]
    pub(in crate::http) code: u16,
    /// The number of the call in the record.
    #[schema(required, examples(736_014))]
    pub(in crate::http) id_bitacora_log: Option<i64>,
}

/// An answer of a handler.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http) struct Answer(pub(in crate::http) Envelope);

impl Answer {
    /// `"status":"ok"`, code 200, without data.
    pub(in crate::http) fn ok(message: impl Into<String>) -> Self {
        Self::of("ok", message)
    }

    /// `"status":"success"`, code 200, without data.
    pub(in crate::http) fn success(message: impl Into<String>) -> Self {
        Self::of("success", message)
    }

    /// The same with code 201: something new is there.
    #[must_use]
    pub(in crate::http) fn created(mut self) -> Self {
        self.0.code = 201;
        self
    }

    fn of(word: &str, message: impl Into<String>) -> Self {
        let (status, message) = (word.to_owned(), message.into());
        Self(Envelope { data: None, status, message, code: 200, id_bitacora_log: None })
    }

    /// The same with this as `data`; nothing is said as `null`.
    #[must_use]
    pub(in crate::http) fn with(mut self, data: impl Serialize) -> Self {
        // What handlers give is plain data: it is always JSON.
        self.0.data = Some(serde_json::to_value(data).unwrap_or_default());
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response =
            StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The family's outermost layer: the envelope becomes a body, with the call's number, and what was refused outside of
/// the handlers (no such route, no credentials, out of time) is said in the family's form.
pub(in crate::http) async fn number(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (ours, mundosocial) = (path.starts_with(FAMILY), path.starts_with(mundosocial::FAMILY));
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<PlainError>()
        && ours
    {
        let mut refusal = match mundosocial {
            true => Error::from(error).enveloped(),
            false => Error::from(error).into_response(),
        };
        refusal.headers_mut().extend(response.headers().iter().filter_map(kept));
        response = refusal;
    }
    let Some(mut envelope) = response.extensions_mut().remove::<Envelope>() else { return response };
    let log = response.headers().get(LOG_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    // An answer that is given again says which call had the effect.
    envelope.id_bitacora_log = envelope.id_bitacora_log.or(log);
    let (status, body) = match mundosocial {
        true => mundosocial::said(envelope),
        // An envelope is always JSON.
        false => (response.status(), serde_json::to_value(envelope).unwrap_or_default()),
    };
    let (mut parts, body) = Json(body).into_response().into_parts();
    parts.headers.extend(response.headers().iter().filter_map(kept));
    parts.status = status;
    Response::from_parts(parts, Body::new(body))
}

/// Headers that outlive the body they came with.
fn kept(
    (name, value): (&header::HeaderName, &header::HeaderValue),
) -> Option<(header::HeaderName, header::HeaderValue)> {
    (![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name)).then(|| (name.clone(), value.clone()))
}

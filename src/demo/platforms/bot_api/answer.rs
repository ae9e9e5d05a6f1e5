//! What the Bot API says (`telegram.md §6, §9`).

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A refusal, with the prefix that its code has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    code: u16,
    description: String,
    parameters: Option<Value>,
}

pub(super) type Answer = Result<Value, Refusal>;

impl Refusal {
    /// A refusal in exactly these words.
    pub(super) fn plain(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    pub(super) fn bad(what: impl AsRef<str>) -> Self {
        Self::plain(400, format!("Bad Request: {}", what.as_ref()))
    }

    pub(super) fn forbidden(what: &str) -> Self {
        Self::plain(403, format!("Forbidden: {what}"))
    }

    pub(super) fn conflict(what: &str) -> Self {
        Self::plain(409, format!("Conflict: {what}"))
    }

    pub(super) fn too_large() -> Self {
        Self::plain(413, "Request Entity Too Large")
    }

    /// Whole seconds, at least one.
    pub(super) fn too_fast(wait: Duration) -> Self {
        let seconds = (wait.as_millis().div_ceil(1000)).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        Self {
            parameters: Some(json!({ "retry_after": seconds })),
            ..Self::plain(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    pub(super) fn migrated(to: i64) -> Self {
        Self {
            parameters: Some(json!({ "migrate_to_chat_id": to })),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    /// What is most often meant by a code.
    pub(super) fn of(code: u16) -> Self {
        match code {
            400 => Self::bad("chat not found"),
            401 => Self::plain(401, "Unauthorized"),
            403 => Self::forbidden("bot was blocked by the user"),
            404 => Self::plain(404, "Not Found"),
            409 => Self::conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is running",
            ),
            413 => Self::too_large(),
            421 => Self::plain(421, "Misdirected Request"),
            429 => Self::too_fast(Duration::from_secs(1)),
            500 => Self::plain(500, "Internal Server Error: restart"),
            502 => Self::plain(502, "Bad Gateway"),
            code => Self::plain(code, "Internal Server Error"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({ "ok": false, "error_code": self.code, "description": self.description });
        let wait = self.parameters.as_ref().and_then(|parameters| parameters["retry_after"].as_u64());
        if let Some(parameters) = self.parameters {
            body["parameters"] = parameters;
        }
        let mut response = (status, Json(body)).into_response();
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

pub(super) fn result(result: Value) -> Response {
    Json(json!({ "ok": true, "result": result })).into_response()
}

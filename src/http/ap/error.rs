//! What a call is refused with, in the form of AP. Causes go to the log; nothing internal is ever in an answer.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::answer::{Answer, Envelope};
use crate::{
    http::error::Error as PlainError,
    store::{Contended, StoreError},
};

/// What is wrong with a request: field → why, in Spanish.
pub(in crate::http) type Problems = BTreeMap<String, Vec<String>>;

/// `"data": []`, as the seed has it where nobody or nothing is found.
pub(in crate::http) const NO_DATA: Value = Value::Array(Vec::new());

/// Marks the refusals that MS says in its short form.
pub(in crate::http) const BRIEF: &str = "brief";

#[derive(Debug, Clone, PartialEq)]
pub(in crate::http) enum Error {
    /// 422: everything that is wrong with the request, under the route's message.
    Invalid(&'static str, Problems),
    /// 400: the request cannot be understood; says why.
    Bad(String),
    /// 400: what the seed answers in MS's short form; says why.
    Brief(String),
    /// 401: who logs in is not let in; the answer does not say why.
    Refused,
    /// 403: the caller's role may not.
    Forbidden,
    /// 403: the caller may, but not this; says why.
    Denied(&'static str),
    /// 404: there is none, or none for this caller; says of what.
    NotFound(&'static str),
    /// The same, with what the seed's example has as `data`.
    NotFoundWith(&'static str, Value),
    /// 409: it contradicts what is there; says how, and after how many seconds another try makes sense, if it does.
    Conflict(String, Option<u32>),
    /// The same, with what the seed's example has as `data`.
    ConflictWith(&'static str, Value),
    /// 429: too much at once; says what, and after how many seconds another try makes sense.
    TooMany(String, u32),
    /// 413: the body is longer than this many bytes.
    TooLarge(usize),
    /// 415: the body is no JSON by its own word.
    NotJson,
    /// 502: a platform did not do what it was asked; says why.
    Platform(String),
    /// Refused outside of the family, or by the database.
    Plain(PlainError),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Bad(_) | Self::Brief(_) => StatusCode::BAD_REQUEST,
            Self::Refused => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::NotFoundWith(..) => StatusCode::NOT_FOUND,
            Self::Conflict(..) | Self::ConflictWith(..) => StatusCode::CONFLICT,
            Self::TooMany(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Platform(_) => StatusCode::BAD_GATEWAY,
            Self::Plain(error) => error.status(),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Invalid(message, _)
            | Self::NotFound(message)
            | Self::NotFoundWith(message, _)
            | Self::ConflictWith(message, _)
            | Self::Denied(message) => (*message).to_owned(),
            Self::Bad(why)
            | Self::Brief(why)
            | Self::Conflict(why, _)
            | Self::TooMany(why, _)
            | Self::Platform(why) => why.clone(),
            Self::Refused => "Credenciales invalidas.".to_owned(),
            Self::Forbidden => "No tiene permisos para esta acción.".to_owned(),
            Self::TooLarge(limit) => format!("El cuerpo de la solicitud supera el máximo de {} MiB.", limit >> 20),
            Self::NotJson => "El cuerpo debe ser JSON (Content-Type: application/json).".to_owned(),
            Self::Plain(error) => plain(error).to_owned(),
        }
    }

    fn retry_after(&self) -> Option<i64> {
        match self {
            Self::Conflict(_, seconds) => seconds.map(i64::from),
            Self::TooMany(_, seconds) => Some(i64::from(*seconds)),
            Self::Plain(error) => error.retry_after(),
            _ => None,
        }
    }

    fn data(self) -> Value {
        match self {
            Self::Invalid(_, problems) => json!({"errors": problems}),
            // As in the seed's example.
            Self::Refused => json!([]),
            Self::NotFoundWith(_, data) | Self::ConflictWith(_, data) => data,
            _ => Value::Null,
        }
    }
}

/// What is said in every family, in this one's language.
fn plain(error: &PlainError) -> &str {
    match error {
        PlainError::Unauthenticated => "Unauthenticated.",
        PlainError::TooManyFailures(_) => "Demasiados intentos fallidos; intente de nuevo más tarde.",
        PlainError::Bad(why) => why,
        PlainError::Invalid(what) | PlainError::NotFound(what) => what,
        PlainError::Forbidden(what) | PlainError::Conflict(what) => what,
        PlainError::NoRoute => "La ruta no existe.",
        PlainError::WrongMethod => "La ruta no admite este método.",
        PlainError::Unavailable | PlainError::Overtaken => "Servicio no disponible; intente de nuevo más tarde.",
        PlainError::Internal => "Ocurrió un error interno; al consultar, indique el id_bitacora_log.",
    }
}

impl Error {
    /// The refusal in the envelope, whatever it is.
    pub(super) fn enveloped(self) -> Response {
        let (status, message, wait) = (self.status(), self.message(), self.retry_after());
        let word = if matches!(self, Self::Brief(_)) { BRIEF } else { "error" };
        let mut response = Answer(Envelope {
            data: Some(self.data()),
            status: word.to_owned(),
            message,
            code: status.as_u16(),
            id_bitacora_log: None,
        })
        .into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            // The seed's 401 has no envelope.
            Self::Plain(PlainError::Unauthenticated) => {
                (self.status(), Json(json!({"message": self.message()}))).into_response()
            }
            _ => self.enveloped(),
        }
    }
}

impl From<PlainError> for Error {
    fn from(error: PlainError) -> Self {
        Self::Plain(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Plain(error.into())
    }
}

impl Contended for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Plain(error) if error.is_conflict())
    }
}

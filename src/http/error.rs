//! What a call is refused with, in the form of PC: `{"message":…,"status":404}`. It is also the form outside every
//! family. Causes go to the log, under the call's id; nothing internal is ever in an answer.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Contended, StoreError};

/// Seconds that a 503 asks the caller to wait.
const RETRY_AFTER: i64 = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Error {
    /// No credentials, or wrong ones: the answer does not say which.
    Unauthenticated,
    /// Too many wrong secrets; the seconds after which another try is heard.
    TooManyFailures(i64),
    /// The request cannot be understood; says why.
    Bad(String),
    /// The request is understood, but something in it is missing or wrong; says what.
    Invalid(&'static str),
    /// The caller may not do this; says why.
    Forbidden(&'static str),
    /// It contradicts what is there; says how.
    Conflict(&'static str),
    /// There is none, or none for this caller; says of what.
    NotFound(&'static str),
    /// No route of any family.
    NoRoute,
    WrongMethod,
    /// Worth another try later.
    Unavailable,
    /// Other transactions were first: worth another try at once.
    Overtaken,
    /// A defect of ours.
    Internal,
}

/// The body of a refusal (PC "Tickets filtrados por estado", the second example).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorBody {
    /// What is wrong, for people.
    #[schema(examples("Ticket not found"))]
    message: String,
    /// The HTTP status once more.
    #[schema(examples(404))]
    status: u16,
}

impl Error {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::TooManyFailures(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::NotFound(_) | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable | Self::Overtaken => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Unauthenticated => "Unauthenticated.",
            Self::TooManyFailures(_) => "Too many failed attempts, try again later",
            Self::Bad(why) => why,
            Self::Invalid(what) => what,
            Self::Forbidden(what) | Self::Conflict(what) | Self::NotFound(what) => what,
            Self::NoRoute => "There is no such route",
            Self::WrongMethod => "This route does not take this method",
            Self::Unavailable | Self::Overtaken => "Service unavailable, try again later",
            Self::Internal => "Something went wrong on our side; quote the X-Bitacora-Log of this answer",
        }
    }

    pub(super) fn retry_after(&self) -> Option<i64> {
        match self {
            Self::TooManyFailures(seconds) => Some(*seconds),
            Self::Unavailable | Self::Overtaken => Some(RETRY_AFTER),
            _ => None,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = ErrorBody { message: self.message().to_owned(), status: status.as_u16() };
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // A family with a form of its own says it again.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        if error.is_conflict() {
            tracing::info!("another transaction was before a call's");
            return Self::Overtaken;
        }
        let transient = error.is_transient();
        let cause = format!("{:#}", anyhow::Error::from(error));
        if transient {
            tracing::warn!(error = cause, "the database did not answer a call");
            Self::Unavailable
        } else {
            tracing::error!(error = cause, "the database refused a call");
            Self::Internal
        }
    }
}

impl Contended for Error {
    fn is_conflict(&self) -> bool {
        *self == Self::Overtaken
    }
}

//! Pieces of a request as handlers want them: text that any database can hold, or a refusal in our own form.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::error::Error;

/// The route's one parameter. What is no text, or holds what no database keeps, becomes empty: it names nothing.
#[derive(Debug)]
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let segment = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(segment.ok().map(|Path(text)| text).filter(|text| !text.contains('\0')).unwrap_or_default()))
    }
}

/// The query string. Unknown parameters are ignored; one that comes twice or is not text is refused with 400.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Error::Bad("The query string must not hold NUL".to_owned()));
        }
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Error::Bad("The query string cannot be read: is a parameter given twice?".to_owned())),
        }
    }
}

//! How many requests, and how many bytes of them, are in hand at once (P8).

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that one permit of the byte budget stands for.
const UNIT: usize = 1024;

#[derive(Debug)]
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// A place; leaving frees it.
#[derive(Debug)]
pub(crate) struct Place {
    _place: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(places: usize, mebibytes: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), bytes: Arc::new(Semaphore::new(mebibytes * (1 << 20) / UNIT)) }
    }

    /// Takes a place for a request whose body may have up to `limit` bytes: its stated length counts, or the limit if
    /// it states none. `None` if the house is full.
    pub(crate) fn enter(&self, headers: &HeaderMap, limit: usize) -> Option<Place> {
        let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let units = u32::try_from(stated.unwrap_or(limit).min(limit).div_ceil(UNIT)).ok()?;
        Some(Place {
            _place: self.places.clone().try_acquire_owned().ok()?,
            _bytes: self.bytes.clone().try_acquire_many_owned(units).ok()?,
        })
    }
}

/// Whether reading a body failed because it was longer than allowed.
pub(crate) fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_places_and_bytes_are_bounded() {
        let sized = |bytes: usize| HeaderMap::from_iter([(header::CONTENT_LENGTH, bytes.into())]);
        let admission = Admission::new(3, 1);
        let unknown = admission.enter(&HeaderMap::new(), 1 << 20);
        assert!(unknown.is_some(), "an unstated length counts as the limit");
        assert!(admission.enter(&sized(1), 1 << 20).is_none(), "all bytes are taken");
        drop(unknown);
        let small: Vec<_> = (0..3).filter_map(|_| admission.enter(&sized(10), 1 << 20)).collect();
        assert_eq!(small.len(), 3);
        assert!(admission.enter(&sized(10), 1 << 20).is_none(), "all places are taken");
        drop(small);
        assert!(admission.enter(&sized(usize::MAX), 1 << 20).is_some(), "a lie counts as the limit");
    }
}

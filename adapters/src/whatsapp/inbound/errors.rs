//! Meta's `errors[]`, at any of their three places (`whatsapp.md §4, §9`).

use serde_json::Value;

use crate::{PlatformError, json};

/// Media that Meta could not fetch, or that is larger than 100 MB (`whatsapp.md §4.2`).
const MEDIA_UNAVAILABLE: &str = "131052";

/// The first error, as an agent or a rule reads it.
pub(super) fn first(errors: &[Value]) -> Option<PlatformError> {
    let error = errors.iter().find(|error| error.is_object())?;
    let details = error.get("error_data").and_then(|data| json::str(data, "details"));
    let message = json::str(error, "message");
    let title = json::str(error, "title").or(message).unwrap_or("unknown error");
    Some(PlatformError {
        code: error.get("code").and_then(json::id).unwrap_or_default(),
        title: title.to_owned(),
        details: details.or(message).filter(|details| *details != title).map(str::to_owned),
    })
}

/// One line that says why.
pub(super) fn reason(errors: &[Value]) -> Option<String> {
    let PlatformError { code, title, details } = first(errors)?;
    let title = if code.is_empty() { title } else { format!("{title} ({code})") };
    Some(match details {
        Some(details) => format!("{title}: {details}"),
        None => title,
    })
}

/// Whether the errors say that the message's file is not to be had.
pub(super) fn media_unavailable(errors: &[Value]) -> bool {
    errors.iter().any(|error| error.get("code").and_then(json::id).as_deref() == Some(MEDIA_UNAVAILABLE))
}

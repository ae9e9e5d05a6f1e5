//! Meta's shared webhook: one URL and one signature for all products of an app.

use crate::{ParseError, WebhookRequest, verify};

/// One account that a shared webhook names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The channel kind (`whatsapp`, `facebook`), or Meta's `object` if no kind of ours speaks it.
    pub kind: String,
    /// `metadata.phone_number_id`, else the WABA id (`entry[].id`); for Pages the Page id (`entry[].id`).
    pub account: String,
}

/// The accounts that a shared webhook addresses, each once, in order of appearance.
///
/// # Errors
/// If the body is no JSON object.
pub fn addressees(_body: &[u8]) -> Result<Vec<Addressee>, ParseError> {
    Ok(Vec::new())
}

/// Whether a request carries a well-formed signature of Meta's, whoever made it.
pub fn is_signed(request: &WebhookRequest<'_>) -> bool {
    request
        .header("x-hub-signature-256")
        .and_then(|header| header.trim().strip_prefix("sha256="))
        .is_some_and(|digits| verify::unhex(digits).is_some_and(|bytes| bytes.len() == 32))
}

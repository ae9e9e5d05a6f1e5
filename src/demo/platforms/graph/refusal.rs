//! What the Graph API says when it refuses (`whatsapp.md §9`, `facebook-comments.md §7`).

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderName, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A refusal. `code` decides; everything else is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    title: String,
    details: Option<String>,
    /// For a limit: how long until calls are welcome again.
    regain: Option<Duration>,
}

/// An answer, or why there is none.
pub(super) type Answer = Result<Value, Refusal>;

impl Refusal {
    /// The refusal of this code, in Meta's own words.
    pub(super) fn of(code: i64) -> Self {
        Self { code, subcode: None, title: title(code).to_owned(), details: None, regain: None }
    }

    pub(super) fn subcode(self, subcode: i64) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    /// What exactly was wrong.
    pub(super) fn because(self, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..self }
    }

    pub(super) fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    pub(super) fn regained_after(self, wait: Duration) -> Self {
        Self { regain: Some(wait), ..self }
    }

    /// A parameter that is not as it must be; code 100.
    pub(super) fn parameter(what: impl Into<String>) -> Self {
        Self::of(100).titled(what)
    }

    /// There is no such thing, or not for this token.
    pub(super) fn unseen(verb: &str, id: &str) -> Self {
        let what = format!(
            "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self { code: 100, subcode: Some(33), title: what, details: None, regain: None }
    }

    /// As it stands in the `errors` of a failed status.
    pub(super) fn in_status(&self) -> Value {
        let details = self.details.as_deref().unwrap_or(&self.title);
        json!({
            "code": self.code, "title": self.title, "message": self.title, "error_data": { "details": details },
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        })
    }

    fn status(&self) -> StatusCode {
        match self.code {
            190 | 102 | 0 => StatusCode::UNAUTHORIZED,
            3 | 10 | 200..=299 | 131_005 | 131_031 => StatusCode::FORBIDDEN,
            132_001 => StatusCode::NOT_FOUND,
            1 | 2 | 131_000 | 131_016 => StatusCode::INTERNAL_SERVER_ERROR,
            133_004 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn body(&self) -> Value {
        let whatsapp = self.code >= 130_000 && self.code < 140_000;
        // Refusals of the Graph itself do not repeat their code in the text.
        let plain = self.subcode == Some(33) || matches!(self.code, 190 | 102 | 1 | 2);
        let message = if plain { self.title.clone() } else { format!("(#{}) {}", self.code, self.title) };
        let mut error = json!({ "message": message, "type": "OAuthException", "code": self.code });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if whatsapp || self.details.is_some() {
            let details = self.details.as_deref().unwrap_or(&self.title);
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        if matches!(self.code, 1 | 2) {
            error["is_transient"] = true.into();
        }
        error["fbtrace_id"] = "AbC9dEfGhIjKlMnOpQrStUv".into();
        json!({ "error": error })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = (self.status(), Json(self.body()));
        let Some(regain) = self.regain else { return answer.into_response() };
        let minutes = regain.as_secs().div_ceil(60).max(1);
        let usage = json!({ "1001": [{
            "type": "pages", "call_count": 100, "total_cputime": 23, "total_time": 23,
            "estimated_time_to_regain_access": minutes,
        }] });
        let name = HeaderName::from_static("x-business-use-case-usage");
        ([(name, usage.to_string())], answer).into_response()
    }
}

/// Meta's words for a code.
fn title(code: i64) -> &'static str {
    match code {
        1 => "An unknown error occurred",
        2 => "Service temporarily unavailable",
        3 => "Application does not have the capability to make this API call.",
        4 => "Application request limit reached",
        10 => "Application does not have permission for this action",
        17 => "User request limit reached",
        32 => "Page request limit reached",
        33 => "Parameter value is not valid",
        100 => "Invalid parameter",
        102 => "The session has been invalidated because the user changed the password.",
        190 => "Error validating access token: Session has expired on Wednesday, 27-May-26 10:00:00 PDT.",
        200..=299 => "Permissions error",
        341 => "Feed action request limit reached",
        368 => "The action attempted has been deemed abusive or is otherwise disallowed",
        506 => "Duplicate status message",
        613 => "Calls to this api have exceeded the rate limit.",
        803 => "Some of the aliases you requested do not exist",
        1705 => "There was an error posting to this wall",
        10900 => "Activity already replied to",
        10903 => "This user cannot reply to this activity",
        80_001 => "There have been too many calls to this Page account. Wait a bit and try again.",
        80_006 => "There have been too many calls to this Messenger account. Wait a bit and try again.",
        80_007 => "There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
        130_429 => "Rate limit hit",
        130_472 => "User's number is part of an experiment",
        130_497 => "Business account is restricted from messaging users in this country",
        131_000 => "Something went wrong",
        131_005 => "Access denied",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_030 => "Recipient phone number not in allowed list",
        131_031 => "Account has been locked",
        131_037 => "WhatsApp provided number needs display name approval before message can be sent",
        131_042 => "Business eligibility payment issue",
        131_045 => "Incorrect certificate",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_049 => "This message was not delivered to maintain healthy ecosystem engagement",
        131_050 => "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages",
        131_051 => "Unsupported message type",
        131_052 => "Media download error",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        131_057 => "Account in maintenance mode",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_005 => "Translated text too long",
        132_007 => "Template content policy violated",
        132_012 => "Parameter format does not match format in the created template",
        132_015 => "Template is paused",
        132_016 => "Template is disabled",
        133_004 => "Server temporarily unavailable",
        133_010 => "Phone number not registered",
        135_000 => "Generic user error",
        137_000 => "User identity hash mismatch",
        _ => "Generic error",
    }
}

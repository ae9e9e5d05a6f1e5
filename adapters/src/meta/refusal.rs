//! Why the Graph API said no: its error object, read against a product's table of codes
//! (`whatsapp.md §9`, `facebook-comments.md §7`).

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::{
    json,
    outbound::{ErrorClass, Explained, Reply, Scope, SendError},
    text,
};

/// The longest quotation of the platform's own words, in bytes.
const MAX_DETAIL: usize = 500;
/// A longer wait than this is no wait that Meta would ask for, but a broken header.
const MAX_WAIT: Duration = Duration::from_secs(7 * 86_400);

/// What one code means, or a range of them, or one subcode of a code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meaning {
    first: i64,
    last: i64,
    subcode: Option<i64>,
    class: ErrorClass,
    scope: Scope,
    /// How long to wait where Meta does not say.
    wait: Option<Duration>,
    reason: Explained,
}

impl Meaning {
    /// What `code` means. Broken credentials and limits are the channel's unless said otherwise.
    pub(crate) const fn of(code: i64, class: ErrorClass, es: &'static str, en: &'static str) -> Self {
        Self::between(code, code, class, es, en)
    }

    /// What every code from `first` to `last` means.
    pub(crate) const fn between(first: i64, last: i64, class: ErrorClass, es: &'static str, en: &'static str) -> Self {
        let scope = match class {
            ErrorClass::RateLimited | ErrorClass::Auth => Scope::Channel,
            _ => Scope::Chat,
        };
        Self { first, last, subcode: None, class, scope, wait: None, reason: Explained { es, en } }
    }

    /// Only with this subcode.
    pub(crate) const fn subcode(self, subcode: i64) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    /// It holds back one chat only.
    pub(crate) const fn of_chat(self) -> Self {
        Self { scope: Scope::Chat, ..self }
    }

    /// How long to wait where Meta does not say.
    pub(crate) const fn waiting(self, wait: Duration) -> Self {
        Self { wait: Some(wait), ..self }
    }

    fn is_of(&self, code: i64) -> bool {
        (self.first..=self.last).contains(&code)
    }
}

/// The meaning of a code: that of its subcode, if the table has one.
fn find(table: &'static [Meaning], code: i64, subcode: Option<i64>) -> Option<&'static Meaning> {
    let with = |wanted: Option<i64>| table.iter().find(move |row| row.is_of(code) && row.subcode == wanted);
    subcode.and_then(|subcode| with(Some(subcode))).or_else(|| with(None))
}

/// What a code as [`SendError::code`] has it (`131047`, `190/463`) means, if the table has it.
pub(crate) fn explain(table: &'static [Meaning], code: &str) -> Option<(ErrorClass, Explained)> {
    let (code, subcode) = match code.split_once('/') {
        Some((code, subcode)) => (code, Some(subcode.parse().ok()?)),
        None => (code, None),
    };
    find(table, code.parse().ok()?, subcode).map(|row| (row.class, row.reason))
}

const TRANSIENT: Explained = Explained {
    es: "La plataforma tuvo un problema momentáneo; se volverá a intentar automáticamente.",
    en: "The platform had a momentary problem; it will be tried again automatically.",
};
const RATE_LIMITED: Explained = Explained {
    es: "La plataforma pidió enviar más despacio; el mensaje saldrá automáticamente en cuanto lo permita.",
    en: "The platform asked for a slower pace; the message will leave by itself as soon as it may.",
};
const AUTH: Explained = Explained {
    es: "La plataforma rechazó las credenciales del canal; avise al administrador para que las renueve.",
    en: "The platform refused the channel's credentials; ask the administrator to renew them.",
};
const CONTENT: Explained = Explained {
    es: "La plataforma rechazó el mensaje; revise su contenido o avise al administrador.",
    en: "The platform refused the message; check its content or tell the administrator.",
};
const GATEWAY: Explained = Explained {
    es: "La plataforma no confirmó el mensaje; no se sabe si fue entregado.",
    en: "The platform did not confirm the message; whether it was delivered is not known.",
};

/// A refusal as Graph states it.
struct Stated {
    code: Option<i64>,
    subcode: Option<i64>,
    is_transient: bool,
    words: String,
}

/// Why `reply`, whose body is `answer`, is no success. `secrets` are cut out of what is quoted.
pub(crate) fn read(table: &'static [Meaning], reply: &Reply, answer: &Value, secrets: &[&str]) -> SendError {
    let stated = stated(answer);
    let status = reply.status;
    match stated.code.and_then(|code| Some((code, find(table, code, stated.subcode)?))) {
        Some((code, row)) => known(row, code, &stated, &reply.headers, secrets),
        None => {
            let code = stated.code.map_or_else(|| format!("http_{status}"), |code| code.to_string());
            let (class, reason) = match (stated.is_transient, stated.code, status) {
                (true, _, _) => (ErrorClass::Transient, TRANSIENT),
                (false, _, 429) => (ErrorClass::RateLimited, RATE_LIMITED),
                (false, _, 401) => (ErrorClass::Auth, AUTH),
                // A gateway that got no answer from behind it cannot know whether the request had its effect.
                (false, None, 502 | 504) => (ErrorClass::Unknown, GATEWAY),
                (false, _, 500..) => (ErrorClass::Transient, TRANSIENT),
                (false, _, _) => (ErrorClass::Content, CONTENT),
            };
            let error = SendError::new(class, code, quote(&stated, status, secrets), reason);
            let error = error.after(wait(class, &reply.headers));
            if matches!(class, ErrorClass::RateLimited | ErrorClass::Auth) { error.of_channel() } else { error }
        }
    }
}

fn known(row: &Meaning, code: i64, stated: &Stated, headers: &HeaderMap, secrets: &[&str]) -> SendError {
    let code = match row.subcode {
        Some(subcode) => format!("{code}/{subcode}"),
        None => code.to_string(),
    };
    // Graph's own word that it will pass counts for more than our guess that it will not.
    let (class, reason) = match (stated.is_transient, row.class) {
        (true, ErrorClass::Content | ErrorClass::Recipient) => (ErrorClass::Transient, TRANSIENT),
        (_, class) => (class, row.reason),
    };
    let wait = wait(class, headers).or(row.wait.filter(|_| class == row.class));
    let mut error = SendError::new(class, code, quote(stated, 0, secrets), reason).after(wait);
    error.scope = row.scope;
    error
}

fn stated(answer: &Value) -> Stated {
    let error = answer.get("error").unwrap_or(&Value::Null);
    let details = error.get("error_data").and_then(|data| json::str(data, "details"));
    let words = [json::str(error, "message"), details, json::str(error, "error_user_msg")];
    let subcode = json::int(error, "error_subcode").filter(|&subcode| subcode != 0);
    let mut words: Vec<String> = words.into_iter().flatten().map(str::to_owned).collect();
    words.extend(subcode.map(|subcode| format!("(subcode {subcode})")));
    Stated {
        code: json::int(error, "code"),
        subcode: subcode.or_else(|| gone(error)),
        is_transient: error.get("is_transient").and_then(Value::as_bool) == Some(true),
        words: words.join(" – "),
    }
}

/// Subcode 33 where Graph says it in words only.
fn gone(error: &Value) -> Option<i64> {
    let says = json::str(error, "message").is_some_and(|words| words.contains("does not exist"));
    (json::int(error, "code") == Some(100) && says).then_some(33)
}

/// Graph's words with nothing in them that is not for the log; the status where it has none.
fn quote(stated: &Stated, status: u16, secrets: &[&str]) -> String {
    let mut words = match stated.words.is_empty() {
        true => format!("HTTP {status}"),
        false => stated.words.clone(),
    };
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, "***");
    }
    text::clean(&words, MAX_DETAIL)
}

/// How long Meta wants us to wait: the longer of `Retry-After` and the time that the usage header gives.
fn wait(class: ErrorClass, headers: &HeaderMap) -> Option<Duration> {
    let after = || {
        let seconds: u64 = headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    };
    let wait = match class {
        ErrorClass::RateLimited => after().max(regain(headers)),
        ErrorClass::Transient => after(),
        _ => None,
    };
    wait.filter(|wait| !wait.is_zero() && *wait <= MAX_WAIT)
}

/// `estimated_time_to_regain_access` of `X-Business-Use-Case-Usage`, which is in minutes; the longest of them.
fn regain(headers: &HeaderMap) -> Option<Duration> {
    let header = headers.get("x-business-use-case-usage")?;
    let usage = serde_json::from_slice::<Value>(header.as_bytes()).ok()?;
    let uses = usage.as_object()?.values().filter_map(Value::as_array).flatten();
    let minutes = uses.filter_map(|used| json::int(used, "estimated_time_to_regain_access")).max()?;
    Some(Duration::from_secs(u64::try_from(minutes).ok()?.checked_mul(60)?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    static TABLE: &[Meaning] = &[
        Meaning::of(4, ErrorClass::RateLimited, "es", "en").waiting(Duration::from_secs(300)),
        Meaning::of(56, ErrorClass::RateLimited, "es", "en").of_chat(),
        Meaning::of(190, ErrorClass::Auth, "es", "en"),
        Meaning::of(190, ErrorClass::Auth, "es", "expired").subcode(463),
        Meaning::between(200, 299, ErrorClass::Auth, "es", "permission"),
        Meaning::of(100, ErrorClass::Content, "es", "en"),
        Meaning::of(100, ErrorClass::Recipient, "es", "gone").subcode(33),
    ];

    fn refusal(status: u16, error: Value, headers: &[(&'static str, &str)]) -> SendError {
        let answer = json!({ "error": error });
        let headers = headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        read(TABLE, &Reply { status, headers, body: Bytes::new() }, &answer, &["EAAtoken"])
    }

    #[test]
    fn a_subcode_says_more_than_its_code() {
        let expired = refusal(401, json!({"code": 190, "error_subcode": 463, "message": "x"}), &[]);
        assert_eq!((expired.code.as_str(), expired.reason.en, expired.scope), ("190/463", "expired", Scope::Channel));
        let other = refusal(401, json!({"code": 190, "error_subcode": 999}), &[]);
        assert_eq!((other.code.as_str(), other.reason.en), ("190", "en"));
        assert_eq!(other.detail, "(subcode 999)");
        assert_eq!(explain(TABLE, "190/463").map(|(_, said)| said.en), Some("expired"));
        assert_eq!(explain(TABLE, "190/1").map(|(_, said)| said.en), Some("en"));
        assert_eq!(explain(TABLE, "250").map(|(class, _)| class), Some(ErrorClass::Auth));
        for unknown in ["300", "http_503", "", "190/x", "5.1.1"] {
            assert_eq!(explain(TABLE, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_object_that_is_gone_is_known_by_its_words_too() {
        let words = "Unsupported post request. Object with ID '5_9' does not exist";
        assert_eq!(refusal(400, json!({"code": 100, "message": words}), &[]).reason.en, "gone");
        assert_eq!(refusal(400, json!({"code": 100, "message": "Invalid parameter"}), &[]).reason.en, "en");
    }

    #[test]
    fn meta_says_how_long_to_wait() {
        let usage = r#"{"7":[{"type":"pages","estimated_time_to_regain_access":19},{"type":"x","estimated_time_to_regain_access":2}],"8":[]}"#;
        let limited = |headers: &[(&'static str, &str)]| refusal(400, json!({"code": 4}), headers).retry_after;
        assert_eq!(limited(&[("x-business-use-case-usage", usage)]), Some(Duration::from_secs(19 * 60)));
        assert_eq!(limited(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(limited(&[]), Some(Duration::from_secs(300)), "the table's, where Meta says nothing");
        assert_eq!(limited(&[("x-business-use-case-usage", "nonsense")]), Some(Duration::from_secs(300)));
        assert_eq!(limited(&[("retry-after", "99999999")]), Some(Duration::from_secs(300)));
        let per_chat = refusal(400, json!({"code": 56}), &[]);
        assert_eq!((per_chat.scope, per_chat.retry_after), (Scope::Chat, None));
        assert_eq!(refusal(503, json!({}), &[("retry-after", "30")]).retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn codes_that_nobody_knows_go_by_the_status() {
        let class = |status, error| refusal(status, error, &[]).class;
        assert_eq!(class(500, json!(null)), ErrorClass::Transient);
        assert_eq!(class(503, json!({"code": 9_999_999})), ErrorClass::Transient);
        assert_eq!(class(502, json!(null)), ErrorClass::Unknown, "P6: it may have been sent");
        assert_eq!(class(504, json!({"code": 9_999_999})), ErrorClass::Transient, "Graph itself says no");
        assert_eq!(class(429, json!(null)), ErrorClass::RateLimited);
        assert_eq!(class(401, json!({"code": 9_999_999})), ErrorClass::Auth);
        assert_eq!(class(400, json!({"code": 9_999_999})), ErrorClass::Content);
        assert_eq!(class(302, json!("x")), ErrorClass::Content);
        assert_eq!(class(400, json!({"code": 100, "is_transient": true})), ErrorClass::Transient);
        assert_eq!(class(401, json!({"code": 190, "is_transient": true})), ErrorClass::Auth);
        assert_eq!(refusal(404, json!({}), &[]).code, "http_404");
        assert_eq!(refusal(404, json!({}), &[]).detail, "HTTP 404");
    }

    #[test]
    fn p9_what_is_quoted_holds_no_token_and_has_an_end() {
        let error = json!({"code": 190, "message": format!("Malformed access token EAAtoken {}", "ñ".repeat(999))});
        let detail = refusal(401, error, &[]).detail;
        assert!(detail.starts_with("Malformed access token *** ") && detail.len() <= MAX_DETAIL, "{detail}");
    }
}

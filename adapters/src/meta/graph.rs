//! Calls of the Graph API, which all of Meta's products answer in the same way.

use http::{Method, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::refusal::{self, Meaning};
use crate::{
    Settings, SettingsError, json,
    outbound::{Act, Call, CallBody, ErrorClass, Explained, Finding, Io, Quota, Reply, SendError},
    verify,
};

/// The version that the adapters were written against.
const GRAPH_URL: &str = "https://graph.facebook.com/v23.0";
/// More than Meta allows anybody.
const MOST_PER_SECOND: u32 = 1000;

/// One channel's access to the Graph API.
#[derive(Debug)]
pub(crate) struct Graph {
    /// Without a trailing slash.
    base: String,
    token: SecretString,
    /// What proves that the token is used by its own app (`facebook-comments.md §4 Tokens`).
    proof: Option<SecretString>,
    table: &'static [Meaning],
}

impl Graph {
    /// Reads `graph_url`, `appsecret_proof` and the token under `token`; without a token nothing can be asked. What
    /// is wrong is added to `problems`. `table` says what the product's error codes mean.
    pub(crate) fn open(
        settings: &Settings,
        token: &str,
        table: &'static [Meaning],
        problems: &mut Vec<(String, String)>,
    ) -> Option<Self> {
        let base = settings.get("graph_url").unwrap_or(GRAPH_URL).trim_end_matches('/').to_owned();
        if !is_base(&base) {
            let problem = "must be an http or https address without user, query or fragment";
            problems.push(("graph_url".to_owned(), problem.to_owned()));
        }
        let wants_proof = settings.flag("appsecret_proof", false).unwrap_or_else(|SettingsError(wrong)| {
            problems.extend(wrong);
            false
        });
        let token = settings.secret(token)?;
        let secret = settings.secret("app_secret").filter(|_| wants_proof);
        let proof = secret.map(|secret| proof(&secret, &token));
        Some(Self { base, token, proof, table })
    }

    pub(crate) fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Call {
        self.call(Method::GET, path, query, CallBody::Empty)
    }

    pub(crate) fn post(&self, path: &[&str], body: CallBody) -> Call {
        self.call(Method::POST, path, &[], body)
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Call {
        self.call(Method::DELETE, path, &[], CallBody::Empty)
    }

    fn call(&self, method: Method, path: &[&str], query: &[(&str, &str)], body: CallBody) -> Call {
        let mut url = self.base.clone();
        for segment in path {
            url.push('/');
            // Dots alone would lead elsewhere, encoded or not; nothing is called so.
            encode(if segment.trim_matches('.').is_empty() { "-" } else { segment }, &mut url);
        }
        let proof = self.proof.iter().map(|proof| ("appsecret_proof", proof.expose_secret()));
        for (at, (key, value)) in query.iter().copied().chain(proof).enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            encode(key, &mut url);
            url.push('=');
            encode(value, &mut url);
        }
        Call::of(method, url, body).bearer(&self.token)
    }

    /// Makes a call that changes something on the platform and gives its answer. A lost answer is
    /// [`ErrorClass::Unknown`]: it may have had its effect (P6).
    pub(crate) async fn change(&self, io: &dyn Io, call: Call) -> Result<Value, SendError> {
        let reply = io.call(call).await?;
        let answer = json::parse(&reply.body).unwrap_or_default();
        match reply.is_success() && !answer.get("error").is_some_and(Value::is_object) {
            true => Ok(answer),
            false => Err(self.refusal(&reply, &answer)),
        }
    }

    /// Makes a call that can be made again without harm: after a lost answer, that is what there is to do.
    pub(crate) async fn look(&self, io: &dyn Io, call: Call) -> Result<Value, SendError> {
        self.change(io, call).await.map_err(|error| match error.class {
            ErrorClass::Unknown => SendError { class: ErrorClass::Transient, reason: NOT_ANSWERED, ..error },
            _ => error,
        })
    }

    fn refusal(&self, reply: &Reply, answer: &Value) -> SendError {
        let proof = self.proof.as_ref().map_or("", |proof| proof.expose_secret());
        refusal::read(self.table, reply, answer, &[self.token.expose_secret(), proof])
    }

    /// The token, for a file that Meta keeps elsewhere.
    pub(crate) fn token(&self) -> &SecretString {
        &self.token
    }

    /// Whether `url` leads to the very server that we ask: scheme, host and port are the same.
    pub(crate) fn is_own(&self, url: &Uri) -> bool {
        let same = |base: Uri| base.scheme() == url.scheme() && base.authority() == url.authority();
        self.base.parse().is_ok_and(same)
    }
}

const NOT_ANSWERED: Explained = Explained {
    es: "La plataforma no respondió; se volverá a intentar automáticamente.",
    en: "The platform did not answer; it will be tried again automatically.",
};
const UNCONFIRMED: Explained = Explained {
    es: "La plataforma aceptó el mensaje pero no lo confirmó; no se sabe si fue entregado.",
    en: "The platform took the message but did not confirm it; whether it was delivered is not known.",
};

/// A success that does not have what every success has: something was done, but nobody knows what (P6).
pub(crate) fn unconfirmed(lacks: &str) -> SendError {
    SendError::new(ErrorClass::Unknown, "unconfirmed", format!("the answer has no {lacks}"), UNCONFIRMED)
}

/// `answer[key]`, an id that a success must have.
pub(crate) fn made(answer: &Value, key: &str) -> Result<String, SendError> {
    answer.get(key).and_then(json::id).ok_or_else(|| unconfirmed(key))
}

/// That something was done: Graph says `{"success":true}`, of old a bare `true`.
pub(crate) fn done(answer: &Value) -> Result<(), SendError> {
    match answer.get("success").unwrap_or(answer) {
        Value::Bool(true) => Ok(()),
        _ => Err(unconfirmed("success")),
    }
}

/// A message that is refused by us, because the platform is known to refuse it. `detail` names the rule, never the
/// content.
pub(crate) fn refused(code: &'static str, detail: impl Into<String>, reason: Explained) -> SendError {
    SendError::new(ErrorClass::Content, code, detail, reason)
}

/// The error without the message's own words, which some refusals repeat.
pub(crate) fn discreet(mut error: SendError, act: &Act) -> SendError {
    /// Shorter words are part of any sentence.
    const LEAST: usize = 4;
    let words: Vec<&String> = match act {
        Act::Text { text, .. } | Act::Edit { text, .. } | Act::PrivateReply { text, .. } | Act::List { text, .. } => {
            vec![text]
        }
        Act::File { caption, .. } => caption.iter().collect(),
        Act::Template { parameters, .. } => parameters.iter().collect(),
        _ => Vec::new(),
    };
    for word in words.into_iter().filter(|word| word.trim().len() >= LEAST) {
        error.detail = error.detail.replace(word.trim(), "***");
    }
    error
}

/// What a check that could not be made says, with the way to mend it where we know it.
pub(crate) fn finding(check: &str, error: &SendError, mend: &str) -> Finding {
    let found = match &error.detail {
        detail if detail.is_empty() => error.reason.en.to_owned(),
        detail => format!("{} [{}: {detail}]", error.reason.en, error.code),
    };
    match error.class {
        ErrorClass::RateLimited => Finding::bad(check, found, "wait until Meta's limit has passed, then test again"),
        ErrorClass::Transient | ErrorClass::Unknown => {
            Finding::bad(check, found, "test again in a minute; check graph_url and Meta's status page if it stays so")
        }
        _ => Finding::bad(check, found, mend),
    }
}

/// `sends_per_second`, if it is set, instead of the platform's own pace.
pub(crate) fn pace(settings: &Settings, usual: Quota, problems: &mut Vec<(String, String)>) -> Quota {
    match settings.number("sends_per_second", 0) {
        Ok(0) if settings.get("sends_per_second").is_none() => usual,
        Ok(most @ 1..=MOST_PER_SECOND) => Quota { interval: std::time::Duration::from_secs(1) / most, burst: most },
        _ => {
            let problem = format!("must be a whole number from 1 to {MOST_PER_SECOND}");
            problems.push(("sends_per_second".to_owned(), problem));
            usual
        }
    }
}

fn proof(app_secret: &SecretString, token: &SecretString) -> SecretString {
    verify::hex(&verify::mac(app_secret.expose_secret().as_bytes(), &[token.expose_secret().as_bytes()])).into()
}

fn is_base(url: &str) -> bool {
    let names_a_host = |uri: Uri| {
        let host = uri.authority().is_some_and(|host| !host.host().is_empty() && !host.as_str().contains('@'));
        host && matches!(uri.scheme_str(), Some("http" | "https"))
    };
    !url.contains(['?', '#']) && url.parse().is_ok_and(names_a_host)
}

/// Percent-encodes everything but what stands for itself anywhere in a URL: an id of a stranger's stays one segment.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push_str(&verify::hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(url: &str) -> Graph {
        let (base, token) = (url.to_owned(), SecretString::from("EAAtoken"));
        Graph { base, token, proof: Some(proof(&"app-secret".into(), &"EAAtoken".into())), table: &[] }
    }

    #[test]
    fn p9_an_id_stays_one_segment_and_the_token_stays_out_of_the_url() {
        let call = graph("https://graph.facebook.com/v23.0").get(&["../me", "a/b?c=d", ".."], &[("fields", "id,x{y}")]);
        let url = call.url.expose_secret();
        assert!(
            url.starts_with(
                "https://graph.facebook.com/v23.0/..%2Fme/a%2Fb%3Fc%3Dd/-?fields=id,x%7By%7D&appsecret_proof="
            ),
            "{url}"
        );
        assert!(!url.contains("EAAtoken") && !format!("{call:?}").contains("EAAtoken"));
        assert!(!format!("{:?}", graph("https://x")).contains("EAAtoken"));
    }

    #[test]
    fn only_the_same_server_is_our_own() {
        let graph = graph("http://127.0.0.1:8080/v23.0");
        let own = |url: &str| graph.is_own(&url.parse().unwrap());
        assert!(own("http://127.0.0.1:8080/media/1"));
        for other in ["http://127.0.0.1:8081/media/1", "https://127.0.0.1:8080/x", "http://127.0.0.1/x", "/media"] {
            assert!(!own(other), "{other}");
        }
    }

    #[test]
    fn a_graph_address_is_http() {
        assert!(is_base("http://127.0.0.1:1/v23.0") && is_base("https://graph.facebook.com"));
        for wrong in ["", "graph.facebook.com", "ftp://x", "https://", "https://u:p@x", "https://x?y", "https://x#y"] {
            assert!(!is_base(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_success_says_so() {
        use serde_json::json;
        assert!(done(&json!({"success": true})).is_ok() && done(&json!(true)).is_ok());
        for odd in [json!({"success": false}), json!({}), json!(null), json!({"success": "yes"})] {
            assert_eq!(done(&odd).unwrap_err().class, ErrorClass::Unknown, "{odd}");
        }
        assert_eq!(made(&json!({"id": 5}), "id").as_deref(), Ok("5"));
        assert_eq!(made(&json!({"id": ""}), "id").unwrap_err().class, ErrorClass::Unknown);
    }
}

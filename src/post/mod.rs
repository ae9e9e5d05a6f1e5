//! Calls to bots and other systems, as Standard Webhooks describes them: headers `webhook-id` (the same whenever the same
//! event is sent again), `webhook-timestamp` (seconds) and `webhook-signature`, which is `v1,` and the base64 of
//! HMAC-SHA256 over `{id}.{timestamp}.{body}`. The key is what follows `whsec_` in the secret, out of base64.
//!
//! May use: `desk`, `store`, `domain`. Used by: `dispatch` for what is relayed and, for its resolver, what is fetched;
//! `http` and `cli` to look at a URL and to try a subscription out.

mod resolve;
mod trial;

use std::{error::Error as _, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use relevo_adapters::Millis;
use reqwest::{Client, Response, Url, header::RETRY_AFTER, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub(crate) use self::resolve::{NotPublic, PublicOnly};
pub use self::trial::test_subscription;
use crate::{
    desk::subscriptions::SECRET_PREFIX,
    domain::{Target, Unfit, vet},
};

/// Makes the calls. It follows no redirect and leads to public addresses only (P9). Clones share its connections.
#[derive(Debug, Clone)]
pub struct Poster {
    client: Client,
    allow_private: bool,
}

/// What is to be sent.
#[derive(Debug)]
pub struct Post<'a> {
    pub url: &'a str,
    /// `whsec_…`.
    pub secret: &'a SecretString,
    pub id: &'a str,
    pub body: String,
    pub now: Millis,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// Answered 2xx.
    Taken,
    /// Answered 410: no more of this.
    Gone,
    /// Anything else. `why` names no URL and no secret.
    Refused { why: String, retry_after: Option<Duration> },
}

impl Posted {
    /// What was wrong, if anything was.
    pub fn complaint(self) -> Option<String> {
        match self {
            Self::Taken => None,
            Self::Gone => Some("answered 410".to_owned()),
            Self::Refused { why, .. } => Some(why),
        }
    }
}

impl Poster {
    /// `allow_private` lets URLs lead to private addresses, too; `timeout` is for the whole of a call.
    ///
    /// # Errors
    /// If this machine cannot make HTTPS connections.
    pub fn new(allow_private: bool, timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout)
            // A proxy would resolve the name by itself.
            .no_proxy()
            .user_agent(concat!("relevo/", env!("CARGO_PKG_VERSION")));
        let client = if allow_private { client } else { client.dns_resolver(PublicOnly) };
        Ok(Self { client: client.build()?, allow_private })
    }

    /// A URL that may be called, as far as can be seen without resolving its name.
    ///
    /// # Errors
    /// Why it may not be.
    pub fn vet(&self, url: &str) -> Result<Target, Unfit> {
        Target::new(url, self.allow_private)
    }

    /// Sends it once.
    pub async fn post(&self, post: Post<'_>) -> Posted {
        let refused = |why: &str| Posted::Refused { why: why.to_owned(), retry_after: None };
        let url = match Url::parse(post.url) {
            Ok(url) => url,
            Err(_) => return refused("not allowed: no URL"),
        };
        if let Err(why) = vet(&url, self.allow_private) {
            return refused(&format!("not allowed: {why}"));
        }
        let timestamp = post.now / 1000;
        let Some(signature) = sign(post.secret, post.id, timestamp, &post.body) else {
            return refused("the secret is none of ours");
        };
        let sent = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", post.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(post.body)
            .send()
            .await;
        match sent {
            Ok(answer) => judge(&answer, post.now),
            Err(error) => refused(&broken(error)),
        }
    }
}

fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.expose_secret().strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn judge(answer: &Response, now: Millis) -> Posted {
    match answer.status().as_u16() {
        200..=299 => Posted::Taken,
        410 => Posted::Gone,
        status @ 300..=399 => {
            Posted::Refused { why: format!("answered {status}: redirects are not followed"), retry_after: None }
        }
        status => Posted::Refused {
            why: format!("answered {status}"),
            retry_after: retry_after(answer, now).filter(|_| matches!(status, 429 | 503)),
        },
    }
}

/// Seconds, or a date.
fn retry_after(answer: &Response, now: Millis) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
            Some(Duration::from_millis(u64::try_from(date - now).unwrap_or(0)))
        }
    }
}

/// What went wrong, without the URL, which may hold credentials.
fn broken(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if deeper.is::<NotPublic>() {
            return "not allowed: a private address".to_owned();
        }
        cause = deeper.source();
    }
    if error.is_connect() { "no connection".to_owned() } else { "the connection broke off".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_standard_webhooks() {
        // The specification's own example.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign(&"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(), "x", 1, ""), None);
    }

    #[test]
    fn p9_only_public_places_of_the_web_may_be_called() {
        _ = rustls::crypto::ring::default_provider().install_default();
        let poster = Poster::new(false, Duration::from_secs(1)).unwrap();
        for url in
            ["x", "ftp://a.example", "https://u:p@a.example", "http://127.0.0.1/", "http://[::1]/", "http://10.1.1.1"]
        {
            assert!(poster.vet(url).is_err(), "{url}");
        }
        assert!(poster.vet("https://crm.example.org/hook?x=1").is_ok());
        assert!(Poster::new(true, Duration::from_secs(1)).unwrap().vet("http://127.0.0.1:9/").is_ok());
    }
}

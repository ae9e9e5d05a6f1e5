//! A system that events are relayed to, on this machine.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Response, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::Sha256;

use super::Secret;

/// A call whose signature was right.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) body: Value,
    /// What it was answered.
    pub(crate) status: u16,
}

#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    secrets: Vec<Secret>,
    seen: Vec<Seen>,
    answer: Option<(u16, Vec<(&'static str, String)>)>,
    hangs: bool,
    held: Vec<String>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let this = Self { url, inner: Arc::default() };
        let router = Router::new().fallback(take).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Checks signatures by this secret; a call that none of them made is answered 401.
    pub(crate) fn knows(&self, secret: Secret) {
        self.inner.lock().expect("no panic").secrets.push(secret);
    }

    pub(crate) fn answers(&self, status: u16, retry_after: Option<&str>) {
        let headers = retry_after.map(|after| ("retry-after", after.to_owned())).into_iter().collect();
        self.inner.lock().expect("no panic").answer = Some((status, headers));
    }

    pub(crate) fn redirects_to(&self, url: &str) {
        self.inner.lock().expect("no panic").answer = Some((302, vec![("location", url.to_owned())]));
    }

    /// Takes calls and never answers.
    pub(crate) fn hangs(&self) {
        self.inner.lock().expect("no panic").hangs = true;
    }

    /// Answers again; whoever waits goes on waiting.
    pub(crate) fn wakes(&self) {
        self.inner.lock().expect("no panic").hangs = false;
    }

    /// The ids of the calls that got no answer.
    pub(crate) fn held(&self) -> Vec<String> {
        self.inner.lock().expect("no panic").held.clone()
    }

    /// Every call, whatever it was answered.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.lock().expect("no panic").seen.clone()
    }

    /// The calls that were answered 2xx.
    pub(crate) fn taken(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.status < 300).collect()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let hangs = {
        let mut inner = receiver.inner.lock().expect("no panic");
        if inner.hangs {
            inner.held.push(header("webhook-id"));
        }
        inner.hangs
    };
    if hangs {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
    let mut inner = receiver.inner.lock().expect("no panic");
    let (id, signature) = (header("webhook-id"), header("webhook-signature"));
    let signed = [format!("{id}.{}.", header("webhook-timestamp")).as_bytes(), &body].concat();
    if !inner.secrets.iter().any(|secret| sign(secret, &signed) == signature) {
        return answer(401, &[]);
    }
    let (status, extra) = inner.answer.clone().unwrap_or((204, Vec::new()));
    let body = serde_json::from_slice(&body).expect("JSON");
    inner.seen.push(Seen { id, body, status });
    answer(status, &extra)
}

fn answer(status: u16, headers: &[(&'static str, String)]) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    response
}

fn sign(secret: &Secret, signed: &[u8]) -> String {
    let key = STANDARD.decode(secret.expose_secret().strip_prefix("whsec_").expect("its form")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

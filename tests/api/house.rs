//! What the stories are told in: the API over a database, companies, clients, channels, and what customers write.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, Request, StatusCode},
};
use bytes::Bytes;
use relevo_adapters::{Attachment, Content, Identity, InboundEvent, Message, Millis, Party, ThreadRef};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::platform::Platform;
use crate::support::Backend;

use relevo::{
    clock::Clock,
    config::Config,
    desk::{channels::NewChannel, clients, clients::Role, intake},
    directory::Directory,
    domain::Envelope,
    gateway::Gateway,
    http::{Api, Parts, router},
    inbound::Inbound,
    jobs::Bell,
    media::Blobs,
    post::Poster,
    queue::{Queue, TableQueue},
    secrets::MasterKey,
    store::{
        Db, Tx, audit,
        channels::{self, ChannelRow},
        companies,
    },
    telemetry,
};

/// 2016-11-29 18:38:32 UTC, PC's example.
pub(super) const START: Millis = 1_480_444_712_000;

pub(super) struct House {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) api: Api,
    pub(super) blobs: Blobs,
    pub(super) router: Router,
    pub(super) key: MasterKey,
    /// Who answers the calls that the house makes.
    pub(super) platform: Arc<Platform>,
    _media: Media,
}

/// A folder for files that is gone when the house is.
struct Media(PathBuf);

impl Drop for Media {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) struct Credentials {
    pub(super) key: String,
    pub(super) secret: SecretString,
}

pub(super) struct Tenant {
    pub(super) id: i64,
    pub(super) client: Credentials,
    count: Arc<Mutex<u64>>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(super) fn log(&self) -> i64 {
        self.headers["x-bitacora-log"].to_str().unwrap().parse().unwrap()
    }

    /// The answer is a refusal of exactly PC's form.
    #[track_caller]
    pub(super) fn refused(&self, status: u16, message: &str) {
        let body = self.json();
        assert_eq!(body, serde_json::json!({"message": message, "status": status}));
        assert_eq!(self.status.as_u16(), status);
    }
}

impl Reply {
    /// The answer is a refusal of exactly AP's form; `errors` are the fields that it names.
    #[track_caller]
    pub(super) fn ap_refused(&self, status: u16, message: &str, errors: &[&str]) {
        let body = self.json();
        let named: Vec<&str> =
            body["data"]["errors"].as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
        assert_eq!(named, errors, "{body}");
        assert_eq!((self.status.as_u16(), &body["code"]), (status, &status.into()), "{body}");
        assert_eq!((&body["message"], &body["status"]), (&message.into(), &"error".into()), "{body}");
        assert_eq!(body["id_bitacora_log"], self.log(), "{body}");
        assert_eq!(body["data"].is_null(), errors.is_empty(), "{body}");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(5), "{body}");
    }

    /// It was refused in AP's form, with this `data`.
    #[track_caller]
    pub(super) fn ap_refused_with(&self, status: u16, message: &str, data: &Value) {
        let body = json!({
            "data": data, "status": "error", "message": message, "code": status, "id_bitacora_log": self.log(),
        });
        assert_eq!((self.status.as_u16(), self.json()), (status, body));
    }
}

impl House {
    /// The API and the gateway, as one process serves them.
    pub(super) async fn over(backend: &Backend) -> Self {
        Self::at(backend.db.clone(), "https://relevo.example.org")
    }

    /// The same where platforms reach it at another address.
    pub(super) fn at(db: Db, public_url: &str) -> Self {
        // The systems of these stories are on this machine.
        Self::calling(db, public_url, true)
    }

    /// The same as it is set up by default: it calls public addresses only.
    pub(super) fn guarded(db: Db) -> Self {
        Self::calling(db, "https://relevo.example.org", false)
    }

    fn calling(db: Db, public_url: &str, allow_private: bool) -> Self {
        let media = Media(std::env::temp_dir().join(format!("relevo-http-media-{}", uuid::Uuid::new_v4())));
        let clock = Clock::manual(START);
        let queue = Queue::Table(TableQueue::new(db.clone(), clock.clone(), 2));
        let blobs = Blobs::in_dir(&media.0);
        let config = Config::defaults();
        _ = rustls::crypto::ring::default_provider().install_default();
        let key = MasterKey::from_base64(&"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".into()).unwrap();
        let directory = Directory::new(db.clone(), key.clone(), &config);
        let platform = Arc::new(Platform::default());
        let api = Api::new(Parts {
            db: db.clone(),
            clock: clock.clone(),
            queue: queue.clone(),
            blobs: blobs.clone(),
            metrics: telemetry::metrics(),
            directory: directory.clone(),
            key: key.clone(),
            io: platform.clone(),
            bell: Bell::default(),
            public_url: public_url.to_owned(),
            poster: Poster::new(allow_private, Duration::from_secs(5)).unwrap(),
        });
        let inbound = Inbound { db: db.clone(), clock: clock.clone(), queue, blobs: blobs.clone() };
        let gateway = Gateway::new(inbound, directory, &config.gateway);
        let router = router(api.clone()).merge(gateway.router());
        Self { db, clock, api, blobs, router, key, platform, _media: media }
    }

    pub(super) async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> T) -> T {
        let mut tx = self.db.write().await.unwrap();
        let done = work(&mut tx).await;
        tx.commit().await.unwrap();
        done
    }

    pub(super) async fn client(&self, company: Option<i64>, role: Role) -> Credentials {
        let new = self.write(async |tx| clients::add(tx, &self.clock, company, "test", role).await.unwrap()).await;
        Credentials { key: new.key, secret: new.secret }
    }

    pub(super) async fn tenant(&self) -> Tenant {
        let id = self.write(async |tx| companies::insert(tx, "Empresa", START).await.unwrap()).await;
        Tenant { id, client: self.client(Some(id), Role::Integration).await, count: Arc::default() }
    }

    pub(super) async fn channel(&self, tenant: &Tenant, kind: &str) -> i64 {
        let row = ChannelRow {
            id: 0,
            uuid: self.clock.id(),
            company_id: tenant.id,
            kind: kind.to_owned(),
            name: "Super Empresa".to_owned(),
            account: "1".to_owned(),
            settings: "{}".to_owned(),
            secrets: "{}".to_owned(),
            active: 1,
            reopen_within_ms: 0,
            version: 1,
            last_event_at: None,
            last_error: None,
            last_error_at: None,
            created_at: START,
        };
        self.write(async |tx| channels::insert(tx, &row, std::slice::from_ref(&row.uuid)).await.unwrap()).await
    }

    /// A channel that can be opened.
    pub(super) async fn open_channel(&self, tenant: &Tenant, kind: &str, settings: &[(&str, &str)]) -> i64 {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let new = NewChannel { company: tenant.id, kind, name: "Canal", settings, reopen_within_ms: None };
        let add = async |tx: &mut Tx| relevo::desk::channels::add(tx, &self.clock, &self.key, new).await.unwrap();
        self.write(add).await.id_channel
    }

    pub(super) async fn apply(&self, events: &[Envelope]) {
        self.write(async |tx| intake::apply(tx, &self.clock, events).await.map(drop).unwrap()).await;
    }

    /// The audit row of a call, once everything up to now is written.
    pub(super) async fn record(&self, log: i64) -> Option<audit::AuditEntry> {
        self.api.flush().await;
        audit::find(&mut self.db.read().await.unwrap(), log).await.unwrap()
    }

    pub(super) async fn call(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    /// A call with a JSON body.
    pub(super) async fn send(&self, client: &Credentials, method: &str, path: &str, body: &Value) -> Reply {
        self.call(client.request_with(method, path, &[("content-type", "application/json")], body.to_string())).await
    }

    pub(super) async fn get(&self, client: &Credentials, path: &str) -> Reply {
        self.call(client.request("GET", path)).await
    }

    pub(super) async fn post(&self, client: &Credentials, path: &str, body: &Value) -> Reply {
        self.send(client, "POST", path, body).await
    }

    /// A POST under an `Idempotency-Key`.
    pub(super) async fn post_as(&self, client: &Credentials, path: &str, body: &Value, key: &str) -> Reply {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.call(client.request_with("POST", path, &headers, body.to_string())).await
    }

    pub(super) async fn body(&self, client: &Credentials, path: &str) -> Value {
        let reply = self.get(client, path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
        reply.json()
    }
}

impl Credentials {
    pub(super) fn request(&self, method: &str, path: &str) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("X-User-Consumo", &self.key)
            .header("X-User-Secret", self.secret.expose_secret())
            .body(Body::empty())
            .unwrap()
    }

    pub(super) fn request_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request<Body> {
        let mut request = self.request(method, path);
        *request.body_mut() = body.into();
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        request
    }

    /// The same key with a secret that somebody guessed.
    pub(super) fn guess(&self, secret: &str) -> Self {
        Self { key: self.key.clone(), secret: secret.into() }
    }
}

impl Tenant {
    /// An event of the thread `thread` on `channel`, accepted at `at`.
    pub(super) fn event(&self, channel: i64, thread: &str, at: Millis, content: Content) -> Envelope {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        Envelope {
            channel,
            company: self.id,
            received_at: at,
            log: 1,
            event: InboundEvent {
                thread: ThreadRef { partition: thread.into(), aliases: vec![thread.into()], ..ThreadRef::default() },
                dedup: vec![format!("{thread}:{count}")],
                at: Some(at),
                sender: Some(Party {
                    identities: vec![Identity::new("psid", thread)],
                    name: Some("Jhon Doe".into()),
                    account: Some("jdoe".into()),
                    language: None,
                }),
                content,
                raw: None,
            },
        }
    }

    pub(super) fn says(&self, channel: i64, thread: &str, at: Millis, text: &str) -> Envelope {
        self.event(channel, thread, at, Content::Message(Box::new(Message::text(text))))
    }

    pub(super) fn sends(&self, channel: i64, thread: &str, id: &str, attachments: Vec<Attachment>) -> Envelope {
        let message = Message { id: Some(id.into()), attachments, ..Message::default() };
        self.event(channel, thread, START, Content::Message(Box::new(message)))
    }
}

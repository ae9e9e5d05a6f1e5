//! What stands around every route. The routes themselves are told in `tests/api`.

use std::{path::PathBuf, sync::Arc};

use axum::{Router, body::Body, http::Request, response::Response, routing::get};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::{Api, Parts, around};
use crate::{
    app::Foundation,
    clock::Clock,
    config::Config,
    jobs::Bell,
    media::Blobs,
    queue::{Queue, TableQueue},
    secrets::MasterKey,
    store::{Db, audit},
    telemetry,
};

pub(super) struct House {
    folder: PathBuf,
    pub(super) clock: Clock,
    pub(super) db: Db,
    pub(super) api: Api,
}

impl House {
    pub(super) async fn new() -> Self {
        // A second installation in one process changes nothing.
        _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("relevo-http-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open_sqlite(&folder.join("relevo.db"), 2).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Clock::manual(1_480_444_712_000);
        let queue = Queue::Table(TableQueue::new(db.clone(), clock.clone(), 2));
        let key = MasterKey::from_base64(&"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".into()).unwrap();
        let blobs = Blobs::in_dir(&folder);
        let base = Foundation { config: Config::defaults(), clock: clock.clone(), db: db.clone(), key, blobs };
        let api = Api::new(Parts {
            db: db.clone(),
            clock: clock.clone(),
            queue,
            blobs: base.blobs.clone(),
            metrics: telemetry::metrics(),
            directory: base.directory(),
            key: base.key.clone(),
            io: base.io(),
            bell: Bell::default(),
            public_url: String::new(),
            poster: base.poster().unwrap(),
        });
        Self { folder, clock, db, api }
    }

    /// The status that was recorded of a call.
    async fn recorded(&self, log: i64) -> i64 {
        self.api.flush().await;
        audit::find(&mut self.db.read().await.unwrap(), log).await.unwrap().unwrap().status
    }

    pub(super) async fn end(self) {
        self.db.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn log(response: &Response) -> i64 {
    response.headers()["x-bitacora-log"].to_str().unwrap().parse().unwrap()
}

async fn panics() {
    panic!("the cause");
}

#[tokio::test]
async fn p10_a_panic_is_an_answer_and_a_record() {
    let house = House::new().await;
    let routes = Router::new().route("/v2/panic", get(panics));
    let response = around(routes, house.api.clone()).oneshot(request("/v2/panic")).await.unwrap();
    assert_eq!(house.recorded(log(&response)).await, 500);
    let body = axum::body::to_bytes(response.into_body(), 1 << 10).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["status"], 500);
    assert!(!body.to_string().contains("the cause"));
    house.end().await;
}

#[tokio::test]
async fn p10_a_caller_who_leaves_is_recorded_all_the_same() {
    let house = House::new().await;
    let started = Arc::new(Notify::new());
    let tell = started.clone();
    let slow = async move || {
        tell.notify_one();
        std::future::pending::<()>().await;
    };
    let router = around(Router::new().route("/v2/slow", get(slow)), house.api.clone());
    let before = house.clock.log_id();
    // The last twelve bits count up, and start again at 0.
    let log = before & !0xfff | (before + 1) & 0xfff;
    tokio::select! {
        _ = router.oneshot(request("/v2/slow")) => panic!("it never answers"),
        () = started.notified() => {}
    }
    assert_eq!(house.recorded(log).await, 499);
    house.end().await;
}

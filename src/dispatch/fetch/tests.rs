//! Files that customers send, fetched from a real server by real jobs; only the channel is a double.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use futures_util::StreamExt;
use relevo_adapters::{
    Blob, Channel, ParseError, Parsed, VerifyError, WebhookRequest,
    outbound::{
        Address, Call, Destination, Failure, Finding, Flow, Letter, Located, MailFailure, Outbound, Pacing, Reply,
        Sent, SmtpServer, unsupported,
    },
};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    config::Config,
    directory::OpenChannel,
    domain::{FETCH, fetch_lane},
    jobs::{Bell, NewJob, Runner, Settings},
    secrets::MasterKey,
};

const START: Millis = 1_780_000_000_000;
const HOUR: Millis = 3_600_000;
/// The limit of the stage's files.
const LIMIT: u64 = 1 << 20;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

type Locate = Box<dyn Fn(&Wanted) -> Result<Located, SendError> + Send + Sync>;

/// A channel that only says where files are.
struct Double(Locate);

impl std::fmt::Debug for Double {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Double")
    }
}

impl Channel for Double {
    fn accounts(&self) -> Vec<String> {
        Vec::new()
    }

    fn handshake(&self, _query: &str) -> Result<String, VerifyError> {
        Err(VerifyError::NotAccepted)
    }

    fn verify(&self, _request: &WebhookRequest<'_>, _now: Millis) -> Result<(), VerifyError> {
        Err(VerifyError::NotAccepted)
    }

    fn parse(&self, _request: &WebhookRequest<'_>, _now: Millis) -> Result<Parsed, ParseError> {
        Err(ParseError("nothing is pushed".to_owned()))
    }

    fn decode(&self, _payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        Err(ParseError("nothing is fetched".to_owned()))
    }

    fn outlet(&self) -> Option<&dyn Outlet> {
        Some(self)
    }
}

impl Outlet for Double {
    fn pacing(&self, _to: &Address) -> Pacing {
        let quota = relevo_adapters::outbound::Quota { interval: Duration::ZERO, burst: 1 };
        Pacing { channel: quota, chat: quota }
    }

    fn destination(&self, _text: &str) -> Result<Destination, String> {
        Err("nobody".to_owned())
    }

    fn send<'a>(&'a self, _io: &'a dyn Io, _message: &'a Outbound) -> Flow<'a, Result<Sent, SendError>> {
        Box::pin(async { Err(unsupported("send")) })
    }

    fn locate<'a>(&'a self, _io: &'a dyn Io, wanted: &'a Wanted) -> Flow<'a, Result<Located, SendError>> {
        Box::pin(async { (self.0)(wanted) })
    }

    fn probe<'a>(&'a self, _io: &'a dyn Io, _webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>> {
        Box::pin(async { Vec::new() })
    }
}

/// The double asks nobody.
struct NoIo;

impl Io for NoIo {
    fn call(&self, _call: Call) -> Flow<'_, Result<Reply, Failure>> {
        Box::pin(async { Err(Failure::Local("no calls".to_owned())) })
    }

    fn mail<'a>(&'a self, _server: &'a SmtpServer, _letter: Letter) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(async { Err(MailFailure::NotSent("no mails".to_owned())) })
    }

    fn blob<'a>(&'a self, _sha256: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        Box::pin(async { Err(Failure::Local("no files".to_owned())) })
    }

    fn try_smtp<'a>(&'a self, _server: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(async { Err(MailFailure::NotSent("no mails".to_owned())) })
    }

    fn try_imap<'a>(&'a self, _source: &'a relevo_adapters::ImapSource) -> Flow<'a, Result<(), String>> {
        Box::pin(async { Err("no mailbox".to_owned()) })
    }
}

/// The handler, with the double where the directory would look for the channel.
struct Staged {
    fetch: Fetch,
    /// `None`: the directory is asked; it knows no channel.
    found: Option<Found>,
    tries: AtomicUsize,
}

impl Handler for Staged {
    async fn run(&self, claim: Claim) -> Result<(), JobError> {
        let done = match &self.found {
            None => self.fetch.run(claim).await,
            Some(found) => {
                let job = serde_json::from_str(&claim.job().payload).unwrap();
                self.fetch.fetch(claim, &job, found.clone()).await
            }
        };
        self.tries.fetch_add(1, Ordering::SeqCst);
        done
    }
}

/// A server for files, a database, and the job runner.
struct Stage {
    folder: PathBuf,
    db: Db,
    clock: Clock,
    bell: Bell,
    blobs: Blobs,
    handler: Arc<Staged>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// What the server counts.
#[derive(Debug, Default)]
struct Hits(AtomicUsize);

/// A server on this machine, with its address.
async fn server() -> (String, Arc<Hits>, JoinHandle<()>) {
    let hits = Arc::new(Hits::default());
    let router = Router::new()
        .route("/png", get(async || ([(header::CONTENT_TYPE, "image/png")], PNG)))
        .route("/page", get(async || "<!doctype html><script>alert(1)</script>"))
        .route("/gone", get(async || StatusCode::NOT_FOUND))
        .route("/redirect", get(async || (StatusCode::FOUND, [(header::LOCATION, "/png")])))
        .route("/bad", get(async || StatusCode::BAD_REQUEST))
        .route("/large", get(async || "x".repeat(usize::try_from(LIMIT).unwrap() + 1)))
        .route("/endless", get(async || Body::from_stream(zeros(usize::MAX))))
        .route("/big", get(async || Body::from_stream(zeros(1600))))
        .route("/flaky", get(flaky))
        .route("/busy", get(async || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7200")])))
        .with_state(hits.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, hits, task)
}

/// Chunks of 64 KiB.
fn zeros(chunks: usize) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let chunk = Bytes::from(vec![0; 64 << 10]);
    futures_util::stream::iter(0..chunks).map(move |_| Ok(chunk.clone()))
}

/// Refuses, then breaks off, then is well.
async fn flaky(State(hits): State<Arc<Hits>>) -> Response {
    match hits.0.fetch_add(1, Ordering::SeqCst) {
        0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        1 => {
            let half = futures_util::stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("off"))]);
            ([(header::CONTENT_LENGTH, "100")], Body::from_stream(half)).into_response()
        }
        _ => PNG.into_response(),
    }
}

fn at(url: String) -> Located {
    Located { call: Call::get(url), foreign: false, mime: None, size: None, sha256: None }
}

fn foreign(url: &str) -> Located {
    Located { foreign: true, ..at(url.to_owned()) }
}

impl Stage {
    async fn new(locate: impl Fn(&Wanted) -> Result<Located, SendError> + Send + Sync + 'static) -> Self {
        let open = OpenChannel {
            id: 7,
            uuid: "u".to_owned(),
            company: 1,
            name: "n".to_owned(),
            kind: relevo_adapters::KINDS[0],
            active: true,
            version: 1,
            accounts: Vec::new(),
            channel: Box::new(Double(Box::new(locate))),
        };
        Self::with(Some(Found::Open(Arc::new(open)))).await
    }

    async fn with(found: Option<Found>) -> Self {
        _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("relevo-fetch-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = Config::defaults();
        config.data_dir = folder.clone();
        config.media.max_bytes = LIMIT;
        let db = Db::open_sqlite(&folder.join("relevo.db"), 2).await.unwrap();
        db.migrate().await.unwrap();
        let (clock, bell, stop) = (Clock::manual(START), Bell::default(), CancellationToken::new());
        let key = MasterKey::from_file_or_new(&folder.join("master.key")).unwrap();
        let blobs = Blobs::of(&config).unwrap();
        let fetch = Fetch {
            db: db.clone(),
            clock: clock.clone(),
            directory: Directory::new(db.clone(), key, &config),
            blobs: blobs.clone(),
            io: Arc::new(NoIo),
            downloads: Downloads::new(false).unwrap(),
            policy: RetryPolicy {
                base: Duration::from_secs(5),
                cap: Duration::from_secs(3600),
                total: Duration::from_secs(86_400),
            },
        };
        let handler = Arc::new(Staged { fetch, found, tries: AtomicUsize::new(0) });
        let settings = Settings { slots: 4, lease: Duration::from_secs(86_400 * 30), poll: Duration::from_millis(100) };
        let runner = Runner {
            db: db.clone(),
            clock: clock.clone(),
            bell: bell.clone(),
            kind: FETCH,
            settings,
            handler: handler.clone(),
        };
        let tasks = vec![tokio::spawn(runner.run(stop.clone()))];
        Self { folder, db, clock, bell, blobs, handler, stop, tasks }
    }

    /// An attachment whose file is to be fetched.
    async fn add(&self, id: &str) {
        self.add_row(AttachmentRow {
            id: id.to_owned(),
            message_id: format!("message of {id}"),
            channel_id: 7,
            kind: "image".to_owned(),
            source: r#"{"from":"platform","id":"F1"}"#.to_owned(),
            state: "pending".to_owned(),
            mime: None,
            file_name: None,
            size: None,
            sha256: None,
            content_id: None,
            extra: None,
            created_at: START,
        })
        .await;
    }

    async fn add_row(&self, row: AttachmentRow) {
        let job = NewJob {
            kind: FETCH.to_owned(),
            lane: fetch_lane(&row.id),
            topic: fetch_topic(7),
            company_id: Some(1),
            payload: serde_json::to_string(&FetchJob { attachment: row.id.clone(), channel: 7 }).unwrap(),
            due_at: self.clock.now(),
            created_at: self.clock.now(),
        };
        let mut tx = self.db.write().await.unwrap();
        messages::insert_attachments(&mut tx, &[row]).await.unwrap();
        jobs::insert(&mut tx, &[job]).await.unwrap();
        tx.commit().await.unwrap();
        self.bell.ring();
    }

    async fn row(&self, id: &str) -> AttachmentRow {
        messages::attachment(&mut self.db.read().await.unwrap(), id).await.unwrap().unwrap()
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !holds().await {
            assert!(Instant::now() < deadline, "waited in vain until {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The row once it is settled.
    async fn settled(&self, id: &str) -> AttachmentRow {
        self.until("the file is settled", async || self.row(id).await.state != "pending").await;
        self.row(id).await
    }

    /// Waits until so many tries were made.
    async fn tried(&self, tries: usize) {
        self.until("a try was made", async || self.handler.tries.load(Ordering::SeqCst) >= tries).await;
    }

    fn later(&self, by: Millis) {
        self.clock.advance(by);
        self.bell.ring();
    }

    async fn jobs(&self) -> Vec<jobs::Job> {
        jobs::list(&mut self.db.read().await.unwrap(), "ready", 10).await.unwrap()
    }

    /// Files in the store that have no name yet.
    fn drafts(&self) -> usize {
        std::fs::read_dir(self.folder.join("media/drafts")).map_or(0, Iterator::count)
    }

    async fn end(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.db.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}

fn reason(row: &AttachmentRow) -> String {
    assert_eq!((row.state.as_str(), &row.sha256), ("unavailable", &None), "{row:?}");
    match serde_json::from_str(&row.source).unwrap() {
        MediaSource::Unavailable { reason, was: Some(_) } => reason,
        other => panic!("{other:?}"),
    }
}

fn refused(class: ErrorClass) -> SendError {
    SendError::new(class, "190", "the platform's words", Explained { es: "El token venció.", en: "Expired token." })
}

#[tokio::test]
async fn a_file_is_stored_and_the_same_bytes_are_one_file() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |_| Ok(at(format!("{url}/png")))).await;
    stage.add("a").await;
    stage.add("b").await;
    let (a, b) = (stage.settled("a").await, stage.settled("b").await);
    assert_eq!((a.state.as_str(), a.mime.as_deref(), a.kind.as_str()), ("stored", Some("image/png"), "image"));
    assert_eq!((a.size, &a.sha256), (Some(29), &Some(Blob::new(PNG).sha256)));
    assert_eq!(a.sha256, b.sha256);
    assert_eq!(stage.blobs.bytes(a.sha256.as_deref().unwrap(), LIMIT).await.unwrap(), PNG);
    stage.until("the jobs are done", async || stage.jobs().await.is_empty()).await;
    assert_eq!(stage.drafts(), 0);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p9_a_page_that_was_announced_as_a_picture_is_a_document() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |_| Ok(Located { mime: Some("image/png".into()), ..at(format!("{url}/page")) })).await;
    stage.add("a").await;
    let row = stage.settled("a").await;
    assert_eq!((row.mime.as_deref(), row.kind.as_str()), (Some("text/html"), "document"));
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p8_a_file_that_is_too_large_is_told_so_and_not_kept() {
    let (url, _, task) = server().await;
    let base = url.clone();
    let stage = Stage::new(move |wanted| {
        let path = wanted.extra.as_ref().and_then(|extra| extra["path"].as_str()).unwrap_or_default();
        let size = wanted.extra.as_ref().and_then(|extra| extra["size"].as_u64());
        Ok(Located { size, ..at(format!("{base}{path}")) })
    })
    .await;
    stage.add("template").await;
    let template = stage.row("template").await;
    for (id, extra) in [
        ("by header", r#"{"path":"/large"}"#),
        ("by stream", r#"{"path":"/endless"}"#),
        ("by word", r#"{"size":1048577}"#),
    ] {
        let row = AttachmentRow { id: id.into(), extra: Some(extra.into()), ..template.clone() };
        stage.add_row(AttachmentRow { state: "pending".into(), ..row }).await;
        assert_eq!(reason(&stage.settled(id).await), "El archivo supera el máximo de 1 MB.", "{id}");
    }
    assert_eq!(stage.drafts(), 0);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn a_place_that_expired_is_asked_for_anew_at_once() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |wanted| {
        let fresh = wanted.extra.as_ref().is_some_and(|extra| extra["refresh"] == true && extra["a"] == 1);
        Ok(at(format!("{url}/{}", if fresh { "png" } else { "gone" })))
    })
    .await;
    stage.add("a").await;
    let extra = Some(r#"{"a":1}"#.to_owned());
    let again = AttachmentRow { id: "b".into(), state: "pending".into(), extra, ..stage.row("a").await };
    stage.add_row(again).await;
    assert_eq!(stage.settled("b").await.state, "stored");
    assert_eq!(reason(&stage.settled("a").await), attempt::EXPIRED);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p9_nothing_from_outside_leads_inside() {
    let (url, _, task) = server().await;
    let port = url.rsplit(':').next().unwrap().to_owned();
    let urls = [
        format!("{url}/png"),
        format!("http://localhost:{port}/png"),
        format!("http://[::1]:{port}/png"),
        format!("http://[::ffff:127.0.0.1]:{port}/png"),
        format!("http://2130706433:{port}/png"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://user:secret@example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://example.com/x".to_owned(),
    ];
    let count = urls.len();
    let stage = Stage::new(move |wanted| match &wanted.source {
        MediaSource::Url { url } => Ok(foreign(url)),
        _ => Ok(at(format!("{url}/redirect"))),
    })
    .await;
    stage.add("redirect").await;
    let template = stage.row("redirect").await;
    for (n, url) in urls.into_iter().enumerate() {
        let source = serde_json::to_string(&MediaSource::Url { url }).unwrap();
        stage.add_row(AttachmentRow { id: n.to_string(), source, state: "pending".into(), ..template.clone() }).await;
    }
    for id in (0..count).map(|n| n.to_string()).chain(["redirect".to_owned()]) {
        assert_eq!(reason(&stage.settled(&id).await), "La dirección del archivo no está permitida.", "{id}");
    }
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p9_a_redirect_from_outside_is_not_followed_and_tests_may_be_let_inside() {
    _ = rustls::crypto::ring::default_provider().install_default();
    let (url, _, task) = server().await;
    let downloads = Downloads::new(true).unwrap();
    let refused = downloads.start(&foreign(&format!("{url}/redirect"))).await.unwrap_err();
    assert_eq!(refused.to_string(), "not allowed: a redirect");
    let mut download = downloads.start(&foreign(&format!("{url}/png"))).await.unwrap();
    assert_eq!((download.size(), download.mime()), (Some(29), Some("image/png")));
    assert_eq!(download.chunk().await.unwrap().unwrap(), PNG);
    task.abort();
}

#[tokio::test]
async fn a_damaged_file_is_fetched_again_and_then_given_up() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |_| Ok(Located { sha256: Some("0".repeat(64)), ..at(format!("{url}/png")) })).await;
    stage.add("a").await;
    stage.tried(1).await;
    let waiting = &stage.jobs().await[0];
    assert_eq!((stage.row("a").await.state.as_str(), waiting.phase.as_deref()), ("pending", Some("damaged")));
    stage.later(HOUR);
    assert_eq!(reason(&stage.settled("a").await), SPOILT);
    assert_eq!(stage.drafts(), 0);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let (url, hits, task) = server().await;
    let stage = Stage::new(move |_| Ok(at(format!("{url}/flaky")))).await;
    stage.add("a").await;
    for tries in 1..=2 {
        stage.tried(tries).await;
        assert_eq!(stage.row("a").await.state, "pending");
        stage.later(HOUR);
    }
    assert_eq!(stage.settled("a").await.state, "stored");
    assert_eq!(hits.0.load(Ordering::SeqCst), 3);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn a_busy_platform_is_given_exactly_the_time_that_it_asks_for() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |_| Ok(at(format!("{url}/busy")))).await;
    stage.add("a").await;
    stage.tried(1).await;
    assert_eq!(stage.jobs().await[0].due_at, START + 7_200_000);
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p10_a_final_refusal_is_told_in_the_platforms_name() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |wanted| match wanted.message.as_deref() {
        None if wanted.size.is_some() => Ok(at(format!("{url}/bad"))),
        _ => Err(refused(ErrorClass::Content)),
    })
    .await;
    stage.add("a").await;
    let sized = AttachmentRow { id: "b".into(), state: "pending".into(), size: Some(5), ..stage.row("a").await };
    stage.add_row(sized).await;
    assert_eq!(reason(&stage.settled("a").await), "El token venció.");
    assert_eq!(reason(&stage.settled("b").await), "La plataforma no entregó el archivo (error 400).");
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn a_broken_channel_keeps_its_files_waiting_for_a_week() {
    let stage = Stage::new(|_| Err(refused(ErrorClass::Auth))).await;
    stage.add("a").await;
    let days = 86_400_000;
    for (tries, by) in [(1, days), (2, 5 * days)] {
        stage.tried(tries).await;
        assert_eq!(stage.row("a").await.state, "pending");
        stage.later(by);
    }
    stage.tried(3).await;
    assert_eq!(stage.row("a").await.state, "pending");
    stage.later(days);
    assert_eq!(reason(&stage.settled("a").await), GAVE_UP);
    stage.end().await;
}

#[tokio::test]
async fn p10_a_channel_that_is_gone_is_told_and_one_that_cannot_be_used_is_waited_for() {
    let stage = Stage::with(None).await;
    stage.add("a").await;
    assert_eq!(reason(&stage.settled("a").await), NO_CHANNEL);
    stage.end().await;

    let stage = Stage::with(Some(Found::Broken)).await;
    stage.add("a").await;
    stage.tried(1).await;
    assert_eq!(stage.row("a").await.state, "pending");
    assert!(stage.jobs().await[0].last_error.as_deref().is_some_and(|error| error.starts_with("auth (channel)")));
    stage.end().await;
}

#[tokio::test]
async fn p5_a_media_store_that_does_not_work_costs_no_file() {
    let (url, _, task) = server().await;
    let stage = Stage::new(move |_| Ok(at(format!("{url}/png")))).await;
    let drafts = stage.folder.join("media");
    std::fs::write(&drafts, "in the way").unwrap();
    stage.add("a").await;
    for tries in 1..=3 {
        stage.tried(tries).await;
        assert_eq!(stage.row("a").await.state, "pending");
        stage.later(48 * HOUR);
    }
    stage.tried(4).await;
    std::fs::remove_file(&drafts).unwrap();
    stage.later(HOUR);
    assert_eq!(stage.settled("a").await.state, "stored");
    stage.end().await;
    task.abort();
}

#[tokio::test]
async fn p8_a_hundred_megabytes_pass_in_small_pieces() {
    _ = rustls::crypto::ring::default_provider().install_default();
    let (url, _, task) = server().await;
    let folder = std::env::temp_dir().join(format!("relevo-big-{}", uuid::Uuid::new_v4()));
    let blobs = Blobs::in_dir(&folder);
    let mut download = Downloads::new(false).unwrap().start(&at(format!("{url}/big"))).await.unwrap();
    let (mut draft, mut longest) = (blobs.draft(), 0);
    while let Some(chunk) = download.chunk().await.unwrap() {
        longest = longest.max(chunk.len());
        draft.write(chunk).await.unwrap();
    }
    let stored = draft.finish().await.unwrap();
    let mut read = blobs.open(&stored.sha256).await.unwrap();
    let mut size = 0;
    while let Some(chunk) = read.stream.next().await {
        let chunk = chunk.unwrap().len();
        (size, longest) = (size + chunk, longest.max(chunk));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((stored.size, size), (100 << 20, 100 << 20));
    assert!(longest <= 1 << 20, "a piece of {longest} bytes");
    task.abort();
}

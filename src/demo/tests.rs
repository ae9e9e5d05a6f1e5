//! The pretend platforms against a whole house: embedded database and queue, everything on loopback.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use relevo_adapters::Settings;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};

use super::{
    house::{Folder, House},
    ledger::Ledger,
    platforms::{BotApi, Rules},
    push::Pusher,
    simulate::simulate,
    traffic::{Call, Target, traffic},
    *,
};
use crate::{
    clock::Clock,
    store::{messages, tickets},
};

const PATIENCE: Duration = Duration::from_secs(30);

fn prepare() {
    // Another test may have been first.
    _ = rustls::crypto::ring::default_provider().install_default();
}

fn whatsapp_at(base_url: String) -> Target {
    let kind = relevo_adapters::kind("whatsapp").unwrap();
    let settings = Settings::of(kind, [("phone_number_id", "1"), ("app_secret", "s")]).unwrap();
    Target { base_url, kind: "whatsapp".into(), uuid: "u".into(), settings }
}

/// A pretend gateway.
struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(router: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    Server { url, task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Given a running house, when every channel is simulated, each piece that was accepted has exactly one effect.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p3_a_simulation_leaves_the_tickets_and_messages_that_it_was_meant_to() {
    prepare();
    let folder = Folder::new_in(&std::env::temp_dir()).unwrap();
    let house = House::start(&folder).await.unwrap();
    let mut ledger = Ledger::default();
    for channel in [&house.channels.whatsapp, &house.channels.telegram, &house.channels.email, &house.channels.facebook]
    {
        let (target, clock) = (&channel.target, &house.app.foundation().clock);
        let note = |call: &Call, status: u16, _| {
            assert_eq!(status, 200, "{}", call.about);
            ledger.note(&target.kind, channel.name, call);
        };
        let report = simulate(target, 80, 1_000.0, 7, clock, note).await.unwrap();
        assert_eq!((report.sent, report.accepted, report.refused, report.failed), (80, 80, 0, 0));
        assert!(report.p50_ms > 0.0 && report.p50_ms <= report.p99_ms, "{report}");
    }
    until("everything is applied", async || {
        let depth = house.app.queue().depth().await.unwrap();
        depth.ready + depth.delayed + depth.dead == 0
    })
    .await;
    assert_eq!(seen(&house).await, ledger.kinds);
    assert!(ledger.duplicates > 0);
    house.shutdown().await;
}

/// Tickets and messages as they are in the database.
async fn seen(house: &House) -> BTreeMap<String, Tally> {
    let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
    let mut tx = house.app.foundation().db.read().await.unwrap();
    for id in tickets::ids_by_state(&mut tx, house.company, "open", 10_000).await.unwrap() {
        let ticket = tickets::find(&mut tx, house.company, &id).await.unwrap().unwrap();
        let tally = kinds.entry(ticket.kind).or_default();
        tally.tickets += 1;
        for message in messages::of_ticket(&mut tx, &id, 10_000).await.unwrap() {
            tally.add_message(&message.kind);
        }
    }
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_without_a_gateway_or_a_secret_says_what_to_do() {
    prepare();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = whatsapp_at(format!("http://{free}"));
    let clock = Clock::manual(1_780_000_000_000);
    let error = simulate(&target, 5, 100.0, 1, &clock, |_, _, _| {}).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no gateway at http://{free}: start one with relevo serve"));
    let kind = relevo_adapters::kind("telegram").unwrap();
    let settings = Settings::of(kind, [("bot_token", "1:x"), ("mode", "polling")]).unwrap();
    let polling = Target { kind: "telegram".into(), settings, ..target };
    let error = simulate(&polling, 5, 100.0, 1, &clock, |_, _, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("no secret"), "{error}");
}

#[derive(Debug, Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    bodies: Mutex<Vec<Bytes>>,
}

async fn slowly(State(load): State<Arc<Load>>, request: Request) -> StatusCode {
    let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
    load.most.fetch_max(now, Ordering::SeqCst);
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    tokio::time::sleep(Duration::from_millis(3)).await;
    load.bodies.lock().unwrap().push(body);
    load.now.fetch_sub(1, Ordering::SeqCst);
    StatusCode::OK
}

/// Given a slow gateway, when more is sent than it takes, requests run side by side but never two of a conversation.
#[tokio::test(flavor = "multi_thread")]
async fn p4_a_conversation_is_pushed_in_order_however_fast() {
    prepare();
    let seen = Arc::new(Load::default());
    let server = serve(Router::new().fallback(slowly).with_state(seen.clone())).await;
    let target = whatsapp_at(server.url.clone());
    let clock = Clock::manual(1_780_000_000_000);
    let report = simulate(&target, 300, 1_000_000.0, 3, &clock, |_, _, _| {}).await.unwrap();
    assert_eq!(report.accepted, 300);
    let most = seen.most.load(Ordering::SeqCst);
    assert!((2..=64).contains(&most), "{most} at once");
    let mut made = traffic(&target, 3).unwrap();
    let mut by_lane: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let mut lanes = BTreeMap::new();
    for _ in 0..300 {
        let call = made.next(clock.now());
        lanes.insert(call.body.clone(), call.lane.clone());
        by_lane.entry(call.lane).or_default().push(call.body);
    }
    let mut arrived: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for body in seen.bodies.lock().unwrap().iter() {
        arrived.entry(lanes[&body.to_vec()].clone()).or_default().push(body.to_vec());
    }
    assert_eq!(arrived, by_lane);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_kept_and_refusals_are_counted() {
    prepare();
    let server = serve(Router::new().fallback(|| async { StatusCode::UNAUTHORIZED })).await;
    let target = whatsapp_at(server.url.clone());
    let clock = Clock::manual(1_780_000_000_000);
    let mut told = 0;
    let report = simulate(&target, 11, 50.0, 3, &clock, |_, status, _| told += u32::from(status == 401)).await.unwrap();
    assert_eq!((told, report.refused, report.accepted), (11, 11, 0));
    assert!(report.seconds >= 0.2, "{}", report.seconds);
    assert!(report.to_string().contains("11 × HTTP 401"), "{report}");
    let value = serde_json::to_value(&report).unwrap();
    assert_eq!((&value["sent"], &value["statuses"]["401"]), (&json!(11), &json!(11)));
}

/// Given a gateway that is in trouble, when a platform delivers, it repeats the same bytes under the same signature.
#[tokio::test(flavor = "multi_thread")]
async fn p1_a_platform_repeats_what_was_not_taken() {
    prepare();
    type Seen = Arc<Mutex<Vec<(Option<String>, Bytes)>>>;
    async fn third_time(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let signature = headers.get("x-hub-signature-256").map(|value| value.to_str().unwrap().to_owned());
        let mut seen = seen.lock().unwrap();
        seen.push((signature, body));
        if seen.len() < 3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
    let seen = Seen::default();
    let server = serve(Router::new().fallback(third_time).with_state(seen.clone())).await;
    let call = traffic(&whatsapp_at(server.url.clone()), 1).unwrap().next(1_780_000_000_000);
    let delivered = Pusher::new(&server.url).unwrap().deliver(&call).await.unwrap();
    assert_eq!((delivered.status, delivered.repeated), (200, 2));
    let seen = seen.lock().unwrap();
    assert!(seen[0].0.is_some() && seen[0] == seen[1] && seen[1] == seen[2]);
}

/// Asks the pretend Bot API.
async fn ask(url: &str, token: &str, method: &str, parameters: &Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.post(format!("{url}/bot{token}/{method}")).json(parameters).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_api_confirms_by_offset_and_refuses_as_the_real_one() {
    prepare();
    let server = BotApi::start("7:t", Rules::strict()).await.unwrap();
    let url = server.url();
    let get = async |parameters: Value| ask(&url, "7:t", "getUpdates", &parameters).await;
    let ids = |answer: &Value| -> Vec<i64> {
        answer["result"].as_array().unwrap().iter().map(|update| update["update_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ask(&url, "7:other", "getUpdates", &json!({})).await.0, 401);
    assert_eq!(ask(&url, "7:t", "sendFlowers", &json!({})).await.0, 404);
    for id in 1..=4 {
        server.add(json!({ "update_id": id, "message": {} }).to_string().as_bytes()).unwrap();
    }
    server.add(br#"{"update_id":5,"message_reaction":{}}"#).unwrap();
    let (status, answer) = get(json!({ "limit": 2, "allowed_updates": ["message", "message_reaction"] })).await;
    assert_eq!((status, ids(&answer)), (200, vec![1, 2]));
    let (_, answer) = get(json!({ "offset": 3, "allowed_updates": ["message", "message_reaction"] })).await;
    assert_eq!((ids(&answer), server.pending()), (vec![3, 4, 5], 3));
    assert_eq!(ids(&get(json!({ "offset": -2 })).await.1), [4], "reactions come on request only");
    let reply = reqwest::get(format!("{url}/bot7:t/getUpdates?offset=9&timeout=0")).await.unwrap();
    assert_eq!((reply.status().as_u16(), server.pending()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_api_holds_a_poll_until_there_is_news_or_another_one() {
    prepare();
    let server = BotApi::start("7:t", Rules::strict()).await.unwrap();
    let url = server.url();
    let poll = || {
        let url = url.clone();
        tokio::spawn(async move { ask(&url, "7:t", "getUpdates", &json!({ "timeout": 30 })).await })
    };
    let first = poll();
    until("the first poll is held", async || server.polls() == 1).await;
    let second = poll();
    assert_eq!(first.await.unwrap().0, 409);
    server.add(br#"{"update_id":1,"message":{}}"#).unwrap();
    let (status, answer) = tokio::time::timeout(PATIENCE, second).await.unwrap().unwrap();
    assert_eq!((status, &answer["result"][0]["update_id"]), (200, &json!(1)));
}

/// The whole demo, for programs and for people: it proves itself, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_proves_itself_and_leaves_nothing_behind() {
    prepare();
    let parent = Folder::new_in(&std::env::temp_dir()).unwrap();
    let mut out = Vec::new();
    let report = show::demo_in(parent.path(), DemoOptions { json: true }, &mut out).await.unwrap();
    assert!(report.proven && report.mismatches.is_empty(), "{:?}", report.mismatches);
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["webhooks"]["sent"], document["webhooks"]["accepted"].as_u64().unwrap() + 5);
    assert_eq!(document["channels"].as_object().unwrap().len(), 4);
    let proven = (&document["dead_letters"], &document["reopened"], &document["proven"]);
    assert_eq!(proven, (&json!(1), &json!(1), &json!(true)));
    proves_what_went_out(&document);
    let mut out = Vec::new();
    show::demo_in(parent.path(), DemoOptions { json: false }, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    for part in [
        "▸ ticket 1 opened",
        " goes on: ",
        " opened again by ",
        "  401 ",
        "to fetch ",
        "× image/jpeg",
        " read\n",
        "the same Idempotency-Key",
        "waits for another try",
        "nobody knows yet",
        "«El cliente bloqueó al bot.",
        "presses «Retiro en tienda»",
        ": 0 lost, 0 doubled",
        "exactly one effect",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("sha256=") && !text.contains("Basic "), "no secret is shown");
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "nothing is left");
}

/// P5, P6: every message of an agent's ended visibly, and its platform has it as often as it must.
fn proves_what_went_out(document: &Value) {
    let (files, outbound) = (&document["files"], &document["outbound"]);
    assert!(files["stored"].as_u64() > Some(0) && files["stored"] == files["expected"], "{files}");
    assert_eq!((&outbound["lost"], &outbound["doubled"], &outbound["dead_jobs"]), (&json!(0), &json!(0), &json!(1)));
    assert!(outbound["answered"].as_u64() > Some(0) && outbound["answered"] == outbound["pressed"], "{outbound}");
    let messages = outbound["messages"].as_array().unwrap();
    assert_eq!(outbound["at_platforms"], json!(messages.len() - 1));
    for channel in ["whatsapp", "telegram", "email", "facebook"] {
        assert!(messages.iter().any(|sent| sent["channel"] == channel), "{channel}");
    }
    let with = |fate: &str| messages.iter().filter(|sent| sent["fate"] == fate).collect::<Vec<_>>();
    assert_eq!(messages.len() - with("taken").len(), 3);
    for sent in with("taken") {
        let end = if sent["channel"] == "whatsapp" { "read" } else { "sent" };
        assert_eq!(
            (&sent["state"], &sent["at_platform"], &sent["tries"]),
            (&json!(end), &json!(1), &json!(1)),
            "{sent}"
        );
    }
    let [retried, unanswered, refused] = ["retried", "unanswered", "refused"].map(|fate| with(fate)[0]);
    assert_eq!((&retried["state"], &retried["at_platform"], &retried["tries"]), (&json!("sent"), &json!(1), &json!(2)));
    let settled = (&unanswered["state"], &unanswered["at_platform"], &unanswered["flagged"]);
    assert_eq!(settled, (&json!("read"), &json!(1), &json!(false)));
    assert!(unanswered["history"].as_array().unwrap().contains(&json!("unknown")), "{unanswered}");
    assert_eq!((&refused["state"], &refused["at_platform"]), (&json!("failed"), &json!(0)));
    assert!(refused["failure"].as_str().unwrap().starts_with("El cliente bloqueó al bot."), "{refused}");
}

/// Whoever closes the pipe has seen enough: the demo stops there and tidies up all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_nobody_can_see_ends_and_leaves_nothing_behind() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    prepare();
    let parent = Folder::new_in(&std::env::temp_dir()).unwrap();
    let error = show::demo_in(parent.path(), DemoOptions { json: false }, &mut Closed).await.unwrap_err();
    assert!(error.is::<std::io::Error>(), "{error:#}");
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "nothing is left");
}

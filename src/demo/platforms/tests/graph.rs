//! WhatsApp.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use relevo_adapters::verify;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{super::*, answer, client, install_tls};
use crate::clock::Clock;

const USER: &str = "56912345678";

async fn graph(rules: Rules) -> Graph {
    install_tls();
    let graph = Graph::start(rules).await.unwrap();
    graph.add_number("10655501", "2001", "T1");
    graph
}

async fn post(graph: &Graph, path: &str, body: &Value) -> (u16, Value) {
    answer(client().post(format!("{}/{path}", graph.url())).bearer_auth("T1").json(body)).await
}

fn text(words: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": format!("+{USER}"), "type": "text",
        "text": { "body": words }, "biz_opaque_callback_data": "job-7",
    })
}

async fn send(graph: &Graph, body: &Value) -> (u16, Value) {
    post(graph, "10655501/messages", body).await
}

/// Status and `error.code`.
fn refused((status, body): &(u16, Value)) -> (u16, i64) {
    (*status, body["error"]["code"].as_i64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_accepted_within_the_window_and_refused_outside_of_it() {
    let clock = Clock::manual(1_780_000_000_000);
    let graph = graph(Rules::strict().with_clock(clock.clone())).await;
    let closed = send(&graph, &text("hola")).await;
    assert_eq!(refused(&closed), (400, 131_047));
    assert_eq!(closed.1["error"]["message"], "(#131047) Re-engagement message");
    assert!(closed.1["error"]["error_data"]["details"].as_str().unwrap().contains("24 hours"));
    graph.customer_wrote(USER);
    let (status, body) = send(&graph, &text("hola")).await;
    let wamid = body["messages"][0]["id"].as_str().unwrap();
    assert!(status == 200 && wamid.starts_with("wamid."));
    assert_eq!(body["contacts"][0], json!({ "input": format!("+{USER}"), "wa_id": USER }));
    let [entry] = &graph.ledger()[..] else { panic!("one thing was done") };
    assert_eq!(
        (entry.kind.as_str(), entry.text.as_deref(), entry.mark.as_deref()),
        ("text", Some("hola"), Some("job-7"))
    );
    assert_eq!((entry.recipient.as_str(), entry.id.as_deref(), entry.at), (USER, Some(wamid), clock.now()));
    clock.advance(24 * 3600 * 1000);
    assert_eq!(refused(&send(&graph, &text("tarde")).await), (400, 131_047));
    graph.not_on_whatsapp(USER);
    assert_eq!(refused(&send(&graph, &text("hola")).await), (400, 131_026));
    let mut national = text("hola");
    national["to"] = "912345678".into();
    graph.customer_wrote("49912345678");
    let (_, body) = send(&graph, &national).await;
    assert_eq!(body["contacts"][0]["wa_id"], "49912345678", "without + a number is one of the business's country");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_whatsapp_does_not_take_is_refused_with_its_code() {
    let graph = graph(Rules::open().unpaced()).await;
    let with = |kind: &str, body: Value| {
        let mut message = text("");
        message["type"] = kind.into();
        message[kind] = body;
        message
    };
    let button = |title: &str| json!({ "type": "reply", "reply": { "id": title, "title": title } });
    let buttons = |titles: &[&str]| {
        let buttons: Vec<Value> = titles.iter().map(|title| button(title)).collect();
        with("interactive", json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": buttons } }))
    };
    let cases = [
        (text(&"x".repeat(4097)), 100),
        (text(""), 131_008),
        (with("image", json!({ "id": "7" })), 100),
        (with("audio", json!({ "link": "https://x.example/a.ogg", "caption": "no" })), 100),
        (with("image", json!({ "link": "https://x.example/a.png", "caption": "x".repeat(1025) })), 100),
        (buttons(&["1", "2", "3", "4"]), 131_009),
        (buttons(&["same", "same"]), 131_009),
        (buttons(&["longer than twenty characters"]), 131_009),
        (with("location", json!({ "latitude": 95, "longitude": 0 })), 131_009),
        (with("contacts", json!([])), 131_008),
        (with("reaction", json!({ "message_id": "12", "emoji": "👍" })), 131_009),
        (with("flowers", json!({})), 131_051),
    ];
    for (message, code) in cases {
        assert_eq!(refused(&send(&graph, &message).await), (400, code), "{message}");
    }
    for good in [
        text(&"é".repeat(4096)),
        buttons(&["Sí", "No"]),
        with("reaction", json!({ "message_id": "wamid.1", "emoji": "" })),
    ] {
        assert_eq!(send(&graph, &good).await.0, 200, "{good}");
    }
    assert_eq!(graph.ledger().len(), 3, "what is refused is not done");
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN" });
    assert_eq!(send(&graph, &read).await, (200, json!({ "success": true })));
    assert_eq!(graph.ledger()[3].kind, "read");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_need_approval_and_all_their_parameters() {
    let graph = graph(Rules::strict()).await;
    graph.add_template("2001", Template::approved("bienvenida", "es", "Hola {{1}}, tu pedido {{2}}"));
    graph.add_template("2001", Template { status: "PAUSED".into(), ..Template::approved("oferta", "es", "Hola") });
    let template = |name: &str, values: &[&str]| {
        let values: Vec<Value> = values.iter().map(|value| json!({ "type": "text", "text": value })).collect();
        let components = json!([{ "type": "body", "parameters": values }]);
        let template = json!({ "name": name, "language": { "code": "es" }, "components": components });
        json!({ "messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "template", "template": template })
    };
    let (status, body) = send(&graph, &template("bienvenida", &["Ana", "7"])).await;
    assert_eq!((status, &body["messages"][0]["message_status"]), (200, &json!("accepted")), "no window is needed");
    assert_eq!(refused(&send(&graph, &template("bienvenida", &["Ana"])).await), (400, 132_000));
    assert_eq!(refused(&send(&graph, &template("nada", &[])).await), (404, 132_001));
    assert_eq!(refused(&send(&graph, &template("oferta", &[])).await), (400, 132_015));
    let url = format!("{}/2001/message_templates?limit=1", graph.url());
    let (_, first) = answer(client().get(url).bearer_auth("T1")).await;
    assert_eq!((&first["data"][0]["name"], first["data"].as_array().unwrap().len()), (&json!("bienvenida"), 1));
    let (_, last) = answer(client().get(first["paging"]["next"].as_str().unwrap()).bearer_auth("T1")).await;
    assert_eq!((&last["data"][0]["status"], &last["paging"]["next"]), (&json!("PAUSED"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_can_be_written_to_forty_five_times_at_once_and_a_number_eighty_times_a_second() {
    let graph = graph(Rules::open()).await;
    let mut codes = Vec::new();
    for turn in 0..46 {
        codes.push(refused(&send(&graph, &text(&turn.to_string())).await).1);
    }
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 45);
    assert_eq!(codes[45], 131_056);
    let graph = self::graph(Rules::open()).await;
    let client = client();
    let calls = (0..160).map(|user| {
        let mut body = text("hola");
        body["to"] = format!("+569{user:08}").into();
        let request = client.post(format!("{}/10655501/messages", graph.url())).bearer_auth("T1").json(&body);
        async { refused(&answer(request).await) }
    });
    let mut accepted = 0;
    let mut limited = 0;
    for code in futures_util::future::join_all(calls).await {
        match code {
            (200, _) => accepted += 1,
            (400, 130_429) => limited += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(accepted >= 80 && limited > 0 && graph.ledger().len() == accepted, "{accepted} {limited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_asked_for_and_accounts_are_seen_by_their_own_only() {
    let graph = graph(Rules::open()).await;
    graph.add_number("10655502", "2002", "T2");
    let url = format!("{}/10655501", graph.url());
    let (status, body) = answer(client().get(&url)).await;
    assert_eq!((status, &body["error"]["type"]), (401, &json!("OAuthException")));
    assert_eq!(refused(&answer(client().get(&url).bearer_auth("wrong")).await), (401, 190));
    let (status, body) = answer(client().get(&url).bearer_auth("T2")).await;
    assert_eq!((status, &body["error"]["code"], &body["error"]["error_subcode"]), (400, &json!(100), &json!(33)));
    assert_eq!(answer(client().get(format!("{url}?access_token=T1"))).await.1["quality_rating"], "GREEN");
    graph.kill_token("T1", 463);
    let (status, body) = answer(client().get(&url).bearer_auth("T1")).await;
    assert_eq!((status, &body["error"]["error_subcode"]), (401, &json!(463)));
    assert!(body["error"]["message"].as_str().unwrap().contains("expired"));
    graph.renew_token("10655501", "T3");
    assert_eq!(answer(client().get(&url).bearer_auth("T3")).await.0, 200);
    let apps = format!("{}/2001/subscribed_apps", graph.url());
    assert_eq!(answer(client().get(&apps).bearer_auth("T3")).await.1, json!({ "data": [] }));
    assert_eq!(answer(client().post(&apps).bearer_auth("T3")).await.1, json!({ "success": true }));
    let (_, body) = answer(client().get(&apps).bearer_auth("T3")).await;
    assert!(body["data"][0]["whatsapp_business_api_data"]["name"].is_string() && graph.is_subscribed("2001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_up_under_the_limits_and_come_down_while_their_url_lives() {
    let graph = graph(Rules::open()).await;
    let upload = async |mime: &'static str, size: usize| {
        let part = reqwest::multipart::Part::bytes(vec![7; size]).file_name("f").mime_str(mime).unwrap();
        let form =
            reqwest::multipart::Form::new().text("messaging_product", "whatsapp").text("type", mime).part("file", part);
        answer(client().post(format!("{}/10655501/media", graph.url())).bearer_auth("T1").multipart(form)).await
    };
    assert_eq!(refused(&upload("application/x-flowers", 5).await), (400, 131_053));
    assert_eq!(refused(&upload("image/png", 5 * 1024 * 1024 + 1).await), (400, 131_053));
    let (status, body) = upload("image/png", 3 * 1024 * 1024).await;
    assert_eq!(status, 200);
    let mut image = text("");
    image["type"] = "image".into();
    image["image"] = json!({ "id": body["id"], "caption": "mira" });
    assert_eq!(send(&graph, &image).await.0, 200);
    let ledger = graph.ledger();
    assert_eq!(ledger[0].file.as_ref().unwrap().sha256, ledger[1].file.as_ref().unwrap().sha256);
    image["type"] = "video".into();
    image["video"] = json!({ "id": body["id"] });
    assert_eq!(refused(&send(&graph, &image).await), (400, 131_053), "a picture is no video");

    let id = graph.add_media("10655501", "image/jpeg", b"picture");
    let look_up = async || answer(client().get(format!("{}/{id}", graph.url())).bearer_auth("T1")).await;
    let (_, found) = look_up().await;
    assert_eq!((&found["mime_type"], &found["file_size"]), (&json!("image/jpeg"), &json!(7)));
    let url = found["url"].as_str().unwrap().to_owned();
    let get = async |url: &str| client().get(url).bearer_auth("T1").send().await.unwrap();
    assert_eq!(get(&url).await.bytes().await.unwrap(), "picture");
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401, "the URL alone opens nothing");
    graph.expire_urls();
    assert_eq!(get(&url).await.status(), 404);
    let fresh = look_up().await.1["url"].as_str().unwrap().to_owned();
    assert_eq!(get(&fresh).await.status(), 200);
    graph.expire_media(&id);
    assert_eq!(refused(&look_up().await), (400, 100));
}

type Seen = Arc<Mutex<Vec<(bool, Value)>>>;

/// Takes webhooks and notes whether they are signed by this secret.
async fn listener(secret: &'static str) -> (String, Seen) {
    let seen = Seen::default();
    let noted = seen.clone();
    let take = move |State(seen): State<Seen>, headers: HeaderMap, body: Bytes| async move {
        let header = headers.get("x-hub-signature-256").and_then(|header| header.to_str().ok());
        let signed = verify::meta_signature(header, &body, &secret.into()).is_ok();
        seen.lock().unwrap().push((signed, serde_json::from_slice(&body).unwrap()));
        StatusCode::OK
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/meta", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().fallback(take).with_state(noted)).into_future());
    (url, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_what_became_of_a_message_is_reported_signed_and_with_its_mark() {
    let graph = graph(Rules::open()).await;
    let (url, seen) = listener("app-secret").await;
    graph.report_to(&url, "app-secret", Progress::Read);
    graph.fails_later("56900000001", 131_026);
    let (_, body) = send(&graph, &text("hola")).await;
    graph.settled().await;
    let statuses = || -> Vec<Value> {
        let seen = seen.lock().unwrap();
        assert!(seen.iter().all(|(signed, _)| *signed));
        seen.iter().map(|(_, payload)| payload["entry"][0]["changes"][0]["value"]["statuses"][0].clone()).collect()
    };
    let names: Vec<Value> = statuses().iter().map(|status| status["status"].clone()).collect();
    assert_eq!(names, ["sent", "delivered", "read"]);
    let first = &statuses()[0];
    assert_eq!((&first["id"], &first["biz_opaque_callback_data"]), (&body["messages"][0]["id"], &json!("job-7")));
    assert!(first["timestamp"].is_string() && first["recipient_id"] == USER);
    let mut doomed = text("hola");
    doomed["to"] = "+56900000001".into();
    send(&graph, &doomed).await;
    graph.settled().await;
    let last = statuses().pop().unwrap();
    assert_eq!((&last["status"], &last["errors"][0]["code"]), (&json!("failed"), &json!(131_026)));
    let wamid = body["messages"][0]["id"].as_str().unwrap();
    assert_eq!(graph.report(wamid, "played").await.unwrap(), 200);
    assert_eq!(graph.reported().last().unwrap().what, "played");
    assert!(graph.report("wamid.other", "sent").await.is_err());
}

//! Page comments.

use reqwest::Method;
use serde_json::{Value, json};

use super::{super::*, answer, client};
use crate::clock::Clock;

async fn graph(clock: &Clock) -> Graph {
    let graph = Graph::start(Rules::strict().with_clock(clock.clone())).await.unwrap();
    graph.add_page("1001", "Casa Luma", "P1");
    graph.customer_commented("1001", "1001_555", "555_901", None, "How much?");
    graph
}

async fn call(graph: &Graph, method: Method, path: &str, body: Value) -> (u16, Value) {
    answer(client().request(method, format!("{}/{path}", graph.url())).bearer_auth("P1").json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_answers_edits_hides_likes_and_deletes() {
    let graph = graph(&Clock::manual(1_780_000_000_000)).await;
    let (status, body) = call(&graph, Method::POST, "555_901/comments", json!({ "message": "20 EUR" })).await;
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!((status, id.as_str()), (200, "555_910"));
    let (_, body) = call(&graph, Method::POST, "1001_555/comments", json!({ "message": "Hola" })).await;
    assert_eq!(body["id"], "555_911");
    let gone = call(&graph, Method::POST, "555_999/comments", json!({ "message": "?" })).await;
    assert_eq!((gone.0, &gone.1["error"]["code"], &gone.1["error"]["error_subcode"]), (400, &json!(100), &json!(33)));
    for nothing in [json!({}), json!({ "message": "x".repeat(8001) }), json!({ "attachment_id": "9" })] {
        assert_eq!(call(&graph, Method::POST, "555_901/comments", nothing).await.1["error"]["code"], 100);
    }
    let under = "555_901/comments?order=reverse_chronological&fields=id,message,from,created_time";
    let (_, list) = call(&graph, Method::GET, under, json!({})).await;
    let expected = json!({
        "id": id, "message": "20 EUR", "from": { "id": "1001", "name": "Casa Luma" },
        "created_time": "2026-05-28T20:26:40+0000",
    });
    assert_eq!(list["data"], json!([expected]));
    assert_eq!(call(&graph, Method::POST, &id, json!({ "message": "21 EUR" })).await.0, 200);
    assert_eq!(call(&graph, Method::POST, "555_901", json!({ "message": "no" })).await.0, 403, "not the Page's own");
    assert_eq!(call(&graph, Method::POST, "555_901", json!({ "is_hidden": true })).await.0, 200);
    assert_eq!(call(&graph, Method::POST, &id, json!({ "is_hidden": true })).await.0, 403);
    assert_eq!(call(&graph, Method::POST, "555_901/likes", json!({})).await.1, json!({ "success": true }));
    assert_eq!(call(&graph, Method::DELETE, &id, json!({})).await.1, json!({ "success": true }));
    assert_eq!(call(&graph, Method::GET, &id, json!({})).await.0, 400);
    let kinds: Vec<String> = graph.ledger().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["text", "text", "edit", "hide", "like", "delete"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_answered_privately_once_and_within_seven_days() {
    let clock = Clock::manual(1_780_000_000_000);
    let graph = graph(&clock).await;
    graph.customer_commented("1001", "1001_555", "555_902", Some("555_901"), "and shipping?");
    let reply = |comment: &str| json!({ "recipient": { "comment_id": comment }, "message": { "text": "Hola" } });
    let (status, body) = call(&graph, Method::POST, "1001/messages", reply("555_901")).await;
    assert!(status == 200 && body["message_id"].as_str().unwrap().starts_with("m_"));
    assert_eq!(call(&graph, Method::POST, "1001/messages", reply("555_901")).await.1["error"]["code"], 10_900);
    clock.advance(7 * 24 * 3600 * 1000 + 1);
    assert_eq!(call(&graph, Method::POST, "1001/messages", reply("555_902")).await.1["error"]["code"], 10_903);
    assert_eq!(call(&graph, Method::POST, "1001/messages", reply("9")).await.1["error"]["error_subcode"], 33);
    let [entry] = &graph.ledger()[..] else { panic!("one thing was done") };
    assert_eq!((entry.kind.as_str(), entry.recipient.as_str()), ("private_reply", "555_901"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_up_first_and_then_with_a_comment_by_form_as_well() {
    let graph = graph(&Clock::real()).await;
    let part = reqwest::multipart::Part::bytes(b"picture".to_vec()).file_name("a.png").mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().text("published", "false").part("source", part);
    let photos = format!("{}/1001/photos", graph.url());
    let (_, body) = answer(client().post(photos).bearer_auth("P1").multipart(form)).await;
    let fields = [("message", "así & más"), ("attachment_id", body["id"].as_str().unwrap())];
    let comments = format!("{}/555_901/comments", graph.url());
    let (status, body) = answer(client().post(comments).bearer_auth("P1").form(&fields)).await;
    assert_eq!(status, 200);
    let ledger = graph.ledger();
    assert_eq!((ledger[1].kind.as_str(), ledger[1].text.as_deref()), ("photo", Some("así & más")));
    assert_eq!(ledger[0].file.as_ref().unwrap().sha256, ledger[1].file.as_ref().unwrap().sha256);
    let path = format!("{}?fields=attachment", body["id"].as_str().unwrap());
    let (_, shown) = call(&graph, Method::GET, &path, json!({})).await;
    assert_eq!(
        (&shown["attachment"]["type"], &shown["attachment"]["target"]["id"]),
        (&json!("photo"), &json!(fields[1].1))
    );
    let src = async || {
        let (_, shown) = call(&graph, Method::GET, "555_901?fields=attachment", json!({})).await;
        shown["attachment"]["media"]["image"]["src"].as_str().unwrap().to_owned()
    };
    let url = graph.attach_picture("555_901", "image/png", b"picture");
    assert_eq!(
        (client().get(&url).send().await.unwrap().bytes().await.unwrap(), src().await),
        ("picture".into(), url.clone())
    );
    graph.expire_urls();
    assert_eq!(client().get(&url).send().await.unwrap().status(), 403);
    assert_eq!(client().get(src().await).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_knows_itself_and_its_subscription() {
    let graph = graph(&Clock::real()).await;
    let (_, me) = call(&graph, Method::GET, "me?fields=id,name", json!({})).await;
    assert_eq!(me, json!({ "id": "1001", "name": "Casa Luma" }));
    assert_eq!(call(&graph, Method::GET, "1001/subscribed_apps", json!({})).await.1, json!({ "data": [] }));
    let path = "1001/subscribed_apps?subscribed_fields=feed,mention";
    assert_eq!(call(&graph, Method::POST, path, json!({})).await.0, 200);
    assert_eq!(graph.subscription("1001"), Some(vec!["feed".to_owned(), "mention".to_owned()]));
    graph.unsubscribe("1001");
    assert_eq!(call(&graph, Method::GET, "1001/subscribed_apps", json!({})).await.1, json!({ "data": [] }));
}

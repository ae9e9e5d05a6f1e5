//! Trouble on request.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{super::*, answer, client};

const PATIENCE: Duration = Duration::from_secs(30);

async fn bot() -> BotApi {
    BotApi::start("7:t", Rules::open().unpaced()).await.unwrap()
}

fn send(bot: &BotApi, chat: i64) -> reqwest::RequestBuilder {
    client().post(format!("{}/bot7:t/sendMessage", bot.url())).json(&json!({ "chat_id": chat, "text": "hola" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_an_answer_is_lost_after_the_act_or_the_call_before_it() {
    let bot = bot().await;
    bot.make_trouble(Trouble::once(Fault::LoseAnswer));
    bot.make_trouble(Trouble::once(Fault::DropBefore));
    bot.make_trouble(Trouble::once(Fault::Truncate));
    assert!(send(&bot, 1).send().await.is_err());
    assert_eq!(bot.ledger().len(), 1, "it was done");
    assert!(send(&bot, 2).send().await.is_err());
    assert_eq!(bot.ledger().len(), 1, "it was not done");
    let half = send(&bot, 3).send().await.unwrap();
    assert!(half.status() == 200 && half.bytes().await.is_err());
    assert_eq!((bot.ledger().len(), bot.faults_met()), (2, 3));
    assert_eq!(send(&bot, 4).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_keeps_to_its_method_its_recipient_and_its_count() {
    let bot = bot().await;
    bot.make_trouble(Trouble::times(2, Fault::Code(403)).on("sendmessage").to("5"));
    bot.make_trouble(Trouble::always(Fault::Refuse { code: 400, text: "Bad Request: PEER_FLOOD".into() }).to("6"));
    let mut statuses = Vec::new();
    for chat in [5, 4, 5, 5, 6, 6] {
        statuses.push(answer(send(&bot, chat)).await.0);
    }
    assert_eq!(statuses, [403, 200, 403, 200, 400, 400]);
    bot.clear_faults();
    assert_eq!(answer(send(&bot, 6)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_words_its_own_trouble() {
    let bot = bot().await;
    bot.make_trouble(Trouble::once(Fault::Throttle { retry_after: Duration::from_secs(7) }));
    bot.make_trouble(Trouble::once(Fault::TokenExpired));
    bot.make_trouble(Trouble::once(Fault::Fail { status: 502, body: "<html>Bad Gateway</html>".into() }));
    bot.make_trouble(Trouble::once(Fault::Redirect("http://127.0.0.1:1/".into())));
    let (status, body) = answer(send(&bot, 1)).await;
    assert_eq!((status, &body["parameters"]["retry_after"]), (429, &json!(7)));
    assert_eq!(answer(send(&bot, 1)).await.1["description"], "Unauthorized");
    let failed = send(&bot, 1).send().await.unwrap();
    assert_eq!((failed.status().as_u16(), failed.text().await.unwrap().as_str()), (502, "<html>Bad Gateway</html>"));
    let moved = send(&bot, 1).send().await.unwrap();
    assert_eq!((moved.status().as_u16(), &moved.headers()["location"]), (307, &"http://127.0.0.1:1/".parse().unwrap()));
    assert!(bot.ledger().is_empty());

    let graph = Graph::start(Rules::open()).await.unwrap();
    graph.add_page("1001", "Casa Luma", "P1");
    let me = || client().get(format!("{}/me", graph.url())).bearer_auth("P1");
    graph.make_trouble(Trouble::once(Fault::Subcode(190, 460)));
    graph.make_trouble(Trouble::once(Fault::Throttle { retry_after: Duration::from_secs(90) }));
    graph.make_trouble(Trouble::once(Fault::Code(2)));
    assert_eq!(answer(me()).await.1["error"]["error_subcode"], 460);
    let limited = me().send().await.unwrap();
    let usage: Value = serde_json::from_slice(limited.headers()["x-business-use-case-usage"].as_bytes()).unwrap();
    assert_eq!((limited.status().as_u16(), &usage["1001"][0]["estimated_time_to_regain_access"]), (400, &json!(2)));
    let (status, body) = answer(me()).await;
    assert_eq!((status, &body["error"]["is_transient"]), (500, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_call_is_given_up_and_a_platform_that_goes_takes_its_connections_along() {
    let bot = bot().await;
    bot.make_trouble(Trouble::once(Fault::Hang).to("1"));
    bot.make_trouble(Trouble::once(Fault::Slow(Duration::from_millis(200))).to("2"));
    let begun = Instant::now();
    assert_eq!(answer(send(&bot, 2)).await.0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    let waiting = tokio::spawn(send(&bot, 1).send());
    let deadline = Instant::now() + PATIENCE;
    while bot.faults_met() < 2 {
        assert!(Instant::now() < deadline, "the call never arrived");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!waiting.is_finished());
    drop(bot);
    assert!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_platform_counts_and_does_not_grow() {
    let bot = BotApi::start("7:t", Rules::instant()).await.unwrap();
    for _ in 0..50 {
        assert_eq!(answer(send(&bot, 1)).await.0, 200);
    }
    assert_eq!((bot.done(), bot.ledger().len()), (50, 0));
}

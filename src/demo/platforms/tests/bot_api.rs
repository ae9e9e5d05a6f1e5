//! Telegram. Fetching updates is tested with the demo.

use serde_json::{Value, json};

use super::{super::*, answer, client};
use crate::clock::Clock;

const TOKEN: &str = "77:secret";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n picture";

async fn bot(rules: Rules) -> BotApi {
    let bot = BotApi::start(TOKEN, rules).await.unwrap();
    bot.customer_wrote(4401, 12);
    bot
}

async fn call(bot: &BotApi, method: &str, body: Value) -> (u16, Value) {
    answer(client().post(format!("{}/bot{TOKEN}/{method}", bot.url())).json(&body)).await
}

/// Status and description.
async fn refusal(bot: &BotApi, method: &str, body: Value) -> (u16, String) {
    let (status, body) = call(bot, method, body).await;
    assert_eq!((&body["ok"], &body["error_code"]), (&json!(false), &json!(status)), "{body}");
    (status, body["description"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_answered_edited_and_deleted() {
    let clock = Clock::manual(1_780_000_000_000);
    let bot = bot(Rules::strict().with_clock(clock.clone())).await;
    let reply = json!({ "message_id": 12 });
    let (status, body) =
        call(&bot, "sendMessage", json!({ "chat_id": 4401, "text": "hola", "reply_parameters": reply })).await;
    assert_eq!((status, &body["result"]["message_id"], &body["result"]["text"]), (200, &json!(13), &json!("hola")));
    let same = json!({ "chat_id": 4401, "message_id": 13, "text": "hola" });
    assert!(refusal(&bot, "editMessageText", same).await.1.starts_with("Bad Request: message is not modified"));
    let other = json!({ "chat_id": "4401", "message_id": "13", "text": "chao" });
    assert_eq!(call(&bot, "editmessagetext", other).await.1["result"]["text"], "chao", "methods have no case");
    let emoji = json!([{ "type": "emoji", "emoji": "❤️" }]);
    let react = json!({ "chat_id": 4401, "message_id": 12, "reaction": emoji });
    assert_eq!(call(&bot, "setMessageReaction", react).await.1["result"], true);
    assert_eq!(call(&bot, "deleteMessage", json!({ "chat_id": 4401, "message_id": 13 })).await.0, 200);
    clock.advance(48 * 3600 * 1000);
    let old = json!({ "chat_id": 4401, "message_id": 12 });
    assert_eq!(refusal(&bot, "deleteMessage", old).await.1, "Bad Request: message can't be deleted for everyone");
    let kinds: Vec<(String, Option<String>)> =
        bot.ledger().into_iter().map(|entry| (entry.kind, entry.target)).collect();
    let expected = [("text", "12"), ("edit", "13"), ("reaction", "12"), ("delete", "13")];
    assert_eq!(kinds, expected.map(|(kind, target)| (kind.to_owned(), Some(target.to_owned()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_does_not_take_is_refused_in_its_words() {
    let bot = bot(Rules::strict().unpaced()).await;
    let text = |text: &str| json!({ "chat_id": 4401, "text": text });
    let button = |data: &str| {
        let keyboard = json!([[{ "text": "Sí", "callback_data": data }]]);
        json!({ "chat_id": 4401, "text": "?", "reply_markup": { "inline_keyboard": keyboard } })
    };
    let cases = [
        ("sendMessage", text("  "), "Bad Request: message text is empty"),
        ("sendMessage", text(&"x".repeat(4097)), "Bad Request: message is too long"),
        ("sendMessage", text(&"😀".repeat(2049)), "Bad Request: message is too long"),
        ("sendMessage", json!({ "chat_id": 9, "text": "x" }), "Bad Request: chat not found"),
        ("sendMessage", button(&"ñ".repeat(33)), "Bad Request: BUTTON_DATA_INVALID"),
        (
            "sendMessage",
            json!({ "chat_id": 4401, "text": "x", "reply_parameters": { "message_id": 99 } }),
            "Bad Request: message to be replied not found",
        ),
        (
            "sendMessage",
            json!({ "chat_id": 4401, "text": "<b>x", "parse_mode": "HTML" }),
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            "sendPhoto",
            json!({ "chat_id": 4401, "photo": "nothing" }),
            "Bad Request: wrong file identifier/HTTP URL specified",
        ),
        ("getFile", json!({ "file_id": "nothing" }), "Bad Request: invalid file_id"),
        (
            "answerCallbackQuery",
            json!({ "callback_query_id": "1" }),
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
        (
            "setWebhook",
            json!({ "url": "http://x.example/" }),
            "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            "setWebhook",
            json!({ "url": "https://x.example/", "secret_token": "no spaces" }),
            "Bad Request: secret token contains unallowed characters",
        ),
    ];
    for (method, body, expected) in cases {
        assert_eq!(refusal(&bot, method, body.clone()).await, (400, expected.to_owned()), "{method} {body}");
    }
    assert_eq!(call(&bot, "sendMessage", text(&"é".repeat(4096))).await.0, 200);
    bot.lose_chat(4401, Gone::Blocked);
    assert_eq!(refusal(&bot, "sendMessage", text("x")).await, (403, "Forbidden: bot was blocked by the user".into()));
    bot.lose_chat(-77, Gone::Upgraded(-1_001_234));
    let (_, body) = call(&bot, "sendMessage", json!({ "chat_id": -77, "text": "x" })).await;
    assert_eq!(body["parameters"], json!({ "migrate_to_chat_id": -1_001_234 }));
    assert_eq!(call(&bot, "sendMessage", json!({ "chat_id": -1_001_234, "text": "x" })).await.0, 200);
    assert_eq!(refusal(&bot, "sendFlowers", json!({})).await.0, 404);
    let with =
        async |token: &str| client().post(format!("{}/bot{token}/getMe", bot.url())).send().await.unwrap().status();
    assert_eq!((with("77:old").await.as_u16(), with("nonsense").await.as_u16()), (401, 404));
    assert_eq!(call(&bot, "getMe", json!({})).await.1["result"]["id"], 77);
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_groups_and_the_bot_have_their_paces() {
    let bot = bot(Rules::open()).await;
    for _ in 0..3 {
        assert_eq!(call(&bot, "sendMessage", json!({ "chat_id": 4401, "text": "x" })).await.0, 200);
    }
    let response = client()
        .post(format!("{}/bot{TOKEN}/sendMessage", bot.url()))
        .json(&json!({ "chat_id": 4401, "text": "x" }))
        .send()
        .await
        .unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        (&body["description"], &body["parameters"]["retry_after"]),
        (&json!("Too Many Requests: retry after 1"), &json!(1))
    );
    let bot = self::bot(Rules::open()).await;
    let client = client();
    let sends = (1..=60).map(|chat| {
        let body = json!({ "chat_id": chat, "text": "x" });
        let request = client.post(format!("{}/bot{TOKEN}/sendMessage", bot.url())).json(&body);
        async { answer(request).await.0 }
    });
    let statuses = futures_util::future::join_all(sends).await;
    assert!(statuses.contains(&429) && statuses.iter().filter(|status| **status == 200).count() >= 30);
    let bot = self::bot(Rules::open()).await;
    let mut statuses = Vec::new();
    for _ in 0..21 {
        statuses.push(call(&bot, "sendMessage", json!({ "chat_id": -5, "text": "x" })).await.0);
    }
    assert_eq!((statuses[19], statuses[20]), (200, 429), "a group has twenty a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_up_come_down_and_are_too_large_for_a_bot() {
    let bot = bot(Rules::strict().unpaced()).await;
    let part =
        |bytes: &'static [u8]| reqwest::multipart::Part::bytes(bytes).file_name("a.png").mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().text("chat_id", "4401").text("caption", "mira").part("photo", part(PNG));
    let url = format!("{}/bot{TOKEN}/sendPhoto", bot.url());
    let (status, body) = answer(client().post(url).multipart(form)).await;
    assert_eq!((status, &body["result"]["caption"]), (200, &json!("mira")));
    let photo = &body["result"]["photo"][0]["file_id"];
    assert_eq!(call(&bot, "sendPhoto", json!({ "chat_id": 4401, "photo": photo })).await.0, 200, "again by its id");
    let edit = json!({ "chat_id": 4401, "message_id": 13, "text": "x", "caption": "nuevo" });
    let no_text = "Bad Request: there is no text in the message to edit";
    assert_eq!(refusal(&bot, "editMessageText", edit.clone()).await.1, no_text);
    assert_eq!(call(&bot, "editMessageCaption", edit).await.1["result"]["caption"], "nuevo");
    let items = json!([{ "type": "photo", "media": "attach://one" }, { "type": "photo", "media": photo }]);
    let form =
        reqwest::multipart::Form::new().text("chat_id", "4401").text("media", items.to_string()).part("one", part(PNG));
    let url = format!("{}/bot{TOKEN}/sendMediaGroup", bot.url());
    let (_, body) = answer(client().post(url).multipart(form)).await;
    let album = body["result"].as_array().unwrap();
    assert!(album.len() == 2 && album[0]["media_group_id"] == album[1]["media_group_id"]);
    let hashes: Vec<String> = bot.ledger().into_iter().filter_map(|entry| Some(entry.file?.sha256)).collect();
    assert!(hashes.len() == 4 && hashes.iter().all(|hash| *hash == hashes[0]));

    let file = bot.add_file("offer.pdf", b"offer");
    let (_, body) = call(&bot, "getFile", json!({ "file_id": file })).await;
    let url = format!("{}/file/bot{TOKEN}/{}", bot.url(), body["result"]["file_path"].as_str().unwrap());
    assert_eq!(client().get(&url).send().await.unwrap().bytes().await.unwrap(), "offer");
    bot.expire_urls();
    assert_eq!(client().get(&url).send().await.unwrap().status(), 404);
    bot.add_large_file("BQ9", "film.mp4", 21 * 1024 * 1024);
    assert_eq!(refusal(&bot, "getFile", json!({ "file_id": "BQ9" })).await.1, "Bad Request: file is too big");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_set_seen_and_taken_away_and_excludes_polling() {
    let bot = bot(Rules::strict()).await;
    let hook = json!({
        "url": "https://relevo.example/webhooks/telegram/u", "secret_token": "s-1", "allowed_updates": ["message"],
    });
    assert_eq!(call(&bot, "setWebhook", hook.clone()).await.1["result"], true);
    assert_eq!(call(&bot, "setWebhook", hook).await.1["result"], true, "the same again is no change");
    let changed = json!({ "url": "https://relevo.example/elsewhere" });
    assert_eq!(refusal(&bot, "setWebhook", changed).await.0, 429);
    let (_, info) = call(&bot, "getWebhookInfo", json!({})).await;
    assert_eq!(
        (&info["result"]["allowed_updates"], &info["result"]["pending_update_count"]),
        (&json!(["message"]), &json!(0))
    );
    assert!(!info.to_string().contains("s-1") && bot.webhook().1.as_deref() == Some("s-1"));
    assert_eq!(refusal(&bot, "getUpdates", json!({})).await.0, 409);
    assert_eq!(call(&bot, "deleteWebhook", json!({})).await.1["result"], true);
    assert_eq!(call(&bot, "getUpdates", json!({})).await.1["result"], json!([]));
}

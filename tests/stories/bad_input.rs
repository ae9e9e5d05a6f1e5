//! What strangers, test buttons and broken senders push: a clear answer, nothing lost, nothing let in.

use relevo::store::{channels, dead_letters, messages};
use relevo_adapters::verify::sign_meta;
use serde_json::{Value, json};

use super::house::{APP_SECRET, BOT_SECRET, House, PAGE, PHONE, comment, feed, text, update, whatsapp, whatsapp_to};
use crate::support::for_each_backend;

const T: i64 = 1_780_000_000;

async fn unknown_accounts(house: &House) -> Vec<(String, String)> {
    let mut tx = house.base().db.read().await.expect("a transaction");
    let unknown = channels::unknown(&mut tx, 100).await.expect("the unknown accounts");
    let mut unknown: Vec<_> = unknown.into_iter().map(|seen| (seen.kind, seen.account)).collect();
    unknown.sort();
    unknown
}

for_each_backend! {
    a_wrong_or_missing_signature_is_refused_and_leaves_nothing_p9: |backend| {
        let house = House::open(backend).await;
        let post = async |path: String, headers: &[(&str, &str)], body: String| {
            let request = headers.iter().fold(house.client.post(house.url(0, &path)), |request, (key, value)| {
                request.header(*key, *value)
            });
            request.body(body).send().await.expect("an answer").status().as_u16()
        };
        let on = |kind: &str| format!("/webhooks/{}", house.channels[kind].uuid);
        let wa = whatsapp(vec![text("1", 1, T, "hola")]).to_string();
        let page = feed(&comment("901", "777", T, "hola")).to_string();
        let tg = update(1, 4401, 1, T, "hola").to_string();
        let mail = "From: a@example.net\r\nSubject: x\r\n\r\nhola".to_owned();
        let wrong = sign_meta(wa.as_bytes(), "another-secret");
        let other_body = sign_meta(b"{}", APP_SECRET);
        let signature = "X-Hub-Signature-256";
        let token = "X-Telegram-Bot-Api-Secret-Token";
        for (path, headers, body) in [
            ("/webhooks/meta".to_owned(), vec![], &wa),
            ("/webhooks/meta".to_owned(), vec![(signature, wrong.as_str())], &wa),
            ("/api/meta/readMessagesWAP".to_owned(), vec![(signature, other_body.as_str())], &wa),
            ("/webhooks/meta".to_owned(), vec![(signature, "sha256=00")], &page),
            ("/webhooks/meta".to_owned(), vec![("X-Hub-Signature", "sha1=00")], &page),
            (on("whatsapp"), vec![(signature, wrong.as_str())], &wa),
            (on("facebook"), vec![], &page),
            (on("telegram"), vec![], &tg),
            (on("telegram"), vec![(token, "bot_secret-2")], &tg),
            (on("telegram"), vec![(token, "")], &tg),
            (on("email"), vec![], &mail),
            (on("email"), vec![("Authorization", "Basic YnV6b246bm8=")], &mail),
            (on("email"), vec![("Authorization", "Bearer clave")], &mail),
        ] {
            assert_eq!(post(path.clone(), &headers, body.clone()).await, 401, "{path} {headers:?}");
        }
        house.settled().await;
        assert!(house.tickets_after(0).await.is_empty());
        assert_eq!(house.dead().await, 0);
        assert!(unknown_accounts(&house).await.is_empty());
        house.close().await;
    }

    a_tenant_cannot_write_into_anothers_channel_p9: |backend| {
        let house = House::open(backend).await;
        // Given another number, of another app with another secret,
        let theirs = [("phone_number_id", "20999"), ("app_secret", "their-secret"), ("verify_token", "vt-2")];
        house.add_channel(house.company, "whatsapp", &theirs).await;
        // when its owner signs a webhook for both numbers,
        let mut both = whatsapp(vec![text("1", 1, T, "para la víctima")]);
        let own = whatsapp_to("20999", vec![text("2", 2, T, "propio")])["entry"][0].clone();
        both["entry"].as_array_mut().expect("entries").push(own);
        let answer = house.meta_raw(0, both.to_string().into_bytes(), "their-secret").await;
        // then his own part counts, the other's does not, and the answer is a refusal.
        assert_eq!(answer.status(), 401);
        let tickets = house.tickets_after(1).await;
        assert_eq!(house.contents(&tickets[0]).await, ["propio"]);
        // And when the platform, whose secret is the first app's, sends it again, only that part is added.
        assert_eq!(house.meta_raw(0, both.to_string().into_bytes(), APP_SECRET).await.status(), 401);
        assert_eq!(house.tickets_after(2).await.len(), 2);
        house.close().await;
    }

    an_authentic_webhook_that_is_no_json_is_kept_p7: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta_raw(0, b"{\"object\":".to_vec(), APP_SECRET).await.status(), 200);
        let path = format!("/webhooks/{}", house.channels["telegram"].uuid);
        let answer = house.client.post(house.url(0, &path)).header("X-Telegram-Bot-Api-Secret-Token", BOT_SECRET)
            .body(&b"\xff\xfe"[..]).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        house.settled().await;
        let mut tx = house.base().db.read().await.expect("a transaction");
        let dead = dead_letters::list(&mut tx, 10).await.expect("the dead letters");
        drop(tx);
        let bodies: Vec<&[u8]> = dead.iter().map(|letter| letter.body.as_slice()).collect();
        assert_eq!(bodies, [&b"\xff\xfe"[..], &b"{\"object\":"[..]]);
        assert!(dead.iter().all(|letter| letter.reason.starts_with("not JSON") && letter.kind == dead_letters::PAYLOAD));
        assert!(house.tickets_after(0).await.is_empty());
        house.close().await;
    }

    unknown_accounts_are_accepted_and_recorded_once_a_day: |backend| {
        let house = House::open(backend).await;
        for _ in 0..3 {
            assert_eq!(house.meta(&whatsapp_to("99999", vec![text("1", 1, T, "hola")])).await, 200);
            assert_eq!(house.meta(&json!({"object": "page", "entry": [{"id": "4444", "changes": []}]})).await, 200);
            assert_eq!(house.meta(&json!({"object": "instagram", "entry": [{"id": "5", "changes": []}]})).await, 200);
            let path = house.url(0, "/webhooks/8c0d7a52-0000-4000-8000-000000000000");
            let answer = house.client.post(path).body("{}").send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
        }
        let expected = [("channel", "8c0d7a52-0000-4000-8000-000000000000"), ("facebook", "4444"), ("instagram", "5"),
            ("whatsapp", "99999")];
        assert_eq!(unknown_accounts(&house).await, expected.map(|(kind, account)| (kind.to_owned(), account.to_owned())));
        assert!(house.tickets_after(0).await.is_empty());
        house.close().await;
    }

    a_webhook_for_nobody_without_a_signature_is_refused_and_leaves_nothing_p9: |backend| {
        let house = House::open(backend).await;
        let body = whatsapp_to("99999", vec![text("1", 1, T, "hola")]).to_string();
        for signature in [None, Some("sha256=00"), Some("sha1=00")] {
            let request = house.client.post(house.url(0, "/webhooks/meta")).body(body.clone());
            let request = match signature {
                Some(signature) => request.header("X-Hub-Signature-256", signature),
                None => request,
            };
            assert_eq!(request.send().await.expect("an answer").status(), 401);
        }
        assert!(unknown_accounts(&house).await.is_empty());
        house.close().await;
    }

    a_channel_that_cannot_be_opened_answers_503_until_it_can_p1: |backend| {
        let house = House::open(backend).await;
        // Given a channel whose stored settings this version cannot use,
        let mut tx = house.base().db.write().await.expect("a transaction");
        let broken = channels::ChannelRow {
            id: 0, uuid: "broken".into(), company_id: house.company, kind: "whatsapp".into(), name: "Roto".into(),
            account: "20777".into(), settings: "{}".into(), secrets: "{}".into(), active: 1, reopen_within_ms: 0,
            version: 1, last_event_at: None, last_error: None, last_error_at: None, created_at: 0,
        };
        channels::insert(&mut tx, &broken, &["20777".to_owned()]).await.expect("inserted");
        tx.commit().await.expect("committed");
        // when its platform pushes, then it is asked to come again, on either address.
        let body = whatsapp_to("20777", vec![text("1", 1, T, "hola")]).to_string().into_bytes();
        crate::support::until("the channel is known", async || {
            house.meta_raw(0, body.clone(), APP_SECRET).await.status() == 503
        }).await;
        let answer = house.client.post(house.url(0, "/webhooks/broken")).body(body).send().await.expect("an answer");
        assert_eq!(answer.status(), 503);
        house.close().await;
    }

    a_body_beyond_the_limit_is_refused_p8: |backend| {
        let house = House::open(backend).await;
        let large = whatsapp(vec![text("1", 1, T, &"a".repeat(5 << 20))]).to_string().into_bytes();
        let answer = house.meta_raw(0, large.clone(), APP_SECRET).await;
        assert_eq!(answer.status(), 413);
        // Without a stated length as well.
        let stream = futures_util::stream::iter(large.chunks(1 << 16).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>());
        let path = format!("/webhooks/{}", house.channels["telegram"].uuid);
        let answer = house.client.post(house.url(0, &path)).header("X-Telegram-Bot-Api-Secret-Token", BOT_SECRET)
            .body(reqwest::Body::wrap_stream(stream)).send().await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 413));
        assert!(house.tickets_after(0).await.is_empty());
        house.close().await;
    }

    an_unknown_type_becomes_a_placeholder_and_hurts_nobody_p7: |backend| {
        let house = House::open(backend).await;
        let strange = json!({"from": "49151000001", "from_user_id": "DE.1", "id": "wamid.X", "timestamp": T.to_string(),
            "type": "hologram", "hologram": {"depth": 3}});
        let broken = json!(["no", "message"]);
        assert_eq!(house.meta(&whatsapp(vec![text("1", 1, T, "antes"), strange, broken, text("2", 1, T + 2, "después")])).await, 200);
        assert_eq!(house.telegram(0, &json!({"update_id": 5, "hologram_update": {"x": 1}})).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets.len(), 1);
        let found = house.messages(&tickets[0]).await;
        assert_eq!((found[0].content.as_str(), found[2].content.as_str()), ("antes", "después"));
        assert_eq!(found[1].kind, "unsupported");
        let raw: Value = serde_json::from_str(found[1].raw.as_deref().expect("the raw message")).expect("JSON");
        assert_eq!(raw["hologram"]["depth"], 3);
        assert_eq!(house.dead().await, 1, "the piece that is no message at all");
        let mut tx = house.base().db.read().await.expect("a transaction");
        let news = channels::events(&mut tx, house.channels["telegram"].id_channel, 10).await.expect("news");
        drop(tx);
        assert_eq!(news.len(), 1);
        assert!(news[0].raw.as_deref().is_some_and(|raw| raw.contains("hologram_update")));
        house.close().await;
    }

    broken_mail_is_kept_and_readable: |backend| {
        let house = House::open(backend).await;
        let broken: &[u8] = b"From: =?utf-8?Q?Jos=C3=A9?= <jose@example.net>\nSubject: caf\xe9\nMessage-ID: <k@x>\n\
            Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain; charset=martian\n\n\
            se\xf1or, no funciona\n--b\nContent-Type: application/pdf; name=\"../../etc/passwd\"\n\
            Content-Transfer-Encoding: base64\n\nJVBERi0x!!LjQ=\n";
        assert_eq!(house.mail(broken).await, 200);
        let tickets = house.tickets_after(1).await;
        let found = house.messages(&tickets[0]).await;
        assert!(found[0].content.contains("señor, no funciona"), "{}", found[0].content);
        assert_eq!(found[0].author_name.as_deref(), Some("José"));
        assert_eq!(tickets[0].subject.as_deref(), Some("café"));
        let mut tx = house.base().db.read().await.expect("a transaction");
        let files = messages::attachments(&mut tx, &[&found[0].id]).await.expect("attachments");
        drop(tx);
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].state, "stored");
        assert!(files[0].file_name.as_deref().is_some_and(|name| !name.contains('/')));
        assert_eq!(house.dead().await, 0);
        house.close().await;
    }

    a_thousand_updates_in_one_post: |backend| {
        let house = House::open(backend).await;
        let messages = (0..1000).map(|n| text(&format!("B{n}"), 1, T + n, &format!("n{n}"))).collect();
        assert_eq!(house.meta(&whatsapp(messages)).await, 200);
        let tickets = house.tickets_after(1000).await;
        assert_eq!(tickets.len(), 1);
        let expected: Vec<String> = (0..1000).map(|n| format!("n{n}")).collect();
        assert_eq!(house.contents(&tickets[0]).await, expected);
        house.close().await;
    }

    text_that_no_database_keeps_is_mended: |backend| {
        let house = House::open(backend).await;
        let body = whatsapp(vec![text("1", 1, T, "MARK")]).to_string().replace("MARK", "a\\u0000b\\ud83dc");
        assert_eq!(house.meta_raw(0, body.into_bytes(), APP_SECRET).await.status(), 200);
        let tickets = house.tickets_after(1).await;
        assert_eq!(house.contents(&tickets[0]).await, ["a\u{fffd}b\u{fffd}c"]);
        assert_eq!(house.dead().await, 0);
        house.close().await;
    }

    the_dashboards_test_buttons_do_no_harm: |backend| {
        let house = House::open(backend).await;
        let sample = json!({"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
            "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
            "messages": [{"from": "16315551181", "id": "ABGGFlA5Fpa", "timestamp": "1504902988", "type": "text",
                          "text": {"body": "this is a text message"}}]}}]}]});
        assert_eq!(house.meta(&sample).await, 200);
        let page = json!({"object": "page", "entry": [{"id": "0", "time": 1, "changes": [{"field": "feed",
            "value": {"item": "status", "post_id": "44444444_444444444", "verb": "add", "published": 1}}]}]});
        assert_eq!(house.meta(&page).await, 200);
        assert_eq!(house.meta(&json!({"object": "page", "entry": [{"id": PAGE, "time": 1,
            "changes": [{"field": "parking"}]}]})).await, 200);
        assert_eq!(house.meta(&json!({"object": "whatsapp_business_account", "entry": []})).await, 200);
        house.settled().await;
        assert!(house.tickets_after(0).await.is_empty());
        house.close().await;
    }

    a_handshake_needs_the_channels_own_token: |backend| {
        let house = House::open(backend).await;
        let get = async |path: String| {
            let answer = house.client.get(house.url(0, &path)).send().await.expect("an answer");
            let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
            (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
        };
        let query = |token: &str| format!("?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        let own = format!("/webhooks/{}", house.channels["facebook"].uuid);
        for path in ["/webhooks/meta", "/api/meta/readMessagesWAP", &own] {
            let (status, kind, body) = get(format!("{path}{}", query("vt-1"))).await;
            assert_eq!((status, body.as_str()), (200, "1158201444"));
            assert!(kind.starts_with("text/plain"));
            assert_eq!(get(format!("{path}{}", query("no"))).await.0, 403);
            assert_eq!(get(path.to_owned()).await.0, 403);
        }
        assert_eq!(get(format!("/webhooks/{}{}", house.channels["telegram"].uuid, query("vt-1"))).await.0, 403);
        let answer = house.meta_raw(0, whatsapp_to(PHONE, vec![]).to_string().into_bytes(), APP_SECRET).await;
        assert_eq!(answer.text().await.expect("a body"), "{\"status\":\"ok\"}");
        house.close().await;
    }
}

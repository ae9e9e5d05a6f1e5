//! `relevo queue`: what waits, and what died.

use relevo::store::{
    dead_letters::{self, DeadLetter},
    messages,
};
use relevo_adapters::verify::sign_meta;
use reqwest::Client;
use serde_json::{Value, json};

use super::{misused, refused, rows, text};
use crate::{
    stories::house::{APP_SECRET, PHONE, text as message, whatsapp},
    support::{Backend, DatabaseKind, Program, QueueKind, Relevo, for_each_backend, run, until},
};

/// An authentic webhook whose body breaks off.
const MALFORMED: &str = r#"{"object": "whatsapp_business_account", "entry": [{"#;
const NOBODY: &str = "01990000-0000-7000-8000-000000000000";

struct Shop {
    relevo: Relevo,
    company: i64,
    channel: Value,
    server: Program,
}

impl Shop {
    /// A WhatsApp number, and one process that serves it.
    async fn open(backend: &Backend) -> Self {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].as_i64().expect("an id");
        let (id, phone, secret) =
            (company.to_string(), format!("phone_number_id={PHONE}"), format!("app_secret={APP_SECRET}"));
        let channel = relevo
            .json(&["channel", "add", "whatsapp", "--company", &id, "--name", "W", "--set", &phone, "--set", &secret])
            .await;
        let server = relevo.start(&["serve", "--json", "--roles", "gateway,worker"]);
        Self { relevo, company, channel, server }
    }

    /// Has an authentic webhook accepted that nobody can read; gives the id of its dead letter.
    async fn bury(&mut self) -> String {
        let path = self.channel["webhook_path"].as_str().expect("a path");
        let answer = Client::new()
            .post(format!("http://{}{path}", self.server.address().await))
            .header("X-Hub-Signature-256", sign_meta(MALFORMED.as_bytes(), APP_SECRET))
            .header("Content-Type", "application/json")
            .body(MALFORMED)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        let dead = self.relevo.json(&["queue", "dead", "list"]).await;
        dead[0]["id"].as_str().expect("an id").to_owned()
    }
}

for_each_backend! {
    a_dead_letter_is_listed_shown_tried_again_and_given_up_p7: |backend| {
        let mut shop = Shop::open(backend).await;
        let relevo = shop.relevo.clone();
        assert_eq!(relevo.json(&["queue", "depth"]).await, json!({"ready": 0, "delayed": 0, "dead": 0}));
        assert_eq!(text(&relevo, &["queue", "dead", "list"]).await, "none\n");
        // Given a dead letter,
        let id = shop.bury().await;
        // then it is counted,
        assert_eq!(relevo.json(&["queue", "depth"]).await, json!({"ready": 0, "delayed": 0, "dead": 1}));
        assert_eq!(text(&relevo, &["queue", "depth"]).await, "ready 0\ndelayed 0\ndead 1\n");
        // listed,
        let listed = relevo.json(&["queue", "dead", "list"]).await;
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        let letter = &listed[0];
        assert_eq!((&letter["kind"], &letter["state"], &letter["channel"]), (&json!("payload"), &json!("dead"), &shop.channel["id_channel"]));
        assert_eq!(letter["bytes"], MALFORMED.len());
        let reason = letter["reason"].as_str().expect("a reason");
        let table = text(&relevo, &["queue", "dead", "list"]).await;
        assert_eq!((rows(&table)[0][0], table.contains(reason)), (id.as_str(), true), "{table}");
        // and shown with its body.
        let shown = relevo.json(&["queue", "dead", "show", &id]).await;
        assert_eq!((&shown["body"], &shown["content_type"]), (&json!(MALFORMED), &json!("application/json")));
        let said = text(&relevo, &["queue", "dead", "show", &id]).await;
        assert!(said.contains(&id) && said.contains(MALFORMED), "{said}");

        // When it is tried again, that fails, says why, and changes nothing;
        for arguments in [&["queue", "dead", "requeue", &id][..], &["queue", "dead", "requeue", "--all"]] {
            let ended = relevo.run(arguments).await;
            assert_eq!(ended.code(), Some(1), "{ended}");
            assert_eq!(ended.out, format!("{id}: still dead: {reason}\n"));
            assert_eq!(ended.err, "error: 1 of 1 could not be requeued\n");
        }
        let ended = relevo.run(&["queue", "dead", "requeue", &id, "--json"]).await;
        assert_eq!(ended.json(), json!([{"result": "still_dead", "id": id, "reason": reason}]));
        assert_eq!(relevo.json(&["queue", "dead", "list"]).await, listed);

        // when it is given up, it is gone from the list, and can still be seen,
        assert_eq!(relevo.json(&["queue", "dead", "discard", &id]).await, json!({"id": id, "state": "discarded"}));
        assert_eq!(relevo.json(&["queue", "dead", "list"]).await, json!([]));
        assert_eq!(relevo.json(&["queue", "depth"]).await["dead"], 0);
        let shown = relevo.json(&["queue", "dead", "show", &id]).await;
        assert_eq!((&shown["state"], shown["settled_at"].is_i64()), (&json!("discarded"), true));
        // but not given up or tried again once more.
        refused(&relevo, &["queue", "dead", "discard", &id], 1, &[&id, "settled before"]).await;
        let ended = relevo.run(&["queue", "dead", "requeue", &id]).await;
        assert_eq!((ended.code(), ended.out.contains("settled before")), (Some(1), true), "{ended}");
        assert_eq!(relevo.json(&["queue", "dead", "requeue", "--all"]).await, json!([]));
    }

    a_dead_letter_that_can_be_read_by_now_becomes_its_message_p1: |backend| {
        let mut shop = Shop::open(backend).await;
        shop.server.address().await;
        let body = whatsapp(vec![message("1", 1, 1_780_000_000, "tarde, pero llegó")]).to_string();
        let letter = DeadLetter {
            id: backend.clock.id(),
            kind: dead_letters::PAYLOAD.to_owned(),
            channel_id: shop.channel["id_channel"].as_i64(),
            route: String::new(),
            content_type: Some("application/json".to_owned()),
            body: body.into_bytes(),
            reason: "an older version could not read it".to_owned(),
            attempt: 1,
            state: "dead".to_owned(),
            created_at: backend.clock.now(),
            settled_at: None,
        };
        let mut tx = backend.db.write().await.expect("a transaction");
        dead_letters::insert(&mut tx, &letter).await.expect("inserted");
        tx.commit().await.expect("committed");

        let requeued = text(&shop.relevo, &["queue", "dead", "requeue", "--all"]).await;
        assert_eq!(requeued, format!("{}: requeued (1 events)\n", letter.id));
        until("it was applied", async || {
            let mut tx = backend.db.read().await.expect("a transaction");
            messages::count(&mut tx, shop.company).await.expect("a count") == 1
        })
        .await;
        let shown = shop.relevo.json(&["queue", "dead", "show", &letter.id]).await;
        assert_eq!(shown["state"], "requeued");
    }

    unknown_letters_and_wrong_words_are_refused: |backend| {
        let relevo = Relevo::on(backend);
        refused(&relevo, &["queue", "dead", "show", NOBODY], 1, &["there is no dead letter", NOBODY, "queue dead list"]).await;
        refused(&relevo, &["queue", "dead", "discard", NOBODY], 1, &["there is no dead letter", NOBODY]).await;
        let ended = relevo.run(&["queue", "dead", "requeue", NOBODY, "--json"]).await;
        assert_eq!((ended.code(), ended.json()), (Some(1), json!([{"result": "not_found", "id": NOBODY}])), "{ended}");
        misused(&relevo, &["queue", "dead", "requeue"], &["<ID|--all>"]).await;
        misused(&relevo, &["queue", "dead", "requeue", NOBODY, "--all"], &["cannot be used with"]).await;
        misused(&relevo, &["queue", "dead", "list", "--limit", "few"], &["--limit"]).await;
    }
}

#[test]
fn a_broker_that_lets_us_not_in_is_an_error_without_the_password_p9() {
    run(DatabaseKind::Sqlite, QueueKind::Rabbit, async |backend| {
        let url = backend.broker().0.replace("//guest:guest@", "//shop:hunter2@");
        let relevo = Relevo::on(backend).with("QUEUE__URL", &url).with("QUEUE__CONFIRM_SECONDS", "1");
        for level in ["warn", "trace"] {
            let ended = relevo.clone().with("TELEMETRY__LOG", level).run(&["queue", "depth"]).await;
            assert_eq!((ended.code(), ended.out.as_str()), (Some(1), ""), "{ended}");
            assert!(ended.err.contains("error: the broker is not available: "), "{ended}");
            assert!(!ended.err.contains("hunter2"), "{ended}");
        }
    });
}

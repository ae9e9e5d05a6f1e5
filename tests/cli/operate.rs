//! `relevo channel`, for a channel that is there: change it, replace its secrets, pause it, look how it is.

use axum::{Json, Router, extract::Path, routing::any};
use relevo::{
    directory,
    domain::{send_lane, send_topic},
    secrets::MasterKey,
    store::{
        channels,
        holds::{self, Hold},
        jobs::{self, NewJob},
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{misused, refused, text};
use crate::support::{Backend, Relevo, for_each_database};

const NOW: i64 = 1_780_000_000_000;

/// A bot; gives its id.
async fn bot(relevo: &Relevo) -> String {
    let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
    let add = ["channel", "add", "telegram", "--company", &company, "--name", "Bot"];
    let settings = ["--set", "bot_token=70001:AAb0tQ1", "--set", "secret_token=f1rstQ2"];
    relevo.json(&[&add[..], &settings].concat()).await["id_channel"].to_string()
}

async fn setting(backend: &Backend, id: &str, name: &str) -> Option<String> {
    let row = channels::find(&mut backend.db.read().await.expect("a transaction"), id.parse().expect("an id")).await;
    let row = row.expect("asked").expect("found");
    let key = MasterKey::from_file_or_new(&backend.folder().join("master.key")).expect("the key");
    let kind = relevo_adapters::kind(&row.kind).expect("a kind");
    let settings = directory::settings(&row, kind, &key, &[].into()).expect("settings");
    settings.secret(name).map(|value| value.expose_secret().to_owned())
}

/// A Bot API that knows one bot, whose webhook is at `webhook`.
async fn bot_api(webhook: String) -> (String, JoinHandle<()>) {
    let answer = async move |Path(method): Path<(String, String)>| {
        let result = match method.1.as_str() {
            "getMe" => json!({"id": 70001, "is_bot": true, "first_name": "Bot", "username": "tienda_bot"}),
            "getWebhookInfo" => json!({
                "url": webhook, "has_custom_certificate": false, "pending_update_count": 0,
                "allowed_updates": relevo_adapters::telegram::ALLOWED_UPDATES,
            }),
            other => panic!("{other} was not expected"),
        };
        Json(json!({"ok": true, "result": result}))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/{bot}/{method}", any(answer));
    (url, tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") }))
}

for_each_database! {
    a_channel_is_changed_and_its_secrets_stay_unseen_p9: |backend| {
        let relevo = Relevo::on(backend);
        let id = bot(&relevo).await;
        let set = ["channel", "set", &id, "--name", "Otro", "--set", "mode=polling", "--set", "token=****"];
        let changed = relevo.json(&[&set[..], &["--reopen-within", "60"]].concat()).await;
        assert_eq!((&changed["name"], &changed["reopen_within_seconds"]), (&json!("Otro"), &json!(60)));
        assert_eq!(changed["settings"], json!({"bot_token": "****", "secret_token": "****", "mode": "polling"}));
        assert_eq!(setting(backend, &id, "bot_token").await.as_deref(), Some("70001:AAb0tQ1"), "the mask is no value");
        let said = text(&relevo, &["channel", "set", &id, "--set", "mode="]).await;
        assert!(!said.contains("mode") && said.contains("bot_token = ****"), "{said}");

        refused(&relevo, &["channel", "set", &id, "--set", "colour=blue"], 1, &["colour: telegram has no such setting"]).await;
        refused(&relevo, &["channel", "set", &id, "--set", "secret_token="], 1, &["secret_token: is required"]).await;
        refused(&relevo, &["channel", "set", &id, "--name", " "], 1, &["a channel needs a name"]).await;
        refused(&relevo, &["channel", "set", &id], 1, &["nothing to change"]).await;
        refused(&relevo, &["channel", "set", "999", "--name", "x"], 1, &["there is no channel 999"]).await;
    }

    a_secret_is_replaced_and_the_one_before_accepted_if_wanted_p9: |backend| {
        let relevo = Relevo::on(backend);
        let id = bot(&relevo).await;
        let rotate = async |value: &str, more: &[&str]| {
            let said = text(&relevo, &[&["channel", "rotate", &id, "--set", value][..], more].concat()).await;
            assert!(!said.contains("Q2") && !said.contains("Q3"), "{said}");
        };
        rotate("secret=s3condQ3", &["--previous"]).await;
        assert_eq!(setting(backend, &id, "secret_token").await.as_deref(), Some("s3condQ3"));
        assert_eq!(setting(backend, &id, "previous_secret_token").await.as_deref(), Some("f1rstQ2"));
        rotate("secret_token=th1rdQ3", &[]).await;
        assert_eq!(setting(backend, &id, "previous_secret_token").await, None);

        let previous = ["channel", "rotate", &id, "--set", "bot_token=70001:x", "--previous"];
        refused(&relevo, &previous, 1, &["bot_token: telegram accepts one at a time"]).await;
        refused(&relevo, &["channel", "rotate", &id, "--set", "mode=polling"], 1, &["mode: is no secret of telegram"]).await;
        misused(&relevo, &["channel", "rotate", &id], &["--set"]).await;
    }

    a_channel_is_paused_resumed_and_shows_its_health_p10: |backend| {
        let relevo = Relevo::on(backend);
        let id = bot(&relevo).await;
        let channel: i64 = id.parse().expect("an id");
        assert_eq!(text(&relevo, &["channel", "pause", &id]).await, format!("channel {id}: paused\n"));
        assert_eq!(relevo.json(&["channel", "show", &id]).await["health"]["state"], "paused");
        let hold = Hold {
            channel_id: channel, version: 2, class: "auth".into(), code: "401".into(), es: "a".into(),
            en: "the token was revoked".into(), detail: "c".into(), since: NOW, until: NOW, failures: 1,
        };
        let job = NewJob {
            kind: "send".into(), lane: send_lane("c1"), topic: send_topic(channel), company_id: None, payload: "{}".into(),
            due_at: i64::MAX, created_at: NOW,
        };
        let mut tx = backend.db.write().await.expect("a transaction");
        jobs::insert(&mut tx, &[job]).await.expect("added");
        holds::set(&mut tx, &hold).await.expect("held");
        tx.commit().await.expect("committed");

        assert_eq!(relevo.json(&["channel", "resume", &id]).await["channel_status"], 1);
        let shown = relevo.json(&["channel", "show", &id]).await;
        assert_eq!(shown["health"]["state"], "ok", "resuming lets everything try again");
        assert_eq!(shown["health"]["sends"], json!({"waiting": 1, "dead": 0}));
        let mut tx = backend.db.write().await.expect("a transaction");
        assert!(jobs::next_due(&mut tx, "send", NOW).await.expect("asked").expect("it waits") < i64::MAX);
        holds::set(&mut tx, &hold).await.expect("held");
        tx.commit().await.expect("committed");
        let said = text(&relevo, &["channel", "show", &id]).await;
        assert!(said.contains("health        held") && said.contains("401: the token was revoked"), "{said}");
        assert!(said.contains("1 waiting, 0 dead"), "{said}");
    }

    a_channel_is_tested_through_the_platform_s_eyes_p10: |backend| {
        let relevo = Relevo::on(backend).with("SERVER__PUBLIC_URL", "https://relevo.example.org/");
        let id = bot(&relevo).await;
        let uuid = relevo.json(&["channel", "show", &id]).await["uuid"].as_str().expect("a uuid").to_owned();
        let (api, serving) = bot_api(format!("https://relevo.example.org/api/telegram/receive/{uuid}")).await;
        relevo.json(&["channel", "set", &id, "--set", &format!("api_url={api}")]).await;
        let said = text(&relevo, &["channel", "test", &id]).await;
        assert!(said.lines().count() >= 3 && said.lines().all(|line| line.starts_with("✓ ")), "{said}");

        // Another address than the one that Telegram pushes to.
        let elsewhere = relevo.clone().with("SERVER__PUBLIC_URL", "https://other.example.org");
        let ended = elsewhere.run(&["channel", "test", &id, "--json"]).await;
        assert_eq!(ended.code(), Some(1), "{ended}");
        let findings = ended.json();
        let bad: Vec<&Value> = findings.as_array().expect("a list").iter().filter(|finding| finding["ok"] == false).collect();
        assert_eq!(bad.len(), 1, "{findings}");
        assert!(bad[0]["remedy"].is_string(), "{findings}");
        let ended = elsewhere.run(&["channel", "test", &id]).await;
        assert!(ended.out.contains("✗ ") && ended.out.contains("    → ") && ended.err.contains("1 of "), "{ended}");
        assert!(!ended.to_string().contains("AAb0tQ1"), "{ended}");
        serving.abort();
    }
}

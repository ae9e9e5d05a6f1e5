//! `relevo subscription`: who hears of what happens.

use serde_json::json;

use super::{channels::assert_nowhere_in_the_folder, misused, refused, rows, text};
use crate::{
    relays::receiver::Receiver,
    support::{Relevo, for_each_database},
};

for_each_database! {
    p9_a_subscription_s_secret_is_shown_once_and_sealed: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        assert_eq!(relevo.json(&["subscription", "list"]).await, json!([]));
        let add = ["subscription", "add", "bot", "--company", &company, "--name", "Bot", "--url", "https://bot.example.org/"];
        let added = relevo.json(&add).await;
        let (id, secret) = (added["id"].to_string(), added["secret"].as_str().expect("a secret"));
        assert!(secret.starts_with("whsec_") && secret.len() >= 38, "{secret}");
        let listed = relevo.json(&["subscription", "list", "--company", &company]).await;
        assert_eq!((&listed[0]["kind"], &listed[0]["healthy"], &listed[0]["timeout_ms"]), (&json!("bot"), &json!(true), &json!(300_000)));
        assert_eq!(listed[0]["events"], json!(["ticket.bot_assigned", "ticket.bot_released", "message.received", "message.updated"]));
        assert!(!listed.to_string().contains("secret"), "{listed}");
        assert_nowhere_in_the_folder(backend, &[secret]);
        let rotated = text(&relevo, &["subscription", "rotate", &id]).await;
        assert!(rotated.contains("whsec_") && !rotated.contains(secret), "{rotated}");
        assert_eq!(text(&relevo, &["subscription", "pause", &id]).await, format!("subscription {id}: paused\n"));
        let table = text(&relevo, &["subscription", "list"]).await;
        assert_eq!(rows(&table)[0][..5], [id.as_str(), &company, "bot", "Bot", "paused"]);
        assert_eq!(relevo.json(&["subscription", "resume", &id]).await, json!({"id": added["id"], "active": true}));
    }

    p9_what_cannot_be_subscribed_is_refused: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        let add = |company: &str, url: &str, more: &[&str]| -> Vec<String> {
            let base = ["subscription", "add", "relay", "--company", company, "--name", "x", "--url", url];
            base.iter().chain(more).map(|text| (*text).to_owned()).collect()
        };
        for (arguments, words) in [
            (add(&company, "http://127.0.0.1/", &[]), ["the URL is not allowed", "a private address"]),
            (add(&company, "https://u:p@x.example/", &[]), ["the URL is not allowed", "credentials"]),
            (add("999", "https://x.example/", &[]), ["La empresa indicada no existe", ""]),
            (add(&company, "https://x.example/", &["--events", "ticket.lost"]), ["ticket.lost", "ticket.opened"]),
            (add(&company, "https://x.example/", &["--timeout-ms", "5"]), ["timeout_ms", "1000"]),
        ] {
            refused(&relevo, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), 1, &words).await;
        }
        for command in ["pause", "resume", "rotate", "test"] {
            refused(&relevo, &["subscription", command, "999"], 1, &["there is no subscription 999", "subscription list"]).await;
        }
        misused(&relevo, &["subscription", "add", "crm", "--company", "1", "--name", "x", "--url", "x"], &["relay", "bot"]).await;
    }

    a_subscription_is_tested_by_an_event_that_says_nothing: |backend| {
        let relevo = Relevo::on(backend).with("RELAY__ALLOW_PRIVATE_ADDRESSES", "true");
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        let receiver = Receiver::start().await;
        let url = receiver.url();
        let added = relevo.json(&["subscription", "add", "relay", "--company", &company, "--name", "x", "--url", &url]).await;
        let id = added["id"].to_string();
        receiver.knows(added["secret"].as_str().expect("a secret").into());
        assert_eq!(text(&relevo, &["subscription", "test", &id]).await, format!("subscription {id}: the test got through\n"));
        assert_eq!(receiver.taken()[0].body["type"], "subscription.test");
        receiver.answers(500, None);
        refused(&relevo, &["subscription", "test", &id], 1, &["answered 500"]).await;
    }
}

//! `relevo channel`: what is secret goes in and never comes out.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use relevo_adapters::verify::sign_meta;
use reqwest::Client;
use serde_json::{Value, json};

use super::{misused, refused, rows, text};
use crate::{
    stories::house::{update, whatsapp, whatsapp_to},
    support::{Backend, Relevo, for_each_database, until},
};

const T: i64 = 1_780_000_000;
/// One word per secret, found nowhere else.
const SECRETS: [&str; 7] =
    ["app5ecretQ1", "ver1fytokenQ2", "acc3sstokenQ3", "AAbott0kenQ4", "b0tsecretQ5", "mailpa55Q6", "replyk3yQ7"];

/// What customers say here.
const BODY: &str = "w0rdsOfaCustomer";

fn whatsapp_settings() -> Vec<String> {
    let [app, verify, access, ..] = SECRETS;
    vec![
        "phone_number_id=10655501".to_owned(),
        format!("app_secret={app}"),
        format!("verify_token={verify}"),
        // An alias, with spaces around.
        format!(" token = {access} "),
    ]
}

fn telegram_settings() -> Vec<String> {
    vec![format!("bot_token=70001:{}", SECRETS[3]), format!("secret_token={}", SECRETS[4])]
}

fn email_settings() -> Vec<String> {
    let (password, key) = (SECRETS[5], SECRETS[6]);
    ["address=soporte@tienda.example".to_owned(), "webhook_user=buzon".to_owned()]
        .into_iter()
        .chain([format!("webhook_password={password}"), format!("reply_token_key={key}")])
        .collect()
}

fn add<'a>(kind: &'a str, company: &'a str, settings: &'a [String]) -> Vec<&'a str> {
    let mut arguments = vec!["channel", "add", kind, "--company", company, "--name", "Canal"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting.as_str()]));
    arguments
}

async fn company(relevo: &Relevo) -> String {
    relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string()
}

/// No file of the test's folder, which is all that the program wrote, has any of these words.
pub(super) fn assert_nowhere_in_the_folder(backend: &Backend, words: &[&str]) {
    let mut searched = Vec::new();
    search(backend.folder(), words, &mut searched);
    assert!(searched.contains(&"master.key".to_owned()), "{searched:?}");
    if backend.db.describe() == "sqlite" {
        assert!(searched.contains(&"relevo.db-wal".to_owned()), "the newest rows are there: {searched:?}");
    }
}

fn search(folder: &Path, words: &[&str], searched: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, words, searched);
            continue;
        }
        // SQLite's own files come and go. Another process reads them: closing them here would end SQLite's locks on them,
        // which are this process's, and the next program would take itself for the only one.
        let read = Command::new("cat").arg(&path).stderr(Stdio::null()).output().expect("cat runs");
        if !read.status.success() {
            continue;
        }
        let bytes = read.stdout;
        for word in words {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in {}", path.display());
        }
        searched.push(path.file_name().expect("a name").to_string_lossy().into_owned());
    }
}

fn assert_silent(said: &str) {
    for secret in SECRETS {
        assert!(!said.contains(secret), "{secret} is in: {said}");
    }
}

for_each_database! {
    a_channel_is_added_listed_and_shown_without_its_secrets_p9: |backend| {
        let relevo = Relevo::on(backend);
        let company = company(&relevo).await;
        assert_eq!(relevo.json(&["channel", "list"]).await, json!([]));
        let added = relevo.json(&add("whatsappfb", &company, &whatsapp_settings())).await;
        assert_eq!((&added["type"], &added["app"], &added["channel_status"]), (&json!("whatsapp"), &json!("10655501"), &json!(1)));
        assert_eq!(
            added["settings"],
            json!({"phone_number_id": "10655501", "app_secret": "****", "verify_token": "****", "access_token": "****"})
        );
        let uuid = added["uuid"].as_str().expect("a uuid");
        assert_eq!(added["webhook_path"], format!("/webhooks/{uuid}"));
        let id = added["id_channel"].to_string();

        let said = text(&relevo, &add("telegram", &company, &telegram_settings())).await;
        assert!(said.contains("bot_token = ****") && said.contains("secret_token = ****"), "{said}");
        assert_silent(&said);

        let listed = relevo.json(&["channel", "list"]).await;
        assert_eq!(listed.as_array().map(Vec::len), Some(2));
        assert_eq!(listed[0], added);
        assert_silent(&listed.to_string());
        assert_eq!(relevo.json(&["channel", "list", "--company", &company]).await, listed);
        assert_eq!(relevo.json(&["channel", "list", "--company", "999"]).await, json!([]));
        let table = text(&relevo, &["channel", "list"]).await;
        assert_eq!(rows(&table)[0][..6], [id.as_str(), &company, "whatsapp", "Canal", "10655501", "active"]);
        assert_silent(&table);

        let shown = relevo.json(&["channel", "show", uuid]).await;
        assert_eq!(relevo.json(&["channel", "show", &id]).await, shown);
        assert_eq!((&shown["settings"], &shown["events"]), (&added["settings"], &json!([])));
        let said = text(&relevo, &["channel", "show", &id]).await;
        assert!(said.contains("app_secret = ****") && said.contains(uuid), "{said}");
        assert_silent(&said);
        refused(&relevo, &["channel", "show", "999"], 1, &["there is no channel 999", "relevo channel list"]).await;
        refused(&relevo, &["channel", "show", "x"], 1, &["there is no channel x"]).await;
        assert_nowhere_in_the_folder(backend, &SECRETS);
    }

    a_channel_that_cannot_be_is_refused_with_everything_that_is_wrong: |backend| {
        let relevo = Relevo::on(backend);
        let company = company(&relevo).await;
        let settings = vec!["colour=blue".to_owned(), format!("verify_token={}", SECRETS[1]), format!("size={}", SECRETS[2])];
        let words = ["colour: ", "size: ", "whatsapp has no such setting", "phone_number_id: is required", "app_secret: is required"];
        refused(&relevo, &add("whatsapp", &company, &settings), 1, &words).await;
        assert_silent(&relevo.run(&add("whatsapp", &company, &settings)).await.err);
        let settings = vec![format!("bot_token={}", SECRETS[3]), "mode=sleeping".to_owned()];
        refused(&relevo, &add("telegram", &company, &settings), 1, &["bot_token: must look like", "mode: must be"]).await;
        assert_silent(&relevo.run(&add("telegram", &company, &settings)).await.err);

        refused(&relevo, &add("fax", &company, &[]), 1, &["there is no channel kind fax", "whatsapp, telegram, email, facebook"]).await;
        refused(&relevo, &add("whatsapp", "999", &whatsapp_settings()), 1, &["there is no company 999"]).await;
        let nameless = ["channel", "add", "whatsapp", "--company", &company, "--name", " "];
        refused(&relevo, &nameless, 1, &["a channel needs a name"]).await;
        misused(&relevo, &add("whatsapp", &company, &["phone_number_id".to_owned()]), &["KEY=VALUE"]).await;
        misused(&relevo, &add("whatsapp", &company, &["=x".to_owned()]), &["KEY=VALUE"]).await;
        misused(&relevo, &["channel", "add", "whatsapp", "--name", "Canal"], &["--company"]).await;
        assert_eq!(relevo.json(&["channel", "list"]).await, json!([]), "nothing was added");

        relevo.json(&add("whatsapp", &company, &whatsapp_settings())).await;
        let words = ["another whatsapp channel has the account 10655501 already"];
        refused(&relevo, &add("whatsapp", &company, &whatsapp_settings()), 1, &words).await;
        assert_eq!(relevo.json(&["channel", "list"]).await.as_array().map(Vec::len), Some(1));
    }

    secrets_are_in_no_file_and_in_no_log_at_debug_level_p9: |backend| {
        let company = company(&Relevo::on(backend)).await;
        let relevo = Relevo::on(backend).with("TELEMETRY__LOG", "trace");
        // Given channels of three kinds, each asked for twice, and looked at,
        let (mut said, mut paths) = (String::new(), Vec::new());
        for (kind, settings) in
            [("whatsapp", whatsapp_settings()), ("telegram", telegram_settings()), ("email", email_settings())]
        {
            let arguments = [add(kind, &company, &settings), vec!["--json"]].concat();
            let added = relevo.run(&arguments).await;
            paths.push(added.json()["webhook_path"].as_str().expect("a path").to_owned());
            for ended in [added, relevo.run(&arguments).await, relevo.run(&["channel", "list"]).await] {
                said.push_str(&ended.to_string());
            }
        }
        // when platforms and strangers call a gateway that says all it can say,
        let mut server = relevo.start(&["serve", "--json", "--roles", "gateway,worker"]);
        let url = format!("http://{}", server.address().await);
        let client = Client::new();
        let [app, verify, _, _, bot, mail, _] = SECRETS;
        let message = whatsapp(vec![json!({"from": "491510", "id": "wamid.1", "timestamp": T.to_string(), "type": "text",
            "text": {"body": BODY}})]).to_string();
        let mail_body = format!("From: a@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: x\r\n\r\n{BODY}\r\n");
        let signature = "X-Hub-Signature-256";
        let token = "X-Telegram-Bot-Api-Secret-Token";
        let handshake = |token: &str| format!("{url}/webhooks/meta?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42");
        for (request, status) in [
            (client.get(handshake(verify)), 200),
            (client.get(handshake("stranger")), 403),
            (client.post(format!("{url}/webhooks/meta")).header(signature, sign_meta(message.as_bytes(), app)).body(message.clone()), 200),
            (client.post(format!("{url}/webhooks/meta")).header(signature, sign_meta(message.as_bytes(), bot)).body(message), 401),
            (client.post(format!("{url}{}", paths[1])).header(token, bot).json(&update(1, 1, 1, T, BODY)), 200),
            (client.post(format!("{url}{}", paths[1])).header(token, app).json(&update(2, 1, 2, T, BODY)), 401),
            (client.post(format!("{url}{}", paths[2])).basic_auth("buzon", Some(mail)).body(mail_body.clone()), 200),
            (client.post(format!("{url}{}", paths[2])).basic_auth("buzon", Some(app)).body(mail_body), 401),
        ] {
            assert_eq!(request.send().await.expect("an answer").status(), status);
        }
        until("everything was applied", async || {
            let mut tx = backend.db.read().await.expect("a transaction");
            relevo::store::messages::count(&mut tx, company.parse().expect("an id")).await.expect("a count") == 3
        })
        .await;
        assert_nowhere_in_the_folder(backend, &SECRETS);
        server.terminate();
        let ended = server.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        said.push_str(&ended.to_string());
        // then no secret is in anything that was said, and no customer's words.
        assert!(said.contains("TRACE") && said.contains("webhook refused"), "{said}");
        assert_silent(&said);
        assert!(!said.contains(BODY), "{said}");
    }

    accounts_that_nobody_has_are_listed: |backend| {
        let relevo = Relevo::on(backend);
        assert_eq!(text(&relevo, &["channel", "unknown"]).await, "none\n");
        let mut server = relevo.start(&["serve", "--json", "--roles", "gateway"]);
        let url = format!("http://{}/webhooks/meta", server.address().await);
        let body = whatsapp_to("999888", vec![]).to_string();
        let request = Client::new().post(url).header("X-Hub-Signature-256", sign_meta(body.as_bytes(), "theirs"));
        assert_eq!(request.body(body).send().await.expect("an answer").status(), 200);
        let unknown = relevo.json(&["channel", "unknown"]).await;
        assert_eq!((&unknown[0]["kind"], &unknown[0]["account"]), (&json!("whatsapp"), &json!("999888")));
        let table = text(&relevo, &["channel", "unknown"]).await;
        assert_eq!(rows(&table)[0][1..3], ["whatsapp", "999888"]);
    }
}

#[test]
fn every_kind_says_which_settings_it_takes() {
    super::on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        let kinds = relevo.json(&["channel", "kinds"]).await;
        let said = text(&relevo, &["channel", "kinds"]).await;
        let kinds = kinds.as_array().expect("a list");
        let names: Vec<&str> = kinds.iter().filter_map(|kind| kind["kind"].as_str()).collect();
        assert_eq!(names, ["whatsapp", "telegram", "email", "facebook"]);
        for kind in kinds {
            let settings = kind["settings"].as_array().expect("settings");
            assert!(settings.iter().any(|setting| setting["required"] == true), "{kind}");
            for setting in settings {
                let (key, help) = (text_of(&setting["key"]), text_of(&setting["help"]));
                assert!(
                    !help.is_empty() && said.contains(&format!("{help}\n")) && said.contains(&format!("  {key}")),
                    "{key}"
                );
            }
        }
    });
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a text")
}

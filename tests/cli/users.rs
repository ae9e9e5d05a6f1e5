//! `relevo user`.

use std::{io::Write, process::Stdio};

use relevo::{
    secrets::hash_secret,
    store::{tokens, users},
};
use serde_json::json;

use super::{channels::assert_nowhere_in_the_folder, misused, refused, rows, text};
use crate::support::{Relevo, for_each_database};

for_each_database! {
    a_persons_password_is_shown_once_and_only_its_hash_is_kept_p9: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].clone();
        let id = company.to_string();
        assert_eq!(relevo.json(&["user", "list"]).await, json!([]));
        let add = ["user", "add", "Ana@Empresa.com", "--company", &id, "--role", "agent", "--name", "Ana Pérez"];
        let made = relevo.json(&add).await;
        let password = made["password"].as_str().expect("a password");
        assert!(password.len() >= 40, "{password}");
        assert_eq!((&made["company"], &made["email"], &made["role"]), (&company, &json!("ana@empresa.com"), &json!("agent")));
        assert_nowhere_in_the_folder(backend, &[password]);
        let user = made["id"].as_i64().expect("an id");
        let kept = users::find_anywhere(&mut backend.db.read().await.expect("a transaction"), user).await.expect("a query").expect("the person");
        assert!(kept.password_hash.as_deref().is_some_and(|hash| hash.starts_with("$argon2id$")));
        assert_eq!((kept.capacity, kept.active, kept.presence_id), (5, 1, 7));

        let listed = relevo.json(&["user", "list", "--company", &id]).await;
        assert_eq!((&listed[0]["id"], &listed[0]["name"]), (&made["id"], &json!("Ana Pérez")));
        assert!(!listed.to_string().contains("argon2"), "{listed}");
        let shown = text(&relevo, &["user", "add", "eva@empresa.com", "--company", &id, "--role", "operator", "--name", "Eva", "--capacity", "9"]).await;
        assert!(shown.contains("(operator): eva@empresa.com; keep the password, it is not shown again\npassword: "), "{shown}");
        let table = text(&relevo, &["user", "list"]).await;
        assert_eq!(rows(&table)[1][1..7], [&*id, "operator", "eva@empresa.com", "Eva", "9", "yes"]);

        refused(&relevo, &add, 1, &["somebody of the address ana@empresa.com", "relevo user list"]).await;
        refused(&relevo, &["user", "add", "ana", "--company", &id, "--role", "agent", "--name", "Ana"], 1, &["is no e-mail address"]).await;
        refused(&relevo, &["user", "add", "a@b.cl", "--company", &id, "--role", "agent", "--name", " "], 1, &["a person needs a name"]).await;
        refused(&relevo, &["user", "add", "a@b.cl", "--company", "999", "--role", "agent", "--name", "A"], 1, &["there is no company 999", "relevo company list"]).await;
        refused(&relevo, &["user", "list", "--company", "999"], 1, &["there is no company 999"]).await;
        misused(&relevo, &["user", "add", "a@b.cl", "--company", &id, "--role", "integration", "--name", "A"], &["admin, operator, agent"]).await;
        misused(&relevo, &["user", "add", "a@b.cl", "--company", &id, "--name", "A"], &["--role"]).await;
        misused(&relevo, &["user", "add", "a@b.cl", "--company", &id, "--role", "agent", "--name", "A", "--capacity", "1001"], &["1001"]).await;
    }

    a_password_may_come_by_standard_input: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        let add = |password: &str| {
            let mut command = relevo.command(&["user", "add", "ana@empresa.com", "--company", &company, "--role", "agent", "--name", "Ana", "--password-stdin", "--json"]);
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
            child.stdin.take().expect("its input").write_all(password.as_bytes()).expect("it reads");
            child.wait_with_output().expect("it ends")
        };
        for (bad, why) in [("", "at least 8"), ("corta\n", "at least 8"), ("\"Secret123\"\n", "quotation marks")] {
            let ended = add(bad);
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert_eq!((ended.status.code(), ended.stdout.is_empty(), said.contains(why)), (Some(1), true, true), "{said}");
        }
        let ended = add("Secreto con espacios \nsecond line\n");
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success() && !said.contains("password"), "{said}");
        let found = users::find_by_email(&mut backend.db.read().await.expect("a transaction"), company.parse().expect("a number"), "ana@empresa.com").await;
        let kept = found.expect("a query").expect("the person").password_hash;
        let passwords = relevo::passwords::Passwords::default();
        assert!(passwords.matches("Secreto con espacios ".into(), kept).await.expect("compared"));
    }

    a_token_for_a_new_password_is_shown_once_p9: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        let made = relevo.json(&["user", "add", "ana@empresa.com", "--company", &company, "--role", "agent", "--name", "Ana"]).await;
        let reset = relevo.json(&["user", "reset", "ANA@empresa.com", "--company", &company]).await;
        let token = reset["token"].as_str().expect("a token");
        assert_nowhere_in_the_folder(backend, &[token]);
        let mut tx = backend.db.read().await.expect("a transaction");
        assert_eq!(tokens::find_reset(&mut tx, &hash_secret(token), 0).await.expect("a query"), made["id"].as_i64());
        drop(tx);
        let shown = text(&relevo, &["user", "reset", "ana@empresa.com", "--company", &company]).await;
        assert!(shown.contains("it is not shown again, and holds once, for 24 hours\ntoken: "), "{shown}");
        refused(&relevo, &["user", "reset", "eva@empresa.com", "--company", &company], 1, &["no active person of the address eva@empresa.com"]).await;
        refused(&relevo, &["user", "reset", "ana@empresa.com", "--company", "999"], 1, &["company 999 has no active person"]).await;
        misused(&relevo, &["user", "reset", "ana@empresa.com"], &["--company"]).await;
    }
}

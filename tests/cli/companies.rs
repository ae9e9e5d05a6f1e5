//! `relevo company` and `relevo client`.

use relevo::{secrets::hash_secret, store::clients};
use serde_json::json;

use super::{channels::assert_nowhere_in_the_folder, misused, refused, rows, text};
use crate::support::{Relevo, for_each_database};

for_each_database! {
    companies_are_added_and_listed: |backend| {
        let relevo = Relevo::on(backend);
        assert_eq!(relevo.json(&["company", "list"]).await, json!([]));
        assert_eq!(text(&relevo, &["company", "list"]).await, "none\n");
        let first = relevo.json(&["company", "add", "  Tienda Uno "]).await;
        assert_eq!(first["name"], "Tienda Uno");
        let second = text(&relevo, &["company", "add", "Ñandú & Cía; 'x'"]).await;
        assert!(second.ends_with(": Ñandú & Cía; 'x'\n"), "{second}");

        let listed = relevo.json(&["company", "list"]).await;
        assert_eq!((&listed[0]["id"], &listed[0]["name"]), (&first["id"], &json!("Tienda Uno")));
        assert_eq!(listed.as_array().map(Vec::len), Some(2));
        let table = text(&relevo, &["company", "list"]).await;
        assert!(table.starts_with("ID  NAME"), "{table}");
        assert_eq!(rows(&table)[0][..2], [first["id"].to_string().as_str(), "Tienda Uno"]);

        refused(&relevo, &["company", "add", " "], 1, &["a company needs a name"]).await;
        misused(&relevo, &["company", "add"], &["<NAME>"]).await;
        misused(&relevo, &["company"], &["add", "list"]).await;
    }

    a_client_that_is_revoked_is_let_in_no_more_p9: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        assert_eq!(relevo.json(&["client", "list"]).await, json!([]));
        let client = relevo.json(&["client", "add", "--company", &company, "--name", "CRM"]).await;
        let (id, key) = (client["id"].to_string(), client["client_key"].as_str().expect("a key"));
        let listed = relevo.json(&["client", "list"]).await;
        assert_eq!((&listed[0]["client_key"], &listed[0]["revoked_at"]), (&client["client_key"], &json!(null)));
        assert!(!listed.to_string().contains("secret"), "{listed}");
        assert_eq!(text(&relevo, &["client", "revoke", &id]).await, format!("client {id}: revoked\n"));
        assert_eq!(clients::find(&mut backend.db.read().await.expect("a transaction"), key).await.expect("a query"), None);
        let table = text(&relevo, &["client", "list"]).await;
        assert_eq!(rows(&table)[0][..5], [id.as_str(), &company, "integration", "CRM", key]);
        refused(&relevo, &["client", "revoke", &id], 1, &["or it was revoked before"]).await;
        refused(&relevo, &["client", "revoke", "999"], 1, &["there is no client 999", "relevo client list"]).await;
    }

    a_client_s_secret_is_shown_once_and_only_its_hash_is_kept_p9: |backend| {
        let relevo = Relevo::on(backend);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].clone();
        let id = company.to_string();
        let client = relevo.json(&["client", "add", "--company", &id, "--role", "agent", "--name", "CRM"]).await;
        let (key, secret) = (client["client_key"].as_str().expect("a key"), client["client_secret"].as_str().expect("a secret"));
        assert!(secret.len() >= 40, "256 bits: {secret}");
        assert_eq!((&client["company"], &client["role"]), (&company, &json!("agent")));
        assert_eq!(client["headers"], json!({"X-User-Consumo": key, "X-User-Secret": secret}));

        let mut tx = backend.db.read().await.expect("a transaction");
        let kept = clients::find(&mut tx, key).await.expect("a query").expect("the client");
        assert_eq!((kept.company_id, kept.role.as_str(), kept.name.as_str()), (company.as_i64(), "agent", "CRM"));
        assert_eq!(kept.secret_hash, hash_secret(secret));
        drop(tx);
        assert_nowhere_in_the_folder(backend, &[secret]);

        let shown = text(&relevo, &["client", "add", "--company", &id]).await;
        assert!(shown.contains("(integration); keep the secret, it is not shown again\n"), "{shown}");
        let key = shown.lines().find_map(|line| line.strip_prefix("X-User-Consumo: ")).expect("a key");
        let secret = shown.lines().find_map(|line| line.strip_prefix("X-User-Secret: ")).expect("a secret");
        let mut tx = backend.db.read().await.expect("a transaction");
        let kept = clients::find(&mut tx, key).await.expect("a query").expect("the client");
        assert_eq!(kept.secret_hash, hash_secret(secret));
        drop(tx);

        let everywhere = relevo.json(&["client", "add", "--super-admin", "--role", "admin"]).await;
        assert_eq!((&everywhere["company"], &everywhere["role"]), (&json!(null), &json!("admin")));

        refused(&relevo, &["client", "add", "--company", "999"], 1, &["there is no company 999", "relevo company list"]).await;
        misused(&relevo, &["client", "add", "--company", &id, "--role", "boss"], &["admin, operator, agent, integration"]).await;
        misused(&relevo, &["client", "add"], &["--company"]).await;
        misused(&relevo, &["client", "add", "--company", "first"], &["--company", "first"]).await;
        misused(&relevo, &["client", "add", "--company", &id, "--super-admin"], &["cannot be used with"]).await;
    }
}

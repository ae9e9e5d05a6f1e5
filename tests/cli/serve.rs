//! `relevo serve`: what a first start says, and why a start may fail.

use std::{collections::BTreeSet, fs, io, net::TcpListener};

use relevo::{secrets::hash_secret, store::clients};
use relevo_adapters::verify::sign_meta;
use reqwest::Client;
use serde_json::{Value, json};

use super::{channels::assert_nowhere_in_the_folder, misused, on_sqlite, refused, text};
use crate::{
    stories::house::{APP_SECRET, PHONE, text as message, whatsapp},
    support::{Ended, Program, Relevo, for_each_backend, until},
};

/// Starts a server, waits until it listens, and asks it to end.
async fn start_and_stop(relevo: &Relevo) -> Ended {
    let mut server = relevo.start(&["serve", "--json"]);
    server.address().await;
    server.terminate();
    let ended = server.end().await;
    assert_eq!(ended.code(), Some(0), "{ended}");
    ended
}

fn first_starts(documents: &[Value]) -> Vec<&Value> {
    documents.iter().filter(|said| said["first_start"] == true).collect()
}

#[test]
fn the_first_start_shows_a_key_and_a_secret_and_later_ones_do_not_p9() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        // A first start makes a company and an admin client,
        let first = start_and_stop(&relevo).await;
        let documents = first.documents();
        assert_eq!(documents.len(), 2, "{first}");
        let made = &documents[0];
        let (key, secret) =
            (made["client_key"].as_str().expect("a key"), made["client_secret"].as_str().expect("a secret"));
        assert_eq!((&made["first_start"], &made["data_dir"]), (&json!(true), &json!(backend.folder())));
        assert!(!first.err.contains(secret), "not in the log: {first}");
        let mut tx = backend.db.read().await.expect("a transaction");
        let client = clients::find(&mut tx, key).await.expect("a query").expect("the client");
        assert_eq!((client.company_id, client.role.as_str()), (made["company"].as_i64(), "admin"));
        assert_eq!(client.secret_hash, hash_secret(secret));
        drop(tx);
        assert_nowhere_in_the_folder(backend, &[secret]);
        // the next one says no more than where it listens.
        let second = start_and_stop(&relevo).await;
        assert_eq!(second.documents().len(), 1, "{second}");
        assert!(second.documents()[0]["listening"].is_string(), "{second}");
        assert_eq!(relevo.json(&["company", "list"]).await.as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_first_start_greets_people_with_what_to_do_next() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        let mut server = relevo.start(&["serve"]);
        until("it listens", async || {
            assert!(server.is_running(), "{}", server.log());
            server.said().contains("listening on http://127.0.0.1:")
        })
        .await;
        server.terminate();
        let ended = server.end().await;
        for words in ["first start", "X-User-Consumo: rc_", "X-User-Secret:  ", "master.key", "relevo channel add"] {
            assert_eq!(ended.out.matches(words).count(), 1, "{words}: {ended}");
        }
    });
}

#[test]
fn two_first_starts_at_once_make_one_company() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        let mut servers = [(); 3].map(|()| relevo.start(&["serve", "--json"]));
        let mut addresses = BTreeSet::new();
        for server in &mut servers {
            addresses.insert(server.address().await);
        }
        assert_eq!(addresses.len(), 3);
        let mut documents = Vec::new();
        for mut server in servers {
            server.terminate();
            documents.extend(server.end().await.documents());
        }
        assert_eq!(first_starts(&documents).len(), 1, "{documents:?}");
        assert_eq!(relevo.json(&["company", "list"]).await.as_array().map(Vec::len), Some(1));
    });
}

for_each_backend! {
    a_start_that_cannot_be_says_why: |backend| {
        let relevo = Relevo::on(backend);
        text(&relevo, &["company", "add", "Tienda Uno"]).await;
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("an address").to_string();
        let on_taken = relevo.clone().with("SERVER__LISTEN", &address).with("TELEMETRY__LOG", "warn");
        let words = ["configuration: server.listen: ", address.as_str(), "in use"];
        refused(&on_taken, &["serve"], 2, &words).await;
        refused(&on_taken, &["serve", "--roles", "worker,gateway"], 2, &words).await;
        misused(&relevo, &["serve", "--roles", "cashier"], &["there is no role cashier; there are: gateway, worker, dispatcher, poller"]).await;
        misused(&relevo, &["serve", "--roles", ""], &["there is no role"]).await;
    }

    a_worker_alone_takes_no_port_and_ends_well: |backend| {
        let relevo = Relevo::on(backend);
        text(&relevo, &["company", "add", "Tienda Uno"]).await;
        let mut worker = relevo.start(&["serve", "--json", "--roles", "worker"]);
        until("it has started", async || {
            assert!(worker.is_running(), "{}", worker.log());
            worker.log().contains("started")
        })
        .await;
        worker.terminate();
        let ended = worker.end().await;
        assert_eq!((ended.code(), ended.out.as_str()), (Some(0), ""), "{ended}");
        assert!(!ended.err.contains("WARN relevo") && !ended.err.contains("ERROR relevo"), "{ended}");
    }
}

#[test]
fn nobody_listening_to_its_output_stops_no_command() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        text(&relevo, &["company", "add", "Tienda Uno"]).await;
        for arguments in [
            &["--help"][..],
            &["company", "list"],
            &["company", "list", "--json"],
            &["channel", "kinds"],
            &["check-config"],
            &["queue", "dead", "list"],
        ] {
            let mut command = relevo.command(arguments);
            command.stdout(closed_pipe());
            let ended = Program::start_with_own_output(command).end().await;
            assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{arguments:?}: {ended}");
        }
    });
}

#[test]
fn nobody_reading_its_log_stops_no_server_p1() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        let id = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].to_string();
        let (phone, secret) = (format!("phone_number_id={PHONE}"), format!("app_secret={APP_SECRET}"));
        let add = ["channel", "add", "whatsapp", "--company", &id, "--name", "W", "--set", &phone, "--set", &secret];
        text(&relevo, &add).await;
        // Given a server whose log goes to somebody who is gone,
        let mut command = relevo.with("TELEMETRY__LOG", "debug").command(&["serve", "--json"]);
        command.stderr(closed_pipe());
        let mut server = Program::start_with_own_log(command);
        let url = format!("http://{}/webhooks/meta", server.address().await);
        // when things happen that are worth a line, it goes on,
        let body = whatsapp(vec![message("1", 1, 1_780_000_000, "hola")]).to_string();
        for (secret, status) in [("wrong", 401), (APP_SECRET, 200), ("wrong", 401)] {
            let signature = sign_meta(body.as_bytes(), secret);
            let request = Client::new().post(&url).header("X-Hub-Signature-256", signature).body(body.clone());
            assert_eq!(request.send().await.expect("an answer").status(), status);
        }
        until("the message is there", async || {
            let mut tx = backend.db.read().await.expect("a transaction");
            relevo::store::messages::count(&mut tx, id.parse().expect("an id")).await.expect("a count") == 1
        })
        .await;
        // and ends well.
        server.terminate();
        let ended = server.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
    });
}

/// A pipe whose reader is gone.
fn closed_pipe() -> io::PipeWriter {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    writer
}

#[test]
fn the_key_file_is_its_owner_s_alone_p9() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(async |backend| {
        text(&Relevo::on(backend), &["migrate"]).await;
        let mode = fs::metadata(backend.folder().join("master.key")).expect("the key file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    });
}

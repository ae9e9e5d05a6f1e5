//! `relevo check-config` and `relevo migrate`: settings are read to the end, and what is wrong is named without its value.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use serde_json::json;

use super::{on_sqlite, refused, text};
use crate::support::{Program, Relevo, for_each_database};

const SECRET: &str = "hunter2";
/// Secrets may look like numbers, too.
const DIGITS: &str = "731904265";

#[test]
fn valid_settings_are_confirmed() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend).with("SERVER__LISTEN", "127.0.0.1:8081");
        let folder = backend.folder().to_str().expect("a UTF-8 path");
        assert_eq!(
            relevo.json(&["check-config"]).await,
            json!({"ok": true, "database": "sqlite", "queue": "table", "data_dir": folder, "listen": "127.0.0.1:8081"})
        );
        assert_eq!(
            text(&relevo, &["check-config"]).await,
            format!(
                "the settings are valid: database sqlite, queue table, data in {folder}, listening on 127.0.0.1:8081\n"
            )
        );
        // The file with the defaults is one that can be given, and the environment counts more.
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/production.toml");
        let outside =
            relevo.with("DATABASE__URL", "postgres://u:hunter2@h/d").with("QUEUE__URL", "amqps://u:hunter2@h/v");
        let said = outside.json(&["check-config", "--config", file]).await;
        assert_eq!((&said["database"], &said["queue"]), (&json!("postgres"), &json!("rabbitmq")));
        assert!(!said.to_string().contains(SECRET));
    });
}

#[test]
fn a_wrong_file_is_refused_and_its_values_are_not_shown() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        // The settings of the test's own environment would win over the file's.
        let bare = relevo.without(&["DATABASE__URL", "QUEUE__URL", "QUEUE__PARTITIONS", "SERVER__LISTEN"]);
        let path = backend.folder().join("relevo.toml");
        let file = path.to_str().expect("a UTF-8 path");
        for (content, words) in [
            (
                "[server]\nport = 1",
                vec!["server.port: there is no such setting", "listen, public_url, shutdown_seconds", file],
            ),
            ("[servr]\nlisten = '127.0.0.1:0'", vec!["servr: there is no such setting", "server"]),
            ("database = 'postgres://u:hunter2@h/d'", vec!["database: is a section"]),
            ("[database]\nconnections = 4\nurl = 'postgres://u:hunter2@h/d", vec![file, "line 3"]),
            ("[database]\nurl = postgres://u:hunter2@h/d", vec![file, "line 2"]),
            ("[database]\nurl = 'hunter2'\nurl = 'hunter2'", vec![file, "line 3"]),
            ("[database]\nurl = 'mysql://u:hunter2@h/d'", vec!["database.url: must be"]),
            ("[database]\nurl = 'postgres://u:hunter2@h:port/d'", vec!["database.url: is no URL"]),
            ("[database]\nurl = 'postgres://u:hunter2/#@h/d'", vec!["database.url: is no URL"]),
            ("[queue]\nurl = 'http://u:hunter2@h'", vec!["queue.url: must be"]),
            ("[queue]\nurl = 'amqp://u:hunter2@h:port/v'", vec!["queue.url: is no URL"]),
            ("[secrets]\nmaster_key = 'hunter2'", vec!["secrets.master_key: must be 32 bytes in base64"]),
            ("[secrets]\nmaster_key = 731904265", vec!["secrets.master_key: must be of type string"]),
            ("[queue]\npartitions = 'hunter2'", vec!["queue.partitions: must be of type integer"]),
            ("[server]\nlisten = 'hunter2'", vec!["server.listen: "]),
            ("[telemetry]\nlog = 'relevo=loud'", vec!["telemetry.log: "]),
        ] {
            fs::write(&path, content).expect("written");
            let words = [&["configuration: "], words.as_slice()].concat();
            refused(&bare, &["check-config", "--config", file], 2, &words).await;
            let said = bare.run(&["--config", file, "check-config"]).await.err;
            assert!(!said.contains(SECRET) && !said.contains(DIGITS), "{said}");
        }
        // Other commands say the same.
        refused(&bare, &["company", "list", "--config", file], 2, &["telemetry.log: "]).await;
        refused(&bare, &["serve", "--config", file], 2, &["telemetry.log: "]).await;

        fs::write(&path, b"[server]\nlisten = '\xff'").expect("written");
        refused(&bare, &["check-config", "--config", file], 2, &[file, "UTF-8"]).await;
        fs::remove_file(&path).expect("removed");
        refused(&bare, &["check-config", "--config", file], 2, &[file, "No such file"]).await;
        let folder = backend.folder().to_str().expect("a UTF-8 path");
        refused(&bare, &["check-config", "--config", folder], 2, &[folder, "directory"]).await;
    });
}

#[test]
fn a_wrong_variable_is_refused_and_strangers_variables_do_not_matter() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        for (key, value, words) in [
            ("SERVER__PORT", "hunter2", vec!["server.port: there is no such setting (RELEVO__SERVER__PORT)"]),
            ("NOTHING", "hunter2", vec!["nothing: there is no such setting"]),
            ("SERVER", "hunter2", vec!["server: there is no such setting"]),
            ("QUEUE__PARTITIONS", "hunter2", vec!["queue.partitions: must be a whole number"]),
            ("TELEMETRY__JSON", "hunter2", vec!["telemetry.json: must be true or false"]),
            ("SECRETS__MASTER_KEY", "hunter2", vec!["secrets.master_key: must be 32 bytes in base64"]),
        ] {
            let relevo = relevo.clone().with(key, value);
            refused(&relevo, &["check-config"], 2, &words).await;
            assert!(!relevo.run(&["check-config"]).await.err.contains(SECRET));
        }
        let no_text = OsStr::from_bytes(b"\xff");
        let mut command = relevo.command(&["check-config"]);
        command.env("SOMEBODY_ELSES", no_text).env(no_text, "x");
        let ended = Program::start(command).end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        let mut command = relevo.command(&["check-config"]);
        command.env("RELEVO__SERVER__LISTEN", no_text);
        let ended = Program::start(command).end().await;
        assert_eq!(ended.code(), Some(2), "{ended}");
        assert!(ended.err.contains("RELEVO__SERVER__LISTEN: is not UTF-8"), "{ended}");
    });
}

#[test]
fn a_folder_or_key_file_that_cannot_be_used_is_named() {
    on_sqlite(async |backend| {
        let file = backend.folder().join("a-file");
        fs::write(&file, "").expect("written");
        let path = file.to_str().expect("a UTF-8 path");
        refused(&Relevo::on(backend).with("DATA_DIR", path), &["migrate"], 2, &["data_dir: ", path]).await;
        fs::write(backend.folder().join("master.key"), SECRET).expect("written");
        refused(&Relevo::on(backend), &["company", "list"], 2, &["secrets.master_key: ", "master.key: must be"]).await;
        assert!(!Relevo::on(backend).run(&["company", "list"]).await.err.contains(SECRET));
    });
}

#[test]
fn three_first_starts_at_once_make_one_database_and_one_key() {
    on_sqlite(async |backend| {
        let folder = backend.folder().join("new/deeper");
        let relevo = Relevo::on(backend).with("DATA_DIR", folder.to_str().expect("a UTF-8 path"));
        let starting: Vec<Program> = (0..3).map(|_| relevo.start(&["migrate"])).collect();
        for program in starting {
            let ended = program.end().await;
            assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended}");
        }
        assert_eq!(relevo.json(&["company", "list"]).await, json!([]));
    });
}

for_each_database! {
    migrate_may_be_repeated: |backend| {
        let relevo = Relevo::on(backend);
        let database = backend.db.describe();
        for _ in 0..2 {
            assert_eq!(relevo.json(&["migrate"]).await, json!({"database": database, "migrated": true}));
            assert_eq!(text(&relevo, &["migrate"]).await, format!("{database}: the tables are up to date\n"));
        }
    }

    another_master_key_than_the_database_s_is_refused_p9: |backend| {
        let relevo = Relevo::on(backend);
        text(&relevo, &["company", "add", "Tienda Uno"]).await;
        let key = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=";
        let other = relevo.clone().with("SECRETS__MASTER_KEY", key);
        for arguments in [&["company", "list"][..], &["serve"], &["migrate"]] {
            refused(&other, arguments, 2, &["secrets.master_key: is not the key"]).await;
            assert!(!other.run(arguments).await.err.contains(key));
        }
        // Its own key may be given by the environment as well.
        let own = fs::read_to_string(backend.folder().join("master.key")).expect("the key file");
        assert_eq!(relevo.with("SECRETS__MASTER_KEY", &own).json(&["company", "list"]).await[0]["name"], "Tienda Uno");
    }
}

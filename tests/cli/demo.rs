//! `relevo demo`, as somebody runs it who has just built the program.

use std::fs;

use serde_json::json;

use super::on_sqlite;
use crate::support::{Program, Relevo};

#[test]
fn p1_p2_p5_p6_the_demo_proves_that_nothing_is_lost_or_doubled_and_leaves_nothing() {
    on_sqlite(async |backend| {
        // Given a program without any settings, and a folder for what is temporary,
        let folder = backend.folder().join("temporary");
        fs::create_dir(&folder).expect("a folder");
        let mut command = Relevo::on(backend).command(&["demo", "--json"]);
        command.env("TMPDIR", &folder);
        // when the demo has ended by itself,
        let ended = Program::start(command).end().await;
        assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended}");
        // then it says that everything came in once and went out once,
        let document = ended.json();
        assert_eq!((&document["proven"], &document["mismatches"]), (&json!(true), &json!([])), "{ended}");
        let (outbound, files) = (&document["outbound"], &document["files"]);
        assert_eq!((&outbound["lost"], &outbound["doubled"]), (&json!(0), &json!(0)), "{outbound}");
        let states = outbound["states"].as_object().expect("states");
        assert_eq!(states.keys().collect::<Vec<_>>(), ["failed", "read", "sent"], "{outbound}");
        assert_eq!(files["stored"], files["expected"]);
        assert!(document["assigned"].as_i64().is_some_and(|assigned| assigned > 0), "{ended}");
        // in a time that somebody waits for, and nothing is left.
        assert!(document["seconds"].as_f64().is_some_and(|seconds| seconds < 60.0), "{ended}");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0);
    });
}

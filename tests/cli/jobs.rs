//! `relevo job`: what waits, and what nobody tries any more.

use relevo::store::jobs::{self, NewJob};
use serde_json::json;

use super::{misused, refused, rows, text};
use crate::support::{Backend, Relevo, for_each_database};

const NOW: i64 = 1_780_000_000_000;

/// Two dead jobs and one that waits; gives the ids of the dead ones.
async fn given(backend: &Backend) -> [i64; 2] {
    let job = |lane: &str| NewJob {
        kind: "fetch".to_owned(),
        lane: lane.to_owned(),
        topic: "files:1".to_owned(),
        company_id: Some(1),
        payload: json!({"attachment": lane, "channel": 1}).to_string(),
        due_at: NOW,
        created_at: NOW,
    };
    let mut tx = backend.db.write().await.expect("a transaction");
    jobs::insert(&mut tx, &["a", "b", "c"].map(job)).await.expect("added");
    let mut ids: Vec<i64> = jobs::list(&mut tx, "ready", 10).await.expect("listed").iter().map(|job| job.id).collect();
    ids.sort_unstable();
    for id in &ids[..2] {
        jobs::mark(&mut tx, *id, true, None, NOW).await.expect("marked");
        jobs::bury(&mut tx, *id, "content (404): ya no está", NOW).await.expect("buried");
    }
    tx.commit().await.expect("committed");
    [ids[0], ids[1]]
}

for_each_database! {
    p10_dead_jobs_are_listed_shown_and_tried_again: |backend| {
        let relevo = Relevo::on(backend);
        assert_eq!(relevo.json(&["job", "list"]).await, json!({"jobs": [], "counts": []}));
        assert_eq!(text(&relevo, &["job", "list"]).await, "none\n\nno jobs\n");
        let [first, second] = given(backend).await;
        let id = first.to_string();

        let listed = relevo.json(&["job", "list"]).await;
        assert_eq!((&listed["jobs"][0]["id"], &listed["jobs"][1]["id"]), (&json!(second), &json!(first)));
        let counts = json!([{"kind": "fetch", "state": "dead", "count": 2}, {"kind": "fetch", "state": "ready", "count": 1}]);
        assert_eq!(listed["counts"], counts);
        assert_eq!(relevo.json(&["job", "list", "--state", "ready"]).await["jobs"].as_array().map(Vec::len), Some(1));
        let table = text(&relevo, &["job", "list", "--limit", "1"]).await;
        assert_eq!(rows(&table)[0][2..6], ["fetch", "files:1", "dead", "1"]);
        assert!(table.contains("ya no está") && table.contains("fetch dead 2, fetch ready 1"), "{table}");

        let shown = relevo.json(&["job", "show", &id]).await;
        assert_eq!(shown["payload"], json!({"attachment": "a", "channel": 1}));
        assert_eq!(shown["tries"], json!([{"attempt": 1, "at": NOW, "error": "content (404): ya no está"}]));
        assert!(text(&relevo, &["job", "show", &id]).await.contains("\"attachment\""));

        assert_eq!(relevo.json(&["job", "requeue", &id]).await, json!([{"id": first, "requeued": true}]));
        let again = relevo.run(&["job", "requeue", &id]).await;
        assert_eq!(again.code(), Some(1), "{again}");
        assert!(again.out.contains("there is no such dead job"), "{again}");
        assert_eq!(text(&relevo, &["job", "requeue", "--all"]).await, format!("{second}: requeued\n"));
        assert_eq!(relevo.json(&["job", "list"]).await["jobs"], json!([]));
        refused(&relevo, &["job", "show", "999"], 1, &["there is no job 999", "relevo job list"]).await;
        misused(&relevo, &["job", "requeue"], &["--all"]).await;
        misused(&relevo, &["job", "list", "--state", "lost"], &["dead, ready, discarded"]).await;
    }

    p10_a_dead_job_is_given_up_for_good: |backend| {
        let relevo = Relevo::on(backend);
        let id = given(backend).await[0].to_string();
        assert_eq!(text(&relevo, &["job", "discard", &id]).await, format!("{id}: discarded\n"));
        assert_eq!(relevo.json(&["job", "show", &id]).await["state"], "discarded");
        refused(&relevo, &["job", "discard", &id], 1, &["there is no dead job"]).await;
    }
}

//! What keeps the house itself: facts, the record of calls, dedup markers, leases, queue items, dead letters, and the
//! transactions that all of it stands on.

use std::collections::HashSet;

use relevo::store::{
    audit::{self, AuditEntry},
    companies,
    dead_letters::{self, DeadLetter},
    dedup::{self, Marker},
    leases, meta, notices,
    queue_items::{self, Delayed, NewItem},
};

use super::{NASTY, NOW, commit, read, write};
use crate::support::for_each_database;

fn letter(id: &str) -> DeadLetter {
    DeadLetter {
        id: id.to_owned(),
        kind: dead_letters::PAYLOAD.to_owned(),
        channel_id: None,
        route: String::new(),
        content_type: Some("message/rfc822".to_owned()),
        body: vec![0, 0xff, b'\n', b'"'],
        reason: NASTY.to_owned(),
        attempt: 1,
        state: "dead".to_owned(),
        created_at: NOW,
        settled_at: None,
    }
}

for_each_database! {
    a_fact_is_set_once_and_the_database_answers: |backend| {
        let mut tx = write(&backend.db).await;
        meta::ping(&mut tx).await.expect("it answers");
        assert_eq!(meta::get_or_set(&mut tx, "installation", NASTY).await.expect("set"), NASTY);
        assert_eq!(meta::get_or_set(&mut tx, "installation", "other").await.expect("asked"), NASTY);
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        meta::ping(&mut tx).await.expect("it answers");
    }

    migrations_run_again_and_change_nothing: |backend| {
        let mut tx = write(&backend.db).await;
        companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        commit(tx).await;
        let other = backend.open().await;
        let (first, second) = tokio::join!(backend.db.migrate(), other.migrate());
        first.expect("nothing to do");
        second.expect("nothing to do");
        let mut tx = read(&other).await;
        assert_eq!(companies::all(&mut tx).await.expect("asked").len(), 1);
    }

    a_transaction_that_is_dropped_never_happened: |backend| {
        let mut tx = write(&backend.db).await;
        companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        drop(tx);
        let mut tx = write(&backend.db).await;
        assert_eq!(companies::all(&mut tx).await.expect("asked"), []);
    }

    p10_a_call_is_recorded_and_found_by_its_number: |backend| {
        let entry = |id: i64, path: &str| AuditEntry {
            id,
            company_id: None,
            client_id: Some(3),
            user_id: Some(9),
            method: "GET".to_owned(),
            path: path.to_owned(),
            status: 200,
            at: NOW,
            duration_ms: 12,
        };
        let mut tx = write(&backend.db).await;
        let last = (1 << 53) - 1;
        audit::insert(&mut tx, &[entry(1, "/a"), entry(last, NASTY)]).await.expect("added");
        audit::insert(&mut tx, &[entry(1, "/b"), entry(2, "/c")]).await.expect("added");
        assert_eq!(audit::find(&mut tx, 1).await.expect("asked"), Some(entry(1, "/a")));
        assert_eq!(audit::find(&mut tx, 2).await.expect("asked"), Some(entry(2, "/c")));
        assert_eq!(audit::find(&mut tx, last).await.expect("asked"), Some(entry(last, NASTY)));
        assert_eq!(audit::find(&mut tx, 3).await.expect("asked"), None);
    }

    p2_a_marker_is_claimed_once: |backend| {
        let marker = |c, k| Marker { c, k };
        let mut tx = write(&backend.db).await;
        // A batch may hold the same event twice.
        let first = [marker(1, "a"), marker(1, NASTY), marker(2, "a"), marker(1, "a")];
        let claimed = dedup::claim(&mut tx, &first, NOW).await.expect("claimed");
        let owned = |markers: &[Marker<'_>]| -> HashSet<(i64, String)> {
            markers.iter().map(|marker| (marker.c, marker.k.to_owned())).collect()
        };
        assert_eq!(claimed, owned(&first));
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        let claimed = dedup::claim(&mut tx, &[marker(1, "a"), marker(1, "b")], NOW).await.expect("claimed");
        assert_eq!(claimed, owned(&[marker(1, "b")]));
        drop(tx);
        let mut tx = write(&backend.db).await;
        let again = dedup::claim(&mut tx, &[marker(1, "b")], NOW).await.expect("claimed");
        assert_eq!(again.len(), 1, "a claim whose transaction never happened is none");
    }

    p2_of_two_transactions_that_claim_a_marker_one_gets_it: |backend| {
        let claimers: Vec<_> = (0..8)
            .map(|_| {
                let db = backend.db.clone();
                tokio::spawn(async move {
                    let mut tx = write(&db).await;
                    let claimed = dedup::claim(&mut tx, &[Marker { c: 1, k: "a" }], NOW).await.expect("claimed");
                    commit(tx).await;
                    claimed.len()
                })
            })
            .collect();
        let mut sum = 0;
        for claimer in claimers {
            sum += claimer.await.expect("it ran");
        }
        assert_eq!(sum, 1);
    }

    markers_are_forgotten_by_age_a_few_at_a_time: |backend| {
        let mut tx = write(&backend.db).await;
        for (at, keys) in [(NOW - 2, ["a", "b"]), (NOW - 1, ["c", "d"]), (NOW, ["e", "f"])] {
            let markers = keys.map(|k| Marker { c: 1, k });
            dedup::claim(&mut tx, &markers, at).await.expect("claimed");
        }
        assert_eq!(dedup::prune(&mut tx, NOW, 3).await.expect("pruned"), 3);
        assert_eq!(dedup::prune(&mut tx, NOW, 3).await.expect("pruned"), 1);
        assert_eq!(dedup::prune(&mut tx, NOW, 3).await.expect("pruned"), 0);
        let left = ["e", "f"].map(|k| Marker { c: 1, k });
        assert!(dedup::claim(&mut tx, &left, NOW).await.expect("claimed").is_empty());
    }

    who_was_told_something_is_not_told_again_until_that_is_forgotten: |backend| {
        let mut tx = write(&backend.db).await;
        assert!(notices::claim(&mut tx, 1, NASTY, NOW, NOW - 10).await.expect("claimed"));
        assert!(!notices::claim(&mut tx, 1, NASTY, NOW + 5, NOW - 5).await.expect("asked"), "just now");
        for (channel, who) in [(2, NASTY), (1, "other")] {
            assert!(notices::claim(&mut tx, channel, who, NOW + 5, NOW - 5).await.expect("claimed"), "somebody else");
        }
        assert!(notices::claim(&mut tx, 1, NASTY, NOW + 10, NOW).await.expect("claimed"), "long ago");
        notices::forget(&mut tx, 2, NASTY).await.expect("forgotten");
        assert!(notices::claim(&mut tx, 2, NASTY, NOW + 10, NOW).await.expect("claimed"), "nothing was said");
        meta::prune_records(&mut tx, NOW + 10).await.expect("pruned");
        assert!(!notices::claim(&mut tx, 1, NASTY, NOW + 11, NOW + 1).await.expect("asked"), "not old enough");
        meta::prune_records(&mut tx, NOW + 11).await.expect("pruned");
        assert!(notices::claim(&mut tx, 1, NASTY, NOW + 11, NOW + 1).await.expect("claimed"), "forgotten");
        commit(tx).await;
    }

    a_lease_is_one_owner_s_until_it_ends: |backend| {
        let mut tx = write(&backend.db).await;
        assert!(leases::take(&mut tx, "poller:1", "a", 100, 200).await.expect("asked"));
        assert!(leases::take(&mut tx, "poller:1", "a", 150, 250).await.expect("asked"), "its owner renews it");
        assert!(!leases::take(&mut tx, "poller:1", "b", 249, 400).await.expect("asked"));
        assert!(leases::take(&mut tx, "poller:1", "b", 250, 400).await.expect("asked"), "it has ended");
        assert!(!leases::take(&mut tx, "poller:1", "a", 300, 500).await.expect("asked"));
        leases::release(&mut tx, "poller:1", "a").await.expect("nothing to release");
        assert!(!leases::take(&mut tx, "poller:1", "a", 300, 500).await.expect("asked"));
        leases::release(&mut tx, "poller:1", "b").await.expect("released");
        assert!(leases::take(&mut tx, "poller:1", "a", 300, 500).await.expect("asked"));
    }

    leases_are_renewed_together_and_listed_while_they_live: |backend| {
        let mut tx = write(&backend.db).await;
        for (name, owner) in [("partition:1", "a"), ("partition:2", "b"), ("worker:a", "a")] {
            assert!(leases::take(&mut tx, name, owner, 100, 200).await.expect("asked"));
        }
        // The names that are held, as far as they are the owner's.
        let held = ["partition:1", "partition:2", "worker:a"].map(str::to_owned);
        leases::renew(&mut tx, "a", &held, 300).await.expect("renewed");
        let pair = |name: &str, owner: &str| (name.to_owned(), owner.to_owned());
        let live = leases::live(&mut tx, "partition:", 199).await.expect("asked");
        assert_eq!(live, [pair("partition:1", "a"), pair("partition:2", "b")]);
        assert_eq!(leases::live(&mut tx, "partition:", 200).await.expect("asked"), [pair("partition:1", "a")]);
        assert_eq!(leases::live(&mut tx, "worker:", 299).await.expect("asked"), [pair("worker:a", "a")]);
        assert_eq!(leases::live(&mut tx, "", 300).await.expect("asked"), []);
    }

    of_many_that_want_a_lease_one_gets_it: |backend| {
        let takers: Vec<_> = (0..8)
            .map(|n| {
                let db = backend.db.clone();
                tokio::spawn(async move {
                    let mut tx = write(&db).await;
                    let taken = leases::take(&mut tx, "one", &format!("o{n}"), 100, 200).await.expect("asked");
                    commit(tx).await;
                    usize::from(taken)
                })
            })
            .collect();
        let mut sum = 0;
        for taker in takers {
            sum += taker.await.expect("it ran");
        }
        assert_eq!(sum, 1);
    }

    p4_queue_items_come_in_the_order_of_their_list: |backend| {
        let bodies: Vec<String> = (0..25).map(|n| format!("{n}{NASTY}")).collect();
        let items: Vec<NewItem<'_>> =
            bodies.iter().enumerate().map(|(n, b)| NewItem { p: i64::from(n % 5 == 0), r: NASTY, b, a: 2 }).collect();
        let mut tx = write(&backend.db).await;
        queue_items::insert(&mut tx, &items, NOW).await.expect("added");
        assert_eq!(queue_items::count(&mut tx).await.expect("asked"), 25);
        let head = queue_items::head(&mut tx, 0, 3).await.expect("asked");
        let seen: Vec<&str> = head.iter().map(|item| item.body.as_str()).collect();
        assert_eq!(seen, [&bodies[1], &bodies[2], &bodies[3]]);
        assert!(head.iter().all(|item| item.route == NASTY && item.attempt == 2));
        queue_items::delete(&mut tx, &[head[0].id, head[2].id]).await.expect("removed");
        queue_items::delete(&mut tx, &[]).await.expect("nothing to remove");
        let head = queue_items::head(&mut tx, 0, 2).await.expect("asked");
        assert_eq!(head.iter().map(|item| item.body.as_str()).collect::<Vec<_>>(), [&bodies[2], &bodies[4]]);
        assert_eq!(queue_items::count(&mut tx).await.expect("asked"), 23);
    }

    delayed_items_come_due_the_longest_first: |backend| {
        let delayed = |id: &str, due_at| Delayed {
            id: id.to_owned(),
            due_at,
            route: "r".to_owned(),
            body: NASTY.to_owned(),
            attempt: 4,
            reason: NASTY.to_owned(),
        };
        let mut tx = write(&backend.db).await;
        for item in [delayed("a", NOW + 2), delayed("b", NOW), delayed("c", NOW), delayed("a", 0)] {
            queue_items::delay(&mut tx, &item).await.expect("kept");
        }
        assert_eq!(queue_items::count_delayed(&mut tx).await.expect("asked"), 3);
        assert_eq!(queue_items::due(&mut tx, NOW - 1, 10).await.expect("asked"), []);
        let due = queue_items::due(&mut tx, NOW + 2, 10).await.expect("asked");
        assert_eq!(due, [delayed("b", NOW), delayed("c", NOW), delayed("a", NOW + 2)]);
        assert_eq!(queue_items::due(&mut tx, NOW + 2, 1).await.expect("asked"), [delayed("b", NOW)]);
        queue_items::delete_delayed(&mut tx, &["b", "a", "nothing"]).await.expect("removed");
        assert_eq!(queue_items::due(&mut tx, NOW + 2, 10).await.expect("asked"), [delayed("c", NOW)]);
    }

    p7_dead_letters_keep_their_bytes_and_are_settled_once: |backend| {
        let mut tx = write(&backend.db).await;
        let event = DeadLetter { kind: dead_letters::EVENT.to_owned(), channel_id: Some(7), ..letter("2") };
        for row in [letter("1"), event.clone(), letter("3"), DeadLetter { reason: "again".to_owned(), ..letter("1") }] {
            dead_letters::insert(&mut tx, &row).await.expect("kept");
        }
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        assert_eq!(dead_letters::find(&mut tx, "1").await.expect("asked"), Some(letter("1")));
        assert_eq!(dead_letters::list(&mut tx, 2).await.expect("asked"), [letter("3"), event]);
        assert!(dead_letters::settle(&mut tx, "3", "requeued", NOW + 1).await.expect("settled"));
        assert!(!dead_letters::settle(&mut tx, "3", "discarded", NOW + 2).await.expect("asked"));
        assert!(!dead_letters::settle(&mut tx, "9", "discarded", NOW + 2).await.expect("asked"));
        assert_eq!(dead_letters::count(&mut tx).await.expect("asked"), 2);
        let settled = dead_letters::find(&mut tx, "3").await.expect("asked").expect("found");
        assert_eq!((settled.state.as_str(), settled.settled_at), ("requeued", Some(NOW + 1)));
        assert_eq!(dead_letters::list(&mut tx, 10).await.expect("asked").len(), 2);
    }
}

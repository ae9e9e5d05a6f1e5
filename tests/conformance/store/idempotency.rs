//! Calls under an `Idempotency-Key`.

use relevo::store::idempotency::{free, keep, prune, take};

use super::{NASTY, NOW, commit, write};
use crate::support::for_each_database;

const DAY: i64 = 86_400_000;

for_each_database! {
    p6_a_key_is_one_call_s_until_it_is_freed_abandoned_or_forgotten: |backend| {
        let mut tx = write(&backend.db).await;
        // At this moment, with answers kept for a day and calls abandoned after a minute.
        let at = |now: i64| (now, now - DAY, now - 60_000);
        assert_eq!(take(&mut tx, 1, NASTY, "a", at(NOW)).await.expect("asked"), None);
        let kept = take(&mut tx, 1, NASTY, "b", at(NOW + 60_000)).await.expect("asked").expect("it is taken");
        assert_eq!((kept.fingerprint.as_str(), kept.status, kept.answer, kept.at), ("a", None, None, NOW));
        assert_eq!(take(&mut tx, 2, NASTY, "a", at(NOW)).await.expect("asked"), None, "another client's key is another");
        // Abandoned: whoever comes takes it, and the one before keeps nothing any more.
        assert_eq!(take(&mut tx, 1, NASTY, "b", at(NOW + 60_001)).await.expect("asked"), None);
        assert!(!keep(&mut tx, 1, NASTY, NOW, 200, "{}").await.expect("asked"));
        free(&mut tx, 1, NASTY, NOW).await.expect("nothing to free");
        assert!(keep(&mut tx, 1, NASTY, NOW + 60_001, 201, NASTY).await.expect("kept"));
        assert!(!keep(&mut tx, 1, NASTY, NOW + 60_001, 200, "{}").await.expect("asked"), "an answer stands");
        free(&mut tx, 1, NASTY, NOW + 60_001).await.expect("nothing to free");
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        let kept = take(&mut tx, 1, NASTY, "b", at(NOW + DAY)).await.expect("asked").expect("it is kept");
        assert_eq!((kept.status, kept.answer.as_deref()), (Some(201), Some(NASTY)));
        assert_eq!(take(&mut tx, 1, NASTY, "c", at(NOW + DAY + 60_002)).await.expect("asked"), None);
        free(&mut tx, 1, NASTY, NOW + DAY + 60_002).await.expect("freed");
        assert_eq!(take(&mut tx, 1, NASTY, "d", at(NOW + DAY + 60_003)).await.expect("asked"), None);
    }

    old_calls_are_forgotten: |backend| {
        let mut tx = write(&backend.db).await;
        for (client, now) in [(1, NOW - 1), (2, NOW)] {
            take(&mut tx, client, "k", "a", (now, 0, 0)).await.expect("taken");
        }
        prune(&mut tx, NOW).await.expect("pruned");
        assert_eq!(take(&mut tx, 1, "k", "a", (NOW, 0, 0)).await.expect("asked"), None);
        assert!(take(&mut tx, 2, "k", "a", (NOW, 0, 0)).await.expect("asked").is_some());
    }

    p6_of_many_at_once_one_takes_the_key: |backend| {
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let db = backend.db.clone();
                tokio::spawn(async move {
                    let mut tx = write(&db).await;
                    let before = take(&mut tx, 1, "k", "a", (NOW, 0, 0)).await.expect("asked");
                    commit(tx).await;
                    usize::from(before.is_none())
                })
            })
            .collect();
        let mut sum = 0;
        for taker in takers {
            sum += taker.await.expect("it ran");
        }
        assert_eq!(sum, 1);
    }
}

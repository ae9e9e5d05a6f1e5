//! Durable jobs: order within a lane, leases, another try, dead jobs, on both databases.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use relevo::{
    clock::Clock,
    jobs::{Bell, Claim, Handler, JobError, NewJob, Runner, Settings},
    store::{Db, jobs},
};
use tokio_util::sync::CancellationToken;

use crate::support::{for_each_database, until};

const SETTINGS: Settings = Settings { slots: 8, lease: Duration::from_millis(600), poll: Duration::from_millis(20) };

fn job(clock: &Clock, lane: &str, payload: &str) -> NewJob {
    NewJob {
        kind: "test".to_owned(),
        lane: lane.to_owned(),
        topic: format!("topic of {}", &lane[..1]),
        company_id: Some(1),
        payload: payload.to_owned(),
        due_at: clock.now(),
        created_at: clock.now(),
    }
}

async fn add(db: &Db, new: &[NewJob]) {
    let mut tx = db.write().await.expect("a transaction");
    jobs::insert(&mut tx, new).await.expect("added");
    tx.commit().await.expect("committed");
}

async fn count(db: &Db) -> i64 {
    let counts = jobs::counts(&mut db.read().await.expect("a transaction")).await.expect("counted");
    counts.iter().filter(|(_, state, _)| state == "ready").map(|(_, _, count)| count).sum()
}

/// What a handler is told to do with a payload: `fail:N` fails until its Nth try, `die` is dead at once, `panic`
/// panics, anything else is done.
struct Scripted {
    db: Db,
    clock: Clock,
    done: Mutex<Vec<String>>,
    in_hand: AtomicUsize,
    most: AtomicUsize,
}

impl Scripted {
    fn new(db: &Db, clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            db: db.clone(),
            clock: clock.clone(),
            done: Mutex::default(),
            in_hand: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().expect("nobody panics with it").clone()
    }
}

impl Handler for Scripted {
    async fn run(&self, mut claim: Claim) -> Result<(), JobError> {
        let now = self.in_hand.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let payload = claim.job().payload.clone();
        tokio::task::yield_now().await;
        self.in_hand.fetch_sub(1, Ordering::SeqCst);
        assert!(payload != "panic", "as the test wants it");
        let mut tx = self.db.write().await?;
        let at = self.clock.now();
        claim.start(&mut tx, "begun", at).await?;
        let attempt = claim.job().attempt;
        match payload.split_once(':') {
            Some(("fail", tries)) if attempt < tries.parse().expect("a number") => {
                claim.retry(&mut tx, at, None, "not yet", at).await?;
            }
            _ if payload == "die" => claim.dead(&mut tx, "never", at).await?,
            _ => {
                claim.done(&mut tx, at).await?;
                self.done.lock().expect("nobody panics with it").push(payload);
            }
        }
        Ok(tx.commit().await?)
    }
}

struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(db: &Db, clock: &Clock, bell: &Bell, handler: &Arc<Scripted>) -> Running {
    let runner = Runner {
        db: db.clone(),
        clock: clock.clone(),
        bell: bell.clone(),
        kind: "test",
        settings: SETTINGS,
        handler: handler.clone(),
    };
    let stop = CancellationToken::new();
    Running { task: tokio::spawn(runner.run(stop.clone())), stop }
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("it ends");
    }
}

for_each_database! {
    p4_a_lane_is_done_in_order_and_its_failing_head_holds_up_nobody_else: |backend| {
        let (db, clock, bell) = (&backend.db, &backend.clock, Bell::default());
        let handler = Scripted::new(db, clock);
        let first: Vec<NewJob> = ["a1", "fail:4", "a3"].iter().map(|payload| job(clock, "a", payload)).collect();
        add(db, &first).await;
        let others: Vec<NewJob> = (0..20).map(|n| job(clock, &format!("b{n}"), &format!("b{n}"))).collect();
        add(db, &others).await;
        let running = start(db, clock, &bell, &handler);
        until("all are done", async || count(db).await == 0).await;
        running.stop().await;
        let done = handler.done();
        let of_a: Vec<&String> = done.iter().filter(|payload| !payload.starts_with('b')).collect();
        assert_eq!(of_a, ["a1", "fail:4", "a3"]);
        assert_eq!(done.len(), 23);
        assert!(handler.most.load(Ordering::SeqCst) <= SETTINGS.slots);
        let lanes = jobs::next_due(&mut db.read().await.unwrap(), "test", clock.now()).await.unwrap();
        assert_eq!(lanes, None, "empty lanes are gone");
    }

    p1_two_runners_share_the_work_and_do_each_job_once: |backend| {
        let (clock, bell) = (&backend.clock, Bell::default());
        let (one, two) = (backend.db.clone(), backend.open().await);
        let handlers = [Scripted::new(&one, clock), Scripted::new(&two, clock)];
        let running = [start(&one, clock, &bell, &handlers[0]), start(&two, clock, &bell, &handlers[1])];
        for chunk in 0..10 {
            let new: Vec<NewJob> =
                (0..20).map(|n| job(clock, &format!("{}", (chunk + n) % 7), &format!("{chunk}.{n}"))).collect();
            add(&one, &new).await;
            bell.ring();
        }
        until("all are done", async || count(&one).await == 0).await;
        for running in running {
            running.stop().await;
        }
        let mut done = [handlers[0].done(), handlers[1].done()].concat();
        done.sort();
        done.dedup();
        assert_eq!(done.len(), 200, "each once");
    }

    p1_the_job_of_a_process_that_died_comes_again_with_the_phase_it_had_reached: |backend| {
        let (db, clock) = (&backend.db, &backend.clock);
        add(db, &[job(clock, "a", "a1"), job(clock, "a", "a2")]).await;
        let mut tx = db.write().await.unwrap();
        let claimed = jobs::claim(&mut tx, "test", "the dead one", clock.now(), clock.now() + 600, 5).await.unwrap();
        assert_eq!(claimed.len(), 1, "a lane's head alone");
        jobs::mark(&mut tx, claimed[0].job.id, true, Some("begun"), clock.now()).await.unwrap();
        tx.commit().await.unwrap();

        let claim = async |now| {
            let mut tx = db.write().await.unwrap();
            let claimed = jobs::claim(&mut tx, "test", "another", now, now + 600, 5).await.unwrap();
            tx.commit().await.unwrap();
            claimed
        };
        assert!(claim(clock.now() + 599).await.is_empty(), "its lease holds");
        let again = claim(clock.now() + 600).await;
        let (id, phase, attempt) = (again[0].job.id, again[0].job.phase.as_deref(), again[0].job.attempt);
        assert_eq!((id, phase, attempt), (claimed[0].job.id, Some("begun"), 1));
        let mut tx = db.write().await.unwrap();
        assert!(!jobs::lock(&mut tx, "a", "the dead one").await.unwrap(), "who comes late settles nothing");
        assert!(jobs::lock(&mut tx, "a", "another").await.unwrap());
        assert!(!jobs::renew(&mut tx, "a", "the dead one", clock.now() + 9_000).await.unwrap());
    }

    p10_a_dead_job_is_kept_with_its_history_until_somebody_decides: |backend| {
        let (db, clock, bell) = (&backend.db, &backend.clock, Bell::default());
        let handler = Scripted::new(db, clock);
        add(db, &[job(clock, "a", "die"), job(clock, "a", "a2"), job(clock, "c", "die")]).await;
        let running = start(db, clock, &bell, &handler);
        until("its follower goes on", async || handler.done() == ["a2"] && count(db).await == 0).await;
        running.stop().await;
        let dead = jobs::list(&mut db.read().await.unwrap(), "dead", 10).await.unwrap();
        assert_eq!(dead.len(), 2);
        let tries = jobs::tries(&mut db.read().await.unwrap(), dead[0].id).await.unwrap();
        assert_eq!(tries.iter().map(|one| (one.attempt, one.error.as_str())).collect::<Vec<_>>(), [(1, "never")]);

        let mut tx = db.write().await.unwrap();
        assert!(jobs::discard(&mut tx, dead[0].id, clock.now()).await.unwrap());
        assert!(!jobs::requeue(&mut tx, dead[0].id, clock.now()).await.unwrap(), "discarded for good");
        assert!(jobs::requeue(&mut tx, dead[1].id, clock.now()).await.unwrap());
        assert!(!jobs::discard(&mut tx, dead[1].id, clock.now()).await.unwrap(), "it is not dead now");
        tx.commit().await.unwrap();
        let running = start(db, clock, &bell, &handler);
        until("it was tried again", async || {
            jobs::find(&mut db.read().await.unwrap(), dead[1].id).await.unwrap().is_some_and(|job| job.attempt == 2 && job.state == "dead")
        }).await;
        running.stop().await;
    }

    p7_a_handler_that_panics_hurts_its_own_job_only: |backend| {
        let (db, clock, bell) = (&backend.db, &backend.clock, Bell::default());
        let handler = Scripted::new(db, clock);
        add(db, &[job(clock, "a", "panic"), job(clock, "b", "b1")]).await;
        let running = start(db, clock, &bell, &handler);
        until("the other is done", async || handler.done() == ["b1"]).await;
        for _ in 0..5 {
            until("it waits again", async || {
                let dead = jobs::list(&mut db.read().await.unwrap(), "dead", 10).await.unwrap();
                !dead.is_empty() || jobs::next_due(&mut db.read().await.unwrap(), "test", clock.now()).await.unwrap().is_some_and(|due| due > clock.now())
            }).await;
            clock.advance(700_000);
            bell.ring();
        }
        until("it is dead", async || count(db).await == 0).await;
        running.stop().await;
        let dead = jobs::list(&mut db.read().await.unwrap(), "dead", 10).await.unwrap();
        assert_eq!(dead[0].last_error.as_deref(), Some("our own code failed on it"));
    }

    a_topic_is_held_and_woken_as_a_whole: |backend| {
        let (db, clock) = (&backend.db, &backend.clock);
        add(db, &[job(clock, "a1", "x"), job(clock, "a2", "x"), job(clock, "b1", "x")]).await;
        let now = clock.now();
        let mut tx = db.write().await.unwrap();
        jobs::hold(&mut tx, "topic of a", now + 5_000).await.unwrap();
        let lanes = async |tx: &mut relevo::store::Tx, at| {
            let claimed = jobs::claim(tx, "test", "o", at, at, 9).await.unwrap();
            claimed.into_iter().map(|claimed| claimed.job.lane).collect::<Vec<_>>()
        };
        assert_eq!(lanes(&mut tx, now).await, ["b1"]);
        assert_eq!(jobs::waiting(&mut tx, "topic of a").await.unwrap(), 2);
        assert_eq!(jobs::wake(&mut tx, "topic of a", now).await.unwrap(), 2);
        let mut woken = lanes(&mut tx, now).await;
        woken.sort();
        assert_eq!(woken, ["a1", "a2", "b1"]);
    }

    a_lanes_pace_outlives_its_emptiness: |backend| {
        let (db, clock) = (&backend.db, &backend.clock);
        add(db, &[job(clock, "a", "x")]).await;
        let now = clock.now();
        let mut tx = db.write().await.unwrap();
        let claimed = jobs::claim(&mut tx, "test", "o", now, now + 600, 9).await.unwrap();
        jobs::delete(&mut tx, claimed[0].job.id).await.unwrap();
        jobs::release(&mut tx, "a", now + 1_000, now + 1_000, now).await.unwrap();
        jobs::prune(&mut tx, now + 999, 0).await.unwrap();
        tx.commit().await.unwrap();
        add(db, &[job(clock, "a", "y")]).await;
        let mut tx = db.write().await.unwrap();
        let next = jobs::claim(&mut tx, "test", "o", now, now + 600, 9).await.unwrap();
        assert_eq!((next.len(), next[0].tat), (1, now + 1_000), "whoever claims it sees that it is early");
    }
}

//! Events on their way to bots and other systems, told against receivers that check every signature.

pub(crate) mod receiver;

use std::time::Duration;

use relevo::{
    config::Config,
    desk::{
        events::tell,
        subscriptions::{self, BOT, RELAY, Wanted},
    },
    directory::Directory,
    dispatch::Dispatcher,
    domain::{Event, EventKind, Target, relay_lane, relay_topic},
    jobs::Bell,
    media::Blobs,
    secrets::MasterKey,
    store::{
        Tx, companies, events, jobs,
        subscriptions::{self as rows, Subscription},
        tickets::{self, Ticket},
    },
};
use relevo_adapters::Millis;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::receiver::Receiver;
use crate::support::{Backend, for_each_database, until};

const HOUR: Millis = 3_600_000;

/// A dispatcher by a clock that the test moves, and a company.
struct Stage<'a> {
    backend: &'a Backend,
    key: MasterKey,
    company: i64,
    bell: Bell,
    stop: CancellationToken,
    dispatcher: JoinHandle<()>,
}

impl<'a> Stage<'a> {
    async fn new(backend: &'a Backend) -> Self {
        Self::with(backend, true).await
    }

    async fn with(backend: &'a Backend, allow_private: bool) -> Self {
        let mut config = Config::defaults();
        config.data_dir = backend.folder().to_owned();
        config.relay.allow_private_addresses = allow_private;
        config.relay.timeout = Duration::from_secs(3);
        config.dispatch.poll = Duration::from_millis(20);
        // The clock jumps: no claim is to end by that.
        config.dispatch.lease = Duration::from_secs(30 * 86_400);
        let key = MasterKey::from_base64(&"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".into()).expect("a key");
        let (bell, stop, db) = (Bell::default(), CancellationToken::new(), backend.open().await);
        let dispatcher = Dispatcher {
            directory: Directory::new(db.clone(), key.clone(), &config),
            db,
            clock: backend.clock.clone(),
            bell: bell.clone(),
            blobs: Blobs::of(&config).expect("a place for files"),
            allow_private_addresses: true,
            settings: config.dispatch.clone(),
            key: key.clone(),
            relay: config.relay.clone(),
        };
        let dispatcher = tokio::spawn(dispatcher.run(stop.clone()));
        let mut tx = backend.db.write().await.expect("a transaction");
        let company = companies::insert(&mut tx, "Uno", 1).await.expect("added");
        tx.commit().await.expect("committed");
        Self { backend, key, company, bell, stop, dispatcher }
    }

    async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> T) -> T {
        let mut tx = self.backend.db.write().await.expect("a transaction");
        let done = work(&mut tx).await;
        tx.commit().await.expect("committed");
        self.bell.ring();
        done
    }

    async fn read<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> T) -> T {
        work(&mut self.backend.db.read().await.expect("a transaction")).await
    }

    /// A receiver that is subscribed, and the subscription's id.
    async fn subscribe(&self, kind: &str, receiver: &Receiver) -> i64 {
        self.subscribe_at(kind, &receiver.url(), receiver).await
    }

    async fn subscribe_at(&self, kind: &str, url: &str, receiver: &Receiver) -> i64 {
        let target = Target::new(url, true).expect("a URL");
        let wanted = Wanted { name: Some("CRM".into()), url: Some(target), ..Wanted::default() };
        let clock = &self.backend.clock;
        let add = async |tx: &mut Tx| subscriptions::add(tx, clock, &self.key, self.company, kind, wanted).await;
        let added = self.write(add).await.expect("added");
        receiver.knows(added.secret);
        added.subscription.id
    }

    async fn row(&self, id: i64) -> Subscription {
        self.read(async |tx| rows::by_id(tx, id).await).await.expect("asked").expect("found")
    }

    /// Tells numbered events, each in a transaction of its own.
    async fn tell(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.tell_of(EventKind::PresenceChanged, None, json!({"n": number})).await;
        }
    }

    async fn tell_of(&self, kind: EventKind, ticket: Option<&str>, data: Value) {
        let event =
            Event { company: self.company, kind, ticket: ticket.map(str::to_owned), group: None, agent: None, data };
        let now = self.backend.clock.now();
        self.write(async |tx| tell(tx, now, &[event]).await).await.expect("told");
    }

    /// Lets so much time pass.
    fn later(&self, by: Millis) {
        self.backend.clock.advance(by);
        self.bell.ring();
    }

    async fn dead(&self) -> Vec<jobs::Job> {
        self.read(async |tx| jobs::list(tx, "dead", 100).await).await.expect("asked")
    }

    async fn ready(&self) -> usize {
        self.read(async |tx| jobs::list(tx, "ready", 1_000).await).await.expect("asked").len()
    }

    /// Waits until the subscription has failed so often.
    async fn failed(&self, id: i64, times: i64) {
        until("it has failed", async || self.row(id).await.failures >= times).await;
    }

    /// Waits until a relay was tried so often, and waits for its next try. Probes count as failures, too.
    async fn tried(&self, times: i64) {
        until("it was tried", async || {
            let now = self.backend.clock.now();
            let jobs = self.read(async |tx| jobs::list(tx, "ready", 1_000).await).await.expect("asked");
            jobs.iter().any(|job| job.attempt == times && job.due_at > now)
        })
        .await;
    }

    async fn give_ticket(&self, ticket: &str, bot: Option<i64>) {
        let row = Ticket {
            id: ticket.to_owned(),
            company_id: self.company,
            number: ticket.bytes().map(i64::from).sum(),
            channel_id: 7,
            kind: "telegram".into(),
            conversation_id: format!("c-{ticket}"),
            state: "open".into(),
            bot_id: bot,
            bot_until: bot.map(|_| Millis::MAX),
            ..Ticket::default()
        };
        self.write(async |tx| tickets::save(tx, &[&row]).await).await.expect("saved");
    }

    async fn end(self) {
        self.stop.cancel();
        self.dispatcher.await.expect("it ended");
    }
}

fn numbers(receiver: &Receiver) -> Vec<u64> {
    receiver.taken().iter().filter_map(|taken| taken.body["data"]["n"].as_u64()).collect()
}

for_each_database! {
    an_event_arrives_signed_and_in_order_p9: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        stage.tell(0..20).await;
        until("all have arrived", async || receiver.taken().len() == 20).await;
        assert_eq!(numbers(&receiver), (0..20).collect::<Vec<_>>());
        let taken = receiver.taken().remove(0);
        assert_eq!(taken.body["type"], "presence.changed");
        assert_eq!(taken.body["timestamp"], "2026-05-28T20:26:40Z");
        assert_eq!(taken.body.as_object().map(serde_json::Map::len), Some(3), "{}", taken.body);
        assert!(taken.id.starts_with("evt_"), "{}", taken.id);
        until("no job is left", async || stage.ready().await == 0).await;
        assert_eq!(stage.row(id).await.last_success_at, Some(backend.clock.now()));
        stage.end().await;
    }

    p2_what_is_not_taken_is_sent_again_under_the_same_id_and_holds_nobody_else: |backend| {
        let stage = Stage::new(backend).await;
        let (ill, well) = (Receiver::start().await, Receiver::start().await);
        let id = stage.subscribe(RELAY, &ill).await;
        stage.subscribe(RELAY, &well).await;
        ill.answers(500, None);
        stage.tell(0..3).await;
        stage.failed(id, 1).await;
        until("the other has all", async || well.taken().len() == 3).await;
        assert_eq!(ill.seen().len(), 1, "its followers wait for the first");
        stage.later(HOUR);
        stage.failed(id, 2).await;
        let row = stage.row(id).await;
        assert_eq!((row.last_error.as_deref(), row.active), (Some("answered 500"), 1));
        ill.answers(200, None);
        stage.later(HOUR);
        until("it has all", async || ill.taken().len() == 3).await;
        assert_eq!(numbers(&ill), [0, 1, 2]);
        let ids: Vec<String> = ill.seen().into_iter().map(|seen| seen.id).collect();
        assert_eq!((&ids[0], &ids[1]), (&ids[1], &ids[2]), "the same event");
        assert_eq!(ids[2], ill.taken()[0].id);
        until("it is well", async || stage.row(id).await.failing_since.is_none()).await;
        stage.end().await;
    }

    a_slow_subscription_does_not_hold_another: |backend| {
        let stage = Stage::new(backend).await;
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        let id = stage.subscribe(RELAY, &slow).await;
        stage.subscribe(RELAY, &quick).await;
        slow.hangs();
        stage.tell(0..10).await;
        until("the quick one has all", async || quick.taken().len() == 10).await;
        stage.failed(id, 1).await;
        assert_eq!(stage.row(id).await.last_error.as_deref(), Some("no answer in time"));
        stage.end().await;
    }

    retry_after_is_honoured: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        receiver.answers(429, Some("7200"));
        stage.tell(0..1).await;
        stage.failed(id, 1).await;
        let due = async || stage.read(async |tx| jobs::list(tx, "ready", 1).await).await.expect("asked")[0].due_at;
        assert_eq!(due().await, backend.clock.now() + 2 * HOUR);
        // An hour later, as a date.
        receiver.answers(503, Some("Thu, 28 May 2026 23:26:41 GMT"));
        stage.later(2 * HOUR);
        stage.failed(id, 2).await;
        assert_eq!(due().await, backend.clock.now() + HOUR + 1_000);
        stage.end().await;
    }

    p8_who_asks_to_be_tried_again_at_once_is_waited_for_all_the_same: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        for (times, after) in [(1, "0"), (2, "Thu, 28 May 2016 23:26:41 GMT")] {
            receiver.answers(503, Some(after));
            if times == 1 { stage.tell(0..1).await } else { stage.later(HOUR) }
            stage.failed(id, times).await;
            let due = stage.read(async |tx| jobs::list(tx, "ready", 1).await).await.expect("asked")[0].due_at;
            assert!(due >= backend.clock.now() + 200, "{after}");
            assert_eq!(receiver.seen().len(), usize::try_from(times).expect("a few"));
        }
        stage.end().await;
    }

    p10_what_can_never_be_relayed_says_why: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        let now = backend.clock.now();
        let job = jobs::NewJob {
            kind: "relay".into(),
            lane: relay_lane(id),
            topic: relay_topic(id),
            company_id: Some(stage.company),
            payload: json!({"occurrence": 1}).to_string(),
            due_at: now,
            created_at: now,
        };
        stage.write(async |tx| jobs::insert(tx, &[job]).await).await.expect("added");
        until("it is dead", async || stage.dead().await.len() == 1).await;
        assert_eq!(stage.dead().await[0].last_error.as_deref(), Some("it was written by another version"));
        receiver.answers(500, None);
        stage.tell(0..1).await;
        stage.failed(id, 1).await;
        stage.write(async |tx| events::prune(tx, Millis::MAX, 10).await).await.expect("pruned");
        stage.later(HOUR);
        until("the other is dead", async || stage.dead().await.len() == 2).await;
        let why = "the event is older than what is kept (relay.keep_hours)";
        assert_eq!(stage.dead().await[0].last_error.as_deref(), Some(why));
        receiver.answers(200, None);
        stage.tell(1..2).await;
        until("what comes after them arrives", async || numbers(&receiver) == [1]).await;
        stage.end().await;
    }

    p9_what_cannot_be_signed_waits_for_another_secret: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        let other = MasterKey::from_base64(&"CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=".into()).expect("a key");
        let sealed = other.seal("whsec_AAAA", &format!("subscription:{id}:secret"));
        let now = backend.clock.now();
        stage.write(async |tx| rows::set_secret(tx, id, &sealed, now).await).await.expect("set");
        stage.tell(0..1).await;
        stage.failed(id, 1).await;
        let row = stage.row(id).await;
        assert_eq!(row.last_error.as_deref(), Some("the secret cannot be opened with this master key"));
        assert_eq!(receiver.seen().len(), 0);
        let rotate = async |tx: &mut Tx| subscriptions::rotate(tx, &backend.clock, &stage.key, stage.company, id).await;
        receiver.knows(stage.write(rotate).await.expect("rotated").secret);
        stage.later(HOUR);
        until("it has arrived", async || numbers(&receiver) == [0]).await;
        stage.end().await;
    }

    a_bot_that_failed_is_probed_and_gets_tickets_again_when_it_answers: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let bot = stage.subscribe(BOT, &receiver).await;
        let may_have = async || {
            let now = backend.clock.now();
            stage.read(async |tx| subscriptions::bot_of(tx, stage.company, now).await).await.expect("asked").is_some()
        };
        stage.give_ticket("t1", Some(bot)).await;
        receiver.answers(500, None);
        stage.tell_of(EventKind::MessageReceived, Some("t1"), json!({"n": 1})).await;
        stage.failed(bot, 1).await;
        assert!(may_have().await, "once is not enough");
        stage.give_ticket("t1", None).await;
        stage.later(HOUR);
        until("nothing waits for it", async || stage.ready().await == 0).await;
        stage.failed(bot, 2).await;
        assert!(!may_have().await);
        assert_eq!(receiver.seen().last().expect("a call").body["type"], "subscription.test");
        receiver.answers(200, None);
        stage.later(HOUR);
        until("it may have tickets", may_have).await;
        assert_eq!(stage.row(bot).await.failures, 0);
        receiver.answers(410, None);
        stage.write(async |tx| rows::failed(tx, bot, "x", backend.clock.now()).await).await.expect("noted");
        stage.later(HOUR);
        until("it wants no more", async || stage.row(bot).await.active == 0).await;
        stage.end().await;
    }

    a_system_that_is_gone_is_switched_off: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        receiver.answers(410, None);
        stage.tell(0..2).await;
        until("it is switched off", async || stage.row(id).await.active == 0).await;
        stage.tell(2..3).await;
        assert_eq!((stage.dead().await.len(), stage.ready().await), (1, 1), "what came since is not kept for it");
        receiver.answers(200, None);
        let switch = async |tx: &mut Tx| subscriptions::set_active(tx, &backend.clock, stage.company, id, true).await;
        assert!(stage.write(switch).await.expect("switched"));
        stage.later(60_000);
        until("what waited has arrived", async || numbers(&receiver) == [1]).await;
        stage.end().await;
    }

    p10_what_nobody_takes_for_a_day_is_given_up_together_and_seen: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        receiver.answers(500, None);
        stage.tell(0..3).await;
        stage.failed(id, 1).await;
        stage.later(23 * HOUR);
        stage.failed(id, 2).await;
        stage.tell(3..4).await;
        assert_eq!(stage.dead().await.len(), 0);
        stage.later(2 * HOUR);
        until("they are dead", async || stage.dead().await.len() == 3).await;
        assert_eq!(stage.ready().await, 1, "the last is not that old");
        let dead = stage.dead().await;
        assert!(dead.iter().all(|job| job.last_error.as_deref() == Some("answered 500")), "{dead:?}");
        let tries = stage.read(async |tx| jobs::tries(tx, dead[2].id).await).await.expect("asked");
        assert_eq!(tries.len(), 3);
        receiver.answers(200, None);
        stage.later(HOUR);
        until("the last has arrived", async || numbers(&receiver) == [3]).await;
        assert!(stage.write(async |tx| relevo::desk::outbox::requeue(tx, dead[0].id, backend.clock.now()).await).await.expect("asked"));
        until("the requeued has arrived", async || numbers(&receiver) == [3, 2]).await;
        stage.end().await;
    }

    p9_redirects_are_not_followed: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let id = stage.subscribe(RELAY, &receiver).await;
        receiver.redirects_to("http://127.0.0.1:9/");
        stage.tell(0..1).await;
        stage.failed(id, 1).await;
        assert_eq!(stage.row(id).await.last_error.as_deref(), Some("answered 302: redirects are not followed"));
        stage.end().await;
    }

    p9_nothing_is_relayed_to_a_private_address: |backend| {
        let stage = Stage::with(backend, false).await;
        let receiver = Receiver::start().await;
        let urls = [receiver.url(), receiver.url().replace("127.0.0.1", "localhost"), "http://[::ffff:127.0.0.1]:1/".into()];
        for url in urls {
            let id = stage.subscribe_at(RELAY, &url, &receiver).await;
            stage.tell(0..1).await;
            stage.failed(id, 1).await;
            assert_eq!(stage.row(id).await.last_error.as_deref(), Some("not allowed: a private address"), "{url}");
        }
        assert_eq!(receiver.seen().len(), 0);
        stage.end().await;
    }

    a_bot_hears_of_the_tickets_that_it_has_and_of_their_end: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let bot = stage.subscribe(BOT, &receiver).await;
        stage.give_ticket("t1", Some(bot)).await;
        stage.give_ticket("t2", None).await;
        stage.tell_of(EventKind::TicketOpened, Some("t1"), json!({})).await;
        stage.tell_of(EventKind::TicketBotAssigned, Some("t1"), json!({"bot_id": bot, "n": 0})).await;
        stage.tell_of(EventKind::MessageReceived, Some("t1"), json!({"contenido": "hola", "n": 1})).await;
        stage.tell_of(EventKind::MessageReceived, Some("t2"), json!({"n": 2})).await;
        until("it has both", async || receiver.taken().len() == 2).await;
        stage.give_ticket("t1", None).await;
        stage.tell_of(EventKind::TicketBotReleased, Some("t1"), json!({"bot_id": bot, "n": 3})).await;
        until("it heard of the end", async || receiver.taken().len() == 3).await;
        assert_eq!(numbers(&receiver), [0, 1, 3]);
        assert_eq!(receiver.taken()[1].body["data"]["contenido"], "hola");
        stage.end().await;
    }

    a_bot_that_comes_back_late_hears_nothing_of_tickets_that_it_lost: |backend| {
        let stage = Stage::new(backend).await;
        let receiver = Receiver::start().await;
        let bot = stage.subscribe(BOT, &receiver).await;
        stage.give_ticket("t1", Some(bot)).await;
        receiver.answers(500, None);
        stage.tell_of(EventKind::MessageReceived, Some("t1"), json!({"n": 1})).await;
        stage.tried(1).await;
        for times in [2, 3] {
            stage.later(HOUR);
            stage.tried(times).await;
        }
        stage.failed(bot, 3).await;
        let now = backend.clock.now();
        let (ill, lost) = stage.read(async |tx| {
            let ill = subscriptions::bot_of(tx, stage.company, now).await.expect("asked");
            (ill, subscriptions::tickets_of_failed_bots(tx, now, 10).await.expect("asked"))
        }).await;
        assert_eq!((ill, lost), (None, vec!["t1".to_owned()]), "its tickets are to go to people");
        stage.give_ticket("t1", None).await;
        stage.tell_of(EventKind::TicketBotReleased, Some("t1"), json!({"bot_id": bot, "n": 2})).await;
        receiver.answers(200, None);
        stage.later(HOUR);
        until("it heard of the end alone", async || numbers(&receiver) == [2]).await;
        until("it is well", async || stage.row(bot).await.failures == 0).await;
        stage.end().await;
    }
}

/// The secret that a stage's receiver checks by.
pub(crate) type Secret = SecretString;

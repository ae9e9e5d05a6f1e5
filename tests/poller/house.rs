//! A house with a poller: what operators set up, and what comes out at the other end.

use std::time::Duration;

use relevo::{
    clock::Clock,
    config::Config,
    desk::channels::{self, NewChannel},
    directory::{Directory, seal_context},
    domain::Envelope,
    inbound::Inbound,
    media::Blobs,
    poller::Poller,
    queue::{Consumer, Delivery, Queue},
    secrets::MasterKey,
    store::{Db, channels as rows, companies, dead_letters, leases},
    worker::Worker,
};
use relevo_adapters::{Body, Content};
use sqlx::SqlitePool;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{Backend, PATIENCE, until};

pub(super) struct House<'a> {
    backend: &'a Backend,
    pub(super) db: Db,
    pub(super) clock: Clock,
    config: Config,
    key: MasterKey,
    company: i64,
}

/// A process that polls.
pub(super) struct Process {
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// Its connection to the queue.
    pub(super) queue: Queue,
}

impl Process {
    pub(super) async fn stop(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("it stops when it is told to").expect("it did not panic");
        self.queue.close().await;
    }
}

impl<'a> House<'a> {
    pub(super) async fn new(backend: &'a Backend) -> Self {
        // Longer than any story: what comes in time was announced.
        Self::with_idle(backend, 600).await
    }

    /// A house that opens a mailbox's folder again after so many seconds without news.
    pub(super) async fn with_idle(backend: &'a Backend, seconds: u32) -> Self {
        let mut environment = backend.environment();
        environment.extend(
            [("TELEGRAM__POLL_SECONDS", 1), ("EMAIL__IDLE_SECONDS", seconds), ("EMAIL__POLL_SECONDS", 1)]
                .map(|(key, value)| (format!("RELEVO__{key}"), value.to_string())),
        );
        let config = Config::load(None, environment).expect("valid settings");
        let key = MasterKey::from_file_or_new(&config.data_dir.join("master.key")).expect("a key");
        let (db, clock) = (backend.db.clone(), backend.clock.clone());
        let mut tx = db.write().await.expect("a transaction");
        let company = companies::insert(&mut tx, "Hotel Sol", clock.now()).await.expect("a company");
        tx.commit().await.expect("committed");
        Self { backend, db, clock, config, key, company }
    }

    /// Starts a process that polls.
    pub(super) async fn poller(&self) -> Process {
        let queue = self.backend.queue(1).await;
        let inbound = Inbound {
            db: self.db.clone(),
            clock: self.clock.clone(),
            queue: queue.clone(),
            blobs: Blobs::in_dir(&self.config.data_dir),
        };
        let directory = Directory::new(self.db.clone(), self.key.clone(), &self.config);
        let stop = CancellationToken::new();
        let task = tokio::spawn(Poller::new(inbound, directory, &self.config).run(stop.clone()));
        Process { stop, task, queue }
    }

    /// Starts a worker, which applies what was polled.
    pub(super) async fn worker(&self) -> Process {
        let queue = self.backend.queue(1).await;
        let worker = Worker {
            keep_events: Config::defaults().relay.keep(),
            db: self.db.clone(),
            clock: self.clock.clone(),
            queue: queue.clone(),
            bell: relevo::jobs::Bell::default(),
            settings: self.config.worker.clone(),
            routing: self.config.routing.clone(),
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        Process { stop, task, queue }
    }

    /// An operator adds a channel.
    pub(super) async fn add(&self, kind: &str, settings: &[(&str, &str)]) -> i64 {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let new = NewChannel { company: self.company, kind, name: "Recepción", settings, reopen_within_ms: None };
        let mut tx = self.db.write().await.expect("a transaction");
        let view = channels::add(&mut tx, &self.clock, &self.key, new).await.expect("valid settings");
        tx.commit().await.expect("committed");
        view.id_channel
    }

    /// An operator enters another secret.
    pub(super) async fn mend(&self, channel: i64, setting: &str, value: &str) {
        let row = self.row(channel).await;
        let sealed = self.key.seal(value, &seal_context(&row.uuid, setting));
        let change =
            "UPDATE channels SET secrets = json_set(secrets, '$.' || $2, $3), version = version + 1 WHERE id = $1";
        sqlx::query(change).bind(channel).bind(setting).bind(sealed).execute(self.writer()).await.expect("changed");
    }

    /// An operator pauses a channel.
    pub(super) async fn pause(&self, channel: i64) {
        let change = "UPDATE channels SET active = 0, version = version + 1 WHERE id = $1";
        sqlx::query(change).bind(channel).execute(self.writer()).await.expect("changed");
    }

    fn writer(&self) -> &SqlitePool {
        match &self.db {
            Db::Sqlite { writer, .. } => writer,
            Db::Postgres(_) => panic!("these stories are told on SQLite"),
        }
    }

    async fn row(&self, channel: i64) -> rows::ChannelRow {
        let mut tx = self.db.read().await.expect("a transaction");
        rows::find(&mut tx, channel).await.expect("read").expect("the channel")
    }

    pub(super) async fn last_error(&self, channel: i64) -> Option<String> {
        self.row(channel).await.last_error
    }

    /// Waits until the channel's last error begins like this.
    pub(super) async fn complains(&self, channel: i64, start: &str) -> String {
        until(&format!("the channel says {start:?}"), async || {
            self.last_error(channel).await.is_some_and(|text| text.starts_with(start))
        })
        .await;
        self.last_error(channel).await.expect("an error")
    }

    pub(super) async fn recovers(&self, channel: i64) {
        until("the channel's error is over", async || self.last_error(channel).await.is_none()).await;
    }

    pub(super) async fn cursor(&self, channel: i64, name: &str) -> Option<String> {
        let mut tx = self.db.read().await.expect("a transaction");
        rows::cursor(&mut tx, channel, name).await.expect("read")
    }

    pub(super) async fn dead_letters(&self) -> Vec<dead_letters::DeadLetter> {
        let mut tx = self.db.read().await.expect("a transaction");
        dead_letters::list(&mut tx, 100).await.expect("read")
    }

    /// The channels that somebody polls.
    pub(super) async fn polled(&self) -> Vec<String> {
        let mut tx = self.db.read().await.expect("a transaction");
        let leases = leases::live(&mut tx, "poll:", self.clock.now()).await.expect("read");
        leases.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether any mail was fetched: its bytes are the first thing to be kept.
    pub(super) fn has_fetched(&self) -> bool {
        self.config.data_dir.join("media").exists()
    }

    /// What agents see, in order.
    pub(super) async fn messages(&self) -> Vec<String> {
        let read = "SELECT content FROM messages ORDER BY received_at, id";
        sqlx::query_scalar(read).fetch_all(self.writer()).await.expect("read")
    }

    /// What comes out of the queue.
    pub(super) async fn inbox(&self) -> Inbox {
        let queue = self.backend.queue(1).await;
        Inbox { consumer: queue.consumer(0, 1000), _queue: queue, seen: Vec::new() }
    }
}

/// Everything that came through the queue, in order, duplicates as well.
pub(super) struct Inbox {
    consumer: Consumer,
    _queue: Queue,
    pub(super) seen: Vec<Envelope>,
}

impl Inbox {
    /// Waits until a message of this text has come; gives the texts of all that came so far.
    pub(super) async fn texts_until(&mut self, text: &str) -> Vec<String> {
        let come = timeout(PATIENCE, async {
            while !self.texts().iter().any(|seen| seen == text) {
                self.more().await;
            }
        });
        assert!(come.await.is_ok(), "waited in vain for {text:?} after {:?}", self.texts());
        self.texts()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.seen.iter().map(text).collect()
    }

    async fn more(&mut self) {
        let Ok(next) = timeout(Duration::from_millis(100), self.consumer.next(100)).await else { return };
        let deliveries = next.expect("the queue answers");
        self.seen.extend(deliveries.iter().map(|delivery| Envelope::decode(&delivery.item.body).expect("an envelope")));
        Delivery::ack_all(deliveries).await.expect("acknowledged");
    }
}

fn text(envelope: &Envelope) -> String {
    match &envelope.event.content {
        Content::Message(message) => match &message.body {
            Body::Text { text } => text.clone(),
            Body::Mail { subject: Some(subject), .. } => subject.clone(),
            other => panic!("neither text nor mail: {other:?}"),
        },
        other => panic!("no message: {other:?}"),
    }
}

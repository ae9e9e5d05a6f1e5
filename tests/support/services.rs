//! A database and a broker of its own for every test.
//!
//! `RELEVO_TEST_POSTGRES_URL`: a superuser's URL; a test gets a new database. `RELEVO_TEST_AMQP_URL`: the broker; a test
//! gets a new virtual host by the management API at `RELEVO_TEST_AMQP_API`, or, where that is not set, queues of its own
//! names. All of it is removed at the end, after a failure as well.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use relevo::{
    clock::Clock,
    config::Config,
    queue::{Queue, RabbitQueue, RabbitSettings, TableQueue},
    store::Db,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use super::{PATIENCE, Proxy};

/// No test may take longer.
const LIMIT: Duration = Duration::from_secs(120);
/// Of the virtual host's queues, if the virtual host is shared.
const MOST_PARTITIONS: u16 = 16;
const NOWHERE: &str = "http://127.0.0.1:9";
const CONNECTIONS: u32 = 6;

const POSTGRES_URL: &str = "RELEVO_TEST_POSTGRES_URL";
const AMQP_URL: &str = "RELEVO_TEST_AMQP_URL";
const AMQP_API: &str = "RELEVO_TEST_AMQP_API";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueKind {
    Table,
    Rabbit,
}

/// Where the servers are: the variables that `scripts/services env` prints.
pub(crate) type Servers = BTreeMap<String, String>;

/// Tells a story on fresh services.
///
/// # Panics
/// If the story does, if it takes too long, or if a service is missing.
pub(crate) fn run(database: DatabaseKind, queue: QueueKind, story: impl AsyncFnOnce(&Backend)) {
    run_on(&servers(), LIMIT, database, queue, story);
}

/// The servers that the environment names.
fn servers() -> Servers {
    let named = |name: &&str| Some((name.to_string(), env::var(name).ok()?));
    [POSTGRES_URL, AMQP_URL, AMQP_API].iter().filter_map(named).collect()
}

/// As [`run`], on these servers, which may be the story's own, within `limit`.
pub(crate) fn run_on(
    servers: &Servers,
    limit: Duration,
    database: DatabaseKind,
    queue: QueueKind,
    story: impl AsyncFnOnce(&Backend),
) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let backend = Backend::on(servers, database, queue).await;
        let told = tokio::time::timeout(limit, story(&backend)).await;
        backend.db.close().await;
        assert!(told.is_ok(), "the story took longer than {limit:?}");
    });
    // What a story left running must not hold up the next one.
    runtime.shutdown_timeout(Duration::from_secs(1));
}

/// A migrated database, and perhaps a broker.
#[derive(Debug)]
pub(crate) struct Backend {
    /// One process's connections; see [`Backend::open`] for another's.
    pub(crate) db: Db,
    /// Stands still until the story moves it.
    pub(crate) clock: Clock,
    database: TestDatabase,
    broker: Option<TestBroker>,
}

impl Backend {
    pub(crate) async fn new(database: DatabaseKind, queue: QueueKind) -> Self {
        Self::on(&servers(), database, queue).await
    }

    async fn on(servers: &Servers, database: DatabaseKind, queue: QueueKind) -> Self {
        install_tls();
        let database = TestDatabase::new(servers, database).await;
        let broker = match queue {
            QueueKind::Table => None,
            QueueKind::Rabbit => Some(TestBroker::new(servers).await),
        };
        let db = database.open().await;
        db.migrate().await.expect("the migrations run");
        Self { db, clock: Clock::manual(1_780_000_000_000), database, broker }
    }

    /// The folder that processes on these services share.
    pub(crate) fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// The settings of a process on these services, as environment variables.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let (url, prefix) = match &self.broker {
            Some(broker) => (broker.url.as_str(), broker.prefix.as_str()),
            None => ("", "relevo"),
        };
        [
            ("DATA_DIR", self.database.folder().to_str().expect("a UTF-8 path")),
            ("DATABASE__URL", self.database.url().map_or("", Url::as_str)),
            ("DATABASE__CONNECTIONS", &CONNECTIONS.to_string()),
            ("QUEUE__URL", url),
            ("QUEUE__PREFIX", prefix),
            ("QUEUE__PARTITIONS", "4"),
            ("SERVER__LISTEN", "127.0.0.1:0"),
            // Nobody listens there: a test that wants a platform starts a pretend one.
            ("WHATSAPP__GRAPH_URL", NOWHERE),
            ("FACEBOOK__GRAPH_URL", NOWHERE),
            ("TELEGRAM__API_URL", NOWHERE),
        ]
        .map(|(key, value)| (format!("RELEVO__{key}"), value.to_owned()))
        .to_vec()
    }

    pub(crate) fn config(&self) -> Config {
        Config::load(None, self.environment()).expect("the settings of a test are valid")
    }

    /// The database as another process opens it.
    pub(crate) async fn open(&self) -> Db {
        self.database.open().await
    }

    /// The queue as another process opens it.
    pub(crate) async fn queue(&self, partitions: u16) -> Queue {
        let mut settings = self.config().queue;
        settings.partitions = partitions;
        self.queue_with(self.open().await, settings).await
    }

    /// The queue behind a relay to its server, which the story can cut.
    pub(crate) async fn queue_behind_proxy(&self, partitions: u16) -> (Queue, Proxy) {
        let mut settings = self.config().queue;
        settings.partitions = partitions;
        match &self.broker {
            Some(broker) => {
                let (url, proxy) = detour(&broker.url).await;
                settings.url = url.into();
                (self.queue_with(self.open().await, settings).await, proxy)
            }
            None => {
                let (url, proxy) = detour(self.database.url().expect("a server to cut off")).await;
                let db = Db::open_postgres(&url.into(), CONNECTIONS).expect("a valid URL");
                (self.queue_with(db, settings).await, proxy)
            }
        }
    }

    async fn queue_with(&self, db: Db, settings: relevo::config::Queue) -> Queue {
        if settings.url.expose_secret().is_empty() {
            return Queue::Table(TableQueue::new(db, self.clock.clone(), settings.partitions));
        }
        assert!(settings.partitions <= MOST_PARTITIONS, "a test's queues are removed up to this number");
        let queue = RabbitQueue::new(
            db,
            RabbitSettings {
                url: settings.url,
                prefix: settings.prefix,
                partitions: settings.partitions,
                confirm: settings.confirm,
            },
        );
        assert!(queue.connected(PATIENCE).await, "the broker at RELEVO_TEST_AMQP_URL does not answer");
        Queue::Rabbit(queue)
    }

    /// The broker's URL and the prefix of the names there.
    pub(crate) fn broker(&self) -> (&str, &str) {
        let broker = self.broker.as_ref().expect("a story with a broker");
        (broker.url.as_str(), &broker.prefix)
    }
}

/// The URL with a relay in the place of its server.
async fn detour(url: &Url) -> (String, Proxy) {
    let host = url.host_str().expect("a host");
    let proxy = Proxy::start(format!("{host}:{}", url.port().expect("a port"))).await;
    let mut url = url.clone();
    url.set_port(Some(proxy.address.port())).expect("a URL with a port");
    (url.into(), proxy)
}

#[derive(Debug)]
enum TestDatabase {
    Sqlite { folder: PathBuf },
    Postgres { admin: Url, url: Url, name: String, folder: PathBuf },
}

impl TestDatabase {
    async fn new(servers: &Servers, kind: DatabaseKind) -> Self {
        let id = Uuid::new_v4().simple();
        let folder = || {
            let folder = env::temp_dir().join(format!("relevo-test-{id}"));
            std::fs::create_dir(&folder).expect("a temporary folder");
            folder
        };
        match kind {
            DatabaseKind::Sqlite => Self::Sqlite { folder: folder() },
            DatabaseKind::Postgres => {
                let admin = service(servers, POSTGRES_URL);
                let folder = folder();
                let name = format!("relevo_test_{id}");
                let mut url = admin.clone();
                url.set_path(&name);
                let database = Self::Postgres { admin, url, name, folder };
                database.administer("CREATE DATABASE").await.unwrap_or_else(|error| {
                    panic!("PostgreSQL at RELEVO_TEST_POSTGRES_URL gives no database ({error}): run scripts/test")
                });
                database
            }
        }
    }

    async fn open(&self) -> Db {
        match self {
            Self::Sqlite { folder } => Db::open_sqlite(&folder.join("relevo.db"), CONNECTIONS).await,
            Self::Postgres { url, .. } => Db::open_postgres(&SecretString::from(url.as_str()), CONNECTIONS),
        }
        .expect("the database opens")
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Sqlite { folder } | Self::Postgres { folder, .. } => folder,
        }
    }

    fn url(&self) -> Option<&Url> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { url, .. } => Some(url),
        }
    }

    /// `CREATE DATABASE` and `DROP DATABASE`, which name this test's own.
    async fn administer(&self, command: &str) -> sqlx::Result<()> {
        let Self::Postgres { admin, name, .. } = self else { return Ok(()) };
        let force = if command.starts_with("DROP") { " WITH (FORCE)" } else { "" };
        let mut connection = PgConnection::connect(admin.as_str()).await?;
        sqlx::query(AssertSqlSafe(format!("{command} {name}{force}"))).execute(&mut connection).await?;
        connection.close().await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        in_the_end(async {
            // Another test's panic is worth more than this one's leftovers.
            _ = self.administer("DROP DATABASE IF EXISTS").await;
        });
        _ = std::fs::remove_dir_all(self.folder());
    }
}

#[derive(Debug)]
struct TestBroker {
    url: Url,
    prefix: String,
    /// The virtual host in the management API; none if the virtual host is not ours.
    own: Option<Url>,
}

impl TestBroker {
    async fn new(servers: &Servers) -> Self {
        let mut url = service(servers, AMQP_URL);
        let id = format!("relevo-test-{}", Uuid::new_v4().simple());
        if !servers.contains_key(AMQP_API) {
            return Self { url, prefix: id, own: None };
        }
        let mut own = service(servers, AMQP_API);
        own.set_path(&format!("/api/vhosts/{id}"));
        url.set_path(&id);
        let broker = Self { url, prefix: "relevo".to_owned(), own: Some(own.clone()) };
        let made = http().put(own).send().await.and_then(reqwest::Response::error_for_status);
        made.unwrap_or_else(|error| {
            panic!("RabbitMQ at RELEVO_TEST_AMQP_API gives no virtual host ({error}): run scripts/test")
        });
        broker
    }

    /// Deletes what a test left in a virtual host that it shares.
    async fn delete_queues(&self) -> lapin::Result<()> {
        let connection = lapin::Connection::connect(self.url.as_str(), lapin::ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        for partition in 0..MOST_PARTITIONS {
            let queue = format!("{}.inbound.{partition}", self.prefix);
            channel.queue_delete(queue.into(), Default::default()).await?;
        }
        channel.exchange_delete(format!("{}.inbound", self.prefix).into(), Default::default()).await?;
        connection.close(200, "done".into()).await
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        in_the_end(async {
            // As above.
            match &self.own {
                Some(own) => _ = http().delete(own.clone()).send().await,
                None => _ = self.delete_queues().await,
            }
        });
    }
}

/// Does the last work of a test where nothing may be awaited any more.
fn in_the_end(work: impl Future<Output = ()> + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async { tokio::time::timeout(PATIENCE, work).await })
        });
    });
}

fn service(servers: &Servers, variable: &str) -> Url {
    let url = servers
        .get(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run scripts/test, which starts the servers that tests need"));
    url.parse().unwrap_or_else(|error| panic!("{variable} is no URL: {error}"))
}

fn http() -> reqwest::Client {
    reqwest::Client::new()
}

/// As `main` does.
fn install_tls() {
    // An error says that another test was first.
    _ = rustls::crypto::ring::default_provider().install_default();
}

//! A database and a broker of its own for every test.
//!
//! `RELEVO_TEST_POSTGRES_URL`: a superuser's URL; a test gets a new database. `RELEVO_TEST_AMQP_URL`: the broker; a test
//! gets a new virtual host by the management API at `RELEVO_TEST_AMQP_API`, or, where that is not set, queues of its own
//! names. All of it is removed at the end, after a failure as well.
//!
//! `RELEVO_TEST_SMTP_URL` and its fellows: a mail server that all tests share; each knows its mails by what they say.

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
const LIMIT: Duration = Duration::from_secs(240);
/// Of the virtual host's queues, if the virtual host is shared.
const MOST_PARTITIONS: u16 = 16;
const NOWHERE: &str = "http://127.0.0.1:9";
const CONNECTIONS: u32 = 6;

const POSTGRES_URL: &str = "RELEVO_TEST_POSTGRES_URL";
const AMQP_URL: &str = "RELEVO_TEST_AMQP_URL";
const AMQP_API: &str = "RELEVO_TEST_AMQP_API";
const SMTP_URL: &str = "RELEVO_TEST_SMTP_URL";
const SMTPS_URL: &str = "RELEVO_TEST_SMTPS_URL";
const SMTP_CA: &str = "RELEVO_TEST_SMTP_CA";
const SMTP_MAILS: &str = "RELEVO_TEST_SMTP_MAILS";

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
    let names = [POSTGRES_URL, AMQP_URL, AMQP_API, SMTP_URL, SMTPS_URL, SMTP_CA, SMTP_MAILS];
    names.iter().filter_map(named).collect()
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

/// A mail server that takes submissions of `agent…` with TLS. It refuses `nobody@…` with 550 5.1.1 and `later@…` with
/// 450 4.2.0; what it takes for anybody else can be read.
#[derive(Debug)]
pub(crate) struct Submission {
    /// With user and password; STARTTLS.
    pub(crate) url: Url,
    /// With user and password; TLS at once.
    pub(crate) tls_url: Url,
    /// The PEM file of the authority that its certificate is from.
    pub(crate) ca: PathBuf,
    mails: PathBuf,
}

impl Submission {
    pub(crate) fn new() -> Self {
        let servers = servers();
        let path = |variable: &str| {
            let path = servers.get(variable);
            PathBuf::from(path.unwrap_or_else(|| panic!("{variable} is not set: run scripts/test")))
        };
        let (ca, mails) = (path(SMTP_CA), path(SMTP_MAILS));
        Self { url: service(&servers, SMTP_URL), tls_url: service(&servers, SMTPS_URL), ca, mails }
    }

    /// The mails that it has delivered and that hold this text, one for each recipient (`Envelope-to:`).
    pub(crate) fn mails_with(&self, text: &str) -> Vec<String> {
        // Its folder is made with the first mail.
        let files = std::fs::read_dir(&self.mails).into_iter().flatten();
        let mails = files.map(|file| std::fs::read(file.expect("a file").path()).expect("a mail that can be read"));
        mails.map(|mail| String::from_utf8_lossy(&mail).into_owned()).filter(|mail| mail.contains(text)).collect()
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

mod tests {
    use std::sync::Arc;

    use base64::{Engine, engine::general_purpose::STANDARD};
    use rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpStream,
    };

    use super::{super::until, *};

    /// A mail goes the whole way, encrypted; who is unknown is refused.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_mail_server_takes_a_mail_that_a_test_can_read() {
        install_tls();
        let server = Submission::new();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&server.ca).expect("a certificate")).expect("an authority");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let host = server.tls_url.host_str().expect("a host").to_owned();
        let tcp = TcpStream::connect((host.as_str(), server.tls_url.port().expect("a port"))).await;
        let tcp = tcp.expect("the server at RELEVO_TEST_SMTPS_URL answers");
        let name = ServerName::try_from(host).expect("a name");
        let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("TLS");
        let mut stream = BufReader::new(tls);
        let password = server.tls_url.password().expect("a password");
        let login = STANDARD.encode(format!("\0{}\0{password}", server.tls_url.username()));
        let id = format!("{}@relevo.test", Uuid::new_v4());
        let lines = [
            (String::new(), "220"),
            ("EHLO relevo.test\r\n".to_owned(), "250"),
            (format!("AUTH PLAIN {login}\r\n"), "235"),
            ("MAIL FROM:<shop@casaluma.example>\r\n".to_owned(), "250"),
            ("RCPT TO:<nobody@example.com>\r\n".to_owned(), "550"),
            ("RCPT TO:<later@example.com>\r\n".to_owned(), "450"),
            ("RCPT TO:<ida@example.com>\r\n".to_owned(), "250"),
            ("DATA\r\n".to_owned(), "354"),
            (format!("Message-ID: <{id}>\r\nSubject: hola\r\n\r\n..dot\r\n.\r\n"), "250"),
        ];
        for (line, expected) in lines {
            stream.get_mut().write_all(line.as_bytes()).await.expect("a connection");
            stream.get_mut().flush().await.expect("a connection");
            let reply = last_line(&mut stream).await;
            assert!(reply.starts_with(expected), "{line}: {reply}");
        }
        until("the mail is delivered", async || !server.mails_with(&id).is_empty()).await;
        let [mail] = &server.mails_with(&id)[..] else { panic!("one recipient") };
        assert!(mail.contains("Envelope-to: ida@example.com") && mail.ends_with("\n.dot\n"), "{mail}");
        assert_eq!(server.url.scheme(), "smtp");
    }

    async fn last_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> String {
        loop {
            let mut line = String::new();
            tokio::time::timeout(PATIENCE, stream.read_line(&mut line)).await.expect("a reply").expect("a reply");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }
}

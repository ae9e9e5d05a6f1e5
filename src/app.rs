//! The composition root: what is built from the settings, which roles run, and how they stop.
//!
//! Stopping has two stages: first nobody takes new work and what is in hand is finished; after
//! `server.shutdown_seconds` what is left is dropped, which is safe because nothing unfinished was acknowledged.

use std::{collections::BTreeSet, fmt, net::SocketAddr, str::FromStr, sync::Arc, time::Duration};

use anyhow::Context;
use relevo_adapters::outbound::Io;
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::{Config, ConfigError},
    directory::Directory,
    dispatch::{Calls, Dispatcher},
    gateway::Gateway,
    http::{self, Api},
    inbound::Inbound,
    jobs::Bell,
    media::Blobs,
    poller::Poller,
    post::Poster,
    queue::{Queue, RabbitQueue, RabbitSettings, TableQueue},
    secrets::MasterKey,
    store::{Db, meta},
    telemetry,
    worker::Worker,
};

/// How long a start waits for a database that is still starting itself.
const DATABASE_WAIT: Duration = Duration::from_secs(30);

/// How long a start waits for the broker before it goes on without: it heals by itself.
const BROKER_WAIT: Duration = Duration::from_secs(5);

/// A part of the house that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The HTTP server: webhooks and the API.
    Gateway,
    /// Applies inbound events.
    Worker,
    /// Brings messages out and files in.
    Dispatcher,
    /// Fetches from platforms that do not push.
    Poller,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Worker, Self::Dispatcher, Self::Poller];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway",
            Self::Worker => "worker",
            Self::Dispatcher => "dispatcher",
            Self::Poller => "poller",
        })
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(|role| role.to_string()).join(", ");
        Self::ALL
            .into_iter()
            .find(|role| role.to_string() == name.trim())
            .ok_or_else(|| format!("there is no role {name}; there are: {}", known()))
    }
}

/// What every command stands on: settings, time, the database up to date, the key to its secrets, and the files.
#[derive(Debug, Clone)]
pub struct Foundation {
    pub config: Config,
    pub clock: Clock,
    pub db: Db,
    pub key: MasterKey,
    pub blobs: Blobs,
}

impl Foundation {
    /// Opens the database, brings its tables up to date and checks that the master key is the one it knows.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting is wrong; otherwise what could not be reached or opened, in plain words.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::real();
        std::fs::create_dir_all(&config.data_dir).map_err(|error| {
            ConfigError::new("data_dir", format!("cannot make {}: {error}", config.data_dir.display()))
        })?;
        let db = open_db(&config).await?;
        migrate(&db, &config).await?;
        let key = master_key(&config)?;
        let blobs = Blobs::of(&config)?;
        let this = Self { config, clock, db, key, blobs };
        this.check_key().await?;
        Ok(this)
    }

    async fn check_key(&self) -> anyhow::Result<()> {
        // Only the first start writes: a command need not wait for a house that is busy writing.
        let known = meta::get(&mut self.db.read().await?, "master_key").await?;
        let known = match known {
            Some(known) => known,
            None => {
                let mut tx = self.db.write().await?;
                let known = meta::get_or_set(&mut tx, "master_key", self.key.fingerprint()).await?;
                tx.commit().await?;
                known
            }
        };
        match known == self.key.fingerprint() {
            true => Ok(()),
            false => Err(ConfigError::new(
                "secrets.master_key",
                "is not the key that this database's secrets are sealed with; give every process the same key",
            )
            .into()),
        }
    }

    /// The queue that the settings name.
    pub fn queue(&self) -> Queue {
        let settings = &self.config.queue;
        match settings.url.expose_secret().is_empty() {
            true => Queue::Table(TableQueue::new(self.db.clone(), self.clock.clone(), settings.partitions)),
            false => Queue::Rabbit(RabbitQueue::new(
                self.db.clone(),
                RabbitSettings {
                    url: settings.url.clone(),
                    prefix: settings.prefix.clone(),
                    partitions: settings.partitions,
                    confirm: settings.confirm,
                },
            )),
        }
    }

    /// The directory of configured channels.
    pub fn directory(&self) -> Directory {
        Directory::new(self.db.clone(), self.key.clone(), &self.config)
    }

    /// Who makes the calls to platforms.
    pub fn io(&self) -> Arc<dyn Io> {
        Arc::new(Calls::new(self.blobs.clone()))
    }

    /// Who makes the calls to subscriptions.
    ///
    /// # Errors
    /// If this machine cannot make HTTPS connections.
    pub fn poster(&self) -> anyhow::Result<Poster> {
        let settings = &self.config.relay;
        Ok(Poster::new(settings.allow_private_addresses, settings.timeout)?)
    }

    /// Tells the other processes, where the database can, that there is work for them; those that hear nothing find it.
    pub async fn ring(&self) {
        if let Err(error) = self.db.notify("command line").await {
            tracing::debug!(%error, "other processes could not be told of new work; they will find it");
        }
    }

    /// Where platforms reach us, without a slash at its end; empty if nobody said.
    pub fn public_url(&self) -> &str {
        self.config.server.public_url.trim_end_matches('/')
    }

    /// Where what comes in becomes durable.
    pub fn inbound(&self, queue: Queue) -> Inbound {
        Inbound { db: self.db.clone(), clock: self.clock.clone(), queue, blobs: self.blobs.clone() }
    }
}

async fn open_db(config: &Config) -> anyhow::Result<Db> {
    let settings = &config.database;
    match settings.url.expose_secret().is_empty() {
        true => {
            let file = config.data_dir.join("relevo.db");
            Db::open_sqlite(&file, settings.connections)
                .await
                .with_context(|| format!("cannot open {}", file.display()))
        }
        false => Ok(Db::open_postgres(&settings.url, settings.connections)
            .map_err(|_| ConfigError::new("database.url", "is no PostgreSQL URL"))?),
    }
}

/// Migrates; waits for a database that does not answer yet, because it may be starting beside us.
async fn migrate(db: &Db, config: &Config) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + DATABASE_WAIT;
    loop {
        let error = match db.migrate().await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let embedded = config.database.url.expose_secret().is_empty();
        if embedded || tokio::time::Instant::now() >= deadline {
            return Err(error.context("the database's tables cannot be brought up to date"));
        }
        tracing::warn!("the database does not answer yet: {error}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn master_key(config: &Config) -> anyhow::Result<MasterKey> {
    match config.secrets.master_key.expose_secret().trim().is_empty() {
        true => MasterKey::from_file_or_new(&config.data_dir.join("master.key")),
        false => MasterKey::from_base64(&config.secrets.master_key),
    }
    .map_err(|error| ConfigError::new("secrets.master_key", format!("{error:#}")).into())
}

/// A running house.
#[derive(Debug)]
pub struct App {
    address: Option<SocketAddr>,
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: JoinSet<()>,
    api: Option<Api>,
    queue: Queue,
    bell: Bell,
    foundation: Foundation,
}

impl App {
    /// Starts the given roles.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(foundation: Foundation, roles: &BTreeSet<Role>) -> anyhow::Result<Self> {
        let queue = foundation.queue();
        let mut app = Self {
            address: None,
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: JoinSet::new(),
            api: None,
            queue,
            bell: Bell::default(),
            foundation,
        };
        if !app.queue.connected(BROKER_WAIT).await {
            tracing::warn!("the broker does not answer yet; webhooks are answered 503 until it does");
        }
        if roles.contains(&Role::Gateway) {
            app.start_http().await?;
        }
        if roles.contains(&Role::Worker) {
            app.start_worker();
        }
        if roles.contains(&Role::Dispatcher) {
            app.start_dispatcher();
        }
        if roles.contains(&Role::Poller) {
            app.start_poller();
        }
        let names: Vec<String> = roles.iter().map(Role::to_string).collect();
        tracing::info!(
            roles = names.join(","),
            database = app.foundation.db.describe(),
            queue = app.queue.describe(),
            "started"
        );
        Ok(app)
    }

    async fn start_http(&mut self) -> anyhow::Result<()> {
        let foundation = &self.foundation;
        let listen = foundation.config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| ConfigError::new("server.listen", format!("{listen}: {error}")))?;
        self.address = Some(listener.local_addr()?);
        let gateway =
            Gateway::new(foundation.inbound(self.queue.clone()), foundation.directory(), &foundation.config.gateway);
        let api = Api::new(http::Parts {
            db: foundation.db.clone(),
            clock: foundation.clock.clone(),
            queue: self.queue.clone(),
            blobs: foundation.blobs.clone(),
            metrics: telemetry::metrics(),
            directory: foundation.directory(),
            key: foundation.key.clone(),
            io: foundation.io(),
            bell: self.bell.clone(),
            public_url: foundation.public_url().to_owned(),
            poster: foundation.poster()?,
        });
        let router = gateway.router().merge(http::router(api.clone()));
        self.api = Some(api);
        let (soft, hard) = (self.soft.clone(), self.hard.clone());
        self.tasks.spawn(async move {
            let serving = axum::serve(listener, router).with_graceful_shutdown(soft.cancelled_owned());
            tokio::select! {
                served = serving => if let Err(error) = served { tracing::error!(%error, "the HTTP server stopped") },
                () = hard.cancelled() => {}
            }
        });
        Ok(())
    }

    fn start_worker(&mut self) {
        let worker = Worker {
            db: self.foundation.db.clone(),
            clock: self.foundation.clock.clone(),
            queue: self.queue.clone(),
            bell: self.bell.clone(),
            settings: self.foundation.config.worker.clone(),
            routing: self.foundation.config.routing.clone(),
            keep_events: self.foundation.config.relay.keep(),
        };
        self.spawn(worker.run(self.soft.clone()));
    }

    fn start_dispatcher(&mut self) {
        let Foundation { config, clock, db, .. } = &self.foundation;
        let dispatcher = Dispatcher {
            db: db.clone(),
            clock: clock.clone(),
            bell: self.bell.clone(),
            directory: self.foundation.directory(),
            blobs: self.foundation.blobs.clone(),
            allow_private_addresses: config.media.allow_private_addresses,
            settings: config.dispatch.clone(),
            key: self.foundation.key.clone(),
            relay: config.relay.clone(),
        };
        self.spawn(dispatcher.run(self.soft.clone()));
    }

    fn start_poller(&mut self) {
        let poller = Poller::new(
            self.foundation.inbound(self.queue.clone()),
            self.foundation.directory(),
            &self.foundation.config,
        );
        self.spawn(poller.run(self.soft.clone()));
    }

    fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = hard.cancelled() => {}
            }
        });
    }

    /// Where the HTTP server listens, if it runs.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    pub fn foundation(&self) -> &Foundation {
        &self.foundation
    }

    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// To be rung when a job was added.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Stops: no new work, what is in hand is finished, and what takes too long is dropped.
    pub async fn shutdown(mut self) {
        tracing::info!("stopping");
        self.soft.cancel();
        if let Some(api) = &self.api {
            api.end_streams();
        }
        let grace = self.foundation.config.server.shutdown;
        let finished = tokio::time::timeout(grace, async { while self.tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!(seconds = grace.as_secs(), "some work did not finish in time and is dropped");
            self.hard.cancel();
            while self.tasks.join_next().await.is_some() {}
        }
        if let Some(api) = &self.api {
            api.flush().await;
        }
        self.queue.close().await;
        self.foundation.db.close().await;
        tracing::info!("stopped");
    }
}

//! Connections and transactions of the two databases.

use std::{path::Path, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Result, StoreError, turn::Turn};

/// How long a caller waits for a connection before it is told that the database is not available.
const ACQUIRE: Duration = Duration::from_secs(5);

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub enum Db {
    /// Embedded: one writer, many readers, WAL, `synchronous=FULL` (a 2xx means that it is on the disk).
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Opens (and makes, if missing) the embedded database in `file`.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub async fn open_sqlite(file: &Path, readers: u32) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE)
            .pragma("mmap_size", "134217728")
            .disable_statement_logging();
        let turn = Turn::take(file).await?;
        // WAL is the file's own: a new one is switched to it here, however long that takes, and not while somebody waits
        // for a connection.
        if file.metadata().map_or(0, |file| file.len()) == 0 {
            options.connect().await?.close().await?;
        }
        drop(turn);
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE).test_before_acquire(false);
        let readers =
            SqlitePoolOptions::new().max_connections(readers).acquire_timeout(ACQUIRE).test_before_acquire(false);
        Ok(Self::Sqlite {
            writer: writer.connect_with(options.clone()).await?,
            readers: readers.connect_lazy_with(options),
        })
    }

    /// Opens PostgreSQL at `url`. Connections are made when they are needed.
    ///
    /// # Errors
    /// If the URL is none.
    pub fn open_postgres(url: &SecretString, connections: u32) -> Result<Self> {
        let options = PgConnectOptions::from_str(url.expose_secret())?
            .application_name("relevo")
            // A webhook's 2xx promises that its events are on the disk.
            .options([
                ("synchronous_commit", "on"),
                ("idle_in_transaction_session_timeout", "60000"),
                // Every start would log that the table of migrations exists already.
                ("client_min_messages", "warning"),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            .max_lifetime(Duration::from_secs(30 * 60))
            .test_before_acquire(false);
        Ok(Self::Postgres(pool.connect_lazy_with(options)))
    }

    /// Brings the tables up to date. Safe to run from many processes at once.
    ///
    /// # Errors
    /// If the database is not reachable or a migration does not fit what is there.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite { writer, .. } => migrate_sqlite(writer).await?,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or, if the writer stayed busy, [`StoreError::Conflict`].
    pub async fn write(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres(pool) => begin_postgres(pool).await,
        }
    }

    /// Begins a transaction that only reads: one consistent view.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn read(&self) -> Result<Tx> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await?)),
            Self::Postgres(pool) => begin_postgres(pool).await,
        }
    }

    /// Whether processes that share this database can call each other through it.
    pub fn can_notify(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Calls every process that listens, in the name of `from`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn notify(&self, from: &str) -> Result<()> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres(pool) => {
                sqlx::query("SELECT pg_notify('relevo_jobs', $1)").bind(from).execute(pool).await?;
                Ok(())
            }
        }
    }

    /// Gives the name of everybody who calls to `heard`, until the connection breaks.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn listen(&self, mut heard: impl FnMut(&str) + Send) -> Result<()> {
        let Self::Postgres(pool) = self else { return Ok(()) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("relevo_jobs").await?;
        while let Some(call) = listener.try_recv().await? {
            heard(call.payload());
        }
        Ok(())
    }

    /// A word for people: which database this is.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The migrator takes no lock on SQLite, so that processes take turns. What runs already may write meanwhile, which a
/// migration does not wait for; each is one transaction, so that it can begin again.
async fn migrate_sqlite(writer: &SqlitePool) -> Result<(), MigrateError> {
    const TRIES: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(50);
    let _turn = Turn::take(writer.connect_options().get_filename()).await?;
    let migrator = sqlx::migrate!("migrations/sqlite");
    let mut tries = 1;
    loop {
        match migrator.run(writer).await {
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Begins on a pooled connection; one that broke while it was idle is replaced without troubling the caller.
async fn begin_postgres(pool: &PgPool) -> Result<Tx> {
    let mut tries = 0;
    loop {
        match pool.begin().await.map_err(StoreError::from) {
            Ok(tx) => return Ok(Tx::Postgres(tx)),
            Err(StoreError::Unavailable(error))
                if tries < pool.options().get_max_connections() && !matches!(error, sqlx::Error::PoolTimedOut) =>
            {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

impl Tx {
    /// Makes it all happen.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: whether it happened is then unknown, and the work must be safe to repeat.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

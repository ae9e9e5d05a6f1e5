//! The database: the only place that knows SQL. Every query is one text for SQLite and PostgreSQL; where they must
//! differ, two texts stand side by side in one [`Sql`].
//!
//! May use: `domain`, the adapters' vocabulary. Used by: `desk`, `jobs`, `queue` and what stands above them.
//!
//! Writes go through [`Db::write`], which on SQLite takes the one writer with `BEGIN IMMEDIATE`. Many rows travel as
//! one JSON parameter ([`rows!`]), because a statement costs more than a row. No transaction is held across a network
//! call to anything but the database.

mod macros;
mod pool;
mod search;
mod tries;
mod turn;

pub mod audit;
pub mod channels;
pub mod chats;
pub mod clients;
pub mod companies;
pub mod contacts;
pub mod conversations;
pub mod customers;
pub mod dead_letters;
pub mod dedup;
pub mod deliveries;
pub mod departments;
pub mod events;
pub mod faqs;
pub mod groups;
pub mod holds;
pub mod holidays;
pub mod idempotency;
pub mod jobs;
pub mod leases;
pub mod links;
pub mod lists;
pub mod messages;
pub mod meta;
pub mod notes;
pub mod notices;
pub mod overview;
pub mod parked;
pub mod platform_files;
pub mod presence;
pub mod publications;
pub mod queue_items;
pub mod quick_replies;
pub mod rebinds;
pub mod relays;
pub mod reports;
pub mod routing;
pub mod stream_tickets;
pub mod subscriptions;
pub mod ticket_links;
pub mod tickets;
pub mod tokens;
pub mod users;

pub use pool::{Db, Tx};
pub use tries::{Contended, Tries};

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, shutting down, or out of connections: worth another try later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Another transaction was first (deadlock, serialisation, a row that just appeared): worth another try at once.
    #[error("another transaction was first")]
    Conflict,
    /// A row with this key exists; names the constraint or the columns.
    #[error("already exists ({0})")]
    Duplicate(String),
    /// The statement is wrong for the data: trying again changes nothing.
    #[error("the database refused the statement")]
    Refused(#[source] sqlx::Error),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => {
                Self::Duplicate(db.constraint().map_or_else(|| db.message().to_owned(), str::to_owned))
            }
            sqlx::Error::Database(db) => match db.code().as_deref() {
                // PostgreSQL: serialization_failure, deadlock_detected, lock_not_available; SQLite: BUSY, LOCKED.
                Some("40001" | "40P01" | "55P03" | "5" | "6" | "261" | "517" | "262") => Self::Conflict,
                // A statement that took longer than the role allows: the same batch would again, a smaller one may not.
                Some("57014") => Self::Refused(error),
                // PostgreSQL classes 08 connection, 53 resources, 57 operator intervention; SQLite: FULL, IOERR.
                Some(code) if ["08", "53", "57"].iter().any(|class| code.len() == 5 && code.starts_with(class)) => {
                    Self::Unavailable(error)
                }
                Some("10" | "13") => Self::Unavailable(error),
                _ => Self::Refused(error),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error),
            _ => Self::Refused(error),
        }
    }
}

impl StoreError {
    /// The database did not answer in the caller's time.
    pub fn timed_out() -> Self {
        Self::Unavailable(sqlx::Error::PoolTimedOut)
    }

    /// Whether the same work may succeed if it is tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict)
    }
}

/// One statement in both dialects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

/// Rows as the one JSON parameter of a [`rows!`] statement.
pub(crate) fn json_rows<T: serde::Serialize>(rows: &[T]) -> String {
    #[expect(clippy::expect_used, reason = "row structs hold text and numbers only")]
    serde_json::to_string(rows).expect("rows are plain data")
}

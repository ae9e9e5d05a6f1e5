//! What tests stand on.

mod program;
mod proxy;
mod services;

use std::time::Duration;

use tokio::time::Instant;

pub(crate) use program::{Ended, Program, Relevo};
pub(crate) use proxy::Proxy;
pub(crate) use services::{Backend, DatabaseKind, QueueKind, Servers, Submission, run, run_on};

/// How long a condition may take to come true, on a busy machine as well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `holds`.
///
/// # Panics
/// If that takes longer than [`PATIENCE`].
pub(crate) async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    until_within(PATIENCE, what, holds).await;
}

/// Waits until `holds`, at most this long.
///
/// # Panics
/// If it takes longer.
pub(crate) async fn until_within(patience: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One story, told once on each database with each queue: `name::sqlite_table` and so on.
macro_rules! for_each_backend {
    ($($name:ident: |$backend:ident| $story:block)+) => {$(
        mod $name {
            use super::*;
            use $crate::support::{Backend, DatabaseKind, QueueKind, run};

            async fn story($backend: &Backend) $story

            #[test]
            fn sqlite_table() {
                run(DatabaseKind::Sqlite, QueueKind::Table, story);
            }

            #[test]
            fn postgres_table() {
                run(DatabaseKind::Postgres, QueueKind::Table, story);
            }

            #[test]
            fn sqlite_rabbit() {
                run(DatabaseKind::Sqlite, QueueKind::Rabbit, story);
            }

            #[test]
            fn postgres_rabbit() {
                run(DatabaseKind::Postgres, QueueKind::Rabbit, story);
            }
        }
    )+};
}

/// One story, told once on each database.
macro_rules! for_each_database {
    ($($name:ident: |$backend:ident| $story:block)+) => {$(
        mod $name {
            use super::*;
            use $crate::support::{Backend, DatabaseKind, QueueKind, run};

            async fn story($backend: &Backend) $story

            #[test]
            fn sqlite() {
                run(DatabaseKind::Sqlite, QueueKind::Table, story);
            }

            #[test]
            fn postgres() {
                run(DatabaseKind::Postgres, QueueKind::Table, story);
            }
        }
    )+};
}

pub(crate) use {for_each_backend, for_each_database};

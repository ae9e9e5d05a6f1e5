//! How fast webhooks are accepted and applied on PostgreSQL + RabbitMQ, how fast messages are sent and agents
//! get their next ticket, and what the house holds in memory, idle and with large files on their way.
//!
//! `scripts/bench` starts the servers and runs it; `docs/performance.md` says what it measures and what it found. Each
//! figure stands beside a bare counterpart measured in the same run, because the machine's speed drifts: quote ratios.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a benchmark may stop at the first surprise and talks to a person"
)]

mod accept;
mod bare;
mod drain;
mod idle;
mod load;
mod media;
mod next;
mod sends;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "shared with the tests, which use all of it")]
mod support;

use support::{DatabaseKind, QueueKind};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if wants("accept") {
        support::run(DatabaseKind::Postgres, QueueKind::Rabbit, accept::run);
    }
    if wants("drain") {
        support::run(DatabaseKind::Postgres, QueueKind::Rabbit, drain::run);
    }
    if wants("idle") {
        support::run(DatabaseKind::Postgres, QueueKind::Rabbit, idle::run);
    }
    if wants("sends") {
        support::run(DatabaseKind::Postgres, QueueKind::Table, sends::run);
        support::run(DatabaseKind::Sqlite, QueueKind::Table, sends::run);
    }
    if wants("next") {
        support::run(DatabaseKind::Postgres, QueueKind::Table, next::run);
    }
    if wants("media") {
        support::run(DatabaseKind::Postgres, QueueKind::Table, media::run);
    }
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! Relevo: webhooks in, tickets, replies out. This is the map of the rooms.
//!
//! - [`domain`] — pure rules and types: no I/O, no async.
//! - [`store`] — the database; all SQL is here.
//! - [`desk`] — the use cases, each a function over a transaction.
//! - [`queue`] — inbound work that is ready now: a table, or RabbitMQ.
//! - [`demo`] — pretend platforms that push realistic traffic, and the show that proves itself.
//! - [`clock`], [`config`], [`secrets`], [`telemetry`] — what everybody is handed.
//!
//! Dependencies point one way: `http, gateway, poller → desk, queue → store → domain → relevo-adapters`.

pub mod clock;
pub mod config;
pub mod demo;
pub mod desk;
pub mod directory;
pub mod domain;
pub mod gateway;
pub mod inbound;
pub mod media;
pub mod queue;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod worker;

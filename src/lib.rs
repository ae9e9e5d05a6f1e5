//! Relevo: webhooks in, tickets, replies out. This is the map of the rooms.
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | pure rules and types: no I/O, no async |
//! | [`store`] | the database; all SQL is here |
//! | [`desk`] | the use cases, each a function over a transaction |
//! | [`queue`] | inbound work that is ready now: a table, or RabbitMQ |
//! | [`directory`] | the configured channels, opened |
//! | [`inbound`] | what came in becomes durable |
//! | [`gateway`] | webhooks in |
//! | [`poller`] | mailboxes, and platforms that are asked instead of pushing |
//! | [`worker`] | applies events: queue → desk |
//! | [`http`] | the API |
//! | [`dispatch`] | replies out, files in |
//! | [`post`] | signed calls to bots and other systems, and which addresses may be called at all |
//! | [`media`] | the stored files |
//! | [`demo`] | pretend platforms, their realistic traffic, and the show that proves itself |
//! | [`app`], [`cli`] | the composition root; the command line |
//! | `admission`, [`backoff`], [`clock`], [`config`], [`passwords`], [`secrets`], [`telemetry`] | what everybody is handed |
//!
//! Dependencies point one way: `http, gateway, poller → desk, inbound, queue → store → domain → relevo-adapters`.
//! `http`, `cli` and `dispatch` use `post`, which uses `desk`.
//! Only the directory, the gateway, the poller and channel administration hold a `dyn Channel`; nobody asks for a
//! channel's name.

mod admission;
pub mod app;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod desk;
pub mod directory;
pub mod dispatch;
pub mod domain;
pub mod gateway;
pub mod http;
pub mod inbound;
pub mod jobs;
pub mod media;
pub mod passwords;
pub mod poller;
pub mod post;
pub mod queue;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod worker;

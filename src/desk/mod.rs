//! The use cases: what the house does, each a function over a transaction that its caller began and will commit.
//!
//! May use: `store`, `domain`, the adapters' vocabulary. Used by the worker, `http`, `cli`.

pub mod catalogue;
pub mod channels;
pub mod chats;
pub mod clients;
pub mod events;
pub mod intake;
pub mod outbox;
pub mod reply;
pub mod tickets;

//! The use cases: what the house does, each a function over a transaction that its caller began and will commit.
//!
//! May use: `store`, `domain`, the adapters' vocabulary. Used by the worker, `http`, `cli`.

mod attention;
pub mod catalogue;
pub mod channels;
pub mod chats;
pub mod clients;
pub mod customers;
pub mod events;
pub mod intake;
pub mod linking;
pub mod lists;
pub mod outbox;
pub mod presence;
pub mod rebind;
pub mod reply;
pub mod reports;
pub mod routing;
pub mod subscriptions;
pub mod tickets;
pub mod users;

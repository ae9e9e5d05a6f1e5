//! The platforms that messages go out to, pretended: servers on loopback with the real ones' checks, limits and errors.
//!
//! | server | stands in for |
//! |---|---|
//! | [`Graph`] | Meta's Graph API: WhatsApp Cloud API and Page comments (`whatsapp.md`, `facebook-comments.md`) |
//! | [`BotApi`] | Telegram's Bot API (`telegram.md`) |
//!
//! Each keeps a ledger of what it really did ([`Entry`]), is as strict as its [`Rules`] say, and makes the [`Trouble`]
//! that a test asks for. Dropped, it is gone, with all its connections.
//!
//! Knows nothing of the house: what it pretends is written from the platforms' side.

mod ask;
mod bot_api;
mod faults;
mod graph;
mod ledger;
mod line;
mod pace;
mod rules;
mod server;

pub use bot_api::{BotApi, Gone};
pub use faults::{Fault, Trouble};
pub use graph::{Graph, Progress, Reported, Template};
pub use ledger::{Entry, FileSeen};
pub use rules::Rules;

#[cfg(test)]
mod tests;

//! The platforms that messages go out to, pretended: servers on loopback with the real ones' checks, limits and errors.
//!
//! | server | stands in for |
//! |---|---|
//! | [`Graph`] | Meta's Graph API: WhatsApp Cloud API and Page comments (`whatsapp.md`, `facebook-comments.md`) |
//! | [`BotApi`] | Telegram's Bot API (`telegram.md`) |
//! | [`Smtp`] | a mail server that takes submissions (`email.md §8`) |
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
mod smtp;

pub use bot_api::{BotApi, Gone};
pub use faults::{Fault, Trouble};
pub use graph::{Graph, Progress, Reported, Template};
pub use ledger::{Entry, FileSeen};
pub use rules::Rules;
pub use smtp::{Mail, Smtp, SmtpFault, Stage};

#[cfg(test)]
mod tests;

//! Pretend platforms: realistic, signed traffic for `relevo simulate`, and the show of `relevo demo`.
//!
//! - [`traffic()`] makes what the platforms would send, and knows what it must bring about.
//! - [`simulate()`] pushes it to a gateway that runs somewhere.
//! - [`platforms`] are those that messages go out to.
//! - [`demo()`] starts a whole house between them, lets customers write and agents answer, and compares what the API
//!   and the platforms show with what was sent.
//!
//! May use everything: it stands outside of the house, as the platforms do.

mod agent;
mod answers;
mod api;
mod house;
mod ledger;
mod mischief;
mod outbox;
mod outside;
pub mod platforms;
mod proof;
mod push;
mod random;
mod report;
mod routing;
mod sample;
mod screen;
mod show;
mod simulate;
mod traffic;
mod watch;

pub use ledger::Tally;
pub use outbox::Fate;
pub use report::{Comparison, DemoReport, Files, Outbound, Sent, Webhooks};
pub use show::{DemoOptions, demo};
pub use simulate::{SimulationReport, simulate};
pub use traffic::{Call, Effect, Piece, Target, Traffic, traffic};

#[cfg(test)]
mod tests;

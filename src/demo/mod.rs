//! Pretend platforms: realistic, signed traffic for `relevo simulate`, and the show of `relevo demo`.
//!
//! - [`traffic()`] makes what the platforms would send, and knows what it must bring about.
//! - [`simulate()`] pushes it to a gateway that runs somewhere.
//! - [`demo()`] starts a whole house, lets everybody push, and compares what the API shows with what was sent.
//!
//! May use everything: it stands outside of the house, as the platforms do.

mod api;
mod house;
mod ledger;
mod mischief;
pub mod platforms;
mod proof;
mod push;
mod random;
mod report;
mod screen;
mod show;
mod simulate;
mod traffic;
mod watch;

pub use ledger::Tally;
pub use report::{Comparison, DemoReport, Webhooks};
pub use show::{DemoOptions, demo};
pub use simulate::{SimulationReport, simulate};
pub use traffic::{Call, Effect, Piece, Target, Traffic, traffic};

#[cfg(test)]
mod tests;

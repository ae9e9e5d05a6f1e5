//! Pretend platforms: realistic, signed traffic for `relevo simulate`, and the show of `relevo demo`.
//!
//! - [`traffic`] makes what the platforms would send, and knows what it must bring about.
//! - [`simulate`] pushes it to a gateway that runs somewhere.
//!
//! May use everything: it stands outside of the house, as the platforms do.

mod random;
mod traffic;

pub use traffic::{Call, Effect, Piece, Target, Traffic, traffic};

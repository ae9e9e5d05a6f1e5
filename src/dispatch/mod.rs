//! The dispatcher: fetches customers' files. Its handlers are job handlers; what differs between platforms is behind
//! their outlets.
//!
//! May use: `jobs`, `store`, `directory`, `media`, the adapters. Used by: the composition root.

mod address;
mod download;
mod fetch;

pub use download::Downloads;
pub use fetch::Fetch;

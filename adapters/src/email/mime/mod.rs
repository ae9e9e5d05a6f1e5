//! Reading RFC 5322 mails that strangers' software wrote (`email.md §3`).
//!
//! Our own small walker instead of a library's tree: real mails need a bounded depth and number of parts, boundaries
//! that are prefixes of each other, repaired headers, and encoded words whose characters are split between words.
//! Character sets and dates come from `mail-parser`.

pub(crate) mod address;
pub(crate) mod decode;
pub(crate) mod header;
pub(crate) mod params;
pub(crate) mod tree;
mod utf7;
pub(crate) mod words;

pub(crate) use address::{Address, addresses};
pub(crate) use header::Headers;
pub(crate) use params::Params;

//! The tests that need the whole crate, in one program: it links once.
//!
//! They use private servers, which `scripts/test` starts; a server that is missing is a failure.

// `cfg(test)` tells the lints that helpers beside the tests may panic too.
#[cfg(test)]
mod api;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod poller;
#[cfg(test)]
mod relays;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod support;

//! The durable job runner: what must happen later, or again, or outside of a transaction.
//!
//! A job is a row that is written in the transaction of what causes it. It belongs to a **lane**: the jobs of a lane
//! are done one after the other, in the order in which they were added, and while its head waits for another try its
//! followers wait with it; other lanes go on. A **topic** names lanes that are held back or woken together.
//!
//! A [`Runner`] claims lanes of one kind under a lease, which it renews while the [`Handler`] works, and the handler
//! settles its [`Claim`] by value, in the transaction of the effect. A process that dies leaves a lease that ends: the
//! job is then claimed again, with the `phase` that the dead try had reached. A handler that panics counts as a failed
//! try. A job that will not be tried again stays as a dead one, with the history of its tries, until an operator
//! requeues or discards it.
//!
//! New jobs are announced by a [`Bell`], within the process and, on PostgreSQL, to the others; who hears no bell finds
//! them by polling.
//!
//! May use: `store`, `clock`. Used by: `dispatch`.

mod bell;
mod claim;
mod runner;

pub use bell::Bell;
pub use claim::{Claim, JobError};
pub use runner::{Handler, Runner, Settings};

pub use crate::store::jobs::{Job, NewJob};

//! The dispatcher: brings messages out and files in. Its handlers are job handlers; what differs between platforms is
//! behind their outlets.
//!
//! May use: `jobs`, `desk`, `store`, `directory`, `media`, the adapters. Used by: the composition root; `http` and `cli`
//! use its [`Calls`] to ask a platform something.

mod address;
mod calls;
mod download;
mod fetch;
mod pace;
mod peers;
mod ready;
mod send;
mod settle;
mod smtp;

use std::sync::Arc;

use relevo_adapters::outbound::Io;
use tokio_util::sync::CancellationToken;

pub use calls::Calls;
pub use download::Downloads;
pub use fetch::Fetch;
pub use send::Send;

use self::{pace::Pace, peers::Peers};
use crate::{
    clock::Clock,
    config,
    directory::Directory,
    domain::{self, RetryPolicy},
    jobs::{Bell, Runner, Settings},
    media::Blobs,
    store::Db,
};

/// Everything the dispatcher works with.
#[derive(Debug)]
pub struct Dispatcher {
    pub db: Db,
    pub clock: Clock,
    pub bell: Bell,
    pub directory: Directory,
    pub blobs: Blobs,
    /// Whether customers' files may be fetched from private addresses: for tests and demonstrations.
    pub allow_private_addresses: bool,
    pub settings: config::Dispatch,
}

impl Dispatcher {
    /// Works until `stop`, then finishes what is in hand.
    pub async fn run(self, stop: CancellationToken) {
        let io: Arc<dyn Io> = Arc::new(Calls::new(self.blobs.clone()));
        let peers = Peers::default();
        let owner = peers.join(&self.db, &self.clock, &stop).await;
        let policy = RetryPolicy {
            base: self.settings.retry_base,
            cap: self.settings.retry_cap,
            total: self.settings.give_up_after,
        };
        let send = Send {
            db: self.db.clone(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            directory: self.directory.clone(),
            io: io.clone(),
            pace: Pace::new(peers.clone()),
            policy,
            resend_unknown: self.settings.resend_unknown,
            report_wait: self.settings.report_wait,
            first_trial: self.settings.trial_after,
        };
        let sends = self.runner(domain::SEND, self.settings.sends, send);
        let fetches = async {
            match self.fetch(io, policy) {
                Ok(fetch) => self.runner(domain::FETCH, self.settings.fetches, fetch).run(stop.clone()).await,
                Err(error) => tracing::error!(%error, "no HTTP client can be made: no file can be fetched"),
            }
        };
        tokio::join!(
            sends.run(stop.clone()),
            fetches,
            peers.keep(self.db.clone(), self.clock.clone(), owner, stop.clone()),
            self.bell.clone().carry(self.db.clone(), stop.clone()),
        );
    }

    fn runner<H>(&self, kind: &'static str, slots: usize, handler: H) -> Runner<H> {
        Runner {
            db: self.db.clone(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            kind,
            settings: Settings { slots, lease: self.settings.lease, poll: self.settings.poll },
            handler: Arc::new(handler),
        }
    }

    fn fetch(&self, io: Arc<dyn Io>, policy: RetryPolicy) -> Result<Fetch, reqwest::Error> {
        Ok(Fetch {
            db: self.db.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            blobs: self.blobs.clone(),
            io,
            downloads: Downloads::new(self.allow_private_addresses)?,
            policy,
        })
    }
}

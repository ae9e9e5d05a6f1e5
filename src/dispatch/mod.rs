//! The dispatcher: brings messages out and files in. Its handlers are job handlers; what differs between platforms is
//! behind their outlets.
//!
//! May use: `jobs`, `desk`, `post`, `store`, `directory`, `media`, the adapters. Used by: the composition root; `http` and
//! `cli` are handed its [`Calls`] to ask a platform something.

mod calls;
mod download;
mod fetch;
mod pace;
mod peers;
mod probe;
mod ready;
mod relay;
mod send;
mod settle;
mod smtp;

use std::sync::Arc;

use relevo_adapters::outbound::Io;
use tokio_util::sync::CancellationToken;

pub use calls::Calls;
pub use download::Downloads;
pub use fetch::Fetch;
pub use relay::Relay;
pub use send::Send;

use self::{pace::Pace, peers::Peers, probe::Probe};
use crate::{
    clock::Clock,
    config,
    directory::Directory,
    domain::{self, RetryPolicy},
    jobs::{Bell, Runner, Settings},
    media::Blobs,
    post::Poster,
    secrets::MasterKey,
    store::Db,
};

/// Relays in hand at once.
const RELAYS: usize = 64;

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
    /// Opens the secrets of subscriptions.
    pub key: MasterKey,
    pub relay: config::Relay,
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
        let relays = async {
            match self.relays(policy) {
                Ok(relay) => {
                    let opener = relay::open_lanes(&self.db, &self.bell, self.settings.poll, &stop);
                    let probe = self.probe(relay.poster.clone()).run(&stop);
                    tokio::join!(self.runner(domain::RELAY, RELAYS, relay).run(stop.clone()), opener, probe);
                }
                Err(error) => tracing::error!(%error, "no HTTP client can be made: nothing can be relayed"),
            }
        };
        tokio::join!(
            sends.run(stop.clone()),
            fetches,
            relays,
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

    fn relays(&self, policy: RetryPolicy) -> Result<Relay, reqwest::Error> {
        Ok(Relay {
            db: self.db.clone(),
            clock: self.clock.clone(),
            key: self.key.clone(),
            poster: Poster::new(self.relay.allow_private_addresses, self.relay.timeout)?,
            policy: RetryPolicy { total: self.relay.give_up_after, ..policy },
        })
    }

    fn probe(&self, poster: Poster) -> Probe {
        Probe {
            db: self.db.clone(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            key: self.key.clone(),
            poster,
            owner: self.clock.id(),
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

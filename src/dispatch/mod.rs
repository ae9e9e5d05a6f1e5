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

use std::{sync::Arc, time::Duration};

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

/// How long a dead process's sends wait.
const LEASE: Duration = Duration::from_secs(60);

/// Everything the dispatcher works with.
#[derive(Debug)]
pub struct Dispatcher {
    pub db: Db,
    pub clock: Clock,
    pub bell: Bell,
    pub directory: Directory,
    pub blobs: Blobs,
    pub settings: config::Dispatch,
}

impl Dispatcher {
    /// Works until `stop`, then finishes what is in hand.
    pub async fn run(self, stop: CancellationToken) {
        let io: Arc<dyn Io> = Arc::new(Calls::new(self.blobs.clone()));
        let peers = Peers::default();
        let send = Send {
            db: self.db.clone(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            directory: self.directory.clone(),
            io,
            pace: Pace::new(peers.clone()),
            policy: RetryPolicy {
                base: self.settings.retry_base,
                cap: self.settings.retry_cap,
                total: self.settings.give_up_after,
            },
            resend_unknown: self.settings.resend_unknown,
        };
        let runner = Runner {
            db: self.db.clone(),
            clock: self.clock.clone(),
            bell: self.bell.clone(),
            kind: domain::SEND,
            settings: Settings { slots: self.settings.sends, lease: LEASE, poll: self.settings.poll },
            handler: Arc::new(send),
        };
        tokio::join!(
            runner.run(stop.clone()),
            peers.keep(self.db.clone(), self.clock.clone(), stop.clone()),
            self.bell.clone().carry(self.db.clone(), stop),
        );
    }
}

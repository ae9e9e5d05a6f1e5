//! The task of one channel: under its lease, round after round, with pauses after troubles.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    health::Health,
    imap::Mailbox,
    lease::{self, Lease},
    long_poll::LongPoll,
    port::Port,
    trouble::{Pauses, Trouble},
};

/// A source that is asked round after round.
#[derive(Debug)]
pub(super) enum Watcher {
    LongPoll(LongPoll),
    Imap(Mailbox),
}

impl Watcher {
    /// Waits for news and makes them durable. May be dropped at any point: what was not finished comes again.
    async fn round(&mut self) -> Result<(), Trouble> {
        match self {
            Self::LongPoll(poll) => poll.round().await,
            Self::Imap(mailbox) => mailbox.round().await,
        }
    }

    /// Closes what is open and forgets its place: another process may move it.
    fn forget(&mut self) {
        match self {
            Self::LongPoll(poll) => poll.forget(),
            Self::Imap(mailbox) => mailbox.forget(),
        }
    }
}

/// The task of one channel.
#[derive(Debug)]
pub(super) struct Watch {
    port: Port,
    lease: Lease,
    watcher: Watcher,
    longest_pause: Duration,
}

impl Watch {
    pub(super) fn new(port: Port, lease: Lease, watcher: Watcher, longest_pause: Duration) -> Self {
        Self { port, lease, watcher, longest_pause }
    }

    /// Fetches whenever the lease is ours, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.take_turns() => {}
        }
        self.lease.release().await;
        tracing::debug!("no longer watched");
    }

    async fn take_turns(&mut self) {
        loop {
            match self.lease.take().await {
                Ok(true) => {
                    tracing::info!("watching");
                    tokio::select! {
                        () = receive(&self.port, &mut self.watcher, self.longest_pause) => {}
                        () = self.lease.keep() => tracing::warn!("the lease is lost"),
                    }
                    self.watcher.forget();
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the lease could not be taken"),
            }
            tokio::time::sleep(lease::RENEW).await;
        }
    }
}

/// Round after round, for ever.
async fn receive(port: &Port, watcher: &mut Watcher, longest_pause: Duration) {
    let mut health = Health::new(port.clone());
    let mut pauses = Pauses::new(longest_pause);
    loop {
        match watcher.round().await {
            Ok(()) => {
                pauses.reset();
                health.fine().await;
            }
            Err(trouble) => {
                metrics::counter!("relevo_poll_failures_total", "kind" => port.open.kind.name).increment(1);
                health.trouble(&trouble).await;
                tokio::time::sleep(pauses.after(&trouble)).await;
            }
        }
    }
}

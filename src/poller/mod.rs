//! What does not come by itself is fetched: long polls of platforms, and mailboxes.
//!
//! One task per channel, and one process at a time per channel (a lease), so that any number of processes may run this
//! room. A task fetches, hands over to [`Inbound`], and only when that is durable moves its cursor (P1): after a crash
//! it fetches the same again, which changes nothing (P2). What cannot be understood becomes a dead letter and holds
//! nobody up (P7). What stands in the way is noted at the channel in plain words, and is over by itself (P10).
//!
//! May use: the directory (adapters), `inbound`, `store`. Asks a channel for its [`Source`], never for its name.

mod health;
mod imap;
mod lease;
mod long_poll;
mod port;
mod trouble;
mod watch;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use relevo_adapters::Source;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::{
    imap::{Mailbox, Roots},
    lease::Lease,
    long_poll::{Http, LongPoll},
    port::Port,
    watch::{Watch, Watcher},
};
use crate::{
    config::{self, Config},
    directory::{Directory, OpenChannel},
    inbound::Inbound,
};

/// Logs in to a mailbox, opens its folder and logs out again.
///
/// # Errors
/// Why that did not work, in plain words.
pub async fn try_mailbox(source: &relevo_adapters::ImapSource) -> Result<(), String> {
    imap::try_out(source).await
}

/// How often the tasks are compared with the channels; the directory itself sees a change within two seconds.
const LOOK: Duration = Duration::from_secs(1);

/// Fetches for every active channel whose platform does not push.
#[derive(Debug)]
pub struct Poller {
    inbound: Inbound,
    directory: Directory,
    telegram: config::Telegram,
    email: config::Email,
    /// Names this poller among those that share the database.
    owner: String,
    http: Http,
    roots: Roots,
}

/// The task of one channel.
#[derive(Debug)]
struct Running {
    /// The channel's version when it was started.
    version: i64,
    stop: CancellationToken,
    task: AbortHandle,
}

impl Poller {
    pub fn new(inbound: Inbound, directory: Directory, config: &Config) -> Self {
        Self {
            owner: inbound.clock.id(),
            inbound,
            directory,
            telegram: config.telegram.clone(),
            email: config.email.clone(),
            http: Http::default(),
            roots: Roots::default(),
        }
    }

    /// Runs a task for every channel that needs one, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut running = HashMap::new();
        loop {
            match self.directory.all().await {
                Ok(channels) => self.adjust(&channels, &mut running, &mut tasks, &stop),
                Err(error) => tracing::warn!(%error, "the poller does not know the channels yet"),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        // Their tokens are children of `stop`.
        while tasks.join_next().await.is_some() {}
    }

    /// Stops what is no longer wanted and starts what is missing. A changed channel is started anew once its old task
    /// has ended, because the two would fetch the same.
    fn adjust(
        &self,
        channels: &[Arc<OpenChannel>],
        running: &mut HashMap<i64, Running>,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) {
        let wanted: BTreeMap<i64, &Arc<OpenChannel>> = channels
            .iter()
            .filter(|open| open.active && !matches!(open.channel.source(), Source::Webhook))
            .map(|open| (open.id, open))
            .collect();
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "the task of a channel ended unexpectedly and is started again");
            }
        }
        running.retain(|_, task| !task.task.is_finished());
        for (id, task) in running.iter() {
            if wanted.get(id).is_none_or(|open| open.version != task.version) {
                task.stop.cancel();
            }
        }
        for (id, open) in wanted {
            if !running.contains_key(&id)
                && let Some(task) = self.start(open, tasks, stop)
            {
                running.insert(id, task);
            }
        }
    }

    fn start(&self, open: &Arc<OpenChannel>, tasks: &mut JoinSet<()>, stop: &CancellationToken) -> Option<Running> {
        let port = Port::new(open.clone(), self.inbound.clone());
        let (watcher, longest) = match open.channel.source() {
            Source::Webhook => return None,
            Source::LongPoll(source) => {
                let poll = LongPoll::new(port.clone(), source, self.telegram.poll, self.http.clone());
                (Watcher::LongPoll(poll), long_poll::LONGEST_PAUSE)
            }
            Source::Imap(source) => {
                let mailbox = Mailbox::new(port.clone(), source, self.email.clone(), self.roots.clone());
                (Watcher::Imap(mailbox), self.email.poll)
            }
        };
        let lease = Lease::new(&port, &self.owner);
        let stop = stop.child_token();
        let watch = Watch::new(port, lease, watcher, longest);
        let span = tracing::info_span!("poll", channel = open.id, kind = open.kind.name);
        let task = tasks.spawn(watch.run(stop.clone()).instrument(span));
        Some(Running { version: open.version, stop, task })
    }
}

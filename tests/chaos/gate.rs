//! A relay in front of a platform that keeps what is on its way, so that a process dies at a moment of our choosing.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// What a gate keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    /// All that the platform is asked.
    Requests,
    /// All that the platform answers once it has done more than this many things.
    AnswersAfter(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    keep: Keep,
    /// Connections of an earlier one are lost, with what was kept of them.
    epoch: u64,
}

struct Shared {
    target: String,
    /// How much the platform has done.
    done: Box<dyn Fn() -> usize + Send + Sync>,
    state: watch::Sender<State>,
    kept: AtomicUsize,
    passed_on: AtomicUsize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("target", &self.target).finish_non_exhaustive()
    }
}

/// An open gate, until it is told to keep something.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Stands before `target` (`host:port`), of which `done` says how much it has done.
    pub(super) async fn before(target: String, done: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = watch::Sender::new(State { keep: Keep::Nothing, epoch: 0 });
        let shared = Arc::new(Shared {
            target,
            done: Box::new(done),
            state,
            kept: AtomicUsize::new(0),
            passed_on: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, task }
    }

    pub(super) fn done(&self) -> usize {
        (self.shared.done)()
    }

    pub(super) fn keep(&self, keep: Keep) {
        self.shared.kept.store(0, Ordering::Relaxed);
        self.shared.passed_on.store(0, Ordering::Relaxed);
        self.shared.state.send_modify(|state| state.keep = keep);
    }

    /// Whether there is anything that it keeps.
    pub(super) fn keeps_something(&self) -> bool {
        self.shared.kept.load(Ordering::Relaxed) > 0
    }

    /// What is kept goes on its way.
    pub(super) fn release(&self) {
        self.shared.state.send_modify(|state| state.keep = Keep::Nothing);
    }

    /// Whether anything that was kept has arrived since.
    pub(super) fn has_passed_on(&self) -> bool {
        self.shared.passed_on.load(Ordering::Relaxed) > 0
    }

    /// All connections are lost, with what is kept of them; new ones go through.
    pub(super) fn reset(&self) {
        self.shared.kept.store(0, Ordering::Relaxed);
        self.shared.state.send_modify(|state| {
            state.epoch += 1;
            state.keep = Keep::Nothing;
        });
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.reset();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(shared.clone().relay(client));
    }
}

impl Shared {
    async fn relay(self: Arc<Self>, client: TcpStream) {
        let mut ends = self.state.subscribe();
        let epoch = ends.borrow_and_update().epoch;
        let Ok(server) = TcpStream::connect(&self.target).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = self.carry(from_client, to_server, epoch, |keep| keep == Keep::Requests) => {}
            () = self.carry(from_server, to_client, epoch, |keep| self.is_kept_answer(keep)) => {}
            _ = ends.wait_for(|state| state.epoch != epoch) => {}
        }
    }

    fn is_kept_answer(&self, keep: Keep) -> bool {
        matches!(keep, Keep::AnswersAfter(count) if (self.done)() > count)
    }

    /// Carries bytes one way until the connection ends or is lost.
    async fn carry(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, epoch: u64, keeps: impl Fn(Keep) -> bool) {
        let mut state = self.state.subscribe();
        let mut chunk = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut chunk).await {
            let kept = usize::from(keeps(state.borrow().keep));
            self.kept.fetch_add(kept, Ordering::Relaxed);
            let free = state.wait_for(|state| state.epoch != epoch || !keeps(state.keep)).await;
            let lost = free.map_or(true, |state| state.epoch != epoch);
            if lost || to.write_all(&chunk[..read]).await.is_err() {
                return;
            }
            self.passed_on.fetch_add(kept, Ordering::Relaxed);
        }
    }
}

//! Confirmed publishing over one supervised connection.
//!
//! One task owns the channel. It hands over the messages of every caller as they come and answers each caller when
//! the last of its messages is confirmed, so that hundreds are in flight at once and a caller that gives up waiting
//! leaves nothing behind.
//!
//! A message that no queue took comes back *and* is confirmed, and when several are confirmed together the client
//! cannot tell whose it was. So whatever is confirmed is looked at as a whole before anybody is answered, and one
//! returned message fails everything in flight: a queue is missing, and connecting anew declares it.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use futures_util::{FutureExt, Stream, StreamExt, future, poll, stream::FuturesUnordered};
use lapin::{Channel, Confirmation, Connection, Event, options::BasicPublishOptions, types::ShortString};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{RabbitSettings, connect::connect, in_time, lock, topology};
use crate::{
    backoff::Backoff,
    queue::{Item, QueueError, partition_of},
};

/// Messages that wait for their confirmation at once; more wait in their callers (P8).
const IN_FLIGHT: usize = 4096;
/// Callers whose messages are not handed over yet; more wait for a place.
const QUEUED: usize = 256;
/// Callers whose messages are handed over in one go: looking at everything else costs more than a hand-over.
const AT_ONCE: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Publisher {
    confirm: Duration,
    requests: Mutex<Option<mpsc::Sender<Request>>>,
    state: watch::Receiver<State>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Clone)]
enum State {
    /// Not there, and why.
    Connecting(String),
    Up(Arc<Connection>),
    Closed,
}

/// What one caller wants.
#[derive(Debug)]
struct Request {
    items: Vec<Item>,
    done: oneshot::Sender<Result<(), QueueError>>,
}

impl Publisher {
    pub(super) fn start(settings: RabbitSettings) -> Self {
        let (sender, requests) = mpsc::channel(QUEUED);
        let (tell, state) = watch::channel(State::Connecting("not yet connected".to_owned()));
        let confirm = settings.confirm;
        let task = tokio::spawn(supervise(settings, requests, tell));
        Self { confirm, requests: Mutex::new(Some(sender)), state, task: Mutex::new(Some(task)) }
    }

    pub(super) async fn publish(&self, items: Vec<Item>) -> Result<(), QueueError> {
        self.check()?;
        let requests = lock(&self.requests).clone().ok_or(QueueError::Closed)?;
        let confirmed = async move {
            let (done, answer) = oneshot::channel();
            requests.send(Request { items, done }).await.map_err(|_| QueueError::Closed)?;
            drop(requests);
            answer.await.map_err(|_| QueueError::Closed)?
        };
        in_time(self.confirm, confirmed).await
    }

    /// Whether a publish could be sent now.
    pub(super) fn check(&self) -> Result<(), QueueError> {
        match &*self.state.borrow() {
            // It reads nothing from a publisher until it has memory and disk again.
            State::Up(connection) if connection.status().blocked() => {
                Err(QueueError::Broker("it is short of memory or disk and takes nothing".to_owned()))
            }
            State::Up(_) => Ok(()),
            State::Connecting(reason) => Err(QueueError::Broker(format!("connecting: {reason}"))),
            State::Closed => Err(QueueError::Closed),
        }
    }

    /// Waits until there is a connection.
    pub(super) async fn up(&self, within: Duration) -> Result<(), QueueError> {
        let mut state = self.state.clone();
        let up = state.wait_for(|state| !matches!(state, State::Connecting(_)));
        match tokio::time::timeout(within, up).await {
            Ok(Ok(state)) if matches!(*state, State::Up(_)) => Ok(()),
            Ok(_) => Err(QueueError::Closed),
            Err(_) => self.check(),
        }
    }

    /// Takes no more, waits for what is in flight as long as a publisher would, and disconnects.
    pub(super) async fn close(&self) {
        lock(&self.requests).take();
        let task = lock(&self.task).take();
        if let Some(mut task) = task
            && tokio::time::timeout(self.confirm, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

/// Connects, publishes, and starts anew when that ends, until nobody can ask any more.
async fn supervise(settings: RabbitSettings, mut requests: mpsc::Receiver<Request>, state: watch::Sender<State>) {
    let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut reason = "not yet connected".to_owned();
    loop {
        let opened = tokio::select! {
            opened = open(&settings) => opened,
            () = refuse(&mut requests, &reason) => break,
        };
        match opened {
            Ok((connection, channel)) => {
                tracing::info!("connected to the broker");
                let began = Instant::now();
                let connection = Arc::new(connection);
                state.send_replace(State::Up(connection.clone()));
                // Ours outlives the session's: a channel that is dropped while its connection closes is an error there.
                let session = Session::new(&settings, channel.clone(), &mut requests);
                let end = session.run(connection.events_listener()).await;
                match end {
                    End::Closed => {
                        state.send_replace(State::Closed);
                        // Best effort: the broker notices a closed socket as well.
                        _ = connection.close(200, "stopping".into()).await;
                        return;
                    }
                    End::Lost(lost) => reason = lost,
                }
                if began.elapsed() > LONGEST_PAUSE {
                    pauses.reset();
                }
            }
            Err(error) => reason = error.to_string(),
        }
        let pause = pauses.next_pause();
        tracing::warn!(reason, ?pause, "no connection to the broker: trying again");
        state.send_replace(State::Connecting(reason.clone()));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = refuse(&mut requests, &reason) => break,
        }
    }
    state.send_replace(State::Closed);
}

/// Answers callers at once while there is no connection; ends when there can be no more of them.
async fn refuse(requests: &mut mpsc::Receiver<Request>, reason: &str) {
    while let Some(request) = requests.recv().await {
        // A caller that gave up does not need the answer.
        _ = request.done.send(Err(QueueError::Broker(format!("connecting: {reason}"))));
    }
}

async fn open(settings: &RabbitSettings) -> Result<(Connection, Channel), QueueError> {
    let connection = connect(settings, "relevo publisher").await?;
    let opening = async {
        let channel = connection.create_channel().await.map_err(topology::broken)?;
        topology::declare(&channel, settings).await?;
        channel.confirm_select(Default::default()).await.map_err(topology::broken)?;
        Ok(channel)
    };
    let channel = in_time(settings.confirm, opening).await?;
    Ok((connection, channel))
}

/// Why a session is over.
enum End {
    Closed,
    Lost(String),
}

/// A message on its way, and then what became of it.
type Sending = Pin<Box<dyn Future<Output = Settled> + Send>>;

struct Settled {
    request: u64,
    outcome: lapin::Result<Confirmation>,
}

struct Waiting {
    /// Messages that are not confirmed yet.
    left: usize,
    done: oneshot::Sender<Result<(), QueueError>>,
}

/// Publishing over one channel, from its opening to its end.
struct Session<'a> {
    settings: &'a RabbitSettings,
    exchange: ShortString,
    channel: Channel,
    requests: &'a mut mpsc::Receiver<Request>,
    sending: FuturesUnordered<Sending>,
    waiting: HashMap<u64, Waiting>,
    last: u64,
}

impl<'a> Session<'a> {
    fn new(settings: &'a RabbitSettings, channel: Channel, requests: &'a mut mpsc::Receiver<Request>) -> Self {
        Self {
            exchange: topology::exchange(settings),
            settings,
            channel,
            requests,
            sending: FuturesUnordered::new(),
            waiting: HashMap::new(),
            last: 0,
        }
    }

    async fn run(mut self, events: impl Stream<Item = Event>) -> End {
        let end = self.publish(events).await;
        match &end {
            End::Lost(reason) => {
                for (_, waiting) in self.waiting.drain() {
                    _ = waiting.done.send(Err(QueueError::Broker(reason.clone())));
                }
            }
            // Best effort: it ends with the connection as well, but then the client calls that an error.
            End::Closed => _ = self.channel.close(200, "stopping".into()).await,
        }
        end
    }

    async fn publish(&mut self, events: impl Stream<Item = Event>) -> End {
        let mut events = std::pin::pin!(events);
        let mut open = true;
        let mut asked = Vec::with_capacity(AT_ONCE);
        while open || !self.sending.is_empty() {
            let full = self.sending.len() >= IN_FLIGHT;
            tokio::select! {
                biased;
                Some(settled) = self.sending.next() => match self.settle(settled) {
                    Ok(()) => {}
                    Err(lost) => return End::Lost(lost),
                },
                Some(event) = events.next() => match event {
                    Event::Error(error) => return End::Lost(error.to_string()),
                    Event::ConnectionBlocked(reason) => tracing::warn!(reason, "the broker takes nothing for now"),
                    Event::ConnectionUnblocked => tracing::info!("the broker takes messages again"),
                    _ => {}
                },
                taken = self.requests.recv_many(&mut asked, AT_ONCE), if open && !full => {
                    open = taken > 0;
                    for request in asked.drain(..) {
                        self.send(request).await;
                    }
                },
                // Messages that nobody confirms must not stand in the way for ever.
                () = tokio::time::sleep(self.settings.confirm), if full => {
                    return End::Lost("it confirms nothing".to_owned());
                }
            }
        }
        End::Closed
    }

    /// Hands a caller's messages over, in order.
    async fn send(&mut self, request: Request) {
        self.last += 1;
        self.waiting.insert(self.last, Waiting { left: request.items.len(), done: request.done });
        for item in request.items {
            let mut sending = self.sending(item, self.last);
            // The first poll puts its frames in line: the order of these polls is the order on the wire.
            let sending = match poll!(&mut sending) {
                Poll::Pending => sending,
                Poll::Ready(settled) => Box::pin(future::ready(settled)),
            };
            self.sending.push(sending);
        }
    }

    fn sending(&self, item: Item, request: u64) -> Sending {
        let channel = self.channel.clone();
        let exchange = self.exchange.clone();
        let key = topology::key(partition_of(&item.route, self.settings.partitions));
        let options = BasicPublishOptions { mandatory: true, immediate: false };
        Box::pin(async move {
            let properties = topology::properties(&item);
            let outcome = match channel.basic_publish(exchange, key, options, item.body.as_bytes(), properties).await {
                Ok(confirmed) => confirmed.await,
                Err(error) => Err(error),
            };
            Settled { request, outcome }
        })
    }

    /// Answers the callers whose messages are all settled; fails if the session is over.
    fn settle(&mut self, first: Settled) -> Result<(), String> {
        let mut settled = vec![first];
        // Futures are polled in the order in which they were woken, and a returned message wakes somebody before its
        // own confirmation does: when nothing more is ready, every return up to here has been seen.
        while let Some(Some(next)) = self.sending.next().now_or_never() {
            settled.push(next);
        }
        let returned =
            |settled: &Settled| matches!(settled.outcome, Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))));
        if settled.iter().any(returned) {
            return Err("a message came back: a queue is missing".to_owned());
        }
        settled.into_iter().for_each(|settled| self.answer(settled));
        if self.channel.status().connected() { Ok(()) } else { Err("the channel is broken".to_owned()) }
    }

    fn answer(&mut self, settled: Settled) {
        let Some(waiting) = self.waiting.get_mut(&settled.request) else { return };
        let refused = match settled.outcome {
            Ok(Confirmation::Ack(_)) => {
                waiting.left -= 1;
                None
            }
            Ok(Confirmation::Nack(_)) => Some("it could not keep a message".to_owned()),
            Ok(Confirmation::NotRequested) => Some("it was not asked to confirm".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if (refused.is_some() || waiting.left == 0)
            && let Some(waiting) = self.waiting.remove(&settled.request)
        {
            _ = waiting.done.send(refused.map_or(Ok(()), |reason| Err(QueueError::Broker(reason))));
        }
    }
}

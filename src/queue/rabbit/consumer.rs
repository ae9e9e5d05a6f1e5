//! Consuming one partition.
//!
//! What the broker delivers is kept by its delivery tag until it is acknowledged. An item that is released, or dropped
//! unsettled, goes back to its place among them and is handed out again from there: given back to the broker, it would
//! come after everything that was already delivered, and its route would lose its order (P4). Only the end of the
//! channel gives items back, all of them and in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, atomic::Ordering},
};

use futures_util::{
    FutureExt, StreamExt,
    future::{MaybeDone, maybe_done},
};
use lapin::{
    Channel,
    message::Delivery as Message,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle};

use super::{RabbitQueue, in_time, lock, topology};
use crate::{
    queue::{Delivery, Item, QueueError, Receipt},
    store::Db,
};

/// See [`crate::queue::Consumer`].
#[derive(Debug)]
pub struct RabbitConsumer {
    queue: RabbitQueue,
    partition: u16,
    prefetch: u16,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed,
    /// In a task of its own: a caller that gives up waiting does not set it back to its beginning.
    Opening(JoinHandle<Result<Session, QueueError>>),
    Open(Session),
}

impl RabbitConsumer {
    pub(super) fn new(queue: RabbitQueue, partition: u16, prefetch: usize) -> Self {
        let prefetch = u16::try_from(prefetch).unwrap_or(u16::MAX).max(1);
        Self { queue, partition, prefetch, state: State::Closed }
    }

    pub(in crate::queue) async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        loop {
            match &mut self.state {
                State::Open(session) => {
                    let items = session.next(max.max(1)).await;
                    if items.is_err() {
                        self.state = State::Closed;
                    }
                    return items;
                }
                State::Opening(task) => {
                    let opened = task.await;
                    self.state = State::Closed;
                    self.state = State::Open(opened.map_err(|_| QueueError::Closed)??);
                }
                State::Closed => {
                    let opening = Session::open(self.queue.clone(), self.partition, self.prefetch);
                    self.state = State::Opening(tokio::spawn(opening));
                }
            }
        }
    }

    pub(in crate::queue) async fn close(self) {
        if let State::Open(session) = &self.state
            && let Some(channel) = session.hand.end("it was closed")
        {
            close(channel).await;
        }
    }
}

/// One channel's life.
#[derive(Debug)]
struct Session {
    hand: Arc<Hand>,
}

impl Session {
    async fn open(queue: RabbitQueue, partition: u16, prefetch: u16) -> Result<Self, QueueError> {
        let settings = &queue.0.settings;
        let opening = async {
            let channel = queue.0.consuming_channel().await?;
            topology::declare_partition(&channel, settings, partition).await?;
            channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(topology::broken)?;
            let name = topology::queue(settings, partition);
            let messages = channel
                .basic_consume(name, "".into(), BasicConsumeOptions::default(), FieldTable::default())
                .await
                .map_err(topology::broken)?;
            Ok((channel, messages))
        };
        let (channel, messages) = in_time(settings.confirm, opening).await?;
        let hand = Arc::new(Hand::new(queue.clone(), channel));
        tokio::spawn(receive(messages, hand.clone()));
        Ok(Self { hand })
    }

    async fn next(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        loop {
            let items = Hand::take(&self.hand, max)?;
            if !items.is_empty() {
                return Ok(items);
            }
            self.hand.changed.notified().await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(channel) = self.hand.end("its consumer is gone")
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(close(channel));
        }
    }
}

/// Gives everything unsettled back at once and in order. The consumer ends with its channel: cancelled before, it would
/// let another one have the followers of what is still in hand.
async fn close(channel: Channel) {
    if channel.status().connected() {
        // Best effort: the broker gives items back as well when it notices that the connection is gone.
        _ = channel.close(200, "closed".into()).await;
    }
}

/// Takes in what the broker delivers, which is no more than the prefetch, until the channel ends.
async fn receive(mut messages: lapin::Consumer, hand: Arc<Hand>) {
    let Err(reason) = take_in(&mut messages, &hand).await;
    if let Some(channel) = hand.end(&reason) {
        close(channel).await;
    }
}

async fn take_in(messages: &mut lapin::Consumer, hand: &Hand) -> Result<Infallible, String> {
    let message = |next: Option<lapin::Result<Message>>| match next {
        Some(message) => message.map_err(|error| error.to_string()),
        None => Err("the consumer was cancelled".to_owned()),
    };
    loop {
        hand.add(message(messages.next().await)?);
        while let Some(next) = messages.next().now_or_never() {
            hand.add(message(next)?);
        }
        hand.changed.notify_one();
    }
}

/// What a channel delivered and nobody has settled.
#[derive(Debug)]
struct Hand {
    queue: RabbitQueue,
    held: Mutex<Held>,
    /// Items arrived or came back, or it is over.
    changed: Notify,
}

#[derive(Debug)]
struct Held {
    /// Why not, once it is over: then everything comes again by another channel.
    channel: Result<Channel, String>,
    /// By delivery tag, which is the order of the queue.
    unsettled: BTreeMap<u64, Unsettled>,
}

#[derive(Debug)]
struct Unsettled {
    item: Item,
    /// Whether somebody has it.
    out: bool,
}

type Acknowledging = Pin<Box<MaybeDone<Pin<Box<dyn Future<Output = lapin::Result<()>> + Send>>>>>;

impl Hand {
    fn new(queue: RabbitQueue, channel: Channel) -> Self {
        let held = Held { channel: Ok(channel), unsettled: BTreeMap::new() };
        Self { queue, held: Mutex::new(held), changed: Notify::new() }
    }

    fn add(&self, message: Message) {
        let mut held = lock(&self.held);
        if held.channel.is_ok() {
            held.unsettled.insert(message.delivery_tag, Unsettled { item: topology::item(message), out: false });
            self.queue.0.in_hand.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(hand: &Arc<Self>, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let mut held = lock(&hand.held);
        held.channel()?;
        let free = held.unsettled.iter_mut().filter(|(_, unsettled)| !unsettled.out);
        let items = free.take(max).map(|(tag, unsettled)| {
            unsettled.out = true;
            let receipt = Receipt::Rabbit(RabbitReceipt { hand: hand.clone(), tag: *tag });
            Delivery { item: unsettled.item.clone(), receipt }
        });
        Ok(items.collect())
    }

    fn put_back(&self, tag: u64) {
        if let Some(unsettled) = lock(&self.held).unsettled.get_mut(&tag) {
            unsettled.out = false;
            self.changed.notify_one();
        }
    }

    /// Puts acknowledgements in line: one for the oldest tags if nothing older stays behind, one for each other.
    fn acknowledge(&self, mut tags: BTreeSet<u64>) -> Result<Vec<Acknowledging>, QueueError> {
        let mut held = lock(&self.held);
        let channel = held.channel()?;
        tags.retain(|tag| held.unsettled.contains_key(tag));
        let oldest = held.unsettled.keys().zip(&tags).take_while(|(have, done)| have == done);
        let multiple = oldest.last().map(|(tag, _)| *tag);
        tags.iter().for_each(|tag| _ = held.unsettled.remove(tag));
        self.queue.0.in_hand.fetch_sub(signed(tags.len()), Ordering::Relaxed);
        let single = tags.into_iter().filter(|tag| Some(*tag) > multiple).map(|tag| (tag, false));
        let all = multiple.map(|tag| (tag, true)).into_iter().chain(single);
        // Put in line under the lock: out of order, one that covers several would cover what another call
        // acknowledges, and the broker would close the channel over the second.
        Ok(all.map(|(tag, multiple)| acknowledging(channel.clone(), tag, multiple)).collect())
    }

    /// Forgets everything, because it comes again; gives the channel, once.
    fn end(&self, reason: &str) -> Option<Channel> {
        let mut held = lock(&self.held);
        if held.channel.is_err() {
            return None;
        }
        self.queue.0.in_hand.fetch_sub(signed(held.unsettled.len()), Ordering::Relaxed);
        held.unsettled.clear();
        self.changed.notify_one();
        std::mem::replace(&mut held.channel, Err(reason.to_owned())).ok()
    }
}

impl Held {
    fn channel(&self) -> Result<Channel, QueueError> {
        self.channel.clone().map_err(|reason| QueueError::Broker(format!("{reason}; unsettled items come again")))
    }
}

/// An acknowledgement that is in line already; what is left is to wait until it is written.
fn acknowledging(channel: Channel, tag: u64, multiple: bool) -> Acknowledging {
    let mut sent: Acknowledging =
        Box::pin(maybe_done(Box::pin(async move { channel.basic_ack(tag, BasicAckOptions { multiple }).await })));
    // The first poll puts it in line.
    _ = sent.as_mut().now_or_never();
    sent
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// See [`crate::queue::Delivery`]. Dropped unsettled, the item comes again.
#[derive(Debug)]
pub(in crate::queue) struct RabbitReceipt {
    hand: Arc<Hand>,
    tag: u64,
}

impl RabbitReceipt {
    pub(in crate::queue) fn db(&self) -> &Db {
        self.hand.queue.db()
    }

    pub(in crate::queue) fn release(self) {
        drop(self);
    }
}

impl Drop for RabbitReceipt {
    fn drop(&mut self) {
        self.hand.put_back(self.tag);
    }
}

/// Acknowledges. An error means that some of it comes again.
pub(in crate::queue) async fn ack(receipts: Vec<RabbitReceipt>) -> Result<(), QueueError> {
    let mut hands: Vec<(Arc<Hand>, BTreeSet<u64>)> = Vec::new();
    for receipt in &receipts {
        match hands.iter_mut().find(|(hand, _)| Arc::ptr_eq(hand, &receipt.hand)) {
            Some((_, tags)) => _ = tags.insert(receipt.tag),
            None => hands.push((receipt.hand.clone(), BTreeSet::from([receipt.tag]))),
        }
    }
    let mut answer = Ok(());
    for (hand, tags) in hands {
        match hand.acknowledge(tags) {
            Ok(sent) => {
                for mut sent in sent {
                    sent.as_mut().await;
                    if let Some(Err(error)) = sent.as_mut().take_output() {
                        answer = Err(topology::broken(error));
                    }
                }
            }
            Err(error) => answer = Err(error),
        }
    }
    answer
}

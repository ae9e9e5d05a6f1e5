//! The queue as a table of the database: nothing to install.
//!
//! Publishes that run at the same time share one transaction (group commit). A partition belongs to one process by
//! a short lease; processes share the partitions evenly. In one process a published item wakes its consumer; across
//! processes consumers look every [`POLL`].

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, mpsc, oneshot};

use super::{Delivery, Item, POLL, QueueError, Receipt, partition_of};
use crate::{
    clock::Clock,
    store::{Db, leases, queue_items},
};

/// How long a partition stays with a process that no longer says anything.
const LEASE_MS: i64 = 5_000;
const RENEW: Duration = Duration::from_millis(1_500);
/// Items in one transaction of the group commit.
const GROUP: usize = 1_000;

#[derive(Debug, Clone)]
pub struct TableQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    clock: Clock,
    /// Names this process among those that share the database.
    owner: String,
    partitions: u16,
    publisher: Mutex<Option<mpsc::Sender<Publish>>>,
    wake: Vec<Notify>,
    share: Share,
}

/// Which partitions this process holds, and how many are its fair share.
#[derive(Debug, Default)]
struct Share {
    held: Mutex<HashSet<u16>>,
    fair: AtomicUsize,
    keeper: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

struct Publish {
    items: Vec<Item>,
    done: oneshot::Sender<Result<(), QueueError>>,
}

impl TableQueue {
    /// A queue in `db` with this many partitions. Must be called within a runtime.
    pub fn new(db: Db, clock: Clock, partitions: u16) -> Self {
        let (sender, receiver) = mpsc::channel(1024);
        let shared = Arc::new(Shared {
            owner: clock.id(),
            db,
            clock,
            partitions,
            publisher: Mutex::new(Some(sender)),
            wake: (0..partitions).map(|_| Notify::new()).collect(),
            share: Share::default(),
        });
        tokio::spawn(commit_groups(Arc::downgrade(&shared), receiver));
        Self(shared)
    }

    pub(super) async fn publish(&self, items: Vec<Item>) -> Result<(), QueueError> {
        let sender = lock(&self.0.publisher).clone().ok_or(QueueError::Closed)?;
        let (done, answer) = oneshot::channel();
        sender.send(Publish { items, done }).await.map_err(|_| QueueError::Closed)?;
        answer.await.map_err(|_| QueueError::Closed)?
    }

    pub(super) fn consumer(&self, partition: u16, prefetch: usize) -> TableConsumer {
        let mut keeper = lock(&self.0.share.keeper);
        if keeper.is_none() {
            *keeper = Some(tokio::spawn(keep_leases(Arc::downgrade(&self.0))));
        }
        TableConsumer { queue: self.clone(), partition, prefetch, in_hand: Arc::default() }
    }

    pub(super) fn partitions(&self) -> u16 {
        self.0.partitions
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(super) async fn close(&self) {
        lock(&self.0.publisher).take();
        let keeper = lock(&self.0.share.keeper).take();
        if let Some(keeper) = keeper {
            keeper.abort();
            // Best effort: without it the lease ends by itself.
            _ = release(&self.0, &worker_name(&self.0.owner)).await;
        }
    }
}

/// Inserts what concurrent publishers bring, as much as there is, in one transaction after the other.
async fn commit_groups(shared: std::sync::Weak<Shared>, mut publishes: mpsc::Receiver<Publish>) {
    while let Some(first) = publishes.recv().await {
        let mut group = vec![first];
        let mut size = group[0].items.len();
        while size < GROUP {
            let Ok(next) = publishes.try_recv() else { break };
            size += next.items.len();
            group.push(next);
        }
        let Some(shared) = shared.upgrade() else { return };
        match insert(&shared, &group).await {
            Ok(partitions) => {
                partitions.into_iter().for_each(|partition| shared.wake[usize::from(partition)].notify_one());
                // A publisher that gave up waiting will publish again: consumers see an item twice at worst.
                group.into_iter().for_each(|publish| _ = publish.done.send(Ok(())));
            }
            Err(error) => {
                tracing::warn!(%error, items = size, "could not store published items");
                let reason = error.to_string();
                group.into_iter().for_each(|publish| _ = publish.done.send(Err(QueueError::Table(reason.clone()))));
            }
        }
    }
}

async fn insert(shared: &Shared, group: &[Publish]) -> Result<HashSet<u16>, QueueError> {
    let mut partitions = HashSet::new();
    let rows: Vec<queue_items::NewItem<'_>> = group
        .iter()
        .flat_map(|publish| &publish.items)
        .map(|item| {
            let partition = partition_of(&item.route, shared.partitions);
            partitions.insert(partition);
            queue_items::NewItem { p: partition.into(), r: &item.route, b: &item.body, a: item.attempt }
        })
        .collect();
    let mut tx = shared.db.write().await?;
    queue_items::insert(&mut tx, &rows, shared.clock.now()).await?;
    tx.commit().await?;
    Ok(partitions)
}

/// Says every [`RENEW`] that this process lives, renews its leases and counts who else is there.
async fn keep_leases(shared: std::sync::Weak<Shared>) {
    loop {
        let Some(alive) = shared.upgrade() else { return };
        if let Err(error) = renew(&alive).await {
            tracing::warn!(%error, "could not renew the leases of this worker's partitions");
        }
        drop(alive);
        tokio::time::sleep(RENEW).await;
    }
}

async fn renew(shared: &Shared) -> Result<(), QueueError> {
    let now = shared.clock.now();
    let mut tx = shared.db.write().await?;
    leases::take(&mut tx, &worker_name(&shared.owner), &shared.owner, now, now + LEASE_MS).await?;
    // Only what is consumed: a lease that this process forgot (a release that failed) must end.
    let held: Vec<String> = lock(&shared.share.held).iter().copied().map(lease_name).collect();
    leases::renew(&mut tx, &shared.owner, &held, now + LEASE_MS).await?;
    let workers = leases::live(&mut tx, "worker:", now).await?.len().max(1);
    let mine = leases::live(&mut tx, "partition:", now).await?;
    tx.commit().await?;
    let mine: HashSet<u16> = mine
        .into_iter()
        .filter(|(_, owner)| *owner == shared.owner)
        .filter_map(|(name, _)| name.strip_prefix("partition:")?.parse().ok())
        .collect();
    // A lease that was lost meanwhile is no longer ours to consume under.
    lock(&shared.share.held).retain(|partition| mine.contains(partition));
    shared.share.fair.store(usize::from(shared.partitions).div_ceil(workers), Ordering::Relaxed);
    Ok(())
}

async fn release(shared: &Shared, name: &str) -> Result<(), QueueError> {
    let mut tx = shared.db.write().await?;
    leases::release(&mut tx, name, &shared.owner).await?;
    Ok(tx.commit().await?)
}

fn worker_name(owner: &str) -> String {
    format!("worker:{owner}")
}

fn lease_name(partition: u16) -> String {
    format!("partition:{partition}")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// See [`super::Consumer`].
#[derive(Debug)]
pub struct TableConsumer {
    queue: TableQueue,
    partition: u16,
    prefetch: usize,
    in_hand: Arc<Mutex<HashSet<i64>>>,
}

impl TableConsumer {
    pub(super) async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        loop {
            let shared = &self.queue.0;
            if self.owns_partition().await? {
                let found = self.head(max).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            tokio::select! {
                () = shared.wake[usize::from(self.partition)].notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Takes the oldest items that are not already in this consumer's hands.
    async fn head(&self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let mut in_hand = lock(&self.in_hand).clone();
        let room = self.prefetch.saturating_sub(in_hand.len()).min(max);
        if room == 0 {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(room + in_hand.len()).unwrap_or(i64::MAX);
        let mut tx = self.queue.0.db.read().await?;
        let mut items = queue_items::head(&mut tx, self.partition.into(), limit).await?;
        drop(tx);
        items.retain(|item| in_hand.insert(item.id));
        items.truncate(room);
        lock(&self.in_hand).extend(items.iter().map(|item| item.id));
        Ok(items.into_iter().map(|item| self.deliver(item)).collect())
    }

    fn deliver(&self, row: queue_items::Item) -> Delivery {
        Delivery {
            item: Item { route: row.route, body: row.body, attempt: row.attempt },
            receipt: Receipt::Table(TableReceipt {
                queue: self.queue.clone(),
                id: row.id,
                in_hand: self.in_hand.clone(),
            }),
        }
    }

    /// Whether the partition is ours; takes it if it is free and we hold less than our share, gives it back if we
    /// hold more.
    async fn owns_partition(&self) -> Result<bool, QueueError> {
        let shared = &self.queue.0;
        let fair = shared.share.fair.load(Ordering::Relaxed);
        let (holds, count) = {
            let held = lock(&shared.share.held);
            (held.contains(&self.partition), held.len())
        };
        match holds {
            true if count > fair && lock(&self.in_hand).is_empty() => {
                lock(&shared.share.held).remove(&self.partition);
                release(shared, &lease_name(self.partition)).await?;
                Ok(false)
            }
            true => Ok(true),
            false if count >= fair => Ok(false),
            false => self.take_partition().await,
        }
    }

    async fn take_partition(&self) -> Result<bool, QueueError> {
        let shared = &self.queue.0;
        let now = shared.clock.now();
        let mut tx = shared.db.write().await?;
        let ours = leases::take(&mut tx, &lease_name(self.partition), &shared.owner, now, now + LEASE_MS).await?;
        tx.commit().await?;
        if ours {
            lock(&shared.share.held).insert(self.partition);
        }
        Ok(ours)
    }

    pub(super) async fn close(self) {
        let held = lock(&self.queue.0.share.held).remove(&self.partition);
        if held {
            // Best effort: without it the lease ends by itself.
            _ = release(&self.queue.0, &lease_name(self.partition)).await;
        }
    }
}

/// See [`super::Delivery`]. Dropped unsettled, the item comes again.
#[derive(Debug)]
pub(super) struct TableReceipt {
    queue: TableQueue,
    id: i64,
    in_hand: Arc<Mutex<HashSet<i64>>>,
}

impl TableReceipt {
    pub(super) fn db(&self) -> &Db {
        &self.queue.0.db
    }

    pub(super) fn release(self) {
        drop(self);
    }
}

impl Drop for TableReceipt {
    fn drop(&mut self) {
        lock(&self.in_hand).remove(&self.id);
    }
}

pub(super) async fn ack(receipts: Vec<TableReceipt>) -> Result<(), QueueError> {
    let Some(first) = receipts.first() else { return Ok(()) };
    let ids: Vec<i64> = receipts.iter().map(|receipt| receipt.id).collect();
    let mut tx = first.queue.0.db.write().await?;
    queue_items::delete(&mut tx, &ids).await?;
    Ok(tx.commit().await?)
}

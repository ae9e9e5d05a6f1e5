//! Inbound work that is ready now.
//!
//! A queue carries [`Item`]s: a route and a body. Items of one route are delivered in the order in which they were
//! published (P4), because a route always falls into the same partition and a partition has one consumer at a time.
//! Delivery is at least once: whoever consumes must be able to see an item twice.
//!
//! [`Queue::publish`] says `Ok` only once every item is durable (P1). A [`Delivery`] is settled by value, exactly once:
//! [`ack`](Delivery::ack), [`release`](Delivery::release), [`retry_at`](Delivery::retry_at) or
//! [`dead_letter`](Delivery::dead_letter). One that is dropped unsettled comes again. Delayed items and dead letters
//! live in the database in both modes, so that operators have one view.
//!
//! May use: `store`. Knows nothing of what the bodies mean.

mod rabbit;
mod table;

use std::time::Duration;

use relevo_adapters::Millis;

pub use rabbit::{RabbitQueue, RabbitSettings};
pub use table::TableQueue;

use crate::{
    clock::Clock,
    store::{Db, StoreError, dead_letters, queue_items},
};

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Items of one route keep their order.
    pub route: String,
    /// UTF-8 without NUL.
    pub body: String,
    /// How often it was tried before; 0 for new work.
    pub attempt: i64,
}

/// Why the queue did not do what it was asked. The work is safe to repeat.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The broker cannot be reached or did not confirm in time. The items may or may not be durable.
    #[error("the broker is not available: {0}")]
    Broker(String),
    #[error("the queue's table is not available")]
    Store(#[from] StoreError),
    /// The items could not be stored; many callers share the reason.
    #[error("the queue's table is not available: {0}")]
    Table(String),
    /// The process is stopping.
    #[error("the queue is closed")]
    Closed,
}

/// How much waits where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    /// Ready to be consumed, or in a consumer's hands; on RabbitMQ, in the hands of this process.
    pub ready: i64,
    /// Waiting for their time.
    pub delayed: i64,
    /// Waiting for an operator.
    pub dead: i64,
}

/// The queue. Clones share its connections.
#[derive(Debug, Clone)]
pub enum Queue {
    Table(TableQueue),
    Rabbit(RabbitQueue),
}

/// One partition's consumer.
#[derive(Debug)]
pub enum Consumer {
    Table(table::TableConsumer),
    Rabbit(rabbit::RabbitConsumer),
}

/// One item in a consumer's hands.
#[derive(Debug)]
#[must_use = "a delivery that is not settled comes again"]
pub struct Delivery {
    pub item: Item,
    receipt: Receipt,
}

#[derive(Debug)]
enum Receipt {
    Table(table::TableReceipt),
    Rabbit(rabbit::RabbitReceipt),
}

impl Queue {
    /// Makes items durable, in order.
    ///
    /// # Errors
    /// If that is not certain for every item; the whole call is then to be repeated.
    pub async fn publish(&self, items: Vec<Item>) -> Result<(), QueueError> {
        match self {
            _ if items.is_empty() => Ok(()),
            Self::Table(queue) => queue.publish(items).await,
            Self::Rabbit(queue) => queue.publish(items).await,
        }
    }

    /// A consumer of one partition that holds at most `prefetch` unsettled items. It connects when it is first asked.
    pub fn consumer(&self, partition: u16, prefetch: usize) -> Consumer {
        match self {
            Self::Table(queue) => Consumer::Table(queue.consumer(partition, prefetch)),
            Self::Rabbit(queue) => Consumer::Rabbit(queue.consumer(partition, prefetch)),
        }
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> u16 {
        match self {
            Self::Table(queue) => queue.partitions(),
            Self::Rabbit(queue) => queue.partitions(),
        }
    }

    /// How much waits.
    ///
    /// # Errors
    /// If the broker or the database does not answer.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let on_broker = match self {
            Self::Table(_) => None,
            Self::Rabbit(queue) => Some(queue.ready().await?),
        };
        let mut tx = self.db().read().await?;
        let ready = match on_broker {
            Some(ready) => ready,
            None => queue_items::count(&mut tx).await?,
        };
        let delayed = queue_items::count_delayed(&mut tx).await?;
        Ok(Depth { ready, delayed, dead: dead_letters::count(&mut tx).await? })
    }

    /// Publishes delayed items whose time has come; gives how many. Run by one process at a time; if two do, or it
    /// stops half-way, an item comes twice.
    ///
    /// # Errors
    /// If the items could not be published: they stay delayed.
    pub async fn publish_due(&self, now: Millis) -> Result<usize, QueueError> {
        const AT_ONCE: i64 = 500;
        let mut tx = self.db().read().await?;
        let due = queue_items::due(&mut tx, now, AT_ONCE).await?;
        drop(tx);
        let items = due
            .iter()
            .map(|item| Item { route: item.route.clone(), body: item.body.clone(), attempt: item.attempt })
            .collect();
        self.publish(items).await?;
        if !due.is_empty() {
            let ids: Vec<&str> = due.iter().map(|item| item.id.as_str()).collect();
            let mut tx = self.db().write().await?;
            queue_items::delete_delayed(&mut tx, &ids).await?;
            tx.commit().await?;
        }
        Ok(due.len())
    }

    /// A word for people: which queue this is.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Table(_) => "table",
            Self::Rabbit(_) => "rabbitmq",
        }
    }

    /// Whether it could take work now.
    ///
    /// # Errors
    /// If it could not, and why.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match self {
            Self::Table(_) => Ok(()),
            Self::Rabbit(queue) => queue.ping().await,
        }
    }

    /// Waits until it can take work, at most `within`; gives whether it can.
    pub async fn connected(&self, within: Duration) -> bool {
        match self {
            Self::Table(_) => true,
            Self::Rabbit(queue) => queue.connected(within).await,
        }
    }

    /// Finishes what is in hand and closes connections.
    pub async fn close(&self) {
        match self {
            Self::Table(queue) => queue.close().await,
            Self::Rabbit(queue) => queue.close().await,
        }
    }

    fn db(&self) -> &Db {
        match self {
            Self::Table(queue) => queue.db(),
            Self::Rabbit(queue) => queue.db(),
        }
    }
}

impl Consumer {
    /// The next items, at least one and at most `max`, in order; waits until there are some. Safe to cancel.
    ///
    /// # Errors
    /// If the broker or the database does not answer; asking again later reconnects.
    pub async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, QueueError> {
        match self {
            Self::Table(consumer) => consumer.next(max).await,
            Self::Rabbit(consumer) => consumer.next(max).await,
        }
    }

    /// Gives the partition back. Unsettled items come again, elsewhere.
    pub async fn close(self) {
        match self {
            Self::Table(consumer) => consumer.close().await,
            Self::Rabbit(consumer) => consumer.close().await,
        }
    }
}

impl Delivery {
    /// The work is done.
    ///
    /// # Errors
    /// If that could not be noted: the item will come again.
    pub async fn ack(self) -> Result<(), QueueError> {
        Self::ack_all(vec![self]).await
    }

    /// The work on all of these, which came from one call of [`Consumer::next`], is done.
    ///
    /// # Errors
    /// If that could not be noted: the items will come again.
    pub async fn ack_all(deliveries: Vec<Self>) -> Result<(), QueueError> {
        let (mut table, mut rabbit) = (Vec::new(), Vec::new());
        for delivery in deliveries {
            match delivery.receipt {
                Receipt::Table(receipt) => table.push(receipt),
                Receipt::Rabbit(receipt) => rabbit.push(receipt),
            }
        }
        table::ack(table).await?;
        rabbit::ack(rabbit).await
    }

    /// Not done: it comes again at once, in its place.
    ///
    /// # Errors
    /// If that could not be noted: the item comes again all the same.
    pub async fn release(self) -> Result<(), QueueError> {
        match self.receipt {
            Receipt::Table(receipt) => receipt.release(),
            Receipt::Rabbit(receipt) => receipt.release(),
        }
        Ok(())
    }

    /// Not done: it comes again at `when`, counted as one more attempt, and no longer holds up its followers.
    ///
    /// # Errors
    /// If that could not be noted: the item comes again at once.
    pub async fn retry_at(self, when: Millis, reason: &str, clock: &Clock) -> Result<(), QueueError> {
        let db = self.db().clone();
        let delayed = queue_items::Delayed {
            id: clock.id(),
            due_at: when,
            route: self.item.route.clone(),
            body: self.item.body.clone(),
            attempt: self.item.attempt + 1,
            reason: reason.to_owned(),
        };
        let mut tx = db.write().await?;
        queue_items::delay(&mut tx, &delayed).await?;
        tx.commit().await?;
        self.ack().await
    }

    /// It can never be done: it is kept for an operator.
    ///
    /// # Errors
    /// If that could not be noted: the item comes again.
    pub async fn dead_letter(self, reason: &str, channel: Option<i64>, clock: &Clock) -> Result<(), QueueError> {
        let db = self.db().clone();
        let letter = dead_letters::DeadLetter {
            id: clock.id(),
            kind: dead_letters::EVENT.to_owned(),
            channel_id: channel,
            route: self.item.route.clone(),
            content_type: None,
            body: self.item.body.clone().into_bytes(),
            reason: reason.to_owned(),
            attempt: self.item.attempt + 1,
            state: "dead".to_owned(),
            created_at: clock.now(),
            settled_at: None,
        };
        let mut tx = db.write().await?;
        dead_letters::insert(&mut tx, &letter).await?;
        tx.commit().await?;
        self.ack().await
    }

    fn db(&self) -> &Db {
        match &self.receipt {
            Receipt::Table(receipt) => receipt.db(),
            Receipt::Rabbit(receipt) => receipt.db(),
        }
    }
}

/// The partition of a route: FNV-1a, because it must be the same in every process and version.
fn partition_of(route: &str, partitions: u16) -> u16 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = route.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    u16::try_from((hash ^ (hash >> 32)) % u64::from(partitions.max(1))).unwrap_or_default()
}

/// How long a consumer that found nothing waits before it looks again, if nobody wakes it.
const POLL: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p4_a_route_always_falls_into_the_same_partition_and_routes_spread() {
        assert_eq!(partition_of("1:u:DE.99", 8), partition_of("1:u:DE.99", 8));
        let mut hits = [0_u32; 8];
        (0..8000).for_each(|n| hits[usize::from(partition_of(&format!("7:p:49{n}"), 8))] += 1);
        assert!(hits.iter().all(|hits| (800..1200).contains(hits)), "{hits:?}");
    }
}

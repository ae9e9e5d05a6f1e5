//! The queue on RabbitMQ.
//!
//! - [`connect`] — reaching it.
//! - [`topology`] — what things are called there, and how an item travels.
//! - [`publisher`] — one supervised connection, one channel, many confirmed publishes in flight.
//! - [`consumer`] — one channel per partition on a connection of its own, which the broker does not block when it is
//!   short of memory or disk: work is then still taken away.
//!
//! Everything heals by itself: the publisher reconnects for ever, a consumer whenever it is asked for more.

mod connect;
mod consumer;
mod publisher;
mod topology;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use lapin::{Channel, Connection};
use secrecy::SecretString;
use tokio::sync::Mutex;

use connect::connect;
pub(super) use consumer::{RabbitConsumer, RabbitReceipt, ack};
use publisher::Publisher;

use super::{Item, QueueError};
use crate::store::Db;

/// How to reach the broker and what to call things there.
#[derive(Debug, Clone)]
pub struct RabbitSettings {
    /// `amqp://user:password@host:port/vhost`, or `amqps://`.
    pub url: SecretString,
    /// Prefix of exchange and queue names.
    pub prefix: String,
    pub partitions: u16,
    /// How long a publish may wait for its confirmation.
    pub confirm: Duration,
}

#[derive(Debug, Clone)]
pub struct RabbitQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    settings: RabbitSettings,
    publisher: Publisher,
    /// The consumers' connection, made when it is first needed.
    consuming: Mutex<Option<Connection>>,
    /// Items that were delivered to this process and are not settled.
    in_hand: AtomicI64,
}

impl RabbitQueue {
    /// A queue on the broker; connects in the background, for ever. Must be called within a runtime.
    pub fn new(db: Db, settings: RabbitSettings) -> Self {
        Self(Arc::new(Shared {
            publisher: Publisher::start(settings.clone()),
            db,
            settings,
            consuming: Mutex::new(None),
            in_hand: AtomicI64::new(0),
        }))
    }

    /// Waits at most this long for the connection; gives whether it is there.
    pub async fn connected(&self, within: Duration) -> bool {
        self.0.publisher.up(within).await.is_ok()
    }

    pub(super) async fn publish(&self, items: Vec<Item>) -> Result<(), QueueError> {
        self.0.publisher.publish(items).await
    }

    pub(super) fn consumer(&self, partition: u16, prefetch: usize) -> RabbitConsumer {
        RabbitConsumer::new(self.clone(), partition, prefetch)
    }

    pub(super) fn partitions(&self) -> u16 {
        self.0.settings.partitions
    }

    /// Items that wait on the broker or are in this process's hands; what it cannot see is in the hands of others.
    pub(super) async fn ready(&self) -> Result<i64, QueueError> {
        let counting = async {
            let channel = self.0.consuming_channel().await?;
            let waiting = topology::count(&channel, &self.0.settings).await?;
            channel.close(200, "counted".into()).await.map_err(topology::broken)?;
            Ok(waiting + self.0.in_hand.load(Ordering::Relaxed))
        };
        in_time(self.0.settings.confirm, counting).await
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        self.0.publisher.check()
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(super) async fn close(&self) {
        self.0.publisher.close().await;
        let connection = self.0.consuming.lock().await.take();
        if let Some(connection) = connection {
            // Best effort: the broker notices a closed socket as well.
            _ = tokio::time::timeout(self.0.settings.confirm, connection.close(200, "stopping".into())).await;
        }
    }
}

impl Shared {
    /// A new channel of the consumers' connection, which is made anew if it is broken.
    async fn consuming_channel(&self) -> Result<Channel, QueueError> {
        // The publisher's supervisor knows whether the broker can be reached, and paces the attempts.
        self.publisher.up(self.settings.confirm).await?;
        let mut held = self.consuming.lock().await;
        let connection = match held.take() {
            Some(connection) if connection.status().connected() => connection,
            _ => connect(&self.settings, "relevo consumer").await?,
        };
        held.insert(connection).create_channel().await.map_err(topology::broken)
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T, QueueError>>) -> Result<T, QueueError> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(QueueError::Broker("it did not answer in time".to_owned())),
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

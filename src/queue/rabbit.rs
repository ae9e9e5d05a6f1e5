//! The queue on RabbitMQ.

use std::time::Duration;

use secrecy::SecretString;

use super::{Delivery, Item, QueueError};
use crate::store::Db;

/// How to reach the broker and what to call things there.
#[derive(Debug, Clone)]
pub struct RabbitSettings {
    /// `amqp://user:password@host:port/vhost`.
    pub url: SecretString,
    /// Prefix of exchange and queue names.
    pub prefix: String,
    pub partitions: u16,
    /// How long a publish may wait for its confirmation.
    pub confirm: Duration,
}

#[derive(Debug, Clone)]
pub struct RabbitQueue {
    db: Db,
    settings: RabbitSettings,
}

impl RabbitQueue {
    pub fn new(db: Db, settings: RabbitSettings) -> Self {
        Self { db, settings }
    }

    pub(super) async fn publish(&self, _items: Vec<Item>) -> Result<(), QueueError> {
        Err(QueueError::Closed)
    }

    pub(super) fn consumer(&self, _partition: u16, _prefetch: usize) -> RabbitConsumer {
        RabbitConsumer {}
    }

    pub(super) fn partitions(&self) -> u16 {
        self.settings.partitions
    }

    pub(super) async fn ready(&self) -> Result<i64, QueueError> {
        Err(QueueError::Closed)
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        Err(QueueError::Closed)
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    pub(super) async fn close(&self) {}
}

#[derive(Debug)]
pub struct RabbitConsumer {}

impl RabbitConsumer {
    pub(super) async fn next(&mut self, _max: usize) -> Result<Vec<Delivery>, QueueError> {
        Err(QueueError::Closed)
    }

    pub(super) async fn close(self) {}
}

#[derive(Debug)]
pub struct RabbitReceipt {
    db: Db,
}

impl RabbitReceipt {
    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    pub(super) async fn release(self) -> Result<(), QueueError> {
        Err(QueueError::Closed)
    }
}

pub(super) async fn ack(receipts: Vec<RabbitReceipt>) -> Result<(), QueueError> {
    if receipts.is_empty() { Ok(()) } else { Err(QueueError::Closed) }
}

//! What every source works with: its channel, the way in, and its cursors.

use std::sync::Arc;

use bytes::Bytes;
use relevo_adapters::{Fault, Millis, Parsed};

use crate::{
    directory::OpenChannel,
    inbound::{Inbound, InboundError},
    queue::QueueError,
    store::{StoreError, channels},
};

/// One channel's way in. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) open: Arc<OpenChannel>,
    pub(super) inbound: Inbound,
}

impl Port {
    pub(super) fn new(open: Arc<OpenChannel>, inbound: Inbound) -> Self {
        Self { open, inbound }
    }

    pub(super) fn now(&self) -> Millis {
        self.inbound.clock.now()
    }

    /// Makes payloads durable, in order; one that cannot be understood becomes a dead letter (P7).
    ///
    /// # Errors
    /// If that is not certain for all of them: all are to be brought again.
    pub(super) async fn accept(&self, payloads: Vec<Bytes>) -> Result<(), InboundError> {
        let mut all = Parsed::default();
        for payload in payloads {
            let parsed = self.decode(payload).await?;
            all.events.extend(parsed.events);
            all.faults.extend(parsed.faults);
            all.blobs.extend(parsed.blobs);
        }
        self.keep(all).await
    }

    /// Records that something could not even be fetched.
    ///
    /// # Errors
    /// If it is not certain that the record is durable.
    pub(super) async fn bury(&self, reason: String) -> Result<(), InboundError> {
        let fault = Fault { reason, raw: Bytes::new() };
        self.keep(Parsed { faults: vec![fault], ..Parsed::default() }).await
    }

    /// Without a content type, a dead letter that is sent back is decoded again and not parsed as a webhook.
    async fn keep(&self, parsed: Parsed) -> Result<(), InboundError> {
        self.inbound.accept(&self.open, parsed, self.inbound.clock.log_id(), None).await
    }

    /// On a thread of its own: a large mail takes time, and a payload on which the adapter panics is a dead letter
    /// like any other that it does not understand. Nobody else would ever skip it.
    async fn decode(&self, payload: Bytes) -> Result<Parsed, InboundError> {
        let (open, raw, now) = (self.open.clone(), payload.clone(), self.now());
        let reason = match tokio::task::spawn_blocking(move || open.channel.decode(&payload, now)).await {
            Ok(Ok(parsed)) => return Ok(parsed),
            Ok(Err(error)) => error.to_string(),
            Err(failure) if failure.is_panic() => "the adapter failed on it".to_owned(),
            Err(_) => return Err(QueueError::Closed.into()),
        };
        Ok(Parsed { faults: vec![Fault { reason, raw }], ..Parsed::default() })
    }

    /// A cursor; `None` if it was never set.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn cursor(&self, name: &str) -> Result<Option<String>, StoreError> {
        channels::cursor(&mut self.inbound.db.read().await?, self.open.id, name).await
    }

    /// Moves cursors, all or none.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn set_cursors(&self, cursors: &[(&str, String)]) -> Result<(), StoreError> {
        let mut tx = self.inbound.db.write().await?;
        for (name, value) in cursors {
            channels::set_cursor(&mut tx, self.open.id, name, value, self.now()).await?;
        }
        tx.commit().await
    }

    /// When the channel was added.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn created_at(&self) -> Result<Millis, StoreError> {
        let row = channels::find(&mut self.inbound.db.read().await?, self.open.id).await?;
        Ok(row.map_or_else(|| self.now(), |row| row.created_at))
    }
}

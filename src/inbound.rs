//! The last step of everything that comes in, pushed or fetched: what was understood becomes durable.

use relevo_adapters::{Fault, InboundEvent, Parsed};

use crate::{
    clock::Clock,
    directory::OpenChannel,
    domain::Envelope,
    media::Blobs,
    queue::{Item, Queue, QueueError},
    store::{Db, StoreError, dead_letters},
};

/// Why it is not durable. The platform, or the poller, must bring it again.
#[derive(Debug, thiserror::Error)]
pub enum InboundError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a file could not be stored")]
    Blob(#[from] std::io::Error),
}

/// Where durable things go. Clones share it.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub db: Db,
    pub clock: Clock,
    pub queue: Queue,
    pub blobs: Blobs,
}

impl Inbound {
    /// Makes what a channel's payload held durable: files, then dead letters, then events (P1). `log` is the
    /// `id_bitacora_log` by which it can be traced; `content_type` is kept with pieces that could not be understood,
    /// so that they can be read again.
    ///
    /// # Errors
    /// If that is not certain for all of it; repeating the whole is safe (P2).
    pub async fn accept(
        &self,
        open: &OpenChannel,
        parsed: Parsed,
        log: i64,
        content_type: Option<&str>,
    ) -> Result<(), InboundError> {
        for blob in &parsed.blobs {
            self.blobs.put(blob).await?;
        }
        if !parsed.faults.is_empty() {
            self.bury(open, &parsed.faults, content_type).await?;
        }
        metrics::counter!("relevo_events_accepted_total", "kind" => open.kind.name)
            .increment(parsed.events.len() as u64);
        let items = parsed.events.into_iter().map(|event| self.item(open, event, log)).collect();
        Ok(self.queue.publish(items).await?)
    }

    fn item(&self, open: &OpenChannel, event: InboundEvent, log: i64) -> Item {
        let envelope = Envelope { channel: open.id, company: open.company, received_at: self.clock.now(), log, event };
        Item { route: envelope.route(), body: envelope.encode(), attempt: 0 }
    }

    /// Keeps pieces that could not be understood (P7).
    async fn bury(&self, open: &OpenChannel, faults: &[Fault], content_type: Option<&str>) -> Result<(), InboundError> {
        tracing::warn!(channel = open.id, pieces = faults.len(), "pieces of a payload could not be understood");
        let mut tx = self.db.write().await?;
        for fault in faults {
            let letter = dead_letters::DeadLetter {
                id: self.clock.id(),
                kind: dead_letters::PAYLOAD.to_owned(),
                channel_id: Some(open.id),
                route: String::new(),
                content_type: content_type.map(str::to_owned),
                body: fault.raw.to_vec(),
                reason: fault.reason.clone(),
                attempt: 1,
                state: "dead".to_owned(),
                created_at: self.clock.now(),
                settled_at: None,
            };
            dead_letters::insert(&mut tx, &letter).await?;
        }
        Ok(tx.commit().await?)
    }
}

//! The last step of everything that comes in, pushed or fetched: what was understood becomes durable.

use relevo_adapters::{Fault, InboundEvent, Millis, ParseError, Parsed, WebhookRequest};

use crate::{
    clock::Clock,
    directory::{Directory, Found, OpenChannel},
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
        let items: Vec<Item> = parsed.events.into_iter().map(|event| self.item(open, event, log)).collect();
        let count = items.len() as u64;
        self.queue.publish(items).await?;
        metrics::counter!("relevo_events_accepted_total", "kind" => open.kind.name).increment(count);
        Ok(())
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

/// What became of a dead letter that an operator sent back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Requeued {
    /// Its events are in the queue again.
    Requeued { id: String, events: usize },
    /// It still cannot be understood; it stays where it is.
    StillDead { id: String, reason: String },
    /// There is none of this id, or it was settled before.
    NotFound { id: String },
}

impl Inbound {
    /// Sends a dead letter back: an event to the queue, a payload through its channel's adapter again.
    ///
    /// # Errors
    /// If the database or the queue is away: the letter is still dead then.
    pub async fn requeue(&self, directory: &Directory, id: &str) -> Result<Requeued, InboundError> {
        let mut tx = self.db.read().await?;
        let letter = dead_letters::find(&mut tx, id).await?.filter(|letter| letter.state == "dead");
        drop(tx);
        let Some(letter) = letter else { return Ok(Requeued::NotFound { id: id.to_owned() }) };
        let items = match letter.kind.as_str() {
            dead_letters::EVENT => Ok(vec![Item {
                route: letter.route.clone(),
                body: String::from_utf8_lossy(&letter.body).into_owned(),
                attempt: 0,
            }]),
            _ => self.read_again(directory, &letter).await?,
        };
        match items {
            Err(reason) => Ok(Requeued::StillDead { id: id.to_owned(), reason }),
            Ok(items) => {
                let events = items.len();
                self.queue.publish(items).await?;
                let mut tx = self.db.write().await?;
                dead_letters::settle(&mut tx, id, "requeued", self.clock.now()).await?;
                tx.commit().await?;
                Ok(Requeued::Requeued { id: id.to_owned(), events })
            }
        }
    }

    async fn read_again(
        &self,
        directory: &Directory,
        letter: &dead_letters::DeadLetter,
    ) -> Result<Result<Vec<Item>, String>, InboundError> {
        let found = match letter.channel_id {
            Some(channel) => directory.by_name(&channel.to_string()).await?,
            None => Found::Missing,
        };
        let Found::Open(open) = found else { return Ok(Err("its channel cannot be used".to_owned())) };
        let parsed = match reread(&open, letter, self.clock.now()) {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if let Some(fault) = parsed.faults.first() {
            return Ok(Err(fault.reason.clone()));
        }
        for blob in &parsed.blobs {
            self.blobs.put(blob).await?;
        }
        let log = self.clock.log_id();
        Ok(Ok(parsed.events.into_iter().map(|event| self.item(&open, event, log)).collect()))
    }
}

/// A stored payload through its adapter: one that came by webhook with the content type it came with.
fn reread(open: &OpenChannel, letter: &dead_letters::DeadLetter, now: Millis) -> Result<Parsed, ParseError> {
    let body = bytes::Bytes::from(letter.body.clone());
    match letter.content_type.as_deref().and_then(|value| http::HeaderValue::from_str(value).ok()) {
        None => open.channel.decode(&body, now),
        Some(content_type) => {
            let headers = http::HeaderMap::from_iter([(http::header::CONTENT_TYPE, content_type)]);
            open.channel.parse(&WebhookRequest { query: "", headers: &headers, body: &body }, now)
        }
    }
}

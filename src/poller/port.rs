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

#[cfg(test)]
mod tests {
    use relevo_adapters::{Channel, ParseError, VerifyError, WebhookRequest};

    use super::*;
    use crate::{
        clock::Clock,
        media::Blobs,
        queue::{Queue, TableQueue},
        store::{Db, dead_letters},
    };

    /// A channel whose adapter has a bug.
    #[derive(Debug)]
    struct Buggy;

    impl Channel for Buggy {
        fn accounts(&self) -> Vec<String> {
            Vec::new()
        }

        fn handshake(&self, _query: &str) -> Result<String, VerifyError> {
            Err(VerifyError::NotAccepted)
        }

        fn verify(&self, _request: &WebhookRequest<'_>, _now: Millis) -> Result<(), VerifyError> {
            Err(VerifyError::NotAccepted)
        }

        fn parse(&self, _request: &WebhookRequest<'_>, _now: Millis) -> Result<Parsed, ParseError> {
            Err(ParseError("nothing is pushed".to_owned()))
        }

        fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
            panic!("byte {}", payload[0])
        }
    }

    #[tokio::test]
    async fn p7_a_payload_on_which_the_adapter_panics_becomes_a_dead_letter() {
        let folder = std::env::temp_dir().join(format!("relevo-port-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let db = Db::open_sqlite(&folder.join("relevo.db"), 2).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Clock::manual(1_780_000_000_000);
        let queue = Queue::Table(TableQueue::new(db.clone(), clock.clone(), 1));
        let inbound = Inbound { db: db.clone(), clock, queue, blobs: Blobs::in_dir(&folder) };
        let open = OpenChannel {
            id: 7,
            uuid: "u".to_owned(),
            company: 1,
            name: "n".to_owned(),
            kind: relevo_adapters::KINDS[0],
            active: true,
            version: 1,
            accounts: Vec::new(),
            channel: Box::new(Buggy),
        };

        let accepted = Port::new(Arc::new(open), inbound).accept(vec![Bytes::from_static(b"x")]).await;
        let letters = dead_letters::list(&mut db.read().await.unwrap(), 10).await.unwrap();
        db.close().await;
        std::fs::remove_dir_all(&folder).unwrap();

        assert!(accepted.is_ok());
        let letter = &letters[0];
        assert_eq!((letter.channel_id, letter.reason.as_str()), (Some(7), "the adapter failed on it"));
        assert_eq!(letter.body, b"x");
    }
}

//! From an authentic webhook to durable events.

use std::sync::{Arc, Mutex};

use relevo_adapters::{Fault, Parsed, WebhookRequest, text};
use time::OffsetDateTime;

use super::{Answer, Gateway, Webhook};
use crate::{
    directory::OpenChannel,
    domain::Envelope,
    queue::{Item, QueueError},
    store::{StoreError, channels, dead_letters},
};

/// Distinct unknown accounts that one process notes per day: a stranger must not fill the table (P8).
const UNKNOWN_PER_DAY: usize = 1_000;
/// Bytes of an unknown account's name that are kept.
const UNKNOWN_NAME: usize = 64;

/// Why a webhook's content is not durable.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntakeError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a file could not be stored")]
    Blob(#[from] std::io::Error),
}

/// The unknown accounts that this process has noted today.
#[derive(Debug, Default)]
pub(super) struct UnknownAccounts(Mutex<(String, std::collections::HashSet<(String, String)>)>);

impl UnknownAccounts {
    /// Whether it is worth asking the database; remembers it.
    fn is_news(&self, day: &str, kind: &str, account: &str) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if noted.0 != day {
            *noted = (day.to_owned(), std::collections::HashSet::new());
        }
        noted.1.len() < UNKNOWN_PER_DAY && noted.1.insert((kind.to_owned(), account.to_owned()))
    }

    fn forget(&self, kind: &str, account: &str) {
        let mut noted = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        noted.1.remove(&(kind.to_owned(), account.to_owned()));
    }
}

impl Gateway {
    /// A webhook on a channel's own URL.
    pub(super) async fn channel(&self, open: Arc<OpenChannel>, webhook: Webhook) -> Answer {
        match open.channel.verify(&webhook.request(), self.0.clock.now()) {
            Ok(()) => answer(self.accept(&open, &webhook).await),
            Err(reason) => {
                tracing::warn!(channel = open.id, kind = open.kind.name, %reason, "webhook refused");
                Answer::Refused
            }
        }
    }

    /// Makes everything in an authentic webhook durable: files, then dead letters, then events.
    pub(super) async fn accept(&self, open: &OpenChannel, webhook: &Webhook) -> Result<(), IntakeError> {
        let now = self.0.clock.now();
        let parsed = open.channel.parse(&webhook.request(), now).unwrap_or_else(|error| Parsed {
            faults: vec![Fault { reason: error.to_string(), raw: webhook.body.clone() }],
            ..Parsed::default()
        });
        for blob in &parsed.blobs {
            self.0.blobs.put(blob).await?;
        }
        if !parsed.faults.is_empty() {
            let content_type = webhook.request().header("content-type").map(str::to_owned);
            self.bury(open, &parsed.faults, content_type).await?;
        }
        metrics::counter!("relevo_events_accepted_total", "kind" => open.kind.name)
            .increment(parsed.events.len() as u64);
        let items = parsed.events.into_iter().map(|event| {
            let envelope =
                Envelope { channel: open.id, company: open.company, received_at: now, log: webhook.log, event };
            Item { route: envelope.route(), body: envelope.encode(), attempt: 0 }
        });
        Ok(self.0.queue.publish(items.collect()).await?)
    }

    /// Keeps pieces that could not be understood.
    async fn bury(
        &self,
        open: &OpenChannel,
        faults: &[Fault],
        content_type: Option<String>,
    ) -> Result<(), IntakeError> {
        tracing::warn!(channel = open.id, pieces = faults.len(), "pieces of a webhook could not be understood");
        let mut tx = self.0.db.write().await?;
        for fault in faults {
            let letter = dead_letters::DeadLetter {
                id: self.0.clock.id(),
                kind: dead_letters::PAYLOAD.to_owned(),
                channel_id: Some(open.id),
                route: String::new(),
                content_type: content_type.clone(),
                body: fault.raw.to_vec(),
                reason: fault.reason.clone(),
                attempt: 1,
                state: "dead".to_owned(),
                created_at: self.0.clock.now(),
                settled_at: None,
            };
            dead_letters::insert(&mut tx, &letter).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A webhook for somebody who is not configured here: accepted, and recorded once per day.
    pub(super) async fn note_unknown(&self, kind: &str, account: &str) -> Answer {
        let now = self.0.clock.now();
        let (kind, account) = (text::clean(kind, UNKNOWN_NAME), text::clean(account, UNKNOWN_NAME));
        let day = day(now);
        if !self.0.unknown.is_news(&day, &kind, &account) {
            return Answer::Accepted;
        }
        let noted = async {
            let mut tx = self.0.db.write().await?;
            let news = channels::note_unknown(&mut tx, &kind, &account, &day, now).await?;
            tx.commit().await?;
            Ok::<bool, StoreError>(news)
        };
        match noted.await {
            Ok(news) => {
                if news {
                    tracing::warn!(kind, account, "a webhook names an account that no channel has");
                }
                Answer::Accepted
            }
            Err(error) => {
                self.0.unknown.forget(&kind, &account);
                answer(Err(error.into()))
            }
        }
    }
}

impl Webhook {
    pub(super) fn request(&self) -> WebhookRequest<'_> {
        WebhookRequest { query: &self.query, headers: &self.headers, body: &self.body }
    }
}

/// 2xx only if everything is durable (P1).
pub(super) fn answer(done: Result<(), IntakeError>) -> Answer {
    match done {
        Ok(()) => Answer::Accepted,
        Err(error) => {
            tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "a webhook could not be made durable");
            Answer::NotDurable
        }
    }
}

/// The UTC day of a moment, `2026-05-28`.
fn day(now: relevo_adapters::Millis) -> String {
    OffsetDateTime::from_unix_timestamp(now / 1000).map_or_else(|_| String::new(), |moment| moment.date().to_string())
}

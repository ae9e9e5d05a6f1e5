//! From an authentic webhook to durable events.

use std::sync::{Arc, Mutex};

use relevo_adapters::{Fault, Parsed, WebhookRequest, text};
use time::OffsetDateTime;

use super::{Answer, Gateway, Webhook};
use crate::{
    directory::OpenChannel,
    inbound::InboundError,
    store::{StoreError, channels},
};

/// Distinct unknown accounts that one process notes per day: a stranger must not fill the table (P8).
const UNKNOWN_PER_DAY: usize = 1_000;
/// Bytes of an unknown account's name that are kept.
const UNKNOWN_NAME: usize = 64;

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
        match open.channel.verify(&webhook.request(), self.0.inbound.clock.now()) {
            Ok(()) => answer(self.accept(&open, &webhook).await),
            Err(reason) => {
                tracing::warn!(channel = open.id, kind = open.kind.name, %reason, "webhook refused");
                Answer::Refused
            }
        }
    }

    /// Translates an authentic webhook and makes everything in it durable.
    pub(super) async fn accept(&self, open: &OpenChannel, webhook: &Webhook) -> Result<(), InboundError> {
        let parsed = translate(open, webhook, self.0.inbound.clock.now()).unwrap_or_else(|reason| Parsed {
            faults: vec![Fault { reason, raw: webhook.body.clone() }],
            ..Parsed::default()
        });
        self.0.inbound.accept(open, parsed, webhook.log, webhook.request().header("content-type")).await
    }

    /// A webhook for somebody who is not configured here: accepted, and recorded once per day.
    pub(super) async fn note_unknown(&self, kind: &str, account: &str) -> Answer {
        let now = self.0.inbound.clock.now();
        let (kind, account) = (text::clean(kind, UNKNOWN_NAME), text::clean(account, UNKNOWN_NAME));
        let day = day(now);
        if !self.0.unknown.is_news(&day, &kind, &account) {
            return Answer::Accepted;
        }
        let noted = async {
            let mut tx = self.0.inbound.db.write().await?;
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

/// What is in a webhook, or why nobody can tell. An adapter that panics on a payload must not make the platform send
/// it for ever (P7); a large body must not hold up other requests.
fn translate(open: &OpenChannel, webhook: &Webhook, now: relevo_adapters::Millis) -> Result<Parsed, String> {
    const LARGE: usize = 256 << 10;
    let parse = || open.channel.parse(&webhook.request(), now).map_err(|error| error.to_string());
    let guarded = || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(parse)).unwrap_or_else(|_| {
            tracing::error!(channel = open.id, kind = open.kind.name, log = webhook.log, "the adapter panicked");
            Err("the adapter panicked on it".to_owned())
        })
    };
    if webhook.body.len() < LARGE { guarded() } else { tokio::task::block_in_place(guarded) }
}

impl Webhook {
    pub(super) fn request(&self) -> WebhookRequest<'_> {
        WebhookRequest { query: &self.query, headers: &self.headers, body: &self.body }
    }
}

/// 2xx only if everything is durable (P1).
pub(super) fn answer(done: Result<(), InboundError>) -> Answer {
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

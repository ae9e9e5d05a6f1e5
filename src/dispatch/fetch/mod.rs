//! The job that fetches a customer's file.
//!
//! Fetching has no effect on the platform, so it is simply repeated: whatever a try leaves unfinished the next one does
//! again, and the same bytes are one stored file. A file ends as `stored`, or as `unavailable` with a reason that an
//! agent understands (P5, P10).

mod attempt;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use relevo_adapters::{
    MediaSource, Millis,
    outbound::{ErrorClass, Explained, Io, Outlet, SendError, Wanted},
};

use self::attempt::{Attempt, Kept, Trouble};
use super::Downloads;
use crate::{
    clock::Clock,
    directory::{Directory, Found},
    domain::{FetchJob, RetryPolicy, Verdict, fetch_topic, verdict},
    jobs::{Claim, Handler, JobError},
    media::Blobs,
    store::{
        Db, deliveries, jobs,
        messages::{self, AttachmentRow},
    },
};

/// A try has begun.
const FETCHING: &str = "fetching";
/// The bytes were not those that the platform states.
const DAMAGED: &str = "damaged";
/// For how long a file is kept waiting for what only an operator can mend: a broken channel, a media store that does
/// not work. Platforms keep files hardly longer.
const OPERATORS_TIME: Millis = 7 * 86_400_000;

const NO_CHANNEL: &str = "El canal de este archivo ya no existe.";
const GAVE_UP: &str = "El archivo no se pudo descargar después de varios intentos.";
const SPOILT: &str = "El archivo llegó dañado y no se pudo recuperar.";

/// Handles jobs of kind [`crate::domain::FETCH`].
pub struct Fetch {
    pub db: Db,
    pub clock: Clock,
    pub directory: Directory,
    pub blobs: Blobs,
    pub io: Arc<dyn Io>,
    pub downloads: Downloads,
    pub policy: RetryPolicy,
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What becomes of a job after a try.
enum Next {
    Stored(Kept),
    /// Never to be had; why, in Spanish.
    Unavailable(String),
    /// Another try at this moment, and none of the channel's other files before `hold`.
    Again {
        at: Millis,
        phase: Option<&'static str>,
        why: String,
        hold: Option<Millis>,
    },
}

impl Handler for Fetch {
    async fn run(&self, claim: Claim) -> Result<(), JobError> {
        let Ok(job) = serde_json::from_str::<FetchJob>(&claim.job().payload) else {
            let mut tx = self.db.write().await?;
            claim.dead(&mut tx, "it was written by another version", self.clock.now()).await?;
            return Ok(tx.commit().await?);
        };
        let found = self.directory.by_name(&job.channel.to_string()).await?;
        self.fetch(claim, &job, found).await
    }
}

impl Fetch {
    async fn fetch(&self, mut claim: Claim, job: &FetchJob, found: Found) -> Result<(), JobError> {
        let mut tx = self.db.read().await?;
        let row = messages::attachment(&mut tx, &job.attachment).await?.filter(|row| row.state == "pending");
        let message = match &row {
            Some(row) => deliveries::name_of(&mut tx, &row.message_id).await?,
            None => None,
        };
        drop(tx);
        let Some(row) = row else { return self.drop_job(claim).await };
        let before = claim.job().clone();
        self.start(&mut claim).await?;
        let next = match &found {
            Found::Missing => Next::Unavailable(NO_CHANNEL.to_owned()),
            Found::Broken => self.after(&before, Trouble::Error(unusable())),
            Found::Open(open) => match open.channel.outlet() {
                None => self.after(&before, Trouble::Error(unusable())),
                Some(outlet) => match self.attempt(outlet, &row, message).await {
                    Ok(kept) => Next::Stored(kept),
                    Err(trouble) => self.after(&before, trouble),
                },
            },
        };
        self.settle(claim, job, row, next).await
    }

    async fn drop_job(&self, claim: Claim) -> Result<(), JobError> {
        let mut tx = self.db.write().await?;
        claim.done(&mut tx, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn start(&self, claim: &mut Claim) -> Result<(), JobError> {
        let mut tx = self.db.write().await?;
        claim.start(&mut tx, FETCHING, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn attempt(
        &self,
        outlet: &dyn Outlet,
        row: &AttachmentRow,
        message: Option<String>,
    ) -> Result<Kept, Trouble> {
        let wanted = Wanted {
            source: serde_json::from_str(&row.source).map_err(|_| Trouble::Never(attempt::EXPIRED.to_owned()))?,
            message,
            size: row.size.and_then(|size| u64::try_from(size).ok()),
            extra: row.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok()),
        };
        let (io, downloads, blobs) = (self.io.as_ref(), &self.downloads, &self.blobs);
        Attempt { outlet, io, downloads, blobs, row, wanted }.run().await
    }

    /// What a failed try means; `before` is the job as it was claimed.
    fn after(&self, before: &jobs::Job, trouble: Trouble) -> Next {
        let now = self.clock.now();
        let failures = u32::try_from(before.attempt).unwrap_or(u32::MAX);
        let judge = |error: &SendError| verdict(error, self.policy, failures, before.trying_since, now, chance());
        let waited = before.trying_since.map_or(0, |since| now - since);
        match trouble {
            Trouble::Never(reason) => Next::Unavailable(reason),
            Trouble::Damaged(_) if before.phase.as_deref() == Some(DAMAGED) => Next::Unavailable(SPOILT.to_owned()),
            Trouble::Damaged(why) => {
                let error = SendError::new(ErrorClass::Transient, DAMAGED, why, NOTHING);
                decide(judge(&error), &error, Some(DAMAGED))
            }
            Trouble::Store(_) if waited >= OPERATORS_TIME => Next::Unavailable(GAVE_UP.to_owned()),
            Trouble::Store(error) => {
                let error = SendError::new(ErrorClass::Auth, "storage", error.to_string(), NOTHING);
                decide(judge(&error), &error, None)
            }
            Trouble::Error(error) if error.class == ErrorClass::Auth && waited >= OPERATORS_TIME => {
                Next::Unavailable(GAVE_UP.to_owned())
            }
            Trouble::Error(error) => decide(judge(&error), &error, None),
        }
    }

    async fn settle(&self, claim: Claim, job: &FetchJob, row: AttachmentRow, next: Next) -> Result<(), JobError> {
        let now = self.clock.now();
        let (attachment, channel) = (row.id.clone(), job.channel);
        let mut tx = self.db.write().await?;
        match next {
            Next::Stored(kept) => {
                tracing::info!(attachment, channel, size = kept.size, "a file was stored");
                count("stored");
                messages::set_attachment(&mut tx, &stored(row, kept)).await?;
                claim.done(&mut tx, now).await?;
            }
            Next::Unavailable(reason) => {
                tracing::warn!(attachment, channel, reason, "a file is not to be had");
                count("unavailable");
                messages::set_attachment(&mut tx, &unavailable(row, reason)).await?;
                claim.done(&mut tx, now).await?;
            }
            Next::Again { at, phase, why, hold } => {
                tracing::info!(attachment, channel, wait_ms = at - now, why, "a file will be fetched again");
                count("again");
                claim.retry(&mut tx, at, phase, &why, now).await?;
                if let Some(until) = hold {
                    jobs::hold(&mut tx, &fetch_topic(channel), until).await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }
}

fn decide(verdict: Verdict, error: &SendError, phase: Option<&'static str>) -> Next {
    let again = |at, hold| Next::Again { at, phase, why: error.to_string(), hold };
    match verdict {
        Verdict::Retry(at) | Verdict::PauseChannel(at) => again(at, None),
        Verdict::HoldChannel(at) => again(at, Some(at)),
        Verdict::Fail => Next::Unavailable(error.reason.es.to_owned()),
        Verdict::GiveUp => Next::Unavailable(GAVE_UP.to_owned()),
    }
}

fn stored(row: AttachmentRow, kept: Kept) -> AttachmentRow {
    AttachmentRow {
        state: "stored".to_owned(),
        kind: kept.kind.map_or(row.kind, |kind| kind.as_str().to_owned()),
        mime: Some(kept.mime),
        size: i64::try_from(kept.size).ok(),
        sha256: Some(kept.sha256),
        ..row
    }
}

fn unavailable(row: AttachmentRow, reason: String) -> AttachmentRow {
    let was = serde_json::from_str(&row.source).ok();
    let source = serde_json::to_string(&MediaSource::Unavailable { reason, was }).unwrap_or(row.source);
    AttachmentRow { state: "unavailable".to_owned(), source, ..row }
}

/// Of errors that only operators read.
const NOTHING: Explained = Explained { es: GAVE_UP, en: "The file could not be downloaded after several tries." };

/// The channel's settings are wrong or incomplete: an operator mends that.
fn unusable() -> SendError {
    SendError::new(ErrorClass::Auth, "channel", "the channel cannot fetch files with its settings", NOTHING)
}

fn count(result: &'static str) {
    metrics::counter!("relevo_files_fetched_total", "result" => result).increment(1);
}

/// Jitter in `[0, 1)`.
fn chance() -> f64 {
    let bits = u32::try_from(uuid::Uuid::new_v4().as_u128() & 0xffff_ffff).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

//! One try to fetch a file: where it is, its bytes, and whether they are the right ones.

use std::{io, time::Duration};

use relevo_adapters::{
    MediaKind,
    outbound::{ErrorClass, Explained, Io, Located, Outlet, SendError, Wanted},
};
use serde_json::{Value, json};

use super::super::download::{Download, DownloadError, Downloads};
use crate::{
    media::{Blobs, DraftError, MIB, kind_as},
    store::messages::AttachmentRow,
};

/// How long one file may take in all (P8).
const LONGEST: Duration = Duration::from_secs(15 * 60);

pub(super) const EXPIRED: &str = "El archivo ya no está disponible en la plataforma: caducó o fue eliminado.";
const NOT_ALLOWED: &str = "La dirección del archivo no está permitida.";
const LATER: Explained = Explained {
    es: "La plataforma no entregó el archivo; se volverá a intentar automáticamente.",
    en: "The platform did not hand over the file; it will be tried again automatically.",
};

/// One try.
pub(super) struct Attempt<'a> {
    pub(super) outlet: &'a dyn Outlet,
    pub(super) io: &'a dyn Io,
    pub(super) downloads: &'a Downloads,
    pub(super) blobs: &'a Blobs,
    pub(super) row: &'a AttachmentRow,
    pub(super) wanted: Wanted,
}

/// A file that was stored.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) mime: String,
    /// What it is, if that is not what it was announced as.
    pub(super) kind: Option<MediaKind>,
}

/// Why it was not stored.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is not to be had; why, in Spanish.
    Never(String),
    /// The platform's answer, or none.
    Error(SendError),
    /// The bytes are not those that the platform states.
    Damaged(&'static str),
    /// Our own store does not work.
    Store(io::Error),
}

/// What one download came to.
enum Outcome {
    Kept(Kept),
    /// The place is not good any more; there may be a new one.
    Expired,
}

impl Attempt<'_> {
    /// Fetches the file. A place that has expired is asked for anew, once.
    pub(super) async fn run(mut self) -> Result<Kept, Trouble> {
        if let Some(size) = self.wanted.size {
            self.fits(size)?;
        }
        if let Outcome::Kept(kept) = self.in_time().await? {
            return Ok(kept);
        }
        self.wanted.extra = Some(refreshing(self.wanted.extra.take()));
        match self.in_time().await? {
            Outcome::Kept(kept) => Ok(kept),
            Outcome::Expired => Err(Trouble::Never(EXPIRED.to_owned())),
        }
    }

    async fn in_time(&self) -> Result<Outcome, Trouble> {
        tokio::time::timeout(LONGEST, self.once()).await.unwrap_or_else(|_| Err(later("timeout", "it took too long")))
    }

    async fn once(&self) -> Result<Outcome, Trouble> {
        let located = self.outlet.locate(self.io, &self.wanted).await.map_err(Trouble::Error)?;
        if let Some(size) = located.size {
            self.fits(size)?;
        }
        match self.downloads.start(&located).await {
            Ok(download) => self.save(&located, download).await.map(Outcome::Kept),
            Err(DownloadError::Status { status: 401 | 403 | 404 | 410, .. }) => Ok(Outcome::Expired),
            Err(error) => Err(judge(error)),
        }
    }

    fn fits(&self, size: u64) -> Result<(), Trouble> {
        if size > self.blobs.limit() { Err(too_large(self.blobs.limit())) } else { Ok(()) }
    }

    async fn save(&self, located: &Located, mut download: Download) -> Result<Kept, Trouble> {
        if let Some(size) = download.size() {
            self.fits(size)?;
        }
        let mut draft = self.blobs.draft();
        while let Some(chunk) = download.chunk().await.map_err(judge)? {
            draft.write(chunk).await.map_err(store)?;
        }
        if located.size.is_some_and(|size| size != draft.size()) {
            return Err(Trouble::Damaged("it does not have the size that the platform states"));
        }
        if located.sha256.as_deref().is_some_and(|sha256| !sha256.eq_ignore_ascii_case(&draft.sha256())) {
            return Err(Trouble::Damaged("it does not have the hash that the platform states"));
        }
        let stated = self.row.mime.as_deref().or(located.mime.as_deref()).or(download.mime());
        let found = draft.sniff(stated, self.row.file_name.as_deref());
        let kind = media_kind(&self.row.kind).map(|announced| kind_as(&found, announced));
        let stored = draft.finish().await.map_err(store)?;
        Ok(Kept { sha256: stored.sha256, size: stored.size, mime: found.mime, kind })
    }
}

/// The same wish, for a new place.
fn refreshing(extra: Option<Value>) -> Value {
    match extra {
        Some(Value::Object(mut fields)) => {
            fields.insert("refresh".to_owned(), Value::Bool(true));
            Value::Object(fields)
        }
        _ => json!({"refresh": true}),
    }
}

fn media_kind(name: &str) -> Option<MediaKind> {
    serde_json::from_value(Value::String(name.to_owned())).ok()
}

fn too_large(limit: u64) -> Trouble {
    Trouble::Never(format!("El archivo supera el máximo de {} MB.", limit / MIB))
}

fn store(error: DraftError) -> Trouble {
    match error {
        DraftError::TooLarge { limit } => too_large(limit),
        DraftError::Store(error) => Trouble::Store(error),
    }
}

fn later(code: &str, detail: impl Into<String>) -> Trouble {
    Trouble::Error(SendError::new(ErrorClass::Transient, code, detail, LATER))
}

fn judge(error: DownloadError) -> Trouble {
    match error {
        DownloadError::NotAllowed(what) => {
            tracing::warn!(what, "a file's URL leads to where it must not");
            Trouble::Never(NOT_ALLOWED.to_owned())
        }
        DownloadError::Broken(why) => later("network", why),
        DownloadError::Status { status: 429, retry_after } => Trouble::Error(
            SendError::new(ErrorClass::RateLimited, "429", "too many downloads", LATER).after(retry_after),
        ),
        DownloadError::Status { status: status @ (408 | 425 | 500..), retry_after } => {
            let error = SendError::new(ErrorClass::Transient, status.to_string(), "the download was refused", LATER);
            Trouble::Error(error.after(retry_after))
        }
        DownloadError::Status { status, .. } => {
            Trouble::Never(format!("La plataforma no entregó el archivo (error {status})."))
        }
    }
}

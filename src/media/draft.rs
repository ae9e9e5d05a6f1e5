//! A file on its way into the store.

use std::{fmt, io};

use bytes::Bytes;
use relevo_adapters::verify::hex;
use sha2::{Digest, Sha256};

use super::{MIB, Sniffed, folder, s3, sniff};

/// How many of the first bytes are kept for [`sniff`].
const HEAD: usize = 32 << 10;

/// Why a file was not stored. Nothing of it stays behind.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It has more bytes than it may have.
    #[error("larger than {} MiB", .limit / MIB)]
    TooLarge { limit: u64 },
    #[error("the media store does not work: {0}")]
    Store(#[from] io::Error),
}

impl From<DraftError> for io::Error {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::TooLarge { .. } => Self::new(io::ErrorKind::FileTooLarge, error),
            DraftError::Store(error) => error,
        }
    }
}

/// A file that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its name: lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// As sniffed from its first bytes alone.
    pub mime: String,
}

/// A file that is being written. Dropped before [`Self::finish`], it leaves nothing behind.
pub struct Draft {
    sink: Sink,
    hash: Sha256,
    size: u64,
    limit: u64,
    head: Vec<u8>,
}

pub(super) enum Sink {
    Folder(folder::Sink),
    S3(s3::Sink),
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Draft {
    pub(super) fn new(sink: Sink, limit: u64) -> Self {
        Self { sink, hash: Sha256::new(), size: 0, limit, head: Vec::new() }
    }

    /// The same, of at most `limit` bytes; never more than before.
    #[must_use]
    pub fn at_most(mut self, limit: u64) -> Self {
        self.limit = self.limit.min(limit);
        self
    }

    /// Adds bytes. After an error the draft is to be dropped.
    ///
    /// # Errors
    /// If the file becomes too large, or the store does not take it.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), DraftError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(DraftError::TooLarge { limit: self.limit });
        }
        self.hash.update(&bytes);
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        match &mut self.sink {
            Sink::Folder(sink) => sink.write(&bytes).await?,
            Sink::S3(sink) => sink.write(bytes).await?,
        }
        Ok(())
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The SHA-256 of the bytes so far, lower-case hex.
    pub fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// What the file is, as far as its first bytes show.
    pub fn sniff(&self, stated: Option<&str>, name: Option<&str>) -> Sniffed {
        sniff(&self.head, stated, name)
    }

    /// Stores the file under its hash, durably. The same bytes stored before stay one file.
    ///
    /// # Errors
    /// If the store does not take it.
    pub async fn finish(self) -> Result<Stored, DraftError> {
        let mime = self.sniff(None, None).mime;
        let sha256 = self.sha256();
        match self.sink {
            Sink::Folder(sink) => sink.finish(&sha256).await?,
            Sink::S3(sink) => sink.finish(&sha256).await?,
        }
        Ok(Stored { sha256, size: self.size, mime })
    }
}

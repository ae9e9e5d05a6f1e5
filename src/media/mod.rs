//! The blob store: files named by the SHA-256 of their bytes. No name from outside ever reaches it (P9).
//!
//! [`Blobs`] is where the bytes are, a folder or an S3-compatible bucket. What comes in goes through a [`Draft`], which
//! counts, hashes and keeps the first bytes on the way, and is never wholly in memory (P8). [`sniff`] says what the
//! first bytes are, whatever somebody states; [`inline`] takes the files that API calls carry.
//!
//! May use: `config`, the adapters' vocabulary. Used by: `inbound`, `dispatch`, `http`.

mod draft;
mod folder;
pub mod inline;
mod s3;
mod sniff;
#[cfg(test)]
mod tests;

use std::{fmt, io, ops::Range, path::Path, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{TryStreamExt, stream::BoxStream};
use relevo_adapters::Blob;

pub use self::{
    draft::{Draft, DraftError, Stored},
    sniff::{Sniffed, display_name, kind_as, sniff},
};
use self::{folder::Folder, s3::S3};
use crate::config::{self, Config, ConfigError};

/// Bytes in a MiB, the unit in which limits are configured and told.
pub const MIB: u64 = 1 << 20;

/// Bytes that are hashed and written at once.
const PIECE: usize = 1 << 20;

/// The stored files. Clones share them.
#[derive(Debug, Clone)]
pub struct Blobs {
    home: Home,
    limit: u64,
}

#[derive(Debug, Clone)]
enum Home {
    Folder(Arc<Folder>),
    S3(S3),
}

/// A stored file that is being read.
pub struct BlobRead {
    /// Bytes of the whole file, also where only a part of it is read.
    pub size: u64,
    pub stream: BoxStream<'static, io::Result<Bytes>>,
}

impl fmt::Debug for BlobRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobRead").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Blobs {
    /// The store that the settings name. Nothing is connected to or made yet.
    ///
    /// # Errors
    /// If a setting of the bucket cannot be used.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let home = match config.media.bucket() {
            None => Home::Folder(Arc::new(Folder::below(&config.data_dir))),
            Some((bucket, prefix)) => Home::S3(S3::of(&config.media, bucket, prefix)?),
        };
        Ok(Self { home, limit: config.media.max_bytes })
    }

    /// The store in a folder below `data_dir`, with the default limit.
    pub fn in_dir(data_dir: &Path) -> Self {
        Self { home: Home::Folder(Arc::new(Folder::below(data_dir))), limit: config::MEDIA_MAX_BYTES }
    }

    /// How large a file may be that is fetched or comes in a call, in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Stores a blob, durably; one that is there already is left alone.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn put(&self, blob: &Blob) -> io::Result<()> {
        if self.exists(&blob.sha256).await? {
            return Ok(());
        }
        let mut draft = Draft::new(self.home.draft(), u64::MAX);
        let mut rest = blob.bytes.clone();
        // In pieces, so that hashing a large one does not keep others waiting.
        while !rest.is_empty() {
            draft.write(rest.split_to(rest.len().min(PIECE))).await?;
        }
        let stored = draft.finish().await?;
        match stored.sha256 == blob.sha256 {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "a blob's name is not its hash")),
        }
    }

    /// A new file that is written piece by piece, at most [`Self::limit`] bytes unless it is told otherwise.
    pub fn draft(&self) -> Draft {
        Draft::new(self.home.draft(), self.limit)
    }

    /// Opens a blob for reading.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none of this name.
    pub async fn open(&self, sha256: &str) -> io::Result<BlobRead> {
        let sha256 = name(sha256)?;
        match &self.home {
            Home::Folder(folder) => folder.open(sha256, None).await,
            Home::S3(s3) => s3.open(sha256, None).await,
        }
    }

    /// Opens the bytes `range` of a blob for reading; it must lie within the blob and not be empty.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none of this name.
    pub async fn open_range(&self, sha256: &str, range: Range<u64>) -> io::Result<BlobRead> {
        let sha256 = name(sha256)?;
        match &self.home {
            Home::Folder(folder) => folder.open(sha256, Some(range)).await,
            Home::S3(s3) => s3.open(sha256, Some(range)).await,
        }
    }

    /// Bytes of a blob.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none of this name.
    pub async fn size(&self, sha256: &str) -> io::Result<u64> {
        let sha256 = name(sha256)?;
        match &self.home {
            Home::Folder(folder) => folder.size(sha256).await,
            Home::S3(s3) => s3.size(sha256).await,
        }
    }

    /// Whether there is a blob of this name.
    ///
    /// # Errors
    /// If that cannot be known now.
    pub async fn exists(&self, sha256: &str) -> io::Result<bool> {
        match self.size(sha256).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A blob, whole.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none of this name, [`io::ErrorKind::FileTooLarge`] if it has more than
    /// `limit` bytes.
    pub async fn bytes(&self, sha256: &str, limit: u64) -> io::Result<Bytes> {
        let mut read = self.open(sha256).await?;
        let size = usize::try_from(read.size).ok().filter(|_| read.size <= limit);
        let size = size.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let mut bytes = BytesMut::with_capacity(size);
        while let Some(chunk) = read.stream.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

impl Home {
    fn draft(&self) -> draft::Sink {
        match self {
            Self::Folder(folder) => draft::Sink::Folder(folder::Sink::new(folder.clone())),
            Self::S3(s3) => draft::Sink::S3(s3::Sink::new(s3.clone())),
        }
    }
}

/// The name if it is one; everything else is the name of nothing.
fn name(sha256: &str) -> io::Result<&str> {
    match sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(sha256),
        false => Err(io::Error::new(io::ErrorKind::NotFound, "not a blob's name")),
    }
}

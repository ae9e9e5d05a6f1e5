//! Files in a folder: `media/ab/cd/abcd…`, durable by fsync of bytes and names.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::StreamExt;
use tokio::{
    fs,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};
use tokio_util::io::ReaderStream;

use super::BlobRead;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// Where files are until they have their name; on the same file system, so that a rename is enough.
const DRAFTS: &str = "drafts";

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn below(data_dir: &Path) -> Self {
        Self { root: data_dir.join("media") }
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.root.join(&sha256[..2]).join(&sha256[2..4]).join(sha256)
    }

    pub(super) async fn size(&self, sha256: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path(sha256)).await?.len())
    }

    pub(super) async fn open(&self, sha256: &str, range: Option<Range<u64>>) -> io::Result<BlobRead> {
        let mut file = fs::File::open(self.path(sha256)).await?;
        let size = file.metadata().await?.len();
        let range = range.unwrap_or(0..size);
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).await?;
        }
        let part = file.take(range.end.saturating_sub(range.start));
        Ok(BlobRead { size, stream: ReaderStream::with_capacity(part, CHUNK).boxed() })
    }
}

/// A file that is being written.
pub(super) struct Sink {
    folder: Arc<Folder>,
    open: Option<(fs::File, Leftover)>,
}

impl Sink {
    pub(super) fn new(folder: Arc<Folder>) -> Self {
        Self { folder, open: None }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.opened().await?.0.write_all(bytes).await
    }

    async fn opened(&mut self) -> io::Result<&mut (fs::File, Leftover)> {
        if self.open.is_none() {
            let drafts = self.folder.root.join(DRAFTS);
            fs::create_dir_all(&drafts).await?;
            let leftover = Leftover(drafts.join(uuid::Uuid::new_v4().to_string()));
            let file = fs::File::create_new(&leftover.0).await?;
            self.open = Some((file, leftover));
        }
        self.open.as_mut().ok_or_else(|| io::Error::other("a draft was not opened"))
    }

    pub(super) async fn finish(mut self, sha256: &str) -> io::Result<()> {
        let path = self.folder.path(sha256);
        if fs::try_exists(&path).await? {
            return Ok(());
        }
        let (file, leftover) = self.opened().await?;
        file.flush().await?;
        file.sync_all().await?;
        fs::create_dir_all(path.parent().unwrap_or(&path)).await?;
        fs::rename(&leftover.0, &path).await?;
        // The names must survive a power cut as well as the bytes.
        for folder in path.ancestors().skip(1).take(3) {
            fs::File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }
}

/// A file that goes when this does, unless it was given another name.
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        // It may never have been made, or have its name already.
        _ = std::fs::remove_file(&self.0);
    }
}

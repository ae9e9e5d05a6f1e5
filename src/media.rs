//! The blob store: files named by the SHA-256 of their bytes. No name from outside ever reaches the file system (P9).

use std::{
    io,
    path::{Path, PathBuf},
};

use relevo_adapters::Blob;
use tokio::{fs, io::AsyncWriteExt};

/// Files in a folder: `media/ab/cd/abcd…`. Clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    /// The store below `data_dir`.
    pub fn in_dir(data_dir: &Path) -> Self {
        Self { root: data_dir.join("media") }
    }

    /// Stores a blob, durably; one that is there already is left alone.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn put(&self, blob: &Blob) -> io::Result<()> {
        let path = self.path(&blob.sha256)?;
        if fs::try_exists(&path).await? {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).await?;
        let draft = folder.join(format!(".{}", uuid::Uuid::new_v4()));
        let written = write_durably(&draft, &path, &blob.bytes).await;
        if written.is_err() {
            // The draft may not even exist.
            _ = fs::remove_file(&draft).await;
        }
        written?;
        // The names must survive a power cut as well as the bytes.
        for folder in path.ancestors().skip(1).take(3) {
            fs::File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }

    /// Opens a blob for reading.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none of this name.
    pub async fn open(&self, sha256: &str) -> io::Result<fs::File> {
        fs::File::open(self.path(sha256)?).await
    }

    fn path(&self, sha256: &str) -> io::Result<PathBuf> {
        match sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            true => Ok(self.root.join(&sha256[..2]).join(&sha256[2..4]).join(sha256)),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "not a blob's name")),
        }
    }
}

async fn write_durably(draft: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(draft).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(draft, path).await
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn p9_a_blob_is_found_by_its_hash_and_by_nothing_else() {
        let folder = std::env::temp_dir().join(format!("relevo-blobs-{}", uuid::Uuid::new_v4()));
        let blobs = Blobs::in_dir(&folder);
        let blob = Blob::new(&b"offer"[..]);
        blobs.put(&blob).await.unwrap();
        blobs.put(&blob).await.unwrap();
        let mut text = String::new();
        blobs.open(&blob.sha256).await.unwrap().read_to_string(&mut text).await.unwrap();
        let mut errors = Vec::new();
        for name in ["../../etc/passwd", "", "/etc/passwd", &blob.sha256.to_uppercase(), &"0".repeat(64)] {
            errors.push(blobs.open(name).await.unwrap_err().kind());
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(text, "offer");
        assert!(errors.iter().all(|kind| *kind == io::ErrorKind::NotFound));
    }
}

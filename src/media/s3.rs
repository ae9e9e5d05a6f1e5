//! Files in an S3-compatible bucket: `prefix/ab/cd/abcd…`.
//!
//! A file whose hash is not known before its last byte goes, part by part, to `prefix/drafts/…`, is copied to its name
//! and removed there; one that fits into a single part goes to its name at once. What a killed process leaves below
//! `drafts/` a lifecycle rule of the bucket removes (docs/operations.md).

use std::{fmt, io, ops::Range, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{
    ClientOptions, GetOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::AmazonS3Builder, path::Path,
};
use secrecy::ExposeSecret;

use super::BlobRead;
use crate::config::{ConfigError, Media};

/// Bytes of a part: what a draft holds in memory at the most (P8). The smallest that S3 takes is 5 MiB.
const PART: usize = 8 << 20;
const CONNECT: Duration = Duration::from_secs(5);
/// How long a silence in an answer may be.
const SILENCE: Duration = Duration::from_secs(30);
/// How long one call may take, with its repetitions; a part of 8 MiB has to get through in it.
const CALL: Duration = Duration::from_secs(120);
const RETRIES: usize = 3;

/// A bucket, and where in it our files are.
#[derive(Clone)]
pub(super) struct S3 {
    pub(super) store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({})", self.prefix)
    }
}

impl S3 {
    pub(super) fn of(settings: &Media, bucket: &str, prefix: &str) -> Result<Self, ConfigError> {
        let prefix = Path::parse(prefix).map_err(|error| ConfigError::new("media.url", error))?;
        let client = ClientOptions::new()
            .with_allow_http(settings.s3_allow_http)
            .with_connect_timeout(CONNECT)
            .with_read_timeout(SILENCE)
            // The whole of a large file may take longer than any one limit.
            .with_timeout_disabled();
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: CALL, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&settings.s3_region)
            .with_client_options(client)
            .with_retry(retry)
            .with_disable_tagging(true);
        if !settings.s3_endpoint.is_empty() {
            builder = builder.with_endpoint(settings.s3_endpoint.trim_end_matches('/'));
        }
        if !settings.s3_access_key.is_empty() {
            builder = builder
                .with_access_key_id(&settings.s3_access_key)
                .with_secret_access_key(settings.s3_secret_key.expose_secret());
        }
        let store = builder.build().map_err(|error| ConfigError::new("media.url", error))?;
        Ok(Self::over(Arc::new(store), prefix))
    }

    pub(super) fn over(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self { store, prefix }
    }

    fn path(&self, sha256: &str) -> Path {
        self.prefix.clone().join(&sha256[..2]).join(&sha256[2..4]).join(sha256)
    }

    pub(super) async fn size(&self, sha256: &str) -> io::Result<u64> {
        in_time(self.store.head(&self.path(sha256))).await.map(|meta| meta.size)
    }

    pub(super) async fn open(&self, sha256: &str, range: Option<Range<u64>>) -> io::Result<BlobRead> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        let found = in_time(self.store.get_opts(&self.path(sha256), options)).await?;
        Ok(BlobRead { size: found.meta.size, stream: found.into_stream().map_err(io::Error::from).boxed() })
    }
}

/// A call within its time. A missing object is [`io::ErrorKind::NotFound`].
async fn in_time<T>(call: impl Future<Output = object_store::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(CALL, call).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A file that is being written.
pub(super) struct Sink {
    s3: S3,
    part: BytesMut,
    upload: Option<Upload>,
}

impl Sink {
    pub(super) fn new(s3: S3) -> Self {
        Self { s3, part: BytesMut::new(), upload: None }
    }

    /// Takes bytes; whole parts leave at once.
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full part waits for the next byte, so that a file of exactly one part is not a multipart one.
            if self.part.len() == PART {
                self.send_part().await?;
            }
            let room = (PART - self.part.len()).min(bytes.len());
            self.part.extend_from_slice(&bytes.split_to(room));
        }
        Ok(())
    }

    async fn send_part(&mut self) -> io::Result<()> {
        let part = self.part.split().freeze();
        let upload = match self.upload.take() {
            Some(upload) => upload,
            None => Upload::start(&self.s3).await?,
        };
        self.upload.insert(upload).send(part).await
    }

    pub(super) async fn finish(mut self, sha256: &str) -> io::Result<()> {
        let path = self.s3.path(sha256);
        let known = match self.s3.size(sha256).await {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        match (known, self.upload.is_some()) {
            (true, _) => Ok(()),
            (false, false) => {
                let whole = PutPayload::from_bytes(self.part.freeze());
                in_time(self.s3.store.put(&path, whole)).await.map(drop)
            }
            (false, true) => {
                self.send_part().await?;
                match self.upload.take() {
                    Some(upload) => upload.finish(&path).await,
                    None => Ok(()),
                }
            }
        }
    }
}

/// An upload in parts. Dropped at any point, what it left in the bucket goes.
struct Upload {
    store: Arc<dyn ObjectStore>,
    draft: Path,
    /// `None` once there is nothing left to tidy up.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    async fn start(s3: &S3) -> io::Result<Self> {
        let draft = s3.prefix.clone().join("drafts").join(uuid::Uuid::new_v4().to_string());
        let parts = in_time(s3.store.put_multipart(&draft)).await?;
        Ok(Self { store: s3.store.clone(), draft, parts: Some(parts) })
    }

    async fn send(&mut self, part: Bytes) -> io::Result<()> {
        match &mut self.parts {
            Some(parts) => in_time(parts.put_part(PutPayload::from_bytes(part))).await,
            None => Err(io::Error::other("the upload is over")),
        }
    }

    async fn finish(mut self, path: &Path) -> io::Result<()> {
        if let Some(parts) = &mut self.parts {
            in_time(parts.complete()).await?;
        }
        in_time(self.store.copy(&self.draft, path)).await?;
        in_time(self.store.delete(&self.draft)).await?;
        self.parts = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(mut parts), Ok(runtime)) = (self.parts.take(), tokio::runtime::Handle::try_current()) else { return };
        let (store, draft) = (self.store.clone(), self.draft.clone());
        runtime.spawn(async move {
            // One of the two finds nothing to do: an upload is either still open or an object.
            if let Err(error) = in_time(parts.abort()).await {
                tracing::debug!(%error, "an upload was not aborted; it may have been complete");
            }
            if let Err(error) = in_time(store.delete(&draft)).await
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, "a draft was left in the bucket");
            }
        });
    }
}

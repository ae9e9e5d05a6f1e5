//! One suite for every home that files can have.

use std::path::PathBuf;

use futures_util::TryStreamExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use object_store::{ObjectStore, memory::InMemory, path::Path as Place};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};

use super::*;

/// A store, and a way to see everything that is in it.
struct Stage {
    blobs: Blobs,
    inside: Inside,
}

enum Inside {
    Folder(PathBuf),
    Store(Arc<dyn ObjectStore>),
    Server(Server),
}

/// A server that speaks the protocol of S3 and checks its signatures, on this machine.
struct Server {
    address: String,
    folder: PathBuf,
    store: Arc<dyn ObjectStore>,
    task: JoinHandle<()>,
}

const BUCKET: &str = "relevo-files";

impl Stage {
    fn folder() -> Self {
        let folder = std::env::temp_dir().join(format!("relevo-blobs-{}", uuid::Uuid::new_v4()));
        Self { blobs: Blobs::in_dir(&folder), inside: Inside::Folder(folder) }
    }

    fn memory() -> Self {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let home = Home::S3(S3::over(store.clone(), Place::from("some/place")));
        Self { blobs: Blobs { home, limit: config::MEDIA_MAX_BYTES }, inside: Inside::Store(store) }
    }

    async fn server() -> Self {
        _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("relevo-s3-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(folder.join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(&folder).unwrap());
        service.set_auth(SimpleAuth::from_single("relevo", "hunter2"));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            while let Ok((socket, _)) = listener.accept().await {
                let serving = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
                tokio::spawn(async move { _ = serving.await });
            }
        });
        let blobs = Blobs::of(&settings(&address, "hunter2")).unwrap();
        let Home::S3(s3) = &blobs.home else { panic!("not a bucket") };
        let store = s3.store.clone();
        Self { blobs, inside: Inside::Server(Server { address, folder, store, task }) }
    }

    /// The names of all that is stored, drafts as well.
    async fn names(&self) -> Vec<String> {
        match &self.inside {
            Inside::Store(store) => {
                let objects: Vec<_> = store.list(None).try_collect().await.unwrap();
                objects.into_iter().map(|object| object.location.to_string()).collect()
            }
            Inside::Server(server) => {
                let objects: Vec<_> = server.store.list(None).try_collect().await.unwrap();
                let objects = objects.into_iter().map(|object| object.location.to_string());
                // Parts of uploads lie beside the bucket.
                let parts = files(&server.folder).into_iter().filter(|name| name.contains("upload"));
                objects.chain(parts).collect()
            }
            Inside::Folder(folder) => files(folder),
        }
    }
}

fn settings(endpoint: &str, secret: &str) -> Config {
    let mut config = Config::defaults();
    config.media.url = format!("s3://{BUCKET}/some/place");
    config.media.s3_endpoint = endpoint.to_owned();
    config.media.s3_allow_http = true;
    config.media.s3_access_key = "relevo".to_owned();
    config.media.s3_secret_key = secret.into();
    config
}

impl Drop for Stage {
    fn drop(&mut self) {
        match &self.inside {
            Inside::Store(_) => {}
            Inside::Folder(folder) => _ = std::fs::remove_dir_all(folder),
            Inside::Server(server) => {
                server.task.abort();
                _ = std::fs::remove_dir_all(&server.folder);
            }
        }
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path.to_str().unwrap().to_owned()] }).collect()
}

macro_rules! in_every_home {
    ($($story:ident)+) => {
        mod folder {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Stage::folder()).await;
            })+
        }

        mod bucket {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Stage::memory()).await;
            })+
        }

        mod server {
            $(#[tokio::test]
            async fn $story() {
                super::$story(super::Stage::server().await).await;
            })+
        }
    };
}

in_every_home! {
    p9_a_blob_is_found_by_its_hash_and_by_nothing_else
    a_file_is_written_piece_by_piece_and_read_whole_or_in_part
    p8_a_large_file_goes_through_in_parts
    p8_a_file_that_is_too_large_is_refused_and_leaves_nothing_behind
    a_draft_that_is_given_up_leaves_nothing_behind
    the_same_bytes_twice_are_one_file
    an_empty_file_is_a_file
    a_blob_under_a_wrong_name_is_refused
}

async fn p9_a_blob_is_found_by_its_hash_and_by_nothing_else(stage: Stage) {
    let blobs = &stage.blobs;
    let blob = Blob::new(&b"offer"[..]);
    blobs.put(&blob).await.unwrap();
    blobs.put(&blob).await.unwrap();
    assert_eq!(blobs.bytes(&blob.sha256, 5).await.unwrap(), "offer");
    assert_eq!(blobs.bytes(&blob.sha256, 4).await.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    for name in ["../../etc/passwd", "", "/etc/passwd", &blob.sha256.to_uppercase(), &"0".repeat(64), "drafts"] {
        assert_eq!(blobs.open(name).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!blobs.exists(name).await.unwrap());
    }
    assert!(blobs.exists(&blob.sha256).await.unwrap());
    assert_eq!(stage.names().await.len(), 1);
}

async fn a_file_is_written_piece_by_piece_and_read_whole_or_in_part(stage: Stage) {
    let mut draft = stage.blobs.draft();
    for piece in ["%PDF", "-1.7", "\n0123456789"] {
        draft.write(piece.into()).await.unwrap();
    }
    assert!(draft.sniff(Some("application/pdf"), None).agrees);
    let (size, sha256) = (draft.size(), draft.sha256());
    let stored = draft.finish().await.unwrap();
    assert_eq!(stored, Stored { sha256, size, mime: "application/pdf".into() });
    assert_eq!(stage.blobs.size(&stored.sha256).await.unwrap(), 19);
    for (range, expected) in [(0..4, "%PDF"), (9..19, "0123456789"), (18..19, "9")] {
        let read = stage.blobs.open_range(&stored.sha256, range).await.unwrap();
        let bytes: Vec<Bytes> = read.stream.try_collect().await.unwrap();
        assert_eq!((read.size, bytes.concat()), (19, expected.as_bytes().to_vec()));
    }
}

async fn p8_a_large_file_goes_through_in_parts(stage: Stage) {
    let piece = Bytes::from((0..1 << 20).map(|n: u32| n.to_le_bytes()[1]).collect::<Vec<u8>>());
    let mut draft = stage.blobs.draft();
    for _ in 0..17 {
        draft.write(piece.clone()).await.unwrap();
    }
    let stored = draft.finish().await.unwrap();
    assert_eq!(stored.size, 17 << 20);
    assert_eq!(stage.names().await.len(), 1, "no draft is left");
    let whole = stage.blobs.bytes(&stored.sha256, 17 << 20).await.unwrap();
    assert_eq!(Blob::new(whole).sha256, stored.sha256);
}

async fn p8_a_file_that_is_too_large_is_refused_and_leaves_nothing_behind(stage: Stage) {
    let piece = Bytes::from(vec![7; 6 << 20]);
    let mut draft = stage.blobs.draft().at_most(20 << 20);
    for _ in 0..3 {
        draft.write(piece.clone()).await.unwrap();
    }
    let error = draft.write(piece).await.unwrap_err();
    assert!(matches!(error, DraftError::TooLarge { limit } if limit == 20 << 20));
    assert_eq!(error.to_string(), "larger than 20 MiB");
    drop(draft);
    nothing_is_left(&stage).await;
}

async fn a_draft_that_is_given_up_leaves_nothing_behind(stage: Stage) {
    for size in [1, 9 << 20] {
        let mut draft = stage.blobs.draft();
        draft.write(Bytes::from(vec![1; size])).await.unwrap();
        drop(draft);
        nothing_is_left(&stage).await;
    }
}

/// What is left is tidied up in the background.
async fn nothing_is_left(stage: &Stage) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while !stage.names().await.is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", stage.names().await);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn the_same_bytes_twice_are_one_file(stage: Stage) {
    for size in [3, 9 << 20] {
        for _ in 0..2 {
            let mut draft = stage.blobs.draft();
            draft.write(Bytes::from(vec![9; size])).await.unwrap();
            draft.finish().await.unwrap();
        }
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while stage.names().await.len() != 2 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", stage.names().await);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn an_empty_file_is_a_file(stage: Stage) {
    let stored = stage.blobs.draft().finish().await.unwrap();
    assert_eq!((stored.size, stage.blobs.bytes(&stored.sha256, 0).await.unwrap().len()), (0, 0));
}

async fn a_blob_under_a_wrong_name_is_refused(stage: Stage) {
    let wrong = Blob { sha256: "0".repeat(64), bytes: Bytes::from_static(b"x") };
    assert_eq!(stage.blobs.put(&wrong).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(!stage.blobs.exists(&wrong.sha256).await.unwrap());
}

#[tokio::test]
async fn p9_a_bucket_that_does_not_take_our_key_is_an_error_and_not_a_missing_file() {
    let stage = Stage::server().await;
    let Inside::Server(server) = &stage.inside else { panic!("not a server") };
    let blobs = Blobs::of(&settings(&server.address, "hunter3")).unwrap();
    let error = blobs.put(&Blob::new(&b"x"[..])).await.unwrap_err();
    assert_ne!(error.kind(), io::ErrorKind::NotFound);
    assert!(!error.to_string().contains("hunter") && !format!("{blobs:?}").contains("hunter"), "{error}");
    assert!(stage.names().await.is_empty());
}

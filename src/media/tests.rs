//! One suite for every home that files can have.

use std::path::PathBuf;

use futures_util::TryStreamExt;
use object_store::{ObjectStore, memory::InMemory, path::Path as Place};

use super::*;

/// A store, and a way to see everything that is in it.
struct Stage {
    blobs: Blobs,
    inside: Inside,
}

enum Inside {
    Folder(PathBuf),
    Store(Arc<dyn ObjectStore>),
}

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

    /// The names of all that is stored, drafts as well.
    async fn names(&self) -> Vec<String> {
        match &self.inside {
            Inside::Store(store) => {
                let objects: Vec<_> = store.list(None).try_collect().await.unwrap();
                objects.into_iter().map(|object| object.location.to_string()).collect()
            }
            Inside::Folder(folder) => files(folder),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Inside::Folder(folder) = &self.inside {
            _ = std::fs::remove_dir_all(folder);
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
    assert_eq!(draft.sniff(Some("application/pdf"), None).agrees, true);
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
    for size in [1, 17 << 20] {
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
    for size in [3, 17 << 20] {
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

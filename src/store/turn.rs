//! Who makes the embedded database, or changes its tables: one process after the other.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// How long a process waits for those before it. A migration of a large database on a slow disk takes its time.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// The right to make the database or to change its tables, until it is dropped; the system takes it back from a process
/// that dies. SQLite itself answers BUSY at once, whatever its timeout, where two processes switch to WAL or turn from
/// reading to writing.
#[derive(Debug)]
pub(super) struct Turn {
    _locked: File,
}

impl Turn {
    /// Waits for the turn at the database in `file`. The lock is on its folder: SQLite's own locks are on the file, and
    /// are lost when a process closes it elsewhere.
    ///
    /// # Errors
    /// If the folder cannot be opened or locked, or another process keeps it for longer than two minutes.
    pub(super) async fn take(file: &Path) -> sqlx::Result<Self> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = File::open(folder)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(Self { _locked: folder }),
                Err(TryLockError::Error(error)) => return Err(error.into()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "another process is making it").into());
                }
                Err(TryLockError::WouldBlock) => sleep(PAUSE).await,
            }
        }
    }
}

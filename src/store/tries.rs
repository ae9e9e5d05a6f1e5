//! When a transaction is done again because another was first.

use std::time::{Duration, Instant};

use super::{Db, StoreError, Tx};
use crate::backoff::Backoff;

/// How often a transaction is done before its caller is told that others are always first.
const TRIES: u32 = 8;
/// How long it is tried again, however often that was.
const LONGEST: Duration = Duration::from_secs(5);
/// The pauses between tries: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

/// An error that can say that another transaction was first.
pub trait Contended {
    /// Whether the same work may succeed if it is tried again at once.
    fn is_conflict(&self) -> bool;
}

impl Contended for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// The tries of one transaction: a few, with growing pauses that are spread by chance.
#[derive(Debug)]
pub struct Tries {
    begun: Instant,
    count: u32,
    pauses: Backoff,
}

impl Default for Tries {
    fn default() -> Self {
        Self { begun: Instant::now(), count: 0, pauses: Backoff::new(PAUSES.0, PAUSES.1) }
    }
}

impl Tries {
    /// Whether the work that ended like this is to be done again from its beginning; pauses before it says so.
    pub async fn again<T, E: Contended>(&mut self, done: &Result<T, E>) -> bool {
        self.count += 1;
        let is_conflict = matches!(done, Err(error) if error.is_conflict());
        if !is_conflict || self.count >= TRIES || self.begun.elapsed() >= LONGEST {
            return false;
        }
        tokio::time::sleep(self.pauses.next_pause()).await;
        true
    }
}

impl Db {
    /// Does `work` in one transaction that may write, and all of it again if another transaction was first.
    ///
    /// # Errors
    /// Those of `work`, which then never happened, and of the database.
    pub async fn transact<T, E: Contended + From<StoreError>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        let mut tries = Tries::default();
        loop {
            let done = self.attempt(work.clone()).await;
            if !tries.again(&done).await {
                return done;
            }
        }
    }

    async fn attempt<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut tx = self.write().await?;
        let done = work(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::companies;

    async fn tries(done: impl Fn(u32) -> Result<(), StoreError>) -> u32 {
        let (mut tries, mut count) = (Tries::default(), 1);
        while tries.again(&done(count)).await {
            count += 1;
        }
        count
    }

    #[tokio::test]
    async fn only_what_another_transaction_was_before_is_tried_again_and_not_for_ever() {
        assert_eq!(tries(|_| Ok(())).await, 1);
        assert_eq!(tries(|_| Err(StoreError::timed_out())).await, 1);
        assert_eq!(tries(|count| if count < 3 { Err(StoreError::Conflict) } else { Ok(()) }).await, 3);
        assert_eq!(tries(|_| Err(StoreError::Conflict)).await, TRIES);
    }

    #[tokio::test]
    async fn what_is_done_again_happened_once() {
        let folder = std::env::temp_dir().join(format!("relevo-tries-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open_sqlite(&folder.join("relevo.db"), 1).await.unwrap();
        db.migrate().await.unwrap();
        let left = std::cell::Cell::new(2);
        let work = async |tx: &mut Tx| {
            companies::insert(tx, "Uno", 1).await?;
            left.set(left.get() - 1);
            if left.get() < 0 { Ok(()) } else { Err(StoreError::Conflict) }
        };
        db.transact(work).await.unwrap();
        let all = companies::all(&mut db.read().await.unwrap()).await.unwrap();
        assert_eq!(all.len(), 1);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}

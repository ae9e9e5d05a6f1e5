//! Every statement of the store says the same on both databases.

mod catalogue;
mod channels;
mod customers;
mod events;
mod housekeeping;
mod idempotency;
mod lists;
mod messages;
mod people;
mod relays;
mod reports;
mod routing;
mod tickets;
mod users;

use relevo::store::{Db, StoreError, Tx};

/// Text that quoting, escaping or an encoding could harm.
const NASTY: &str = "¿Qué \"tal\", O'Neill? \\ \\n {\"a\":[1]} $1 ?1 '; DROP TABLE messages; -- 😀\r\n\tfin";
const NOW: i64 = 1_780_000_000_000;

async fn write(db: &Db) -> Tx {
    db.write().await.expect("a transaction")
}

async fn read(db: &Db) -> Tx {
    db.read().await.expect("a transaction")
}

async fn commit(tx: Tx) {
    tx.commit().await.expect("committed");
}

fn is_duplicate<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Duplicate(_)))
}

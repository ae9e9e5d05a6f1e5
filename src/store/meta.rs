//! Facts about this database itself.

use relevo_adapters::Millis;

use super::{Result, Tx, macros::*};

/// The value kept under `key`; keeps `value` and gives it back if there was none.
///
/// # Errors
/// Those of the database.
pub async fn get_or_set(tx: &mut Tx, key: &str, value: &str) -> Result<String> {
    execute!(tx, "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING", key, value)?;
    let row = fetch_optional!(tx, (String,), "SELECT value FROM meta WHERE key = $1", key)?;
    Ok(row.map_or_else(|| value.to_owned(), |(value,)| value))
}

/// The value that is kept under a key.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, key: &str) -> Result<Option<String>> {
    let row = fetch_optional!(tx, (String,), "SELECT value FROM meta WHERE key = $1", key)?;
    Ok(row.map(|(value,)| value))
}

/// Keeps a value under a key.
///
/// # Errors
/// Those of the database.
pub async fn set(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        value
    )
    .map(drop)
}

/// Removes records that nobody needs any more: API calls, news of channels, unknown accounts, settled dead letters, what
/// the house told customers, from before `before`.
///
/// # Errors
/// Those of the database.
pub async fn prune_records(tx: &mut Tx, before: Millis) -> Result<()> {
    for statement in [
        "DELETE FROM audit WHERE at < $1",
        "DELETE FROM channel_events WHERE at < $1",
        "DELETE FROM unknown_accounts WHERE first_at < $1",
        "DELETE FROM dead_letters WHERE settled_at < $1",
        "DELETE FROM notices WHERE at < $1",
    ] {
        execute!(tx, statement, before)?;
    }
    Ok(())
}

/// Asks the database for nothing, to see whether it answers.
///
/// # Errors
/// If it does not.
pub async fn ping(tx: &mut Tx) -> Result<()> {
    fetch_optional!(tx, (i64,), "SELECT next_ticket FROM companies WHERE id = $1", 0_i64).map(drop)
}

//! Facts about this database itself.

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

/// Asks the database for nothing, to see whether it answers.
///
/// # Errors
/// If it does not.
pub async fn ping(tx: &mut Tx) -> Result<()> {
    fetch_optional!(tx, (i64,), "SELECT next_ticket FROM companies WHERE id = $1", 0_i64).map(drop)
}

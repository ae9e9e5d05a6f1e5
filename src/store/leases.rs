//! Leases: who may do a thing alone, until when.

use relevo_adapters::Millis;

use super::{Result, Sql, Tx, json_rows, macros::*};

/// Takes or renews the lease `name` until `until`, unless somebody else holds it at `now`. Gives whether it is ours.
///
/// # Errors
/// Those of the database.
pub async fn take(tx: &mut Tx, name: &str, owner: &str, now: Millis, until: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "INSERT INTO leases (name, owner, until) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE \
         SET owner = excluded.owner, until = excluded.until WHERE leases.owner = $2 OR leases.until <= $3",
        name,
        owner,
        now,
        until
    )?;
    Ok(rows > 0)
}

/// Gives a lease back.
///
/// # Errors
/// Those of the database.
pub async fn release(tx: &mut Tx, name: &str, owner: &str) -> Result<()> {
    execute!(tx, "DELETE FROM leases WHERE name = $1 AND owner = $2", name, owner).map(drop)
}

/// The live leases whose names start with `prefix`: `(name, owner)`.
///
/// # Errors
/// Those of the database.
pub async fn live(tx: &mut Tx, prefix: &str, now: Millis) -> Result<Vec<(String, String)>> {
    fetch_all!(
        tx,
        (String, String),
        "SELECT name, owner FROM leases WHERE name LIKE $1 || '%' AND until > $2 ORDER BY name",
        prefix,
        now
    )
}

/// Renews these leases, as far as they are the owner's.
///
/// # Errors
/// Those of the database.
pub async fn renew(tx: &mut Tx, owner: &str, names: &[String], until: Millis) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "UPDATE leases SET until = $3 WHERE owner = $2 AND name IN (SELECT value FROM json_each($1))",
            postgres: "UPDATE leases SET until = $3 WHERE owner = $2 \
                       AND name IN (SELECT jsonb_array_elements_text($1::jsonb))",
        },
        json_rows(names),
        owner,
        until
    )
    .map(drop)
}

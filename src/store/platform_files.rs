//! Files that channels' platforms have from us already.

use relevo_adapters::Millis;

use super::{Result, Tx, macros::*};

/// What a channel's platform calls a file of ours, if it still has it at `now`.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, channel: i64, sha256: &str, now: Millis) -> Result<Option<String>> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT platform_id FROM platform_files WHERE channel_id = $1 AND sha256 = $2 \
         AND (expires_at IS NULL OR expires_at > $3)",
        channel,
        sha256,
        now
    )?;
    Ok(row.map(|(id,)| id))
}

/// Remembers what a channel's platform calls a file of ours.
///
/// # Errors
/// Those of the database.
pub async fn keep(
    tx: &mut Tx,
    channel: i64,
    sha256: &str,
    platform_id: &str,
    expires_at: Option<Millis>,
) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO platform_files (channel_id, sha256, platform_id, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (channel_id, sha256) DO UPDATE SET platform_id = excluded.platform_id, \
         expires_at = excluded.expires_at",
        channel,
        sha256,
        platform_id,
        expires_at
    )
    .map(drop)
}

/// Forgets what a channel's platform calls a file of ours: it says that it has none of that name.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &mut Tx, channel: i64, sha256: &str) -> Result<()> {
    execute!(tx, "DELETE FROM platform_files WHERE channel_id = $1 AND sha256 = $2", channel, sha256).map(drop)
}

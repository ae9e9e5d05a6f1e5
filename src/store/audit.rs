//! The record of API calls (`id_bitacora_log`).

use relevo_adapters::Millis;
use serde::Serialize;

use super::{Result, Tx, json_rows, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct AuditEntry {
    pub id: i64,
    pub company_id: Option<i64>,
    pub client_id: Option<i64>,
    /// The person who made the call.
    pub user_id: Option<i64>,
    pub method: String,
    /// Path without the query string.
    pub path: String,
    pub status: i64,
    pub at: Millis,
    pub duration_ms: i64,
}

/// Adds entries. An id that chance gave twice keeps its first entry.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, entries: &[AuditEntry]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO audit (id, company_id, client_id, user_id, method, path, status, at, duration_ms) \
             SELECT id, company_id, client_id, user_id, method, path, status, at, duration_ms FROM",
            [id bigint, company_id bigint, client_id bigint, user_id bigint, method text, path text, status bigint,
             at bigint, duration_ms bigint],
            "WHERE true ON CONFLICT (id) DO NOTHING"
        ),
        json_rows(entries)
    )
    .map(drop)
}

/// The entry with this id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<AuditEntry>> {
    fetch_optional!(
        tx,
        AuditEntry,
        "SELECT id, company_id, client_id, user_id, method, path, status, at, duration_ms FROM audit WHERE id = $1",
        id
    )
}

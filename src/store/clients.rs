//! Programs that may call the API.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ApiClient {
    pub id: i64,
    /// `None`: a super-admin, who belongs to no company.
    pub company_id: Option<i64>,
    pub name: String,
    pub client_key: String,
    pub secret_hash: String,
    pub role: String,
}

/// Adds a client; `secret_hash` is all that is kept of its secret.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if the key is taken.
pub async fn insert(tx: &mut Tx, client: &ApiClient, now: Millis) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO api_clients (company_id, name, client_key, secret_hash, role, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        client.company_id,
        &client.name,
        &client.client_key,
        &client.secret_hash,
        &client.role,
        now
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A client as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Listed {
    pub id: i64,
    pub company_id: Option<i64>,
    pub name: String,
    pub client_key: String,
    pub role: String,
    pub created_at: Millis,
    pub revoked_at: Option<Millis>,
}

/// Every client, revoked ones too, by id.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<Listed>> {
    fetch_all!(
        tx,
        Listed,
        "SELECT id, company_id, name, client_key, role, created_at, revoked_at FROM api_clients ORDER BY id"
    )
}

/// Lets a client in no more; gives whether it was let in until now.
///
/// # Errors
/// Those of the database.
pub async fn revoke(tx: &mut Tx, id: i64, now: Millis) -> Result<bool> {
    let rows = execute!(tx, "UPDATE api_clients SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, now)?;
    Ok(rows > 0)
}

/// The client with this key, unless it was revoked.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, client_key: &str) -> Result<Option<ApiClient>> {
    fetch_optional!(
        tx,
        ApiClient,
        "SELECT id, company_id, name, client_key, secret_hash, role FROM api_clients \
         WHERE client_key = $1 AND revoked_at IS NULL",
        client_key
    )
}

/// A client's name.
///
/// # Errors
/// Those of the database.
pub async fn name(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    let row = fetch_optional!(tx, (String,), "SELECT name FROM api_clients WHERE id = $1", id)?;
    Ok(row.map(|(name,)| name))
}

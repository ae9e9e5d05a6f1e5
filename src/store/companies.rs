//! Tenants.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct Company {
    pub id: i64,
    pub name: String,
    pub created_at: Millis,
}

/// Adds a company.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, name: &str, now: Millis) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO companies (name, created_at) VALUES ($1, $2) RETURNING id",
        name,
        now
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The company with this id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, id: i64) -> Result<Option<Company>> {
    fetch_optional!(tx, Company, "SELECT id, name, created_at FROM companies WHERE id = $1", id)
}

/// Every company, by id.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<Company>> {
    fetch_all!(tx, Company, "SELECT id, name, created_at FROM companies ORDER BY id")
}

/// Takes `count` consecutive ticket numbers of a company; gives the first. The row stays locked until the end of the
/// transaction, so that numbers have no gaps: take them late.
///
/// # Errors
/// Those of the database.
pub async fn take_ticket_numbers(tx: &mut Tx, company: i64, count: i64) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE companies SET next_ticket = next_ticket + $2 WHERE id = $1 RETURNING next_ticket",
        company,
        count
    )?;
    Ok(row.map_or(1, |(next,)| next - count))
}

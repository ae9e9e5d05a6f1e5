//! Agents and operators: people who work in the house.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Tx, json_rows, macros::*};

/// A person.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow, Serialize)]
pub struct User {
    /// `usua_id`, `cmid`.
    pub id: i64,
    pub company_id: i64,
    /// Lower case; one person per company and address.
    pub email: String,
    pub name: String,
    pub code: Option<String>,
    pub phone: Option<String>,
    /// A `desk::clients::Role`.
    pub role: String,
    /// argon2id; without one this person cannot log in.
    #[serde(skip)]
    pub password_hash: Option<String>,
    pub department_id: Option<i64>,
    /// Tickets that this person may own at once.
    pub capacity: i64,
    /// 0: may not log in and gets no tickets.
    pub active: i64,
    pub presence_id: i64,
    /// Since when.
    pub presence_at: Millis,
    pub last_assigned_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "u.id, u.company_id, u.email, u.name, u.code, u.phone, u.role, u.password_hash, u.department_id, u.capacity, \
         u.active, u.presence_id, u.presence_at, u.last_assigned_at, u.created_at, u.updated_at"
    };
}

/// Adds a person; gives the id. The one in `user` is not looked at.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if the company has somebody of this address.
pub async fn insert(tx: &mut Tx, user: &User) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO users (company_id, email, name, code, phone, role, password_hash, department_id, capacity, active, \
         presence_id, presence_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING id",
        user.company_id,
        &user.email,
        &user.name,
        &user.code,
        &user.phone,
        &user.role,
        &user.password_hash,
        user.department_id,
        user.capacity,
        user.active,
        user.presence_id,
        user.presence_at,
        user.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A company's person.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<User>> {
    fetch_optional!(
        tx,
        User,
        concat!("SELECT ", columns!(), " FROM users u WHERE u.company_id = $1 AND u.id = $2"),
        company,
        id
    )
}

/// A company's person by address, in lower case.
///
/// # Errors
/// Those of the database.
pub async fn find_by_email(tx: &mut Tx, company: i64, email: &str) -> Result<Option<User>> {
    fetch_optional!(
        tx,
        User,
        concat!("SELECT ", columns!(), " FROM users u WHERE u.company_id = $1 AND u.email = $2"),
        company,
        email
    )
}

/// Whom to name on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Named {
    pub id: i64,
    pub name: String,
    pub email: String,
}

/// The people of these ids.
///
/// # Errors
/// Those of the database.
pub async fn named(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Named>> {
    #[derive(Serialize)]
    struct Id {
        n: i64,
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Id> = ids.iter().map(|n| Id { n: *n }).collect();
    fetch_all!(
        tx,
        Named,
        rows!("SELECT u.id, u.name, u.email FROM", [n bigint], "JOIN users u ON u.id = r.n ORDER BY u.id"),
        json_rows(&ids)
    )
}

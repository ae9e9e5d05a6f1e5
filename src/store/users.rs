//! Agents and operators: people who work in the house.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{
    Result, Sql, Tx, json_rows,
    macros::*,
    search::{both, holds, part},
};

/// A person.
#[derive(Clone, Default, PartialEq, Eq, FromRow, Serialize)]
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
    /// argon2id, of a PIN that holds on the device `device_id` only.
    #[serde(skip)]
    pub pin_hash: Option<String>,
    #[serde(skip)]
    pub device_id: Option<String>,
    pub department_id: Option<i64>,
    /// Tickets that this person may own at once.
    pub capacity: i64,
    /// 0: may not log in and gets no tickets.
    pub active: i64,
    pub presence_id: i64,
    /// Since when.
    pub presence_at: Millis,
    pub last_assigned_at: Option<Millis>,
    /// A blob, and what it is.
    pub picture_sha256: Option<String>,
    pub picture_mime: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, company_id, role, active, presence_id, .. } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("company_id", company_id)
            .field("role", role)
            .field("active", active)
            .field("presence_id", presence_id)
            .finish_non_exhaustive()
    }
}

macro_rules! columns {
    () => {
        "u.id, u.company_id, u.email, u.name, u.code, u.phone, u.role, u.password_hash, u.pin_hash, u.device_id, \
         u.department_id, u.capacity, u.active, u.presence_id, u.presence_at, u.last_assigned_at, u.picture_sha256, \
         u.picture_mime, u.created_at, u.updated_at"
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
        "INSERT INTO users (company_id, email, name, code, phone, role, password_hash, pin_hash, device_id, \
         department_id, capacity, active, presence_id, presence_at, picture_sha256, picture_mime, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17) \
         RETURNING id",
        user.company_id,
        &user.email,
        &user.name,
        &user.code,
        &user.phone,
        &user.role,
        &user.password_hash,
        &user.pin_hash,
        &user.device_id,
        user.department_id,
        user.capacity,
        user.active,
        user.presence_id,
        user.presence_at,
        &user.picture_sha256,
        &user.picture_mime,
        user.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// Writes what can be changed of a person that [`lock`] gave: everything but company, presence and times of others'
/// making.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if the company has somebody else of this address.
pub async fn update(tx: &mut Tx, user: &User) -> Result<()> {
    execute!(
        tx,
        "UPDATE users SET email = $2, name = $3, code = $4, phone = $5, role = $6, password_hash = $7, pin_hash = $8, \
         device_id = $9, department_id = $10, capacity = $11, active = $12, picture_sha256 = $13, picture_mime = $14, \
         updated_at = $15 WHERE id = $1",
        user.id,
        &user.email,
        &user.name,
        &user.code,
        &user.phone,
        &user.role,
        &user.password_hash,
        &user.pin_hash,
        &user.device_id,
        user.department_id,
        user.capacity,
        user.active,
        &user.picture_sha256,
        &user.picture_mime,
        user.updated_at
    )
    .map(drop)
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

/// A person of any company.
///
/// # Errors
/// Those of the database.
pub async fn find_anywhere(tx: &mut Tx, id: i64) -> Result<Option<User>> {
    fetch_optional!(tx, User, concat!("SELECT ", columns!(), " FROM users u WHERE u.id = $1"), id)
}

/// A person of any company, whom nobody else changes until the end of the transaction.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, id: i64) -> Result<Option<User>> {
    fetch_optional!(
        tx,
        User,
        Sql {
            sqlite: concat!("SELECT ", columns!(), " FROM users u WHERE u.id = $1"),
            postgres: concat!("SELECT ", columns!(), " FROM users u WHERE u.id = $1 FOR UPDATE"),
        },
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
/// Which people.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// 0: of any company.
    pub company: i64,
    /// A part of the name; empty: any. So it is with every text here.
    pub name: String,
    /// A part of the address.
    pub email: String,
    /// A part of the number.
    pub phone: String,
    /// A part of the company's name.
    pub company_name: String,
    /// The whole role.
    pub role: String,
    /// `None`: any.
    pub active: Option<bool>,
}

macro_rules! from_where {
    ($dialect:ident) => {
        concat!(
            " FROM users u JOIN companies c ON c.id = u.company_id WHERE ($1 = 0 OR u.company_id = $1) AND ($2 = '' OR ",
            holds!($dialect, "u.name", "$2"),
            ") AND ($3 = '' OR ",
            holds!($dialect, "u.email", "$3"),
            ") AND ($4 = '' OR ",
            holds!($dialect, "coalesce(u.phone, '')", "$4"),
            ") AND ($5 = '' OR ",
            holds!($dialect, "c.name", "$5"),
            ") AND ($6 = '' OR u.role = $6) AND ($7 = -1 OR u.active = $7)"
        )
    };
}

macro_rules! listed {
    ($dialect:ident) => {
        concat!("SELECT ", columns!(), from_where!($dialect), " ORDER BY lower(u.name), u.id LIMIT $8 OFFSET $9")
    };
}

macro_rules! counted {
    ($dialect:ident) => {
        concat!("SELECT count(*)", from_where!($dialect))
    };
}

/// People by name.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: i64, offset: i64) -> Result<Vec<User>> {
    fetch_all!(
        tx,
        User,
        both!(listed),
        filter.company,
        part(&filter.name),
        part(&filter.email),
        part(&filter.phone),
        part(&filter.company_name),
        &filter.role,
        filter.active.map_or(-1, i64::from),
        limit,
        offset
    )
}

/// How many people there are.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, filter: &Filter) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        both!(counted),
        filter.company,
        part(&filter.name),
        part(&filter.email),
        part(&filter.phone),
        part(&filter.company_name),
        &filter.role,
        filter.active.map_or(-1, i64::from)
    )?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Whether a company has this department.
///
/// # Errors
/// Those of the database.
pub async fn has_department(tx: &mut Tx, company: i64, department: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT id FROM departments WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL",
        company,
        department
    )?;
    Ok(row.is_some())
}

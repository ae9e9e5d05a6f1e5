//! Departments: parts of a company, with hours of their own.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A department.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Department {
    /// `depa_id`, `id_department`.
    pub id: i64,
    pub uuid: String,
    pub company_id: i64,
    pub name: String,
    /// JSON: the week as AP writes it.
    pub hours: Option<String>,
    pub active: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "d.id, d.uuid, d.company_id, d.name, d.hours, d.active, d.created_at, d.updated_at"
    };
}

/// Adds a department; gives the id. The one in `department` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, department: &Department) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO departments (uuid, company_id, name, hours, active, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        &department.uuid,
        department.company_id,
        &department.name,
        &department.hours,
        department.active,
        department.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The department with this id, of `company` or (`None`) of any, unless it was deleted.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<Option<Department>> {
    fetch_optional!(
        tx,
        Department,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM departments d WHERE d.id = $2 AND ($1 IS NULL OR d.company_id = $1) AND d.deleted_at IS NULL"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM departments d WHERE d.id = $2 AND ($1::bigint IS NULL OR d.company_id = $1) \
                 AND d.deleted_at IS NULL"
            ),
        },
        company,
        id
    )
}

/// A company's departments by id, without the deleted ones; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<Department>> {
    fetch_all!(
        tx,
        Department,
        concat!(
            "SELECT ",
            columns!(),
            " FROM departments d WHERE d.company_id = $1 AND d.deleted_at IS NULL ORDER BY d.id LIMIT $2"
        ),
        company,
        limit
    )
}

/// Stores what an operator may change of a department.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, department: &Department, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE departments SET name = $2, hours = $3, active = $4, updated_at = $5 WHERE id = $1",
        department.id,
        &department.name,
        &department.hours,
        department.active,
        now
    )
    .map(drop)
}

/// Deletes a department; the row stays.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: i64, now: Millis) -> Result<()> {
    execute!(tx, "UPDATE departments SET active = 0, deleted_at = $2, updated_at = $2 WHERE id = $1", id, now).map(drop)
}

/// How many groups and people are in a department: `(groups, people)`.
///
/// # Errors
/// Those of the database.
pub async fn uses(tx: &mut Tx, company: i64, id: i64) -> Result<(i64, i64)> {
    let row = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT (SELECT count(*) FROM groups WHERE company_id = $1 AND department_id = $2 AND deleted_at IS NULL), \
         (SELECT count(*) FROM users WHERE company_id = $1 AND department_id = $2 AND active = 1)",
        company,
        id
    )?;
    Ok(row.unwrap_or_default())
}

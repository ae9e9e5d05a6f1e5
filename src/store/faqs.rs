//! Preguntas frecuentes: what agents answer often, and the other ways in which it is asked.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A question and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Faq {
    pub id: i64,
    pub uuid: String,
    pub company_id: i64,
    pub question: Option<String>,
    pub answer: String,
    /// A JSON list of ids; for all departments if it is empty or holds 0.
    pub departments: String,
    pub active: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "f.id, f.uuid, f.company_id, f.question, f.answer, f.departments, f.active, f.created_at, f.updated_at"
    };
}

/// Adds a question; gives the id. The one in `faq` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, faq: &Faq) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO faqs (uuid, company_id, question, answer, departments, active, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id",
        &faq.uuid,
        faq.company_id,
        &faq.question,
        &faq.answer,
        &faq.departments,
        faq.active,
        faq.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The question with this id, of `company` or (`None`) of any.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<Option<Faq>> {
    fetch_optional!(
        tx,
        Faq,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM faqs f WHERE f.id = $2 AND ($1 IS NULL OR f.company_id = $1)"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM faqs f WHERE f.id = $2 AND ($1::bigint IS NULL OR f.company_id = $1)"
            ),
        },
        company,
        id
    )
}

/// A company's questions by id; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<Faq>> {
    fetch_all!(
        tx,
        Faq,
        concat!("SELECT ", columns!(), " FROM faqs f WHERE f.company_id = $1 ORDER BY f.id LIMIT $2"),
        company,
        limit
    )
}

/// Stores what an operator may change of a question.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, faq: &Faq, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE faqs SET question = $2, answer = $3, departments = $4, active = $5, updated_at = $6 WHERE id = $1",
        faq.id,
        &faq.question,
        &faq.answer,
        &faq.departments,
        faq.active,
        now
    )
    .map(drop)
}

/// Deletes a company's question with its alternatives; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    execute!(
        tx,
        "DELETE FROM faq_alternatives WHERE faq_id IN (SELECT id FROM faqs WHERE company_id = $1 AND id = $2)",
        company,
        id
    )?;
    Ok(execute!(tx, "DELETE FROM faqs WHERE company_id = $1 AND id = $2", company, id)? > 0)
}

/// Another way to ask a question.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Alternative {
    pub id: i64,
    pub faq_id: i64,
    pub question: String,
}

/// Adds an alternative; gives the id.
///
/// # Errors
/// Those of the database.
pub async fn insert_alternative(tx: &mut Tx, faq: i64, question: &str) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO faq_alternatives (faq_id, question) VALUES ($1, $2) RETURNING id",
        faq,
        question
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// The alternatives of all of a company's questions, or of one, in the order in which they were added.
///
/// # Errors
/// Those of the database.
pub async fn alternatives(tx: &mut Tx, company: i64, faq: Option<i64>) -> Result<Vec<Alternative>> {
    fetch_all!(
        tx,
        Alternative,
        Sql {
            sqlite: "SELECT a.id, a.faq_id, a.question FROM faqs f JOIN faq_alternatives a ON a.faq_id = f.id \
                     WHERE f.company_id = $1 AND ($2 IS NULL OR f.id = $2) ORDER BY a.faq_id, a.id",
            postgres: "SELECT a.id, a.faq_id, a.question FROM faqs f JOIN faq_alternatives a ON a.faq_id = f.id \
                       WHERE f.company_id = $1 AND ($2::bigint IS NULL OR f.id = $2) ORDER BY a.faq_id, a.id",
        },
        company,
        faq
    )
}

/// Changes an alternative of a company's question; gives whether there is one.
///
/// # Errors
/// Those of the database.
pub async fn update_alternative(tx: &mut Tx, company: i64, id: i64, question: &str) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE faq_alternatives SET question = $3 \
         WHERE id = $2 AND faq_id IN (SELECT id FROM faqs WHERE company_id = $1)",
        company,
        id,
        question
    )?;
    Ok(rows > 0)
}

/// Deletes an alternative of a company's question; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete_alternative(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    let rows = execute!(
        tx,
        "DELETE FROM faq_alternatives WHERE id = $2 AND faq_id IN (SELECT id FROM faqs WHERE company_id = $1)",
        company,
        id
    )?;
    Ok(rows > 0)
}

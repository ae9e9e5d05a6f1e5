//! Respuestas rápidas: texts that agents send often.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A text of a group, or of the whole company.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct QuickReply {
    pub id: i64,
    pub company_id: i64,
    pub group_id: Option<i64>,
    pub title: String,
    pub text: String,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "q.id, q.company_id, q.group_id, q.title, q.text, q.created_at, q.updated_at"
    };
}

/// Adds a text; gives the id. The one in `reply` is not looked at.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, reply: &QuickReply) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO quick_replies (company_id, group_id, title, text, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
        reply.company_id,
        reply.group_id,
        &reply.title,
        &reply.text,
        reply.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A company's text.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<QuickReply>> {
    fetch_optional!(
        tx,
        QuickReply,
        concat!("SELECT ", columns!(), " FROM quick_replies q WHERE q.company_id = $1 AND q.id = $2"),
        company,
        id
    )
}

/// A company's texts by id, or those that a group may use: its own and the whole company's; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, company: i64, group: Option<i64>, limit: i64) -> Result<Vec<QuickReply>> {
    fetch_all!(
        tx,
        QuickReply,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM quick_replies q WHERE q.company_id = $1 \
                 AND ($2 IS NULL OR q.group_id = $2 OR q.group_id IS NULL) ORDER BY q.id LIMIT $3"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM quick_replies q WHERE q.company_id = $1 \
                 AND ($2::bigint IS NULL OR q.group_id = $2 OR q.group_id IS NULL) ORDER BY q.id LIMIT $3"
            ),
        },
        company,
        group,
        limit
    )
}

/// Stores what may be changed of a text.
///
/// # Errors
/// Those of the database.
pub async fn update(tx: &mut Tx, reply: &QuickReply, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE quick_replies SET group_id = $2, title = $3, text = $4, updated_at = $5 WHERE id = $1",
        reply.id,
        reply.group_id,
        &reply.title,
        &reply.text,
        now
    )
    .map(drop)
}

/// Deletes a company's text; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    Ok(execute!(tx, "DELETE FROM quick_replies WHERE company_id = $1 AND id = $2", company, id)? > 0)
}

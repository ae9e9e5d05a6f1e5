//! Publicaciones: posts that comments are about, as agents note them.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A post of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Publication {
    pub id: i64,
    pub company_id: i64,
    pub channel_id: i64,
    /// The platform's id of it; one row per channel and id.
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub text: Option<String>,
    pub url: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

macro_rules! columns {
    () => {
        "p.id, p.company_id, p.channel_id, p.ref, p.text, p.url, p.created_at, p.updated_at"
    };
}

/// Adds a post; gives the id. The one in `publication` is not looked at.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if the channel has it.
pub async fn insert(tx: &mut Tx, publication: &Publication) -> Result<i64> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "INSERT INTO publications (company_id, channel_id, ref, text, url, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        publication.company_id,
        publication.channel_id,
        &publication.reference,
        &publication.text,
        &publication.url,
        publication.created_at
    )?;
    Ok(row.map_or(0, |(id,)| id))
}

/// A company's post.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: i64) -> Result<Option<Publication>> {
    fetch_optional!(
        tx,
        Publication,
        concat!("SELECT ", columns!(), " FROM publications p WHERE p.company_id = $1 AND p.id = $2"),
        company,
        id
    )
}

/// A company's posts, or one channel's, newest first: at most `limit`, all of which come after the post `after` if
/// one is named.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    company: i64,
    channel: Option<i64>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Publication>> {
    fetch_all!(
        tx,
        Publication,
        Sql {
            sqlite: concat!(
                "SELECT ",
                columns!(),
                " FROM publications p WHERE p.company_id = $1 AND ($2 IS NULL OR p.channel_id = $2) \
                 AND ($3 IS NULL OR p.id < $3) ORDER BY p.id DESC LIMIT $4"
            ),
            postgres: concat!(
                "SELECT ",
                columns!(),
                " FROM publications p WHERE p.company_id = $1 AND ($2::bigint IS NULL OR p.channel_id = $2) \
                 AND ($3::bigint IS NULL OR p.id < $3) ORDER BY p.id DESC LIMIT $4"
            ),
        },
        company,
        channel,
        after,
        limit
    )
}

/// Stores what may be changed of a post.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if its channel has another one of this id.
pub async fn update(tx: &mut Tx, publication: &Publication, now: Millis) -> Result<()> {
    execute!(
        tx,
        "UPDATE publications SET channel_id = $2, ref = $3, text = $4, url = $5, updated_at = $6 WHERE id = $1",
        publication.id,
        publication.channel_id,
        &publication.reference,
        &publication.text,
        &publication.url,
        now
    )
    .map(drop)
}

/// Deletes a company's post; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    Ok(execute!(tx, "DELETE FROM publications WHERE company_id = $1 AND id = $2", company, id)? > 0)
}

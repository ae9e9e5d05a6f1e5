//! Threads that get their author later.

use super::{Result, Tx, conversations::KeyRow, json_rows, macros::*};

#[derive(serde::Serialize)]
struct Key<'a> {
    k: &'a str,
}

/// The threads that have one of these names on a channel of this kind of the company.
///
/// # Errors
/// Those of the database.
pub async fn named(tx: &mut Tx, company: i64, kind: &str, names: &[String]) -> Result<Vec<KeyRow>> {
    let rows: Vec<Key<'_>> = names.iter().map(|k| Key { k }).collect();
    fetch_all!(
        tx,
        KeyRow,
        rows!(
            "SELECT k.channel_id, k.key, k.conversation_id FROM",
            [k text],
            "JOIN channels h ON h.company_id = $2 AND h.kind = $3 \
             JOIN conversation_keys k ON k.channel_id = h.id AND k.key = r.k ORDER BY k.channel_id, k.key"
        ),
        json_rows(&rows),
        company,
        kind
    )
}

/// Makes `contact` the author of a conversation without one: of its tickets and of what was written in it, too.
///
/// # Errors
/// Those of the database.
pub async fn set_author(tx: &mut Tx, conversation: &str, contact: &str) -> Result<()> {
    for sql in [
        "UPDATE conversations SET contact_id = $2 WHERE id = $1 AND contact_id IS NULL",
        "UPDATE tickets SET contact_id = $2 WHERE conversation_id = $1 AND contact_id IS NULL",
        "UPDATE messages SET author_id = $2 WHERE conversation_id = $1 AND author_id IS NULL AND direction = 'in' \
         AND origin = 'contact'",
    ] {
        execute!(tx, sql, conversation, contact)?;
    }
    Ok(())
}

//! Notes on tickets, for our side only.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Tx, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Note {
    pub id: String,
    pub ticket_id: String,
    /// The person who wrote it, if it was one.
    pub user_id: Option<i64>,
    /// The program that did.
    pub client_id: Option<i64>,
    pub text: String,
    pub at: Millis,
}

/// Adds a note.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, note: &Note) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO ticket_notes (id, ticket_id, user_id, client_id, text, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &note.id,
        &note.ticket_id,
        note.user_id,
        note.client_id,
        &note.text,
        note.at
    )
    .map(drop)
}

/// The first `limit` notes of a ticket, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn of_ticket(tx: &mut Tx, ticket: &str, limit: i64) -> Result<Vec<Note>> {
    fetch_all!(
        tx,
        Note,
        "SELECT id, ticket_id, user_id, client_id, text, at FROM ticket_notes WHERE ticket_id = $1 ORDER BY id LIMIT $2",
        ticket,
        limit
    )
}

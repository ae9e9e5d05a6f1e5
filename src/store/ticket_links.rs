//! Tickets that belong together.

use relevo_adapters::Millis;
use serde::Serialize;

use super::{Result, Tx, json_rows, macros::*};

#[derive(Serialize)]
struct Link<'a> {
    a: &'a str,
    b: &'a str,
}

/// Links a ticket with others of its company; gives how many of them were not linked with it before. Who did it, if that
/// is known, is `user`.
///
/// # Errors
/// Those of the database.
pub async fn insert(
    tx: &mut Tx,
    company: i64,
    ticket: &str,
    others: &[&str],
    user: Option<i64>,
    now: Millis,
) -> Result<u64> {
    let link = |other| Link { a: std::cmp::min(ticket, other), b: std::cmp::max(ticket, other) };
    let rows: Vec<Link<'_>> = others.iter().copied().filter(|other| *other != ticket).map(link).collect();
    execute!(
        tx,
        rows!(
            "INSERT INTO ticket_links (a, b, company_id, user_id, at) SELECT a, b, $2, $3, $4 FROM",
            [a text, b text],
            "WHERE true ORDER BY a, b ON CONFLICT (a, b) DO NOTHING"
        ),
        json_rows(&rows),
        company,
        user,
        now
    )
}

/// The ids of the tickets that are linked with this one.
///
/// # Errors
/// Those of the database.
pub async fn of_ticket(tx: &mut Tx, ticket: &str) -> Result<Vec<String>> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT b FROM ticket_links WHERE a = $1 UNION SELECT a FROM ticket_links WHERE b = $1 ORDER BY 1",
        ticket
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

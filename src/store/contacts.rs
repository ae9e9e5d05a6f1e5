//! Customers and their addresses.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, json_rows, macros::*};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Contact {
    pub id: String,
    pub company_id: i64,
    pub name: Option<String>,
    pub account: Option<String>,
    pub language: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// An address of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromRow, Serialize)]
pub struct IdentityRow {
    pub company_id: i64,
    pub scheme: String,
    pub value: String,
    pub contact_id: String,
}

/// An address to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Address<'a> {
    pub c: i64,
    pub s: &'a str,
    pub v: &'a str,
}

/// The known ones among `addresses`.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, addresses: &[Address<'_>]) -> Result<Vec<IdentityRow>> {
    fetch_all!(
        tx,
        IdentityRow,
        rows!(
            "SELECT i.company_id, i.scheme, i.value, i.contact_id FROM",
            [c bigint, s text, v text],
            "JOIN identities i ON i.company_id = r.c AND i.scheme = r.s AND i.value = r.v"
        ),
        json_rows(addresses)
    )
}

#[derive(Serialize)]
struct Id<'a> {
    i: &'a str,
}

/// The contacts with these ids.
///
/// # Errors
/// Those of the database.
pub async fn load(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Contact>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|i| Id { i }).collect();
    fetch_all!(
        tx,
        Contact,
        rows!(
            "SELECT c.id, c.company_id, c.name, c.account, c.language, c.created_at, c.updated_at FROM",
            [i text],
            "JOIN contacts c ON c.id = r.i"
        ),
        json_rows(&ids)
    )
}

/// Adds contacts, or brings known ones up to date.
///
/// # Errors
/// Those of the database.
pub async fn save(tx: &mut Tx, contacts: &[&Contact]) -> Result<()> {
    execute!(
        tx,
        rows!(
            "INSERT INTO contacts (id, company_id, name, account, language, created_at, updated_at) \
             SELECT id, company_id, name, account, language, created_at, updated_at FROM",
            [id text, company_id bigint, name text, account text, language text, created_at bigint, updated_at bigint],
            "WHERE true ON CONFLICT (id) DO UPDATE SET name = excluded.name, account = excluded.account, \
             language = excluded.language, updated_at = excluded.updated_at"
        ),
        json_rows(contacts)
    )
    .map(drop)
}

/// Adds addresses; gives how many were new. Fewer than given: another transaction was first.
///
/// # Errors
/// Those of the database.
pub async fn insert_identities(tx: &mut Tx, rows: &[IdentityRow], now: Millis) -> Result<u64> {
    execute!(
        tx,
        rows!(
            "INSERT INTO identities (company_id, scheme, value, contact_id, created_at) \
             SELECT company_id, scheme, value, contact_id, $2 FROM",
            [company_id bigint, scheme text, value text, contact_id text],
            "WHERE true ORDER BY company_id, scheme, value ON CONFLICT (company_id, scheme, value) DO NOTHING"
        ),
        json_rows(rows),
        now
    )
}

/// Takes these addresses from whoever has them.
///
/// # Errors
/// Those of the database.
pub async fn delete_identities(tx: &mut Tx, rows: &[IdentityRow]) -> Result<()> {
    execute!(
        tx,
        Sql {
            sqlite: "DELETE FROM identities WHERE (company_id, scheme, value) IN (SELECT                      json_extract(value, '$.company_id'), json_extract(value, '$.scheme'),                      json_extract(value, '$.value') FROM json_each($1))",
            postgres: "DELETE FROM identities WHERE (company_id, scheme, value) IN (SELECT company_id, scheme, value                        FROM jsonb_to_recordset($1::jsonb) AS r(company_id bigint, scheme text, value text))",
        },
        json_rows(rows)
    )
    .map(drop)
}

/// A contact that turned out to be another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Merge {
    pub o: String,
    pub n: String,
}

/// Gives what belongs to contact `o` to contact `n`: addresses, tickets, conversations, and what agents know of it that
/// they do not know of `n`. `o` is nobody any more: nothing finds it by its national identity number.
///
/// # Errors
/// Those of the database.
pub async fn merge(tx: &mut Tx, merges: &[Merge]) -> Result<()> {
    let rows = json_rows(merges);
    for sql in [
        rows!("UPDATE identities SET contact_id = r.n FROM", [o text, n text], "WHERE identities.contact_id = r.o"),
        rows!("UPDATE conversations SET contact_id = r.n FROM", [o text, n text], "WHERE conversations.contact_id = r.o"),
        rows!("UPDATE tickets SET contact_id = r.n FROM", [o text, n text], "WHERE tickets.contact_id = r.o"),
        rows!(
            "UPDATE contacts SET country_id = coalesce(contacts.country_id, old.country_id), \
             given_name = coalesce(contacts.given_name, old.given_name), \
             family_name = coalesce(contacts.family_name, old.family_name), \
             family_name2 = coalesce(contacts.family_name2, old.family_name2), \
             phone = coalesce(contacts.phone, old.phone), phone2 = coalesce(contacts.phone2, old.phone2), \
             gender = coalesce(contacts.gender, old.gender), avatar = coalesce(contacts.avatar, old.avatar), \
             kind = coalesce(contacts.kind, old.kind) FROM",
            [o text, n text],
            "JOIN contacts old ON old.id = r.o WHERE contacts.id = r.n"
        ),
        rows!("UPDATE contacts SET country_id = NULL FROM", [o text, n text], "WHERE contacts.id = r.o"),
    ] {
        execute!(tx, sql, &rows)?;
    }
    Ok(())
}

/// Holds a contact's conversations and then its tickets until the end of the transaction, in everybody's order.
///
/// # Errors
/// Those of the database.
pub async fn hold_threads(tx: &mut Tx, contact: &str) -> Result<()> {
    // The one writer holds everything.
    let nothing = "SELECT '' WHERE $1 = ''";
    for postgres in [
        "SELECT id FROM conversations WHERE contact_id = $1 ORDER BY id FOR UPDATE",
        "SELECT id FROM tickets WHERE contact_id = $1 ORDER BY id FOR UPDATE",
    ] {
        fetch_all!(tx, (String,), Sql { sqlite: nothing, postgres }, contact)?;
    }
    Ok(())
}

/// Writes a contact's national identity number in its stored form (letters and digits, upper case).
///
/// # Errors
/// Those of the database.
pub async fn set_country_id(tx: &mut Tx, contact: &str, country_id: &str) -> Result<()> {
    execute!(tx, "UPDATE contacts SET country_id = $2 WHERE id = $1", contact, country_id).map(drop)
}

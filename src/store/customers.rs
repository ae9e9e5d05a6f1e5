//! Customers as agents know them: contacts with a number, a national identity number, names and telephones.

use relevo_adapters::Millis;
use serde::Serialize;
use sqlx::FromRow;

use super::{Result, Sql, Tx, contacts::IdentityRow, json_rows, macros::*};

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Customer {
    /// The contact's id.
    pub id: String,
    /// `clie_id`.
    pub number: i64,
    pub company_id: i64,
    /// In its stored form.
    pub country_id: Option<String>,
    /// As the platform says it.
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub family_name2: Option<String>,
    pub phone: Option<String>,
    pub phone2: Option<String>,
    pub gender: Option<String>,
    pub avatar: Option<String>,
    /// `ticl_id_tipos_clientes`.
    pub kind: Option<i64>,
    pub created_at: Millis,
}

macro_rules! select {
    () => {
        "SELECT p.id, p.number, p.company_id, p.country_id, p.name, p.given_name, p.family_name, p.family_name2, \
         p.phone, p.phone2, p.gender, p.avatar, p.kind, p.created_at FROM contacts p "
    };
}

/// Adds a customer. The number in `customer` is not looked at: the database gives it.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, customer: &Customer) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO contacts (id, company_id, country_id, name, given_name, family_name, family_name2, phone, phone2, \
         gender, avatar, kind, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        &customer.id,
        customer.company_id,
        &customer.country_id,
        &customer.name,
        &customer.given_name,
        &customer.family_name,
        &customer.family_name2,
        &customer.phone,
        &customer.phone2,
        &customer.gender,
        &customer.avatar,
        customer.kind,
        customer.created_at
    )
    .map(drop)
}

/// A company's customer by the contact's id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, id: &str) -> Result<Option<Customer>> {
    fetch_optional!(tx, Customer, concat!(select!(), "WHERE p.company_id = $1 AND p.id = $2"), company, id)
}

/// A company's customer by number.
///
/// # Errors
/// Those of the database.
pub async fn find_by_number(tx: &mut Tx, company: i64, number: i64) -> Result<Option<Customer>> {
    fetch_optional!(
        tx,
        Customer,
        concat!(select!(), "WHERE p.company_id = $1 AND p.number = $2 AND p.number > 0"),
        company,
        number
    )
}

#[derive(Serialize)]
struct CountryId<'a> {
    n: usize,
    v: &'a str,
}

/// The company's customer with the first of these national identity numbers (stored forms) that anybody has; of several
/// with the same one, the one who was known first.
///
/// # Errors
/// Those of the database.
pub async fn find_by_country_ids(tx: &mut Tx, company: i64, country_ids: &[String]) -> Result<Option<Customer>> {
    let rows: Vec<CountryId<'_>> = country_ids.iter().enumerate().map(|(n, v)| CountryId { n, v }).collect();
    fetch_optional!(
        tx,
        Customer,
        rows!(
            "SELECT p.id, p.number, p.company_id, p.country_id, p.name, p.given_name, p.family_name, p.family_name2, \
             p.phone, p.phone2, p.gender, p.avatar, p.kind, p.created_at FROM",
            [n bigint, v text],
            "JOIN contacts p ON p.company_id = $2 AND p.country_id = r.v ORDER BY r.n, p.number LIMIT 1"
        ),
        json_rows(&rows),
        company
    )
}

#[derive(Serialize)]
struct Id<'a> {
    v: &'a str,
}

/// The numbers of a company's customers, by the contacts' ids.
///
/// # Errors
/// Those of the database.
pub async fn numbers(tx: &mut Tx, company: i64, ids: &[&str]) -> Result<Vec<(String, i64)>> {
    let rows: Vec<Id<'_>> = ids.iter().map(|v| Id { v }).collect();
    fetch_all!(
        tx,
        (String, i64),
        rows!("SELECT p.id, p.number FROM", [v text], "JOIN contacts p ON p.id = r.v AND p.company_id = $2"),
        json_rows(&rows),
        company
    )
}

/// A customer's addresses, the one known longest first.
///
/// # Errors
/// Those of the database.
pub async fn identities(tx: &mut Tx, contact: &str) -> Result<Vec<IdentityRow>> {
    fetch_all!(
        tx,
        IdentityRow,
        "SELECT company_id, scheme, value, contact_id FROM identities WHERE contact_id = $1 \
         ORDER BY created_at, scheme, value",
        contact
    )
}

/// A customer's conversation.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Thread {
    pub id: String,
    pub channel_id: i64,
    pub kind: String,
    pub channel_name: String,
    /// The number of its latest ticket.
    pub number: Option<i64>,
    pub state: Option<String>,
    pub last_inbound_at: Option<Millis>,
}

/// A customer's conversations, the latest first.
///
/// # Errors
/// Those of the database.
pub async fn threads(tx: &mut Tx, contact: &str, limit: i64) -> Result<Vec<Thread>> {
    fetch_all!(
        tx,
        Thread,
        "SELECT c.id, c.channel_id, h.kind, h.name AS channel_name, t.number, t.state, c.last_inbound_at \
         FROM conversations c JOIN channels h ON h.id = c.channel_id LEFT JOIN tickets t ON t.id = c.ticket_id \
         WHERE c.contact_id = $1 ORDER BY coalesce(c.last_inbound_at, c.created_at) DESC, c.id DESC LIMIT $2",
        contact,
        limit
    )
}

/// Waits for others who add or join customers of this company, and makes them wait until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, company: i64) -> Result<()> {
    fetch_optional!(
        tx,
        (i64,),
        Sql {
            // The one writer is the lock.
            sqlite: "SELECT id FROM companies WHERE id = $1",
            postgres: "SELECT id FROM companies WHERE id = $1 FOR NO KEY UPDATE",
        },
        company
    )
    .map(drop)
}

//! Which groups serve which channels (`canalgrupo`), and channels as MS calls them: internal accounts.

use relevo_adapters::Millis;
use sqlx::FromRow;

use super::{Result, Sql, Tx, macros::*};

/// A channel as an internal account.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Account {
    /// `cuen_id`.
    pub id: i64,
    pub kind: String,
    pub account: String,
    pub name: String,
    /// 1 if bots may have its tickets.
    pub uses_bot: i64,
}

/// A company's accounts by id; at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn accounts(tx: &mut Tx, company: i64, limit: i64) -> Result<Vec<Account>> {
    fetch_all!(
        tx,
        Account,
        "SELECT id, kind, account, name, uses_bot FROM channels WHERE company_id = $1 ORDER BY id LIMIT $2",
        company,
        limit
    )
}

/// A company's account.
///
/// # Errors
/// Those of the database.
pub async fn account(tx: &mut Tx, company: i64, id: i64) -> Result<Option<Account>> {
    fetch_optional!(
        tx,
        Account,
        "SELECT id, kind, account, name, uses_bot FROM channels WHERE company_id = $1 AND id = $2",
        company,
        id
    )
}

/// The accounts that a company's group serves, in order.
///
/// # Errors
/// Those of the database.
pub async fn accounts_of_group(tx: &mut Tx, company: i64, group: i64) -> Result<Vec<Account>> {
    fetch_all!(
        tx,
        Account,
        "SELECT c.id, c.kind, c.account, c.name, c.uses_bot FROM channel_groups l JOIN channels c ON c.id = l.channel_id \
         WHERE l.company_id = $1 AND l.group_id = $2 ORDER BY l.position, l.id",
        company,
        group
    )
}

/// Lets bots have a company's channel's tickets, or not; gives whether there is such a channel.
///
/// # Errors
/// Those of the database.
pub async fn set_uses_bot(tx: &mut Tx, company: i64, id: i64, uses_bot: bool, now: Millis) -> Result<bool> {
    let rows = execute!(
        tx,
        "UPDATE channels SET uses_bot = $3, updated_at = $4 WHERE company_id = $1 AND id = $2",
        company,
        id,
        i64::from(uses_bot),
        now
    )?;
    Ok(rows > 0)
}

/// A link of a group to a channel.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Link {
    /// `cagr_id`.
    pub id: i64,
    pub channel_id: i64,
    pub group_id: i64,
    pub uses_bot: i64,
    /// Lower comes first.
    pub position: i64,
    pub kind: String,
    pub account: String,
    pub name: String,
}

/// A company's group's links, in order.
///
/// # Errors
/// Those of the database.
pub async fn of_group(tx: &mut Tx, company: i64, group: i64) -> Result<Vec<Link>> {
    fetch_all!(
        tx,
        Link,
        "SELECT l.id, l.channel_id, l.group_id, l.uses_bot, l.position, c.kind, c.account, c.name \
         FROM channel_groups l JOIN channels c ON c.id = l.channel_id \
         WHERE l.company_id = $1 AND l.group_id = $2 ORDER BY l.position, l.id",
        company,
        group
    )
}

/// What is to be of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkChange {
    pub channel: i64,
    pub group: i64,
    pub uses_bot: bool,
    /// As it was if `None`.
    pub position: Option<i64>,
}

/// Holds a company's link until the end of the transaction; gives whether there is one.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    let row = fetch_optional!(
        tx,
        (i64,),
        Sql {
            sqlite: "SELECT id FROM channel_groups WHERE company_id = $1 AND id = $2",
            postgres: "SELECT id FROM channel_groups WHERE company_id = $1 AND id = $2 FOR UPDATE",
        },
        company,
        id
    )?;
    Ok(row.is_some())
}

/// Changes a company's link, which is held.
///
/// # Errors
/// [`super::StoreError::Duplicate`] if another one links the same two.
pub async fn update(tx: &mut Tx, company: i64, id: i64, change: LinkChange) -> Result<()> {
    execute!(
        tx,
        "UPDATE channel_groups SET channel_id = $3, group_id = $4, uses_bot = $5, position = coalesce($6, position) \
         WHERE company_id = $1 AND id = $2",
        company,
        id,
        change.channel,
        change.group,
        i64::from(change.uses_bot),
        change.position
    )
    .map(drop)
}

/// Removes a company's link; gives whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<bool> {
    Ok(execute!(tx, "DELETE FROM channel_groups WHERE company_id = $1 AND id = $2", company, id)? > 0)
}

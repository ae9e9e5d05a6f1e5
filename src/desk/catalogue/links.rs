//! Which groups serve which channels (`canalgrupo`), and whether bots may have a channel's tickets.

use relevo_adapters::Millis;

use super::{CatalogueError, Findings, LIST, Thing};
use crate::store::{
    StoreError, Tx, groups,
    links::{self, Account, LinkChange},
};

/// A company's channels of the kind that MS knows by this number (`cana_id`); none if there is no such kind.
///
/// # Errors
/// Those of the database.
pub async fn accounts_of_kind(tx: &mut Tx, company: i64, number: i64) -> Result<Vec<Account>, StoreError> {
    let Some(kind) = relevo_adapters::KINDS.iter().find(|kind| kind.number == number) else { return Ok(Vec::new()) };
    let accounts = links::accounts(tx, company, LIST).await?;
    Ok(accounts.into_iter().filter(|account| account.kind == kind.name).collect())
}

/// Lets a group serve a channel; gives the link's id.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, company: i64, link: LinkChange) -> Result<i64, CatalogueError> {
    check(tx, company, link).await?.check()?;
    let position = link.position.unwrap_or_default();
    taken(groups::link_channel(tx, company, link.channel, link.group, link.uses_bot, position).await)
}

/// Changes a company's link.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(tx: &mut Tx, company: i64, id: i64, link: LinkChange) -> Result<(), CatalogueError> {
    let mut findings = check(tx, company, link).await?;
    findings.is_there(links::lock(tx, company, id).await?, Thing::Link);
    findings.check()?;
    taken(links::update(tx, company, id, link).await)
}

/// Removes a company's link.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<(), CatalogueError> {
    match links::delete(tx, company, id).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::Link)),
    }
}

/// A company's account, if it has exactly one.
///
/// # Errors
/// Those of the database.
pub async fn only_account(tx: &mut Tx, company: i64) -> Result<Option<i64>, StoreError> {
    match links::accounts(tx, company, 2).await?.as_slice() {
        [only] => Ok(Some(only.id)),
        _ => Ok(None),
    }
}

/// Lets bots have a company's channel's tickets, or not; gives the channel.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn set_uses_bot(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    channel: i64,
    uses_bot: bool,
) -> Result<Account, CatalogueError> {
    links::set_uses_bot(tx, company, channel, uses_bot, now).await?;
    links::account(tx, company, channel).await?.ok_or(CatalogueError::missing(Thing::Channel))
}

async fn check(tx: &mut Tx, company: i64, link: LinkChange) -> Result<Findings, StoreError> {
    let mut findings = Findings::default();
    findings.is_there(groups::lock(tx, company, link.group).await?.is_some(), Thing::Group);
    findings.is_there(links::account(tx, company, link.channel).await?.is_some(), Thing::Channel);
    Ok(findings)
}

fn taken<T>(done: Result<T, StoreError>) -> Result<T, CatalogueError> {
    done.map_err(|error| match error {
        StoreError::Duplicate(_) => CatalogueError::Taken("La cuenta ya está asignada a ese grupo.".to_owned()),
        error => error.into(),
    })
}

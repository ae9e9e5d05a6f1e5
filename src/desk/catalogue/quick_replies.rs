//! Respuestas rápidas.

use relevo_adapters::Millis;

use super::{CatalogueError, Findings, NAME, Part, TEXT, Thing};
use crate::store::{
    Tx, groups,
    quick_replies::{self, QuickReply},
};

/// What is to be of a quick reply; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub title: Option<String>,
    pub text: Option<String>,
    /// An inner `None`: the whole company's.
    pub group: Option<Option<i64>>,
}

/// Adds a quick reply.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, now: Millis, company: i64, change: Change) -> Result<QuickReply, CatalogueError> {
    let new = QuickReply { company_id: company, created_at: now, updated_at: now, ..QuickReply::default() };
    let mut reply = changed(tx, new, change).await?;
    reply.id = quick_replies::insert(tx, &reply).await?;
    Ok(reply)
}

/// Changes a company's quick reply.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    id: i64,
    change: Change,
) -> Result<QuickReply, CatalogueError> {
    let before = quick_replies::find(tx, company, id).await?.ok_or(CatalogueError::missing(Thing::QuickReply))?;
    let reply = changed(tx, before, change).await?;
    quick_replies::update(tx, &reply, now).await?;
    Ok(reply)
}

/// Deletes a company's quick reply.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<(), CatalogueError> {
    match quick_replies::delete(tx, company, id).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::QuickReply)),
    }
}

async fn changed(tx: &mut Tx, before: QuickReply, change: Change) -> Result<QuickReply, CatalogueError> {
    let mut findings = Findings::default();
    let after = QuickReply {
        title: change.title.map_or(before.title, |title| title.trim().to_owned()),
        text: change.text.unwrap_or(before.text),
        group_id: change.group.unwrap_or(before.group_id),
        ..before
    };
    findings.length(Part::Name, "El título", &after.title, NAME);
    findings.length(Part::Other, "El texto", after.text.trim(), TEXT);
    if let Some(group) = after.group_id {
        findings.is_there(groups::lock(tx, after.company_id, group).await?.is_some(), Thing::Group);
    }
    findings.check()?;
    Ok(after)
}

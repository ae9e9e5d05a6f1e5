//! Who is in which group (`grupousuario`).

use std::collections::BTreeSet;

use super::{CatalogueError, Findings, LIST, Thing};
use crate::store::{
    Tx,
    groups::{self, Group},
    users::{self, User},
};

/// How a company's person is named: by one of these, or by both, if both are the same person's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub id: Option<i64>,
    /// In whatever case.
    pub email: Option<String>,
}

/// A company's person.
///
/// # Errors
/// [`CatalogueError::Missing`] if there is none.
pub async fn person(tx: &mut Tx, company: i64, named: &Named) -> Result<User, CatalogueError> {
    let found = match (&named.email, named.id) {
        (Some(email), _) => users::find_by_email(tx, company, &email.trim().to_lowercase()).await?,
        (None, Some(id)) => users::find(tx, company, id).await?,
        (None, None) => None,
    };
    let found = found.filter(|user| named.id.is_none_or(|id| user.id == id));
    found.ok_or(CatalogueError::missing(Thing::User))
}

/// Makes a person a member of exactly these groups; gives them.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn assign(
    tx: &mut Tx,
    company: i64,
    named: &Named,
    groups: &BTreeSet<i64>,
) -> Result<Vec<Group>, CatalogueError> {
    let user = person(tx, company, named).await?;
    let known: BTreeSet<i64> = groups::list(tx, company, LIST).await?.iter().map(|group| group.id).collect();
    let mut findings = Findings::default();
    findings.is_there(groups.is_subset(&known), Thing::Group);
    findings.check()?;
    let groups: Vec<i64> = groups.iter().copied().collect();
    groups::set_memberships(tx, company, user.id, &groups).await?;
    Ok(groups::of_user(tx, company, user.id).await?)
}

/// Makes a person a member of one more group; gives all of the person's.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn join(tx: &mut Tx, company: i64, named: &Named, group: i64) -> Result<Vec<Group>, CatalogueError> {
    let user = person(tx, company, named).await?;
    groups::lock(tx, company, group).await?.ok_or(CatalogueError::missing(Thing::Group))?;
    groups::add_member(tx, group, user.id).await?;
    Ok(groups::of_user(tx, company, user.id).await?)
}

/// Takes a person out of a group, if it is in it; gives the groups that are left.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn leave(tx: &mut Tx, company: i64, named: &Named, group: i64) -> Result<Vec<Group>, CatalogueError> {
    let user = person(tx, company, named).await?;
    groups::find(tx, company, group).await?.ok_or(CatalogueError::missing(Thing::Group))?;
    groups::remove_member(tx, group, user.id).await?;
    Ok(groups::of_user(tx, company, user.id).await?)
}

//! Publicaciones: posts that comments are about.

use relevo_adapters::Millis;

use super::{CatalogueError, Findings, Part, TEXT, Thing};
use crate::store::{
    StoreError, Tx, links,
    publications::{self, Publication},
};

/// Characters of the platform's id of a post, and of an address.
const REFERENCE: usize = 255;
const URL: usize = 2_048;

/// What is to be of a post; what is `None` stays as it is. An inner `None` takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub channel: Option<i64>,
    pub reference: Option<String>,
    pub text: Option<Option<String>>,
    pub url: Option<Option<String>>,
}

/// Adds a post.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, now: Millis, company: i64, change: Change) -> Result<Publication, CatalogueError> {
    let new = Publication { company_id: company, created_at: now, updated_at: now, ..Publication::default() };
    let mut publication = changed(tx, new, change).await?;
    publication.id = taken(publications::insert(tx, &publication).await)?;
    Ok(publication)
}

/// Changes a company's post.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    id: i64,
    change: Change,
) -> Result<Publication, CatalogueError> {
    let before = publications::find(tx, company, id).await?.ok_or(CatalogueError::missing(Thing::Publication))?;
    let publication = changed(tx, before, change).await?;
    taken(publications::update(tx, &publication, now).await)?;
    Ok(publication)
}

/// Deletes a company's post.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<(), CatalogueError> {
    match publications::delete(tx, company, id).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::Publication)),
    }
}

async fn changed(tx: &mut Tx, before: Publication, change: Change) -> Result<Publication, CatalogueError> {
    let mut findings = Findings::default();
    let after = Publication {
        channel_id: change.channel.unwrap_or(before.channel_id),
        reference: change.reference.map_or(before.reference, |reference| reference.trim().to_owned()),
        text: change.text.unwrap_or(before.text),
        url: change.url.unwrap_or(before.url),
        ..before
    };
    findings.length(Part::Name, "La referencia", &after.reference, REFERENCE);
    if let Some(text) = &after.text {
        findings.length(Part::Other, "El texto", text, TEXT);
    }
    let is_web = |url: &str| {
        let known = reqwest::Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        known && url.chars().count() <= URL
    };
    if after.url.as_deref().is_some_and(|url| !is_web(url)) {
        findings.wrong(Part::Other, format!("La URL debe ser http o https, de hasta {URL} caracteres."));
    }
    findings.is_there(links::account(tx, after.company_id, after.channel_id).await?.is_some(), Thing::Channel);
    findings.check()?;
    Ok(after)
}

fn taken<T>(done: Result<T, StoreError>) -> Result<T, CatalogueError> {
    done.map_err(|error| match error {
        StoreError::Duplicate(_) => {
            CatalogueError::Taken("Ya existe una publicación con esa referencia en la cuenta.".to_owned())
        }
        error => error.into(),
    })
}

//! Changes to a channel. Each gives it a new version, by which every process notices, and lets what waits for the
//! channel try again at once.

use std::collections::BTreeMap;

use relevo_adapters::{Kind, Millis, SettingsError};
use secrecy::ExposeSecret;

use super::{ChannelError, ChannelView, json, kind_of, open, split, view};
use crate::{
    clock::Clock,
    directory::seal_context,
    domain::{fetch_topic, send_topic},
    secrets::{MASK, MasterKey},
    store::{
        StoreError, Tx,
        channels::{self, ChannelRow},
        holds, jobs,
    },
};

/// What is to be different.
#[derive(Debug, Default)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    /// By key or alias. Settings that are not named stay; an empty value takes one away; a secret that is given as
    /// `****` stays.
    pub settings: Vec<(String, String)>,
    /// How long after closing a new message reopens a ticket.
    pub reopen_within_ms: Option<Millis>,
}

/// Changes a channel. The settings are checked as a whole; a change that changes nothing leaves the version.
///
/// # Errors
/// See [`ChannelError`]; wrong settings are named all at once.
pub async fn update(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    id: i64,
    change: Change<'_>,
) -> Result<ChannelView, ChannelError> {
    let before = channels::lock(tx, id).await?.ok_or(ChannelError::UnknownChannel(id))?;
    let (after, accounts) = changed(key, &before, change)?;
    if after != before {
        match channels::update(tx, &after, &accounts, clock.now()).await {
            Err(StoreError::Duplicate(_)) => {
                return Err(ChannelError::AccountTaken(kind_of(&after)?.name, after.account));
            }
            done => done?,
        }
        let_go_on(tx, id, clock.now()).await?;
    }
    Ok(view(&after))
}

/// The channel as it would be after a change, and the accounts that it would go by.
///
/// # Errors
/// As of [`update`], as far as the channel alone can tell.
pub(super) fn changed(
    key: &MasterKey,
    before: &ChannelRow,
    change: Change<'_>,
) -> Result<(ChannelRow, Vec<String>), ChannelError> {
    let kind = kind_of(before)?;
    let name = match change.name {
        None => before.name.clone(),
        Some(name) => relevo_adapters::text::non_blank(name).ok_or(ChannelError::NoName)?.to_owned(),
    };
    let (old, old_sealed) = (plain(before, key, &change.settings, kind)?, parse(&before.secrets)?);
    let (settings, accounts) = open(kind, merged(kind, &old, change.settings))?;
    let (public, sealed) = split(kind, &settings, (&old, &old_sealed), key, &before.uuid);
    let after = ChannelRow {
        name,
        account: accounts.first().cloned().unwrap_or_default(),
        settings: json(&public),
        secrets: json(&sealed),
        reopen_within_ms: change.reopen_within_ms.unwrap_or(before.reopen_within_ms),
        ..before.clone()
    };
    Ok((after, accounts))
}

/// What becomes of a secret that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    Forgotten,
    /// It stays accepted beside the new one, until the next time (`previous_…`).
    Accepted,
}

/// Replaces secrets.
///
/// # Errors
/// As of [`update`]; also if a setting is no secret, or cannot stay accepted.
pub async fn rotate(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    id: i64,
    secrets: Vec<(String, String)>,
    replaced: Replaced,
) -> Result<ChannelView, ChannelError> {
    let row = channels::lock(tx, id).await?.ok_or(ChannelError::UnknownChannel(id))?;
    let kind = kind_of(&row)?;
    let old = plain(&row, key, &[], kind)?;
    let mut problems = Vec::new();
    let mut settings = Vec::new();
    for (name, value) in secrets {
        let canonical = canonical(kind, &name);
        let previous = format!("previous_{canonical}");
        let has_previous = kind.settings.iter().any(|setting| setting.key == previous);
        if !kind.settings.iter().any(|setting| setting.key == canonical && setting.secret) {
            problems.push((name, format!("is no secret of {}", kind.name)));
        } else if replaced == Replaced::Accepted && !has_previous {
            problems.push((name, format!("{} accepts one at a time", kind.name)));
        } else {
            if has_previous {
                let kept = old.get(&canonical).filter(|_| replaced == Replaced::Accepted).cloned();
                settings.push((previous, kept.unwrap_or_default()));
            }
            settings.push((canonical, value));
        }
    }
    match problems.is_empty() {
        true => update(tx, clock, key, id, Change { settings, ..Change::default() }).await,
        false => Err(SettingsError(problems).into()),
    }
}

/// What [`set_active`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switched {
    Changed,
    /// It was in this state already.
    Unchanged,
}

/// Resumes or pauses a channel. While it is paused nothing is fetched for it and nothing sent, and what is to be sent
/// waits; webhooks are still taken, because what a platform is refused too often is lost.
///
/// # Errors
/// [`ChannelError::UnknownChannel`], or those of the database.
pub async fn set_active(tx: &mut Tx, clock: &Clock, id: i64, active: bool) -> Result<Switched, ChannelError> {
    let row = channels::lock(tx, id).await?.ok_or(ChannelError::UnknownChannel(id))?;
    if (row.active != 0) == active {
        return Ok(Switched::Unchanged);
    }
    channels::set_active(tx, id, active, clock.now()).await?;
    if active {
        let_go_on(tx, id, clock.now()).await?;
    }
    Ok(Switched::Changed)
}

/// What waits for the channel may try at once, whatever it waits for.
async fn let_go_on(tx: &mut Tx, id: i64, now: Millis) -> Result<(), StoreError> {
    if holds::end(tx, id).await? {
        channels::set_error(tx, id, None, now).await?;
    }
    jobs::wake(tx, &send_topic(id), now).await?;
    jobs::wake(tx, &fetch_topic(id), now).await.map(drop)
}

/// A stored channel's settings, in the clear. A secret that cannot be opened counts as missing if it is replaced anyway.
pub(super) fn plain(
    row: &ChannelRow,
    key: &MasterKey,
    replaced: &[(String, String)],
    kind: &Kind,
) -> Result<BTreeMap<String, String>, ChannelError> {
    let mut plain = parse(&row.settings)?;
    for (name, sealed) in parse(&row.secrets)? {
        match key.open(&sealed, &seal_context(&row.uuid, &name)) {
            Ok(value) => _ = plain.insert(name, value.expose_secret().to_owned()),
            Err(_) if replaced.iter().any(|(given, value)| canonical(kind, given) == name && value != MASK) => {}
            Err(error) => return Err(ChannelError::Unreadable(format!("{name}: {error:#}"))),
        }
    }
    Ok(plain)
}

fn parse(text: &str) -> Result<BTreeMap<String, String>, ChannelError> {
    serde_json::from_str(text).map_err(|error| ChannelError::Unreadable(format!("the stored settings: {error}")))
}

/// The setting's own key; a name that is none stays, to be complained about.
fn canonical(kind: &Kind, name: &str) -> String {
    let setting = kind.settings.iter().find(|setting| setting.key == name || setting.aliases.contains(&name));
    setting.map_or(name, |setting| setting.key).to_owned()
}

fn merged(kind: &Kind, old: &BTreeMap<String, String>, given: Vec<(String, String)>) -> BTreeMap<String, String> {
    let is_secret = |name: &str| kind.settings.iter().any(|setting| setting.key == name && setting.secret);
    let given = given.into_iter().map(|(name, value)| (canonical(kind, &name), value));
    let mut merged = old.clone();
    merged.extend(given.filter(|(name, value)| !(is_secret(name) && value.trim() == MASK)));
    merged
}

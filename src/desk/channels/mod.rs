//! Channels, for operators: add one, change it, pause it, see how it is. What is secret is sealed on the way in and
//! masked on the way out.

mod add;
mod change;
mod hold;
mod view;
mod webhook;

use std::collections::BTreeMap;

use relevo_adapters::{Kind, Settings, SettingsError};
use secrecy::{ExposeSecret, SecretString};

pub(super) use self::hold::broken;
pub use self::{
    add::{NewChannel, add},
    change::{Change, Replaced, Switched, rotate, set_active, update},
    view::{ChannelView, Filter, Health, Page, Work, common_path, find, health, list, view, webhook_path},
    webhook::{Pending, failed, prepare, succeeded},
};
use crate::{
    directory::seal_context,
    secrets::MasterKey,
    store::{StoreError, channels::ChannelRow},
};

/// Why a channel was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("there is no channel kind {0}; there are: {known}", known = kinds())]
    UnknownKind(String),
    #[error("there is no company {0}; see: relevo company list")]
    UnknownCompany(i64),
    #[error("there is no channel {0}; see: relevo channel list")]
    UnknownChannel(i64),
    #[error("a channel needs a name")]
    NoName,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("another {0} channel has the account {1} already")]
    AccountTaken(&'static str, String),
    /// What is stored of it cannot be read; says why.
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn kinds() -> String {
    relevo_adapters::KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

fn kind_of(row: &ChannelRow) -> Result<&'static Kind, ChannelError> {
    relevo_adapters::kind(&row.kind).ok_or_else(|| ChannelError::UnknownKind(row.kind.clone()))
}

/// A kind's settings from what is given, and the accounts that a channel with them goes by.
///
/// # Errors
/// Everything that is unknown, missing or wrong, all at once.
fn open(
    kind: &Kind,
    given: impl IntoIterator<Item = (String, String)>,
) -> Result<(Settings, Vec<String>), SettingsError> {
    let (settings, mut problems) = Settings::sorted(kind, given);
    match (kind.open)(&settings) {
        Ok(channel) if problems.is_empty() => return Ok((settings, channel.accounts())),
        Ok(_) => {}
        Err(SettingsError(more)) => {
            let is_new = |(key, _): &(String, String)| problems.iter().all(|(named, _)| named != key);
            let more: Vec<_> = more.into_iter().filter(is_new).collect();
            problems.extend(more);
        }
    }
    Err(SettingsError(problems))
}

/// Checks the settings of a channel that is to be added, for whoever wants to know before.
///
/// # Errors
/// Everything that is unknown, missing or wrong, all at once.
pub fn check(kind: &Kind, given: Vec<(String, String)>) -> Result<(), SettingsError> {
    open(kind, given).map(drop)
}

/// Public settings as they are, secret ones sealed for this channel; a secret that is the same as `before` keeps its
/// seal.
fn split(
    kind: &Kind,
    settings: &Settings,
    (before, sealed_before): (&BTreeMap<String, String>, &BTreeMap<String, String>),
    key: &MasterKey,
    uuid: &str,
) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let is_secret = |name: &str| kind.settings.iter().any(|setting| setting.key == name && setting.secret);
    let given = settings.iter().filter(|(_, value)| !value.expose_secret().is_empty());
    let (secret, public): (Vec<_>, Vec<_>) = given.partition(|(name, _)| is_secret(name));
    let plain = |(name, value): (&str, &SecretString)| (name.to_owned(), value.expose_secret().to_owned());
    let sealed = |(name, value): (&str, &SecretString)| {
        let same = before.get(name).is_some_and(|before| before == value.expose_secret());
        let kept = sealed_before.get(name).filter(|_| same).cloned();
        (name.to_owned(), kept.unwrap_or_else(|| key.seal(value.expose_secret(), &seal_context(uuid, name))))
    };
    (public.into_iter().map(plain).collect(), secret.into_iter().map(sealed).collect())
}

fn json(map: &BTreeMap<String, String>) -> String {
    #[expect(clippy::expect_used, reason = "a map of text is always JSON")]
    serde_json::to_string(map).expect("a map of text")
}

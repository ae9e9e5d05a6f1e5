//! Channels, for operators: add one, see them. What is secret is sealed on the way in and masked on the way out.

use std::collections::BTreeMap;

use relevo_adapters::{Kind, Millis, Settings, SettingsError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    clock::Clock,
    directory::seal_context,
    secrets::{MASK, MasterKey},
    store::{
        StoreError, Tx,
        channels::{self, ChannelRow},
        companies,
    },
};

/// A channel to add.
#[derive(Debug)]
pub struct NewChannel<'a> {
    pub company: i64,
    /// Name or alias of its kind.
    pub kind: &'a str,
    pub name: &'a str,
    pub settings: Vec<(String, String)>,
    /// How long after closing a new message reopens a ticket; the kind's own if `None`.
    pub reopen_within_ms: Option<Millis>,
}

/// Why a channel was not added.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("there is no channel kind {0}; there are: {known}", known = kinds())]
    UnknownKind(String),
    #[error("there is no company {0}; see: relevo company list")]
    UnknownCompany(i64),
    #[error("a channel needs a name")]
    NoName,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("another {0} channel has the account {1} already")]
    AccountTaken(&'static str, String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn kinds() -> String {
    relevo_adapters::KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

/// What anybody may see of a channel.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct ChannelView {
    pub id_channel: i64,
    pub uuid: String,
    pub company: i64,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// The account by which webhooks name it.
    pub app: String,
    /// Every setting; secrets as `****`.
    pub settings: BTreeMap<String, String>,
    /// 1 active, 0 paused.
    pub channel_status: i64,
    /// Path that the platform pushes to, below the public address.
    pub webhook_path: String,
    pub reopen_within_seconds: i64,
    pub last_event_at: Option<Millis>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    pub created_at: Millis,
}

/// Adds a channel.
///
/// # Errors
/// See [`ChannelError`]; wrong settings are named all at once.
pub async fn add(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    new: NewChannel<'_>,
) -> Result<ChannelView, ChannelError> {
    let kind = relevo_adapters::kind(new.kind).ok_or_else(|| ChannelError::UnknownKind(new.kind.to_owned()))?;
    let name = relevo_adapters::text::non_blank(new.name).ok_or(ChannelError::NoName)?;
    if companies::find(tx, new.company).await?.is_none() {
        return Err(ChannelError::UnknownCompany(new.company));
    }
    let settings = Settings::of(kind, new.settings)?;
    let accounts = (kind.open)(&settings)?.accounts();
    let uuid = uuid::Uuid::new_v4().to_string();
    let (public, sealed) = split(kind, &settings, key, &uuid);
    let mut row = ChannelRow {
        id: 0,
        uuid,
        company_id: new.company,
        kind: kind.name.to_owned(),
        name: name.to_owned(),
        account: accounts.first().cloned().unwrap_or_default(),
        settings: json(&public),
        secrets: json(&sealed),
        active: 1,
        reopen_within_ms: new.reopen_within_ms.unwrap_or(kind.capabilities.reopen_within_ms),
        version: 1,
        last_event_at: None,
        last_error: None,
        last_error_at: None,
        created_at: clock.now(),
    };
    row.id = match channels::insert(tx, &row, &accounts).await {
        Err(StoreError::Duplicate(_)) => {
            return Err(ChannelError::AccountTaken(kind.name, row.account));
        }
        done => done?,
    };
    Ok(view(&row))
}

/// Public settings as they are, secret ones sealed for this channel.
fn split(
    kind: &Kind,
    settings: &Settings,
    key: &MasterKey,
    uuid: &str,
) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let is_secret = |name: &str| kind.settings.iter().any(|setting| setting.key == name && setting.secret);
    let (secret, public): (Vec<_>, Vec<_>) = settings.iter().partition(|(name, _)| is_secret(name));
    let plain = |(name, value): (&str, &SecretString)| (name.to_owned(), value.expose_secret().to_owned());
    let sealed = |(name, value): (&str, &SecretString)| {
        (name.to_owned(), key.seal(value.expose_secret(), &seal_context(uuid, name)))
    };
    (public.into_iter().map(plain).collect(), secret.into_iter().map(sealed).collect())
}

/// A stored channel as anybody may see it.
pub fn view(row: &ChannelRow) -> ChannelView {
    let mut settings: BTreeMap<String, String> = serde_json::from_str(&row.settings).unwrap_or_default();
    let sealed: BTreeMap<String, String> = serde_json::from_str(&row.secrets).unwrap_or_default();
    settings.extend(sealed.into_keys().map(|name| (name, MASK.to_owned())));
    ChannelView {
        id_channel: row.id,
        uuid: row.uuid.clone(),
        company: row.company_id,
        kind: row.kind.clone(),
        name: row.name.clone(),
        app: row.account.clone(),
        settings,
        channel_status: row.active,
        webhook_path: format!("/webhooks/{}", row.uuid),
        reopen_within_seconds: row.reopen_within_ms / 1000,
        last_event_at: row.last_event_at,
        last_error: row.last_error.clone(),
        last_error_at: row.last_error_at,
        created_at: row.created_at,
    }
}

fn json(map: &BTreeMap<String, String>) -> String {
    #[expect(clippy::expect_used, reason = "a map of text is always JSON")]
    serde_json::to_string(map).expect("a map of text")
}

//! The platform is told where to push to, under a new secret. The call is made outside of any transaction, between
//! [`prepare`] and [`succeeded`] or [`failed`]: whatever becomes of it, the webhook that worked before still does.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Change, ChannelError, ChannelView, NewChannel, add,
    change::{changed, plain},
    update,
};
use crate::{
    clock::Clock,
    secrets::{MasterKey, random_secret},
    store::{
        StoreError, Tx,
        channels::{self, ChannelRow},
    },
};
use relevo_adapters::{Kind, Settings};

/// The settings that a webhook's secret lives in, and the one that says how events arrive.
const SECRET: &str = "secret_token";
const PREVIOUS: &str = "previous_secret_token";
const MODE: &str = "mode";
const WEBHOOK: &str = "webhook";

/// A webhook that is to be registered.
#[derive(Debug)]
pub struct Pending {
    /// The channel as it is once the webhook is registered.
    pub row: ChannelRow,
    /// What the platform is to repeat with every push.
    pub secret: SecretString,
    /// Whether the channel was added for this.
    fresh: bool,
    name: String,
    credentials: Vec<(String, String)>,
}

/// Finds the company's channel with these credentials, or adds it, and lets it accept a new secret beside the present
/// one. Nothing else of a channel that was there is changed yet.
///
/// # Errors
/// See [`ChannelError`].
pub async fn prepare(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    kind: &'static Kind,
    (company, name): (i64, &str),
    credentials: Vec<(String, String)>,
) -> Result<Pending, ChannelError> {
    let secret = random_secret();
    let known = find(tx, kind, company, &credentials, &secret).await?;
    let fresh = known.is_none();
    let row = match known {
        Some(row) => {
            // Until the platform has the new one, the present one stays the chief one.
            let present = row.secrets.contains(&format!("\"{SECRET}\""));
            let place = if present { PREVIOUS } else { SECRET };
            let accept = Change { settings: vec![pair(place, secret.expose_secret())], ..Change::default() };
            update(tx, clock, key, row.id, accept).await?;
            row.id
        }
        None => {
            let mut settings = credentials.clone();
            settings.extend([pair(SECRET, secret.expose_secret()), pair(MODE, WEBHOOK)]);
            let new = NewChannel { company, kind: kind.name, name, settings, reopen_within_ms: None };
            add(tx, clock, key, new).await?.id_channel
        }
    };
    let row = channels::find(tx, row).await?.ok_or(ChannelError::UnknownChannel(row))?;
    let mut pending = Pending { row, secret, fresh, name: name.to_owned(), credentials };
    let change = pending.change(key, kind, &pending.row)?;
    pending.row = changed(key, &pending.row, change)?.0;
    Ok(pending)
}

async fn find(
    tx: &mut Tx,
    kind: &'static Kind,
    company: i64,
    credentials: &[(String, String)],
    secret: &SecretString,
) -> Result<Option<ChannelRow>, ChannelError> {
    let mut settings = credentials.to_vec();
    settings.push(pair(SECRET, secret.expose_secret()));
    let account = (kind.open)(&Settings::of(kind, settings)?)?.accounts().into_iter().next().unwrap_or_default();
    let mut rows = channels::find_by_account(tx, kind.name, &account).await?;
    rows.retain(|row| row.account == account);
    match rows.pop() {
        Some(row) if row.company_id != company => Err(ChannelError::AccountTaken(kind.name, account)),
        found => Ok(found),
    }
}

/// The platform has the new secret: it is the channel's own, and the one before stays accepted, because pushes may be
/// under way that carry it.
///
/// # Errors
/// See [`ChannelError`].
pub async fn succeeded(
    tx: &mut Tx,
    clock: &Clock,
    key: &MasterKey,
    kind: &'static Kind,
    pending: &Pending,
) -> Result<ChannelView, ChannelError> {
    let id = pending.row.id;
    let row = channels::lock(tx, id).await?.ok_or(ChannelError::UnknownChannel(id))?;
    let change = pending.change(key, kind, &row)?;
    update(tx, clock, key, id, change).await
}

/// The platform certainly did not take it: a channel that was added for this goes again.
///
/// # Errors
/// Those of the database.
pub async fn failed(tx: &mut Tx, pending: &Pending) -> Result<(), StoreError> {
    match channels::lock(tx, pending.row.id).await? {
        // Unless somebody has begun to use it.
        Some(row) if pending.fresh && row.version == 1 && row.last_event_at.is_none() => {
            channels::remove(tx, row.id).await
        }
        _ => Ok(()),
    }
}

impl Pending {
    /// What is different once the webhook is registered.
    fn change(&self, key: &MasterKey, kind: &Kind, row: &ChannelRow) -> Result<Change<'_>, ChannelError> {
        let secret = self.secret.expose_secret();
        let mut settings = self.credentials.clone();
        settings.extend([pair(SECRET, secret), pair(MODE, WEBHOOK)]);
        let present = plain(row, key, &settings, kind)?.remove(SECRET).filter(|present| present != secret);
        settings.extend(present.map(|present| pair(PREVIOUS, &present)));
        Ok(Change { name: Some(&self.name), settings, reopen_within_ms: None })
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

//! A new channel.

use std::collections::BTreeMap;

use relevo_adapters::Millis;

use super::{ChannelError, ChannelView, json, open, split, view};
use crate::{
    clock::Clock,
    secrets::MasterKey,
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
    let (settings, accounts) = open(kind, new.settings)?;
    let uuid = uuid::Uuid::new_v4().to_string();
    let (public, sealed) = split(kind, &settings, (&BTreeMap::new(), &BTreeMap::new()), key, &uuid);
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

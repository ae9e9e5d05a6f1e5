//! How a channel looks from outside.

use std::collections::BTreeMap;

use relevo_adapters::Millis;
use serde::Serialize;

use crate::{
    domain::{fetch_topic, send_topic},
    secrets::MASK,
    store::{
        StoreError, Tx,
        channels::{self, ChannelRow},
        holds::{self, Hold},
        jobs,
    },
};

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
        webhook_path: webhook_path(row),
        reopen_within_seconds: row.reopen_within_ms / 1000,
        last_event_at: row.last_event_at,
        last_error: row.last_error.clone(),
        last_error_at: row.last_error_at,
        created_at: row.created_at,
    }
}

/// Path that a channel's platform is told to push to.
pub fn webhook_path(row: &ChannelRow) -> String {
    let own = relevo_adapters::kind(&row.kind).and_then(|kind| kind.push_path);
    own.map_or_else(|| common_path(row), |path| format!("{path}{}", row.uuid))
}

/// Path on which every channel is served, whatever its kind.
pub fn common_path(row: &ChannelRow) -> String {
    format!("/webhooks/{}", row.uuid)
}

/// The channel with this id, of `company` or (`None`) of any.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<Option<ChannelRow>, StoreError> {
    let row = channels::find(tx, id).await?;
    Ok(row.filter(|row| company.is_none_or(|company| company == row.company_id)))
}

/// Which channels are meant; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A part of its name, in whatever case.
    pub name: Option<String>,
    /// Name or alias of its kind.
    pub kind: Option<String>,
    pub uuid: Option<String>,
    pub app: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: usize,
    /// How many come before these.
    pub offset: usize,
}

/// A company's channels by id: all of them, or the `(number, size)`th page, counted from 1.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    company: i64,
    filter: &Filter,
    page: Option<(usize, usize)>,
) -> Result<Page<ChannelView>, StoreError> {
    // A company has few channels, and the two databases do not agree on what lower case is.
    let mut items: Vec<ChannelView> =
        channels::all(tx, Some(company)).await?.iter().map(view).filter(|view| filter.admits(view)).collect();
    let total = items.len();
    let offset = page.map_or(0, |(number, size)| number.saturating_sub(1).saturating_mul(size));
    items = items.into_iter().skip(offset).take(page.map_or(usize::MAX, |(_, size)| size)).collect();
    Ok(Page { items, total, offset })
}

impl Filter {
    fn admits(&self, view: &ChannelView) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let kind = |name: &String| relevo_adapters::kind(name).is_some_and(|kind| kind.name == view.kind);
        let named = |part: &String| view.name.to_lowercase().contains(&part.to_lowercase());
        self.name.as_ref().is_none_or(named)
            && self.kind.as_ref().is_none_or(kind)
            && same(&self.uuid, &view.uuid)
            && same(&self.app, &view.app)
    }
}

/// How a channel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `paused`; `held`: nothing is sent until it is mended; `troubled`: its last event is an error; or `ok`.
    pub state: &'static str,
    pub last_event_at: Option<Millis>,
    pub last_error: Option<String>,
    pub last_error_at: Option<Millis>,
    /// Why its sends are held, and until when.
    pub hold: Option<Hold>,
    pub sends: Work,
    pub files: Work,
}

/// Jobs of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    pub waiting: i64,
    /// Not tried again by itself.
    pub dead: i64,
}

/// How a channel is.
///
/// # Errors
/// Those of the database.
pub async fn health(tx: &mut Tx, row: &ChannelRow) -> Result<Health, StoreError> {
    let hold = holds::find(tx, row.id).await?;
    let state = match (row.active, &hold, &row.last_error) {
        (0, _, _) => "paused",
        (_, Some(_), _) => "held",
        (_, None, Some(_)) => "troubled",
        (_, None, None) => "ok",
    };
    Ok(Health {
        state,
        last_event_at: row.last_event_at,
        last_error: row.last_error.clone(),
        last_error_at: row.last_error_at,
        hold,
        sends: work(tx, &send_topic(row.id)).await?,
        files: work(tx, &fetch_topic(row.id)).await?,
    })
}

async fn work(tx: &mut Tx, topic: &str) -> Result<Work, StoreError> {
    Ok(Work { waiting: jobs::waiting(tx, topic).await?, dead: jobs::dead(tx, topic).await? })
}

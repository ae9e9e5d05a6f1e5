//! The configured channels, opened: what the gateway and the pollers work with.
//!
//! A change in the database (a new token, a new channel) is seen within [`FRESH`], in every process, without a
//! restart. While the database is away the last known state serves on.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use relevo_adapters::{Channel, Kind, Settings};
use secrecy::SecretString;
use tokio::sync::{Mutex, RwLock};

use crate::{
    config::Config,
    secrets::MasterKey,
    store::{
        Db, StoreError,
        channels::{self, ChannelRow},
    },
};

/// How old what we know of the channels may be.
const FRESH: Duration = Duration::from_secs(2);
/// How old it may be when a channel is asked for that is not there: it may have been added a moment ago.
const FRESH_FOR_MISSING: Duration = Duration::from_millis(200);

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A configured channel, ready to work.
#[derive(Debug)]
pub struct OpenChannel {
    pub id: i64,
    pub uuid: String,
    pub company: i64,
    pub name: String,
    pub kind: &'static Kind,
    pub active: bool,
    pub version: i64,
    pub accounts: Vec<String>,
    pub channel: Box<dyn Channel>,
}

/// What is known of a channel's place in the directory.
#[derive(Debug, Clone)]
pub enum Found {
    Open(Arc<OpenChannel>),
    /// It exists, but its settings cannot be used; the log says why.
    Broken,
    Missing,
}

/// The directory. Clones share what is known.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    key: MasterKey,
    defaults: BTreeMap<(String, String), String>,
    known: RwLock<Known>,
    /// Held by whoever asks the database for changes.
    asking: Mutex<()>,
}

/// How well the channels are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    None,
    Stale,
    Fresh,
}

#[derive(Debug, Default)]
struct Known {
    stamp: Option<(i64, i64)>,
    checked_at: Option<tokio::time::Instant>,
    by_id: HashMap<i64, Option<Arc<OpenChannel>>>,
    by_uuid: HashMap<String, i64>,
    by_account: HashMap<(&'static str, String), Vec<i64>>,
}

impl Directory {
    pub fn new(db: Db, key: MasterKey, config: &Config) -> Self {
        let defaults = config.channel_defaults();
        Self(Arc::new(Inner { db, key, defaults, known: RwLock::default(), asking: Mutex::default() }))
    }

    /// The channel with this uuid or, if it is a number, this id.
    ///
    /// # Errors
    /// If nothing is known yet and the database does not answer.
    pub async fn by_name(&self, name: &str) -> Result<Found, StoreError> {
        self.find(|known| {
            known.by_uuid.get(name).copied().or_else(|| name.parse().ok().filter(|id| known.by_id.contains_key(id)))
        })
        .await
    }

    /// Opens a channel as it is given, stored or not.
    ///
    /// # Errors
    /// As of [`open`].
    pub fn open(&self, row: &ChannelRow) -> anyhow::Result<OpenChannel> {
        open(row, &self.0.key, &self.0.defaults)
    }

    /// A channel's settings, unsealed, with what it leaves out taken from the configuration.
    ///
    /// # Errors
    /// As of [`settings`].
    pub fn settings(&self, row: &ChannelRow, kind: &Kind) -> anyhow::Result<Settings> {
        settings(row, kind, &self.0.key, &self.0.defaults)
    }

    /// The channels of a kind that go by this account, usable or not.
    ///
    /// # Errors
    /// If nothing is known yet and the database does not answer.
    pub async fn by_account(&self, kind: &str, account: &str) -> Result<Vec<Found>, StoreError> {
        let Some(kind) = relevo_adapters::kind(kind) else { return Ok(Vec::new()) };
        let key = (kind.name, account.to_owned());
        for age in [FRESH, FRESH_FOR_MISSING] {
            self.refresh(age).await?;
            let known = self.0.known.read().await;
            if let Some(ids) = known.by_account.get(&key) {
                return Ok(ids.iter().map(|id| known.get(*id)).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Every channel that can be used.
    ///
    /// # Errors
    /// If nothing is known yet and the database does not answer.
    pub async fn all(&self) -> Result<Vec<Arc<OpenChannel>>, StoreError> {
        self.refresh(FRESH).await?;
        let known = self.0.known.read().await;
        let mut all: Vec<_> = known.by_id.values().flatten().cloned().collect();
        all.sort_by_key(|channel| channel.id);
        Ok(all)
    }

    /// The version of a channel as it is known here, without asking for news.
    pub async fn version(&self, id: i64) -> Option<i64> {
        let known = self.0.known.read().await;
        known.by_id.get(&id)?.as_ref().map(|open| open.version)
    }

    async fn find(&self, pick: impl Fn(&Known) -> Option<i64>) -> Result<Found, StoreError> {
        for age in [FRESH, FRESH_FOR_MISSING] {
            self.refresh(age).await?;
            let known = self.0.known.read().await;
            if let Some(id) = pick(&known) {
                return Ok(known.get(id));
            }
        }
        Ok(Found::Missing)
    }

    /// Asks the database whether anything changed, unless that was done less than `age` ago. Whoever finds somebody
    /// else asking goes on with what is known, unless nothing is, or it must be news (`age` is short).
    async fn refresh(&self, age: Duration) -> Result<(), StoreError> {
        let known = self.known_since(age).await;
        if known == Knowledge::Fresh {
            return Ok(());
        }
        let _asking = match (known, self.0.asking.try_lock()) {
            (_, Ok(asking)) => asking,
            (Knowledge::Stale, Err(_)) if age == FRESH => return Ok(()),
            (_, Err(_)) => self.0.asking.lock().await,
        };
        let known = self.known_since(age).await;
        if known == Knowledge::Fresh {
            return Ok(());
        }
        let reloaded = tokio::time::timeout(PATIENCE, self.reload()).await;
        match reloaded.unwrap_or_else(|_| Err(StoreError::timed_out())) {
            Err(error) if known == Knowledge::Stale => {
                tracing::warn!(%error, "could not look for changed channels; the last known ones serve on");
                self.0.known.write().await.checked_at = Some(tokio::time::Instant::now());
                Ok(())
            }
            done => done,
        }
    }

    async fn known_since(&self, age: Duration) -> Knowledge {
        let known = self.0.known.read().await;
        match known.checked_at.filter(|_| known.stamp.is_some()) {
            None => Knowledge::None,
            Some(at) if at.elapsed() < age => Knowledge::Fresh,
            Some(_) => Knowledge::Stale,
        }
    }

    async fn reload(&self) -> Result<(), StoreError> {
        let mut tx = self.0.db.read().await?;
        let stamp = channels::stamp(&mut tx).await?;
        let now = Some(tokio::time::Instant::now());
        if self.0.known.read().await.stamp == Some(stamp) {
            self.0.known.write().await.checked_at = now;
            return Ok(());
        }
        let rows = channels::all(&mut tx, None).await?;
        let accounts = channels::accounts(&mut tx).await?;
        drop(tx);
        // From here on nothing is asked for: whoever is cancelled leaves the old state whole, not a new one half empty.
        let mut known = self.0.known.write().await;
        let mut fresh = Known { stamp: Some(stamp), checked_at: now, ..Known::default() };
        for row in rows {
            let before = known.by_id.remove(&row.id).flatten().filter(|open| open.version == row.version);
            let open = before.or_else(|| self.open_or_log(&row));
            fresh.by_uuid.insert(row.uuid, row.id);
            fresh.by_id.insert(row.id, open);
        }
        for (kind, account, id) in accounts {
            if let Some(kind) = relevo_adapters::kind(&kind) {
                fresh.by_account.entry((kind.name, account)).or_default().push(id);
            }
        }
        *known = fresh;
        Ok(())
    }

    fn open_or_log(&self, row: &ChannelRow) -> Option<Arc<OpenChannel>> {
        match open(row, &self.0.key, &self.0.defaults) {
            Ok(open) => Some(Arc::new(open)),
            Err(error) => {
                tracing::error!(channel = row.id, kind = row.kind, "the channel cannot be used: {error:#}");
                None
            }
        }
    }
}

impl Known {
    fn get(&self, id: i64) -> Found {
        match self.by_id.get(&id) {
            Some(Some(open)) => Found::Open(open.clone()),
            Some(None) => Found::Broken,
            None => Found::Missing,
        }
    }
}

/// Opens a stored channel: its secrets are unsealed, its settings checked, what it leaves out taken from the
/// configuration.
///
/// # Errors
/// If the kind is unknown, the master key is another, or a setting is wrong.
pub fn open(
    row: &ChannelRow,
    key: &MasterKey,
    defaults: &BTreeMap<(String, String), String>,
) -> anyhow::Result<OpenChannel> {
    let kind = relevo_adapters::kind(&row.kind).with_context(|| format!("there is no channel kind {}", row.kind))?;
    let settings = settings(row, kind, key, defaults)?;
    let channel = (kind.open)(&settings)?;
    Ok(OpenChannel {
        id: row.id,
        uuid: row.uuid.clone(),
        company: row.company_id,
        name: row.name.clone(),
        kind,
        active: row.active != 0,
        version: row.version,
        accounts: channel.accounts(),
        channel,
    })
}

/// A stored channel's settings, unsealed.
///
/// # Errors
/// If the master key is another, or what is stored is not what this version writes.
pub fn settings(
    row: &ChannelRow,
    kind: &Kind,
    key: &MasterKey,
    defaults: &BTreeMap<(String, String), String>,
) -> anyhow::Result<Settings> {
    let public: BTreeMap<String, String> = serde_json::from_str(&row.settings).context("stored settings")?;
    let sealed: BTreeMap<String, String> = serde_json::from_str(&row.secrets).context("stored secrets")?;
    let mut pairs: BTreeMap<String, SecretString> = defaults
        .iter()
        .filter(|((name, _), _)| name == kind.name)
        .map(|((_, setting), value)| (setting.clone(), value.as_str().into()))
        .collect();
    pairs.extend(public.into_iter().map(|(setting, value)| (setting, value.into())));
    for (setting, value) in sealed {
        let value = key.open(&value, &seal_context(&row.uuid, &setting))?;
        pairs.insert(setting, value);
    }
    let pairs =
        pairs.into_iter().map(|(setting, value)| (setting, secrecy::ExposeSecret::expose_secret(&value).to_owned()));
    Ok(Settings::of(kind, pairs)?)
}

/// What a channel's secret is sealed for: it opens nowhere else.
pub fn seal_context(uuid: &str, setting: &str) -> String {
    format!("channel:{uuid}:{setting}")
}

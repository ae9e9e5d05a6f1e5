//! One stream: a snapshot or what was missed, then what happens, until the caller leaves, may listen no longer, is too
//! slow, or the house stops.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::{hub::Seat, snapshot::Snapshot, viewer::Viewer};
use crate::{
    desk,
    http::{Api, access::AccessError},
    store::{
        StoreError,
        events::{self, Cursor, EventRow},
        overview,
    },
};

/// Silence after which a sign of life is given.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is looked whether a caller to whom nothing is told may still listen.
const RECHECK: Duration = Duration::from_secs(5);
/// How old that knowledge may be when something is told.
const FRESH: Duration = Duration::from_secs(1);
/// Messages that wait for the caller, and how long one may (P8).
const WAITING: usize = 64;
const PATIENCE: Duration = Duration::from_secs(30);
/// Missed events that are read at once.
const CHUNK: i64 = 500;

/// A message to a caller.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    /// `snapshot`, `reset` or `event`, the place after it, and the whole, which says both too.
    News {
        name: &'static str,
        cursor: Cursor,
        body: Value,
    },
    Heartbeat,
}

/// What a stream is opened with.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) viewer: Viewer,
    /// What the caller proved itself by.
    pub(super) credentials: HeaderMap,
    /// The place that the caller has seen.
    pub(super) cursor: Option<Cursor>,
    /// Whether it ends when everything that there is was said.
    pub(super) once: bool,
}

/// Why a stream ends.
pub(super) enum End {
    /// The caller left, or does not read.
    Caller,
    /// It fell behind, may listen no longer, the house stops, or the database is away.
    House(&'static str),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        tracing::warn!("a stream ends: {:#}", anyhow::Error::from(error));
        Self::House("the database did not answer")
    }
}

/// Starts a stream; gives its messages. It ends when they are dropped.
pub(super) fn start(api: Api, seat: Seat, opening: Opening) -> mpsc::Receiver<Message> {
    let (sender, messages) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let Opening { viewer, credentials, cursor, once } = opening;
        let feed = Feed { api, viewer, credentials, sender, checked: None };
        match feed.run(cursor, once).await {
            End::Caller => tracing::debug!("a stream was left"),
            End::House(why) => tracing::debug!(why, "a stream ended"),
        }
        drop(seat);
    });
    messages
}

pub(super) struct Feed {
    pub(super) api: Api,
    pub(super) viewer: Viewer,
    pub(super) credentials: HeaderMap,
    pub(super) sender: mpsc::Sender<Message>,
    /// When it was last known whether the caller may listen, and to what.
    pub(super) checked: Option<Instant>,
}

impl Feed {
    async fn run(mut self, cursor: Option<Cursor>, once: bool) -> End {
        let stop = self.api.0.hub.stop().clone();
        let sender = self.sender.clone();
        tokio::select! {
            end = self.work(cursor, once) => match end {
                Err(end) => end,
                Ok(()) => End::House("it was asked for once"),
            },
            () = sender.closed() => End::Caller,
            () = stop.cancelled() => End::House("the house stops"),
        }
    }

    async fn work(&mut self, cursor: Option<Cursor>, once: bool) -> Result<(), End> {
        self.look_at_groups().await?;
        let (news, from) = self.api.0.hub.join().await?;
        let seen = match cursor {
            Some(cursor) if self.is_good(cursor).await? => {
                self.catch_up(cursor, from).await?;
                cursor.max(from)
            }
            Some(_) => self.snapshot("reset", from).await?,
            None => self.snapshot("snapshot", from).await?,
        };
        match once {
            true => Ok(()),
            false => self.follow(news, seen).await,
        }
    }

    /// Whether everything after this place is still there, and it is a place of this database at all.
    async fn is_good(&self, cursor: Cursor) -> Result<bool, StoreError> {
        let mut tx = self.api.0.db.read().await?;
        Ok(cursor >= events::forgotten(&mut tx).await? && cursor <= events::now(&mut tx).await?)
    }

    async fn snapshot(&self, name: &'static str, at: Cursor) -> Result<Cursor, End> {
        let mut tx = self.api.0.db.read().await?;
        let snapshot = Snapshot::take(&mut tx, &self.viewer).await?;
        drop(tx);
        let mut body = json!({"message": name, "cursor": at.to_string()});
        let whole = serde_json::to_value(snapshot).unwrap_or_default();
        if let (Some(body), Value::Object(whole)) = (body.as_object_mut(), whole) {
            body.extend(whole);
        }
        self.send(Message::News { name, cursor: at, body }).await?;
        Ok(at)
    }

    /// What the caller missed: what others hear of anyway is left to them.
    async fn catch_up(&mut self, mut from: Cursor, to: Cursor) -> Result<(), End> {
        while from < to {
            let rows = events::between(&mut self.api.0.db.read().await?, self.viewer.company, from, to, CHUNK).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            from = last.place();
            for row in &rows {
                self.tell(row).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn follow(
        &mut self,
        mut news: broadcast::Receiver<Arc<Vec<EventRow>>>,
        seen: Cursor,
    ) -> Result<(), End> {
        let begun = Instant::now();
        let mut beats = interval_at(begun + HEARTBEAT, HEARTBEAT);
        let mut checks = interval_at(begun + RECHECK, RECHECK);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = news.recv() => match batch {
                    Ok(batch) => {
                        for row in batch.iter().filter(|row| row.place() > seen) {
                            if self.tell(row).await? {
                                beats.reset();
                            }
                        }
                    }
                    Err(_) => return Err(End::House("it fell behind")),
                },
                _ = beats.tick() => self.send(Message::Heartbeat).await?,
                _ = checks.tick() => self.check().await?,
            }
        }
    }

    /// Tells an event, if the caller may see it; gives whether it may.
    async fn tell(&mut self, row: &EventRow) -> Result<bool, End> {
        if !self.viewer.sees(row) {
            return Ok(false);
        }
        if self.checked.is_none_or(|at| at.elapsed() > FRESH) {
            self.check().await?;
            if !self.viewer.sees(row) {
                return Ok(false);
            }
        }
        let cursor = row.place();
        let mut body = desk::events::shown(row);
        body["message"] = json!("event");
        body["cursor"] = json!(cursor.to_string());
        if let Some(channel) = &row.channel {
            body["channel"] = json!(channel);
        }
        self.send(Message::News { name: "event", cursor, body }).await?;
        Ok(true)
    }

    async fn send(&self, message: Message) -> Result<(), End> {
        match timeout(PATIENCE, self.sender.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Caller),
            Err(_) => Err(End::House("the caller does not read")),
        }
    }

    /// Whether the caller still is who it was; a database that is away changes nothing.
    pub(super) async fn check(&mut self) -> Result<(), End> {
        self.checked = Some(Instant::now());
        match self.api.0.access.authenticate(&self.credentials).await {
            Ok(caller) if caller == self.viewer.caller => self.look_at_groups().await.map_err(End::from),
            Ok(_) | Err(AccessError::Wrong) => Err(End::House("the caller may listen no longer")),
            Err(AccessError::Throttled(_) | AccessError::Store(_)) => Ok(()),
        }
    }

    async fn look_at_groups(&mut self) -> Result<(), StoreError> {
        if let Some(agent) = self.viewer.agent() {
            let mut tx = self.api.0.db.read().await?;
            self.viewer.groups = overview::groups_of(&mut tx, agent).await?.into_iter().collect();
        }
        Ok(())
    }
}

//! One look at the database for all streams of a process: new events are read by one poller, while anybody listens, and
//! handed to every stream. A stream that falls too far behind is cut off: it comes back with its cursor.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as AsyncMutex, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    jobs::Bell,
    store::{
        Db, StoreError,
        events::{self, Cursor, EventRow},
    },
};

/// How often events are looked for.
const POLL: Duration = Duration::from_millis(250);
/// How long rings are gathered.
const GATHER: Duration = Duration::from_millis(20);
/// Events that are read at once, and batches of them by which a stream may be behind (P8).
const AT_ONCE: i64 = 500;
pub(super) const BEHIND: usize = 64;
/// Streams of a process, and of one person or program (P8).
const STREAMS: usize = 1_000;
const OF_ONE: usize = 20;

/// The streams of this process. Clones share them.
#[derive(Debug, Clone)]
pub(in crate::http) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    bell: Bell,
    /// Ends every stream.
    stop: CancellationToken,
    news: broadcast::Sender<Arc<Vec<EventRow>>>,
    /// How far was read, while the poller runs. Held while news are handed on, so that a stream that joins knows exactly
    /// what it will hear.
    place: AsyncMutex<Option<Cursor>>,
    open: Mutex<HashMap<(Option<i64>, i64), usize>>,
}

/// A stream's place among all: given back when it ends.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Hub,
    key: (Option<i64>, i64),
}

/// There are too many streams: of all, or of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    House,
    Own,
}

impl Hub {
    pub(in crate::http) fn new(db: Db, bell: Bell) -> Self {
        let news = broadcast::Sender::new(BEHIND);
        let (place, open) = (AsyncMutex::new(None), Mutex::default());
        Self(Arc::new(Inner { db, bell, stop: CancellationToken::new(), news, place, open }))
    }

    /// Ends every stream, and those that come.
    pub(in crate::http) fn end(&self) {
        self.0.stop.cancel();
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Takes a place for a stream of `key`.
    pub(super) fn seat(&self, key: (Option<i64>, i64)) -> Result<Seat, Full> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= STREAMS {
            return Err(Full::House);
        }
        let own = open.entry(key).or_default();
        if *own >= OF_ONE {
            return Err(Full::Own);
        }
        *own += 1;
        metrics::gauge!("relevo_streams").increment(1);
        Ok(Seat { hub: self.clone(), key })
    }

    /// The news from here on: everything after the place that is given.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn join(&self) -> Result<(broadcast::Receiver<Arc<Vec<EventRow>>>, Cursor), StoreError> {
        let mut place = self.0.place.lock().await;
        let from = match *place {
            Some(from) => from,
            None => events::now(&mut self.0.db.read().await?).await?,
        };
        let news = self.0.news.subscribe();
        if place.is_none() {
            *place = Some(from);
            tokio::spawn(self.clone().poll(from));
        }
        Ok((news, from))
    }

    /// Reads on while anybody listens.
    async fn poll(self, mut from: Cursor) {
        let mut rings = self.0.bell.listen();
        loop {
            let more = match self.read(&mut from).await {
                Ok(more) => more,
                Err(error) => {
                    tracing::warn!("events cannot be read: {:#}", anyhow::Error::from(error));
                    false
                }
            };
            if !more {
                tokio::select! {
                    () = self.0.stop.cancelled() => return,
                    () = tokio::time::sleep(POLL) => {}
                    // The bell's owner lives as long as we do.
                    _ = rings.changed() => tokio::time::sleep(GATHER).await,
                }
            }
            let mut place = self.0.place.lock().await;
            if self.0.news.receiver_count() == 0 {
                *place = None;
                return;
            }
        }
    }

    async fn read(&self, from: &mut Cursor) -> Result<bool, StoreError> {
        let rows = events::after(&mut self.0.db.read().await?, *from, AT_ONCE).await?;
        let Some(last) = rows.last() else { return Ok(false) };
        let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= AT_ONCE;
        *from = last.place();
        let mut place = self.0.place.lock().await;
        *place = Some(*from);
        // Nobody listens any more: seen in a moment.
        _ = self.0.news.send(Arc::new(rows));
        Ok(full)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.hub.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.key);
            }
        }
        metrics::gauge!("relevo_streams").decrement(1);
    }
}

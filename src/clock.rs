//! Time and ids are passed in, so that tests can move them: nothing else in the house asks the machine for the time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::UNIX_EPOCH,
};

use relevo_adapters::Millis;
use uuid::{ContextV7, Timestamp, Uuid};

/// The source of "now" and of time-ordered ids. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None`: the machine's clock. `Some`: what a test set.
    manual: Option<AtomicI64>,
    ids: Mutex<ContextV7>,
    logs: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self::with(None)
    }

    /// A clock that stands at `now` until a test moves it.
    pub fn manual(now: Millis) -> Self {
        Self::with(Some(AtomicI64::new(now)))
    }

    fn with(manual: Option<AtomicI64>) -> Self {
        let spread = i64::try_from(Uuid::new_v4().as_u128() & 0xfff).unwrap_or_default();
        Self(Arc::new(Inner { manual, ids: Mutex::new(ContextV7::new()), logs: AtomicI64::new(spread) }))
    }

    /// Milliseconds since the Unix epoch.
    pub fn now(&self) -> Millis {
        match &self.0.manual {
            Some(now) => now.load(Ordering::Relaxed),
            None => machine_now(),
        }
    }

    /// Moves a manual clock forward.
    ///
    /// # Panics
    /// On the machine's clock, which nobody moves.
    pub fn advance(&self, by: Millis) {
        match &self.0.manual {
            Some(now) => _ = now.fetch_add(by, Ordering::Relaxed),
            None => panic!("only a manual clock can be moved"),
        }
    }

    /// A new UUIDv7 in text form: within one process ids increase in the order in which they are made.
    pub fn id(&self) -> String {
        let now = self.now().max(0).unsigned_abs();
        let nanos = u32::try_from(now % 1000).unwrap_or_default() * 1_000_000;
        let context = self.0.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, now / 1000, nanos)).to_string()
    }

    /// A new `id_bitacora_log`: time-ordered, unique but for chance, and below 2^53 so that every JSON reader keeps it.
    ///
    /// 41 bits of milliseconds since 2024-01-01 and 12 bits that count up from a random start.
    pub fn log_id(&self) -> i64 {
        const EPOCH_2024: Millis = 1_704_067_200_000;
        let counter = self.0.logs.fetch_add(1, Ordering::Relaxed) & 0xfff;
        ((self.now() - EPOCH_2024).max(0) << 12) | counter
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_the_time_and_increase() {
        let clock = Clock::manual(1_780_000_000_123);
        let ids: Vec<String> = (0..1000).map(|_| clock.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let millis = u64::from_str_radix(&ids[0].replace('-', "")[..12], 16).unwrap();
        assert_eq!(millis, 1_780_000_000_123);
        clock.advance(1);
        assert!(clock.id() > ids[999]);
    }

    #[test]
    fn log_ids_are_distinct_and_safe_for_every_json_reader() {
        let clock = Clock::manual(3_800_000_000_000);
        let mut ids: Vec<i64> = (0..4096).map(|_| clock.log_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 4096);
        assert!(ids.iter().all(|id| *id > 0 && *id < 1 << 53));
    }
}

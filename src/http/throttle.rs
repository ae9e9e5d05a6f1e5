//! Who guesses secrets is heard ever less (P9).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use relevo_adapters::Millis;

/// Failures within [`WINDOW_MS`] after which a client key is not heard until the window ends.
const FAILURES: u32 = 20;
const WINDOW_MS: Millis = 60_000;
/// Client keys that are watched at once; past it, the one that failed least is forgotten (P8).
const KEYS: usize = 1_000;
/// Bytes of a client key that count.
const KEY: usize = 128;

/// Failed attempts per client key.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<String, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Millis,
    failures: u32,
}

impl Throttle {
    /// `Some(seconds)`: this key failed too often, and is heard again after so long.
    pub(super) fn closed(&self, key: &str, now: Millis) -> Option<i64> {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(name(key))?;
        (window.failures >= FAILURES && now < window.ends).then(|| (window.ends - now + 999) / 1000)
    }

    /// Counts a failed attempt.
    pub(super) fn failed(&self, key: &str, now: Millis) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS && !windows.contains_key(name(key)) {
            windows.retain(|_, window| now < window.ends);
            forget_least(&mut windows);
        }
        let fresh = Window { ends: now + WINDOW_MS, failures: 0 };
        let window = windows.entry(name(key).to_owned()).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        window.failures += 1;
    }
}

fn name(key: &str) -> &str {
    relevo_adapters::text::truncate(key, KEY)
}

fn forget_least(windows: &mut HashMap<String, Window>) {
    if windows.len() >= KEYS {
        let least = windows.iter().min_by_key(|(_, window)| window.failures).map(|(key, _)| key.clone());
        least.and_then(|key| windows.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_key_that_fails_too_often_is_not_heard_until_its_minute_is_over() {
        let throttle = Throttle::default();
        (0..19).for_each(|i| throttle.failed("a", i));
        assert_eq!(throttle.closed("a", 100), None);
        throttle.failed("a", 19);
        assert_eq!(throttle.closed("a", 100), Some(60));
        assert_eq!(throttle.closed("b", 100), None, "others are heard");
        assert_eq!(throttle.closed("a", 59_999), Some(1));
        assert_eq!(throttle.closed("a", 60_000), None);
        throttle.failed("a", 60_000);
        assert_eq!(throttle.closed("a", 60_001), None, "it counts from the start again");
    }

    #[test]
    fn p8_however_many_keys_fail_few_are_remembered_and_the_worst_is_among_them() {
        let throttle = Throttle::default();
        (0..20).for_each(|_| throttle.failed("worst", 0));
        (0..5_000).for_each(|i| throttle.failed(&format!("key {i}"), 1));
        assert!(throttle.0.lock().unwrap().len() <= KEYS);
        assert!(throttle.closed("worst", 2).is_some());
    }
}

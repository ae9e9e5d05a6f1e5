//! Who guesses secrets is heard ever less (P9).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use relevo_adapters::Millis;

/// Failures within a window after which a name is not heard until the window ends: of client keys, whose secrets are
/// long, and of people, whose passwords are not.
const KEYS_LIMIT: Limit = Limit { failures: 20, window: 60_000 };
const LOGINS_LIMIT: Limit = Limit { failures: 10, window: 600_000 };
/// Names that are watched at once; past it, the one that failed least is forgotten (P8).
const KEYS: usize = 1_000;
/// Bytes of a name that count.
const KEY: usize = 128;

/// Failed attempts by name: a client key, or a company and an address.
#[derive(Debug)]
pub(super) struct Throttle {
    limit: Limit,
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Limit {
    failures: u32,
    window: Millis,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Millis,
    failures: u32,
}

impl Throttle {
    pub(super) fn of_keys() -> Self {
        Self { limit: KEYS_LIMIT, windows: Mutex::default() }
    }

    pub(super) fn of_logins() -> Self {
        Self { limit: LOGINS_LIMIT, windows: Mutex::default() }
    }

    /// `Some(seconds)`: this key failed too often, and is heard again after so long.
    pub(super) fn closed(&self, key: &str, now: Millis) -> Option<i64> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(name(key))?;
        (window.failures >= self.limit.failures && now < window.ends).then(|| (window.ends - now + 999) / 1000)
    }

    /// Counts a failed attempt.
    pub(super) fn failed(&self, key: &str, now: Millis) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS && !windows.contains_key(name(key)) {
            windows.retain(|_, window| now < window.ends);
            forget_least(&mut windows);
        }
        let fresh = Window { ends: now + self.limit.window, failures: 0 };
        let window = windows.entry(name(key).to_owned()).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        window.failures += 1;
    }

    /// Counts an attempt as failed until [`Self::succeeded`] is told otherwise, so that those that are made at once
    /// count too.
    ///
    /// # Errors
    /// As [`Self::closed`].
    pub(super) fn attempt(&self, key: &str, now: Millis) -> Result<(), i64> {
        match self.closed(key, now) {
            Some(seconds) => Err(seconds),
            None => {
                self.failed(key, now);
                Ok(())
            }
        }
    }

    /// Forgets the failed attempts of somebody who was right at last.
    pub(super) fn succeeded(&self, key: &str) {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).remove(name(key));
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
        let throttle = Throttle::of_keys();
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
    fn p9_people_may_fail_ten_times_in_ten_minutes_unless_they_are_right_between() {
        let throttle = Throttle::of_logins();
        (0..9).for_each(|i| throttle.failed("1:ana@empresa.com", i));
        throttle.succeeded("1:ana@empresa.com");
        let attempts: Vec<_> = (0..11).map(|_| throttle.attempt("1:ana@empresa.com", 100)).collect();
        assert_eq!(attempts[..10], [Ok(()); 10]);
        assert_eq!(attempts[10], Err(600));
        assert_eq!(throttle.attempt("2:ana@empresa.com", 100), Ok(()), "another company's person");
    }

    #[test]
    fn p8_however_many_keys_fail_few_are_remembered_and_the_worst_is_among_them() {
        let throttle = Throttle::of_keys();
        (0..20).for_each(|_| throttle.failed("worst", 0));
        (0..5_000).for_each(|i| throttle.failed(&format!("key {i}"), 1));
        assert!(throttle.windows.lock().unwrap().len() <= KEYS);
        assert!(throttle.closed("worst", 2).is_some());
    }
}

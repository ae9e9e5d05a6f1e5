//! How fast a channel sends, ahead of its platform's own limit (DESIGN §7).
//!
//! Whoever comes too early is given a place, not a refusal: a thousand waiting lanes then wake one after the other,
//! each once. Several dispatchers share a channel's pace evenly.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use relevo_adapters::{Millis, outbound::Quota};

use super::peers::Peers;
use crate::domain::next_slot;

#[derive(Debug)]
pub(super) struct Pace {
    peers: Peers,
    /// Per channel: until when its pace is used up.
    used: Mutex<HashMap<i64, Millis>>,
}

impl Pace {
    pub(super) fn new(peers: Peers) -> Self {
        Self { peers, used: Mutex::default() }
    }

    /// Takes the next place on a channel; gives when it is.
    pub(super) fn take(&self, channel: i64, quota: Quota, now: Millis) -> Millis {
        let peers = self.peers.count();
        let burst = (quota.burst / peers).max(1);
        let interval = quota.interval.saturating_mul(peers);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let tat = used.entry(channel).or_default();
        let earliest = earliest(*tat, quota_of(interval, burst));
        (*tat, _) = next_slot(*tat, now, interval, burst);
        earliest.max(now)
    }
}

fn quota_of(interval: std::time::Duration, burst: u32) -> Quota {
    Quota { interval, burst }
}

/// When one more fits, if the pace is used up until `tat`.
pub(super) fn earliest(tat: Millis, quota: Quota) -> Millis {
    let interval = crate::domain::millis(quota.interval);
    tat - interval.saturating_mul(Millis::from(quota.burst.max(1)) - 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn p8_a_thousand_at_once_get_a_place_each_and_none_comes_too_early() {
        let pace = Pace::new(Peers::default());
        let quota = Quota { interval: Duration::from_millis(40), burst: 25 };
        let slots: Vec<Millis> = (0..1000).map(|_| pace.take(1, quota, 0)).collect();
        assert!(slots[..25].iter().all(|slot| *slot == 0));
        assert_eq!((slots[25], slots[26], slots[999]), (40, 80, 40 * 975));
        let per_second = |start: Millis| slots.iter().filter(|at| (start..start + 1000).contains(*at)).count();
        assert!((1..38).all(|second| per_second(second * 1000) <= 30));
        assert_eq!(pace.take(2, quota, 0), 0, "another channel is not delayed");
        assert_eq!(pace.take(1, quota, 100_000), 100_000, "a silence refills it");
    }
}

//! How fast a platform lets somebody send.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// So many in any span of this length.
#[derive(Debug)]
pub(super) struct Window {
    most: usize,
    span: Duration,
    taken: VecDeque<Instant>,
}

impl Window {
    pub(super) fn new(most: usize, span: Duration) -> Self {
        Self { most, span, taken: VecDeque::new() }
    }

    /// How long until `count` more fit; zero if they do now.
    pub(super) fn wait(&mut self, now: Instant, count: usize) -> Duration {
        while self.taken.front().is_some_and(|first| now.duration_since(*first) >= self.span) {
            self.taken.pop_front();
        }
        match (self.taken.len() + count).saturating_sub(self.most) {
            0 => Duration::ZERO,
            over => self.taken.get(over - 1).map_or(self.span, |at| (*at + self.span).duration_since(now)),
        }
    }

    pub(super) fn take(&mut self, now: Instant, count: usize) {
        self.taken.extend(std::iter::repeat_n(now, count));
    }
}

/// One per interval, and a burst after a silence.
#[derive(Debug)]
pub(super) struct Bucket {
    interval: Duration,
    burst: u32,
    /// When everything that was taken would be paid back.
    empty_at: Option<Instant>,
}

impl Bucket {
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, burst, empty_at: None }
    }

    /// How long until `count` more fit; zero if they do now. What is larger than a burst fits after a whole silence.
    pub(super) fn wait(&self, now: Instant, count: u32) -> Duration {
        let owed = self.empty_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let room = self.interval * self.burst;
        (owed + self.interval * count.min(self.burst)).saturating_sub(room)
    }

    pub(super) fn take(&mut self, now: Instant, count: u32) {
        let from = self.empty_at.map_or(now, |at| at.max(now));
        self.empty_at = Some(from + self.interval * count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_so_many_in_any_span() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut window = Window::new(3, Duration::from_secs(1));
        window.take(at(0), 1);
        window.take(at(500), 2);
        assert_eq!(window.wait(at(900), 1), Duration::from_millis(100));
        assert_eq!(window.wait(at(900), 2), Duration::from_millis(600));
        assert_eq!(window.wait(at(1000), 1), Duration::ZERO);
        assert_eq!(window.wait(at(1000), 9), Duration::from_secs(1), "what never fits waits for a whole span");
    }

    #[test]
    fn a_bucket_gives_a_burst_and_then_one_per_interval() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Duration::from_secs(6), 3);
        assert_eq!(bucket.wait(start, 3), Duration::ZERO);
        bucket.take(start, 3);
        assert_eq!(bucket.wait(start, 1), Duration::from_secs(6));
        let later = start + Duration::from_secs(6);
        assert_eq!(bucket.wait(later, 1), Duration::ZERO);
        bucket.take(later, 1);
        assert_eq!(bucket.wait(later, 1), Duration::from_secs(6));
        assert_eq!(bucket.wait(start + Duration::from_secs(60), 3), Duration::ZERO);
    }
}

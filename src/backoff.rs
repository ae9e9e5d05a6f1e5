//! Growing pauses between attempts. Wraps the `backoff` crate, which nobody maintains any more, so that it can be
//! replaced in one place.

use std::time::Duration;

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff as _};

/// Pauses that grow by half each time, spread by chance so that many processes do not come back at the same moment,
/// up to a limit; they never end.
#[derive(Debug)]
pub struct Backoff {
    pauses: ExponentialBackoff,
    most: Duration,
}

impl Backoff {
    /// Pauses of about `first`, then longer ones, never more than `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        let pauses = ExponentialBackoffBuilder::new()
            .with_initial_interval(first)
            .with_max_interval(most)
            .with_max_elapsed_time(None)
            .build();
        Self { pauses, most }
    }

    /// How long to wait before the next attempt.
    pub fn next_pause(&mut self) -> Duration {
        self.pauses.next_backoff().unwrap_or(self.most).min(self.most)
    }

    /// It worked: the next pause is short again.
    pub fn reset(&mut self) {
        self.pauses.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(2);

    #[test]
    fn pauses_grow_to_the_limit_never_end_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(FIRST, MOST);
        let first = backoff.next_pause();
        assert!((FIRST / 2..=FIRST * 3 / 2).contains(&first), "{first:?}");
        let later: Vec<Duration> = (0..50).map(|_| backoff.next_pause()).collect();
        assert!(later.iter().all(|pause| *pause <= MOST), "{later:?}");
        assert!(later[20..].iter().all(|pause| *pause >= MOST / 2), "{later:?}");
        backoff.reset();
        assert!(backoff.next_pause() <= FIRST * 3 / 2);
    }
}

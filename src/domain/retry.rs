//! When to try again: what the failing code says goes in, a delay comes out.

use std::time::Duration;

/// The delay before attempt `attempt` (1 for the first repetition): doubles from `base` up to `cap`, with full jitter.
/// `chance` in `[0, 1)` is the jitter, drawn by the caller.
pub fn retry_delay(base: Duration, cap: Duration, attempt: u32, chance: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    let ceiling = base.saturating_mul(1 << doublings).min(cap);
    ceiling.mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_cap() {
        let (base, cap) = (Duration::from_secs(5), Duration::from_secs(60));
        let seconds: Vec<u64> = (1..=7).map(|attempt| retry_delay(base, cap, attempt, 1.0).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(retry_delay(base, cap, u32::MAX, 0.5), Duration::from_secs(30));
        assert_eq!(retry_delay(base, cap, 3, 0.0), Duration::ZERO);
    }
}

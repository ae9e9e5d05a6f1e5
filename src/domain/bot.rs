//! When a bot may have tickets.

use relevo_adapters::Millis;

/// Failures in a row after which a bot gets no tickets.
pub const MOST_FAILURES: i64 = 3;
/// How long nothing may get through to a bot before it gets no tickets, milliseconds.
pub const LONGEST_FAILING_MS: Millis = 60_000;
/// How long a bot that may have no tickets is left alone before it is probed, at the least and at the most, milliseconds.
const PROBES_MS: (Millis, Millis) = (60_000, 900_000);
/// How long a ticket may stay with a bot unless the subscription says otherwise, milliseconds.
pub const TIMEOUT_MS: Millis = 300_000;

/// Whether a bot may have tickets: it is switched on, and what is sent to it gets through. `failures` are those in a row.
pub fn is_healthy(active: bool, failing_since: Option<Millis>, failures: i64, now: Millis) -> bool {
    let failing = failing_since.is_some_and(|since| now - since > LONGEST_FAILING_MS);
    active && !failing && failures < MOST_FAILURES
}

/// How long a bot that may have no tickets is left alone after its last failure: longer with every failure in a row.
pub fn probe_pause(failures: i64) -> Millis {
    let (least, most) = PROBES_MS;
    let doublings = (failures - MOST_FAILURES).clamp(0, 10);
    (least << doublings).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_that_fails_is_probed_later_and_later() {
        let minutes = |failures| probe_pause(failures) / 60_000;
        assert_eq!([1, 3, 4, 5, 6, 7, 8, i64::MAX].map(minutes), [1, 1, 2, 4, 8, 15, 15, 15]);
    }

    #[test]
    fn a_bot_is_healthy_until_it_fails_three_times_in_a_row_or_for_a_minute() {
        assert!(is_healthy(true, None, 0, 1_000_000));
        assert!(is_healthy(true, Some(940_000), 2, 1_000_000));
        assert!(!is_healthy(true, Some(939_999), 1, 1_000_000), "for longer than a minute");
        assert!(!is_healthy(true, Some(999_999), 3, 1_000_000), "three in a row");
        assert!(!is_healthy(false, None, 0, 1_000_000), "switched off");
    }
}

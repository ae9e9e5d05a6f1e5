//! Delivery states only ever move forward (P5).

use relevo_adapters::ReceiptStatus;

/// Whether a message in state `current` moves to `reported`: `sent` < `delivered` < `read` < `played`, and `failed`
/// ends it from wherever it was. Platforms skip states and send them in any order.
pub fn advances(current: Option<&str>, reported: ReceiptStatus) -> bool {
    match current {
        None => true,
        Some("failed") => false,
        Some(current) => rank(current) < rank(reported.as_str()),
    }
}

fn rank(status: &str) -> u8 {
    match status {
        "sent" => 1,
        "delivered" => 2,
        "read" => 3,
        "played" => 4,
        "failed" => 5,
        // Our own states before the platform says anything (queued, accepted, unknown).
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_receipts_are_monotone_and_failed_is_final() {
        use ReceiptStatus::{Delivered, Failed, Played, Read, Sent};
        let order = [Sent, Delivered, Read, Played, Failed];
        for (i, current) in order.iter().enumerate() {
            for (j, reported) in order.iter().enumerate() {
                assert_eq!(advances(Some(current.as_str()), *reported), j > i, "{current:?} → {reported:?}");
            }
        }
        assert!(order.iter().all(|reported| advances(None, *reported) && advances(Some("accepted"), *reported)));
    }
}

//! Whether groups are open now.

use std::collections::HashMap;

use relevo_adapters::Millis;

use crate::{
    desk::attention,
    store::{StoreError, Tx, routing::Queue},
};

/// No zone's today is later than this after ours.
const AHEAD_MS: Millis = 2 * 24 * 60 * 60 * 1000;

/// Which groups are open.
#[derive(Debug, Default)]
pub(super) struct Open(HashMap<i64, bool>);

impl Open {
    pub(super) async fn load(tx: &mut Tx, now: Millis, queues: &[&Queue]) -> Result<Self, StoreError> {
        let attention = attention::load(tx, (now, now + AHEAD_MS), queues).await?;
        Ok(Self(attention.into_iter().map(|(group, attention)| (group, attention.hours.is_open(now))).collect()))
    }

    pub(super) fn is_open(&self, group: i64) -> bool {
        self.0.get(&group).copied().unwrap_or(true)
    }
}

//! Templates change rarely and platforms are slow to list them: they are kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use relevo_adapters::{Millis, outbound::Template};

const KEPT_MS: Millis = 300_000;
/// Channels whose templates are kept at once (P8).
const CHANNELS: usize = 1_000;

/// A channel's id and version: one that was changed is asked again.
type Key = (i64, i64);
type Templates = Arc<Vec<Template>>;

/// The templates of channels, for five minutes.
#[derive(Debug, Default)]
pub(in crate::http) struct Cache(Mutex<HashMap<Key, (Millis, Templates)>>);

impl Cache {
    pub(super) fn get(&self, key: Key, now: Millis) -> Option<Templates> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&key).filter(|(until, _)| now < *until).map(|(_, templates)| templates.clone())
    }

    pub(super) fn put(&self, key: Key, templates: Vec<Template>, now: Millis) -> Templates {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (until, _)| now < *until);
        if kept.len() >= CHANNELS {
            kept.clear();
        }
        let templates = Arc::new(templates);
        kept.insert(key, (now + KEPT_MS, templates.clone()));
        templates
    }
}

//! Updates that are fetched (`telegram.md §1, §4`).

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    super::ask::Ask,
    Bot,
    answer::{Answer, Refusal},
};

/// The longest that a poll is held (`telegram.md §1`).
const LONGEST_POLL: Duration = Duration::from_secs(50);

/// Updates that one answer holds at most.
const LARGEST_ANSWER: usize = 100;

/// Kinds of update that are given only to those who ask for them.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

#[derive(Debug, Default)]
pub(super) struct Updates {
    /// Not confirmed yet.
    pub(super) waiting: VecDeque<Value>,
    pub(super) polls: u64,
}

impl Bot {
    pub(super) fn add(&self, update: Value) {
        let mut state = self.lock();
        state.meet(&update, self.rules.clock.now());
        state.updates.waiting.push_back(update);
        drop(state);
        self.news.send_modify(|news| *news += 1);
    }

    /// Confirms what lies below the offset and answers with what is there, or holds the question until something is.
    pub(super) async fn get_updates(&self, ask: &Ask) -> Answer {
        let seconds = u64::try_from(ask.number("timeout").unwrap_or(0)).unwrap_or(0);
        let deadline = Instant::now() + Duration::from_secs(seconds).min(LONGEST_POLL);
        let limit = ask.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LARGEST_ANSWER);
        let mut news = self.news.subscribe();
        let poll = {
            let mut state = self.lock();
            state.updates.confirm(ask.number("offset").unwrap_or(0), allowed(ask).as_deref());
            state.updates.polls += 1;
            state.updates.polls
        };
        self.news.send_modify(|news| *news += 1);
        loop {
            news.mark_unchanged();
            let answer = {
                let state = self.lock();
                if state.webhook.is_set() {
                    let what = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                                webhook first";
                    return Err(Refusal::conflict(what));
                }
                state.updates.answer(poll, limit.clamp(1, LARGEST_ANSWER))?
            };
            if !answer.is_empty() {
                return Ok(answer.into());
            }
            if tokio::time::timeout_at(deadline, news.changed()).await.is_err() {
                return Ok(json!([]));
            }
        }
    }
}

/// `None`: all but what is given on request only.
pub(super) fn allowed(ask: &Ask) -> Option<Vec<String>> {
    serde_json::from_value(ask.value("allowed_updates")).ok().filter(|kinds: &Vec<String>| !kinds.is_empty())
}

impl Updates {
    fn confirm(&mut self, offset: i64, allowed: Option<&[String]>) {
        match usize::try_from(offset.unsigned_abs()) {
            // A negative offset counts from the end and forgets everything before.
            Ok(last) if offset < 0 => _ = self.waiting.drain(..self.waiting.len().saturating_sub(last)),
            _ => self.waiting.retain(|update| update["update_id"].as_i64() >= Some(offset)),
        }
        self.waiting.retain(|update| {
            let kind = update.as_object().and_then(|fields| fields.keys().find(|key| *key != "update_id"));
            match (kind, allowed) {
                (None, _) => true,
                (Some(kind), Some(allowed)) => allowed.contains(kind),
                (Some(kind), None) => !ON_REQUEST.contains(&kind.as_str()),
            }
        });
    }

    /// # Errors
    /// If somebody else has asked since.
    fn answer(&self, poll: u64, limit: usize) -> Result<Vec<Value>, Refusal> {
        match self.polls == poll {
            true => Ok(self.waiting.iter().take(limit).cloned().collect()),
            false => Err(Refusal::of(409)),
        }
    }
}

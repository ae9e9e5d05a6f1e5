//! What was seen, beside what had to be seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::ledger::Tally;

/// The demo's outcome. It proves itself: what the API shows is compared with what was sent.
#[derive(Debug, Clone, Serialize)]
pub struct DemoReport {
    /// Whether everything was as expected.
    pub proven: bool,
    /// What was not.
    pub mismatches: Vec<String>,
    pub webhooks: Webhooks,
    /// Updates that were fetched from a platform.
    pub fetched: u64,
    /// Pieces that came again and changed nothing.
    pub duplicates: u64,
    /// By kind of channel.
    pub channels: BTreeMap<String, Comparison>,
    /// Tickets that a customer opened again by writing after they were closed.
    pub reopened: u64,
    /// Payloads that nobody could read, kept for an operator.
    pub dead_letters: u64,
    pub seconds: f64,
}

/// Calls of the pretend platforms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Webhooks {
    pub sent: u64,
    pub accepted: u64,
    pub refused: u64,
    /// Repetitions because a call was not taken at first.
    pub repeated: u64,
}

/// Tickets and messages of one kind of channel.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    pub expected: Tally,
    /// Tickets and messages as the API lists them, kinds as the database has them.
    pub seen: Tally,
}

/// Collects what was not as expected.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) mismatches: Vec<String>,
}

impl Verdict {
    pub(super) fn equal<T: PartialEq + fmt::Debug>(&mut self, what: &str, expected: &T, seen: &T) {
        if expected != seen {
            self.mismatches.push(format!("{what}: expected {expected:?}, seen {seen:?}"));
        }
    }

    pub(super) fn compare(&mut self, channels: &BTreeMap<String, Comparison>) {
        for (kind, Comparison { expected, seen }) in channels {
            self.equal(&format!("{kind} tickets"), &expected.tickets, &seen.tickets);
            self.equal(&format!("{kind} messages"), &expected.messages, &seen.messages);
            self.equal(&format!("{kind} messages by kind"), &expected.kinds, &seen.kinds);
        }
    }
}

impl DemoReport {
    /// The summary for people.
    pub(super) fn table(&self) -> Vec<String> {
        let kinds: BTreeSet<&String> = self.channels.values().flat_map(|channel| channel.seen.kinds.keys()).collect();
        let row = |name: &str, cells: Vec<u64>, sum: u64| {
            let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>9}")).collect();
            format!("  {name:<14}{}{sum:>9}", cells.join(""))
        };
        let names: Vec<String> = self.channels.keys().map(|kind| format!("{kind:>9}")).collect();
        let count = |of: &dyn Fn(&Tally) -> u64| -> Vec<u64> {
            self.channels.values().map(|channel| of(&channel.seen)).collect()
        };
        let line = |name: &str, of: &dyn Fn(&Tally) -> u64| {
            let cells = count(of);
            let sum = cells.iter().sum();
            row(name, cells, sum)
        };
        let mut lines = vec![format!("  {:<14}{}{:>9}", "", names.join(""), "all")];
        lines.push(line("tickets", &|tally| tally.tickets));
        lines.push(line("messages", &|tally| tally.messages));
        lines.extend(
            kinds
                .into_iter()
                .map(|kind| line(&format!("  {kind}"), &|tally| tally.kinds.get(kind).copied().unwrap_or_default())),
        );
        let Webhooks { sent, accepted, refused, repeated } = self.webhooks;
        lines.push(String::new());
        lines.push(format!("  webhooks      {sent} sent, {accepted} accepted, {refused} refused, {repeated} repeated for lack of an answer"));
        lines.push(format!("  fetched       {} updates from a bot that polls", self.fetched));
        lines.push(format!("  duplicates    {} pieces came again and changed nothing", self.duplicates));
        lines.push(format!("  reopened      {} ticket", self.reopened));
        lines.push(format!("  dead letters  {} (relevo queue dead list)", self.dead_letters));
        lines.push(format!("  time          {:.1} s", self.seconds));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named() {
        let tally = |messages| Tally { tickets: 1, messages, kinds: [("text".to_owned(), messages)].into() };
        let mut verdict = Verdict::default();
        let mut channels = BTreeMap::new();
        channels.insert("email".to_owned(), Comparison { expected: tally(2), seen: tally(2) });
        verdict.compare(&channels);
        verdict.equal("dead letters", &1, &1);
        assert!(verdict.mismatches.is_empty());
        channels.insert("telegram".to_owned(), Comparison { expected: tally(3), seen: tally(2) });
        verdict.compare(&channels);
        assert_eq!(
            verdict.mismatches,
            [
                "telegram messages: expected 3, seen 2",
                "telegram messages by kind: expected {\"text\": 3}, seen {\"text\": 2}"
            ]
        );
    }
}

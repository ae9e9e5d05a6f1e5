//! What was seen, beside what had to be seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::{ledger::Tally, outbox::Fate};

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
    /// Tickets that agents were given or asked for.
    pub assigned: u64,
    /// Payloads that nobody could read, kept for an operator.
    pub dead_letters: u64,
    pub files: Files,
    pub outbound: Outbound,
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

/// Customers' files that were with a platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    pub expected: u64,
    /// Fetched and stored.
    pub stored: u64,
}

/// What agents sent, beside what the platforms did by their own ledgers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outbound {
    pub messages: Vec<Sent>,
    /// Final state → messages.
    pub states: BTreeMap<String, u64>,
    /// Messages that the platforms brought to somebody, all of them.
    pub at_platforms: u64,
    /// Messages that a platform must have and has not.
    pub lost: u64,
    /// Messages that a platform has more than once.
    pub doubled: u64,
    /// Buttons that customers pressed.
    pub pressed: u64,
    /// Those that stopped waiting.
    pub answered: u64,
    /// Sends that nobody tries any more, kept for an operator.
    pub dead_jobs: u64,
}

/// One message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Its kind.
    pub channel: String,
    /// The ticket's number.
    pub ticket: String,
    pub fate: Fate,
    /// The last one.
    pub state: String,
    /// How often it was brought to the platform.
    pub tries: u64,
    /// Copies that its platform must have.
    pub expected: u64,
    /// Copies that its platform has.
    pub at_platform: u64,
    /// Whether it is shown as possibly doubled.
    pub flagged: bool,
    /// Why it failed, in Spanish.
    pub failure: Option<String>,
    /// Every state that it was in.
    pub history: Vec<String>,
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
        lines.push(format!("  assigned      {} tickets to agents", self.assigned));
        lines.push(format!("  dead letters  {} (relevo queue dead list)", self.dead_letters));
        lines.push(format!(
            "  files         {} of {} fetched from the platforms",
            self.files.stored, self.files.expected
        ));
        lines.extend(self.outbound.lines());
        lines.push(format!("  time          {:.1} s", self.seconds));
        lines
    }
}

impl Outbound {
    /// `messages` with what they came to.
    pub(super) fn of(messages: Vec<Sent>) -> Self {
        let mut outbound = Self::default();
        for sent in &messages {
            *outbound.states.entry(sent.state.clone()).or_default() += 1;
            outbound.lost += sent.expected.saturating_sub(sent.at_platform);
            outbound.doubled += sent.at_platform.saturating_sub(sent.expected);
        }
        Self { messages, ..outbound }
    }

    /// Compares the sums.
    pub(super) fn judge(&self, verdict: &mut Verdict) {
        let expected: u64 = self.messages.iter().map(|sent| sent.expected).sum();
        let failed = self.messages.iter().filter(|sent| sent.fate == Fate::Refused).count() as u64;
        verdict.equal("messages in the platforms' ledgers", &expected, &self.at_platforms);
        verdict.equal("answered buttons", &self.pressed, &self.answered);
        verdict.equal("sends that nobody tries any more", &failed, &self.dead_jobs);
    }

    fn lines(&self) -> Vec<String> {
        let states: Vec<String> = self.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let (sent, states) = (self.messages.len(), states.join(", "));
        let Self { at_platforms, lost, doubled, pressed, answered, dead_jobs, .. } = self;
        let mut lines = vec![
            format!("  sent          {sent} messages of agents: {states}"),
            format!("  at platforms  {at_platforms} by their own ledgers: {lost} lost, {doubled} doubled"),
            format!("  buttons       {answered} of {pressed} pressed ones answered"),
            format!("  given up      {dead_jobs} (relevo job list)"),
        ];
        lines.extend(self.messages.iter().map(Sent::line));
        lines
    }
}

impl Sent {
    fn line(&self) -> String {
        let Self { channel, ticket, state, tries, at_platform, failure, .. } = self;
        let way = match (self.fate, failure) {
            (_, Some(reason)) => format!(": {reason}"),
            (Fate::Unanswered, None) => ": no answer, settled by the platform's report".to_owned(),
            (Fate::Retried, None) => format!(" at try {tries}"),
            (_, None) => String::new(),
        };
        format!("                {channel:<9} ticket {ticket:<4} {at_platform} × there  {state}{way}")
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

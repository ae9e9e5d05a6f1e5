//! Messages of ours on their way out: what is seen of each, and how it must end.

use std::collections::HashSet;

use relevo_adapters::Millis;
use serde::Serialize;

use super::{
    outside::Outside,
    report::{Sent, Verdict},
    screen::{Ink, Screen},
};
use crate::desk::outbox::{StepView, Trail};

/// What happens to a message at its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The platform takes it at once.
    Taken,
    /// The platform refuses the first try and takes another.
    Retried,
    /// The platform takes it, and its answer is lost.
    Unanswered,
    /// The platform refuses it for good.
    Refused,
}

/// A message of ours.
#[derive(Debug)]
pub(super) struct Going {
    pub(super) id: String,
    /// The channel's kind.
    pub(super) kind: String,
    /// The number of its ticket.
    pub(super) ticket: String,
    /// Its text; no other message has the same.
    pub(super) words: String,
    pub(super) fate: Fate,
    /// Steps that were told.
    seen: HashSet<(String, Millis, Option<i64>)>,
}

impl Going {
    pub(super) fn new(id: String, kind: &str, ticket: &str, words: &str, fate: Fate) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            ticket: ticket.to_owned(),
            words: words.to_owned(),
            fate,
            seen: HashSet::new(),
        }
    }

    /// The state in which it must end. WhatsApp alone tells what becomes of what it took.
    fn end(&self) -> &'static str {
        match (self.fate, self.kind.as_str()) {
            (Fate::Refused, _) => "failed",
            (_, "whatsapp") => "read",
            (..) => "sent",
        }
    }

    /// Whether it has ended as it must, and come there as it must.
    pub(super) fn has_ended(&self, trail: &Trail) -> bool {
        let unknown = trail.steps.iter().any(|step| step.state == "unknown");
        trail.message.status.as_deref() == Some(self.end())
            && match self.fate {
                Fate::Taken | Fate::Refused => true,
                Fate::Retried => tries(trail) > 1,
                Fate::Unanswered => unknown,
            }
    }

    /// Tells the steps that are new, once there is something to tell.
    ///
    /// # Errors
    /// If nobody can see it any more.
    pub(super) fn tell(&mut self, trail: &Trail, screen: &mut Screen<'_>) -> std::io::Result<()> {
        let key = |step: &StepView| (step.state.clone(), step.at, step.attempt);
        let fresh: Vec<&StepView> =
            in_order(trail).into_iter().filter(|step| !self.seen.contains(&key(step))).collect();
        // That it waits and is brought there says nothing until it is known what came of it.
        if fresh.iter().all(|step| step.reason.is_none() && matches!(step.state.as_str(), "queued" | "sending")) {
            return Ok(());
        }
        self.seen.extend(fresh.iter().map(|step| key(step)));
        for part in fresh.chunk_by(|before, _| before.reason.is_none()) {
            let words: Vec<&str> = part.iter().map(|step| word(step)).collect();
            let reason = part.last().and_then(|step| step.reason.as_ref());
            let ink = match part.last().map(|step| step.state.as_str()) {
                Some("failed") => Ink::Red,
                Some("sent" | "delivered" | "read") => Ink::Green,
                _ if reason.is_some() => Ink::Yellow,
                _ => Ink::Plain,
            };
            let head = format!("  ticket {:<4}  {:<9}", self.ticket, self.kind);
            screen.line(ink, &format!("{head} {}", words.join(" → ")))?;
            if let Some(reason) = reason {
                screen.paragraph(Ink::Faint, 25, &format!("«{}»", reason.es))?;
            }
        }
        Ok(())
    }

    /// Compares how it ended with what its platform has done.
    pub(super) fn judge(&self, trail: &Trail, outside: &Outside, verdict: &mut Verdict) -> Sent {
        let sent = Sent {
            channel: self.kind.clone(),
            ticket: self.ticket.clone(),
            fate: self.fate,
            state: trail.message.status.clone().unwrap_or_default(),
            tries: tries(trail),
            expected: u64::from(self.fate != Fate::Refused),
            at_platform: outside.copies(&self.id, &self.words),
            flagged: trail.delivery.as_ref().is_some_and(|delivery| delivery.possible_duplicate != 0),
            failure: trail.failure.as_ref().filter(|_| self.fate == Fate::Refused).map(|reason| reason.es.clone()),
            history: in_order(trail).into_iter().map(|step| step.state.clone()).collect(),
        };
        let what = format!("«{}» of ticket {}", self.words, self.ticket);
        verdict.equal(&format!("the state of {what}"), &self.end(), &sent.state.as_str());
        verdict.equal(&format!("copies of {what} at its platform"), &sent.expected, &sent.at_platform);
        verdict.equal(&format!("whether {what} may be doubled"), &false, &sent.flagged);
        verdict.equal(&format!("whether {what} ended as it must"), &true, &self.has_ended(trail));
        sent
    }
}

/// How often it was brought to the platform.
fn tries(trail: &Trail) -> u64 {
    trail.steps.iter().filter(|step| step.state == "sending").count() as u64
}

/// Our own steps, then what the platform reported: it counts in whole seconds.
fn in_order(trail: &Trail) -> Vec<&StepView> {
    let reported = |step: &&StepView| step.attempt.is_none() && step.state != "queued";
    let (reported, mut steps): (Vec<_>, Vec<_>) = trail.steps.iter().partition(reported);
    let rank = |step: &&StepView| ["sent", "delivered", "read"].iter().position(|state| *state == step.state);
    let mut reported = reported;
    reported.sort_by_key(rank);
    steps.extend(reported);
    steps
}

/// A state, for people.
fn word(step: &StepView) -> &str {
    match (step.state.as_str(), step.attempt) {
        ("queued", Some(_)) => "waits for another try",
        ("unknown", _) => "no answer: nobody knows yet",
        (state, _) => state,
    }
}

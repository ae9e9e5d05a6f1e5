//! What must have come about, counted from what was sent.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::traffic::{Call, Effect};

/// Tickets and messages of one kind of channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub tickets: u64,
    pub messages: u64,
    /// Messages by what they are: `text`, `image` …
    pub kinds: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn add_message(&mut self, kind: &str) {
        self.messages += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
    }
}

/// Counts as DESIGN §5 says, knowing nothing of how the house does it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) kinds: BTreeMap<String, Tally>,
    /// Pieces that had been sent before: they must change nothing.
    pub(super) duplicates: u64,
    seen: HashSet<String>,
    conversations: HashSet<String>,
}

impl Ledger {
    /// Notes a call that `channel`, which is of this kind, has accepted; gives whether anything in it was new.
    pub(super) fn note(&mut self, kind: &str, channel: &str, call: &Call) -> bool {
        let before = self.seen.len();
        for piece in &call.pieces {
            if !self.seen.insert(format!("{channel} {}", piece.id)) {
                self.duplicates += 1;
                continue;
            }
            let tally = self.kinds.entry(kind.to_owned()).or_default();
            match piece.effect {
                Effect::Message(word) => {
                    tally.add_message(word);
                    if self.conversations.insert(format!("{channel} {}", piece.conversation)) {
                        tally.tickets += 1;
                    }
                }
                Effect::Aside(word) => tally.add_message(word),
                Effect::Part | Effect::Change => {}
            }
        }
        self.seen.len() > before
    }

    /// Notes a message of ours on a channel of this kind, and the ticket that begins with it: the one of this
    /// conversation.
    pub(super) fn said(&mut self, kind: &str, channel: &str, word: &str, opens: Option<&str>) {
        let tally = self.kinds.entry(kind.to_owned()).or_default();
        tally.add_message(word);
        if let Some(conversation) = opens
            && self.conversations.insert(format!("{channel} {conversation}"))
        {
            tally.tickets += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::traffic::Piece;

    fn call(pieces: &[(&str, &str, Effect)]) -> Call {
        let piece = |&(id, conversation, effect): &(&str, &str, Effect)| Piece {
            id: id.into(),
            conversation: conversation.into(),
            effect,
        };
        Call {
            path: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            about: String::new(),
            lane: String::new(),
            pieces: pieces.iter().map(piece).collect(),
        }
    }

    #[test]
    fn p2_p3_repetitions_and_followers_open_nothing() {
        let mut ledger = Ledger::default();
        let first = call(&[("1", "a", Effect::Message("text")), ("2", "b", Effect::Message("image"))]);
        ledger.note("telegram", "one", &first);
        ledger.note("telegram", "one", &first);
        ledger.note("telegram", "two", &call(&[("1", "a", Effect::Message("text"))]));
        ledger.note("telegram", "one", &call(&[("3", "a", Effect::Aside("text")), ("4", "b", Effect::Part)]));
        ledger.note("telegram", "one", &call(&[("5", "c", Effect::Change)]));
        let kinds = [("image".to_owned(), 1), ("text".to_owned(), 3)].into();
        assert_eq!(ledger.kinds["telegram"], Tally { tickets: 3, messages: 4, kinds });
        assert_eq!(ledger.duplicates, 2);
    }

    #[test]
    fn p3_what_begins_with_us_has_one_ticket_when_the_customer_answers() {
        let mut ledger = Ledger::default();
        ledger.said("whatsapp", "one", "template", Some("a"));
        ledger.said("whatsapp", "one", "text", None);
        ledger.note("whatsapp", "one", &call(&[("1", "a", Effect::Message("text"))]));
        let kinds = [("template".to_owned(), 1), ("text".to_owned(), 2)].into();
        assert_eq!(ledger.kinds["whatsapp"], Tally { tickets: 1, messages: 3, kinds });
    }
}

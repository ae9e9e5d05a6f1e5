//! An inbound event on its way through the queue.

use relevo_adapters::{InboundEvent, Millis, ParseError, json};
use serde::{Deserialize, Serialize};

/// An event with what our side knows about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub channel: i64,
    pub company: i64,
    /// When we accepted it.
    pub received_at: Millis,
    /// The `id_bitacora_log` of the call that brought it.
    pub log: i64,
    pub event: InboundEvent,
}

impl Envelope {
    /// Events of one route are applied in order (P4).
    pub fn route(&self) -> String {
        format!("{}:{}", self.channel, self.event.thread.partition)
    }

    /// As JSON without NUL, which no database keeps.
    pub fn encode(&self) -> String {
        #[expect(clippy::expect_used, reason = "events hold text, numbers and JSON values only")]
        let text = serde_json::to_string(self).expect("an event is plain data");
        match text.contains("\\u0000") {
            false => text,
            true => json::parse(text.as_bytes()).map_or(text, |clean| clean.to_string()),
        }
    }

    /// From JSON.
    ///
    /// # Errors
    /// If it is no envelope: it was written by another version, or by somebody else.
    pub fn decode(text: &str) -> Result<Self, ParseError> {
        serde_json::from_str(text)
            .map_err(|error| ParseError(format!("not an event of this version (column {})", error.column())))
    }

    /// The event's time: the platform's, unless it gives none or one that lies in our future.
    pub fn at(&self) -> Millis {
        const AHEAD: Millis = 60_000;
        self.event.at.unwrap_or(self.received_at).min(self.received_at + AHEAD)
    }
}

#[cfg(test)]
mod tests {
    use relevo_adapters::{Content, Message};

    use super::*;

    fn envelope(text: &str) -> Envelope {
        let event = InboundEvent {
            thread: relevo_adapters::ThreadRef { partition: "p:1".into(), ..Default::default() },
            dedup: vec!["msg:1".into()],
            at: Some(5),
            sender: None,
            content: Content::Message(Box::new(Message::text(text))),
            raw: Some(serde_json::json!({"a": [1, "x\u{0}"]})),
        };
        Envelope { channel: 3, company: 1, received_at: 10, log: 7, event }
    }

    #[test]
    fn an_envelope_survives_the_queue_but_its_nul_does_not() {
        let plain = Envelope { event: InboundEvent { raw: None, ..envelope("ä\\u0000 \"").event }, ..envelope("") };
        assert_eq!(Envelope::decode(&plain.encode()).unwrap(), plain);
        let nul = Envelope::decode(&envelope("a\0b").encode()).unwrap();
        assert_eq!(nul.event.content, Content::Message(Box::new(Message::text("a\u{fffd}b"))));
        assert_eq!(nul.event.raw.unwrap()["a"][1], "x\u{fffd}");
        assert!(Envelope::decode("{}").is_err());
    }

    #[test]
    fn a_time_in_the_future_is_not_believed() {
        let mut envelope = envelope("x");
        assert_eq!((envelope.at(), envelope.route().as_str()), (5, "3:p:1"));
        envelope.event.at = Some(10_000_000);
        assert_eq!(envelope.at(), 60_010);
        envelope.event.at = None;
        assert_eq!(envelope.at(), 10);
    }
}

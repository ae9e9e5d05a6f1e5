//! Where a message goes: the names of threads and messages, read back as the inbound side forms them.

use serde_json::{Map, Value, json};

use crate::{outbound::Address, telegram::inbound};

/// Supergroups and channels have ids below this; a basic group's is a small negative number (telegram.md §4).
const SUPERGROUPS: i64 = -1_000_000_000_000;
/// The topic that every forum has. Its number must not be sent: the server does not find it (telegram.md §5.1).
const GENERAL_TOPIC: i64 = 1;

/// A thread, as one of its names says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) chat: i64,
    /// The business connection to write through.
    pub(super) business: Option<String>,
    topic: Option<Topic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Forum(i64),
    Direct(i64),
}

impl Place {
    /// The most telling of the thread's names: a topic before its chat, and a supergroup before the basic group that
    /// it was. `None` if none of them is one of ours.
    pub(super) fn of(to: &Address) -> Option<Self> {
        let rank = |place: &Self| (place.topic.is_some(), place.business.is_some(), place.chat < SUPERGROUPS);
        to.keys.iter().rev().filter_map(|key| Self::named(key)).max_by_key(rank)
    }

    /// A plain chat.
    pub(super) fn chat(chat: i64) -> Self {
        Self { chat, business: None, topic: None }
    }

    fn named(key: &str) -> Option<Self> {
        let (business, rest) = match key.strip_prefix("biz:") {
            Some(rest) => rest.split_once(':').map(|(connection, rest)| (Some(connection.to_owned()), rest))?,
            None => (None, key.strip_prefix("chat:")?),
        };
        let (chat, topic) = match rest.split_once(':') {
            Some((chat, topic)) => (chat, Some(Topic::named(topic)?)),
            None => (rest, None),
        };
        Some(Self { chat: chat.parse().ok()?, business, topic })
    }

    /// The thread's name.
    pub(super) fn key(&self) -> String {
        let chat = match &self.business {
            Some(connection) => format!("biz:{connection}:{}", self.chat),
            None => format!("chat:{}", self.chat),
        };
        match self.topic {
            None => chat,
            Some(Topic::Forum(topic)) => format!("{chat}:{topic}"),
            Some(Topic::Direct(topic)) => format!("{chat}:direct:{topic}"),
        }
    }

    /// Whether it is one person, and not a group or channel: their ids are negative (telegram.md §4).
    pub(super) fn is_private(&self) -> bool {
        self.chat > 0
    }

    /// What every method that sends a message needs to know of it.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut parameters = Map::from_iter([("chat_id".to_owned(), json!(self.chat))]);
        let mut put = |key: &str, value: Value| drop(parameters.insert(key.to_owned(), value));
        if let Some(connection) = &self.business {
            put("business_connection_id", json!(connection));
        }
        match self.topic {
            None | Some(Topic::Forum(GENERAL_TOPIC)) => {}
            Some(Topic::Forum(topic)) => put("message_thread_id", json!(topic)),
            Some(Topic::Direct(topic)) => put("direct_messages_topic_id", json!(topic)),
        }
        parameters
    }
}

impl Topic {
    fn named(text: &str) -> Option<Self> {
        match text.strip_prefix("direct:") {
            Some(topic) => topic.parse().ok().map(Self::Direct),
            None => text.parse().ok().map(Self::Forum),
        }
    }
}

/// A message, as its id within the channel says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) chat: i64,
    pub(super) business: Option<String>,
    pub(super) message: i64,
}

impl Spot {
    /// `None` for anything that is no message of a chat, such as a pressed button (`cb/…`).
    pub(super) fn named(id: &str) -> Option<Self> {
        let (place, message) = id.rsplit_once('/')?;
        let (business, chat) = match place.rsplit_once('/') {
            Some((connection, chat)) => (Some(connection.to_owned()), chat),
            None => (None, place),
        };
        Some(Self { chat: chat.parse().ok()?, business, message: message.parse().ok()? })
    }

    /// The id within the channel, exactly as an event about the message would name it.
    pub(super) fn name(&self) -> String {
        inbound::message_id(self.business.as_deref(), self.chat, self.message)
    }

    /// Whether it stands in this place's chat, for message ids mean something else in any other.
    pub(super) fn is_in(&self, place: &Place) -> bool {
        self.chat == place.chat && self.business == place.business
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[&str]) -> Option<String> {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Place::of(&Address { keys, ..Address::default() }).map(|place| place.key())
    }

    #[test]
    fn names_of_threads_are_read_back() {
        for key in ["chat:4401", "chat:-77", "chat:-1009:77", "chat:-1003:direct:4401", "biz:bc1:4401", "biz:b-_1:5:8"]
        {
            assert_eq!(of(&[key]).as_deref(), Some(key));
        }
        for strange in ["", "chat:", "chat:x", "chat:1:x", "chat:1:direct:", "biz:1", "biz:bc1:", "mid:a@b"] {
            assert_eq!(of(&[strange]), None, "{strange}");
        }
    }

    #[test]
    fn the_most_telling_name_is_used() {
        assert_eq!(of(&["x", "chat:-1009", "chat:-1009:77"]).as_deref(), Some("chat:-1009:77"));
        assert_eq!(of(&["chat:-77", "chat:-1000000000777"]).as_deref(), Some("chat:-1000000000777"), "it was upgraded");
        assert_eq!(of(&["chat:4401", "biz:bc1:4401"]).as_deref(), Some("biz:bc1:4401"));
        assert_eq!(of(&["chat:1", "chat:2"]).as_deref(), Some("chat:1"));
    }

    #[test]
    fn names_of_messages_are_read_back() {
        for id in ["4401/15", "-1009000000001/158", "bc1/4401/199"] {
            assert_eq!(Spot::named(id).map(|spot| spot.name()).as_deref(), Some(id));
        }
        for strange in ["", "15", "cb/88170104", "a/b", "4401/", "/15"] {
            assert_eq!(Spot::named(strange), None, "{strange}");
        }
    }
}

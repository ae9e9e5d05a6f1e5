//! Where a message stands: its chat, the business connection it came through, and the topic.

use serde_json::Value;

use super::{is_true, present};
use crate::{ThreadRef, json, text};

/// A chat as we see it. Message ids are unique only inside one (telegram.md §4).
pub(super) struct Place {
    pub(super) chat: i64,
    /// `private`, and not a group or channel.
    pub(super) private: bool,
    /// A channel: what is said in it is said to everybody.
    pub(super) channel: bool,
    /// The business account that it belongs to: its chats are a key space of their own.
    pub(super) business: Option<String>,
    topic: Option<Topic>,
    subject: Option<String>,
}

enum Topic {
    /// A forum topic, in a group or a private chat (`message_thread_id`).
    Forum(i64),
    /// One person's direct messages to a channel (`direct_messages_topic`).
    Direct(i64),
}

impl Place {
    /// The place of a message; `None` without a chat id.
    pub(super) fn of_message(message: &Value) -> Option<Self> {
        let mut place = Self::of_chat(message)?;
        place.topic = topic(message);
        place.subject = topic_name(message).or(place.subject.take());
        Some(place)
    }

    /// The place that `value.chat` and `value.business_connection_id` name; `None` without a chat id.
    pub(super) fn of_chat(value: &Value) -> Option<Self> {
        let chat = value.get("chat")?;
        Some(Self {
            chat: json::int(chat, "id")?,
            private: json::str(chat, "type") == Some("private"),
            channel: json::str(chat, "type") == Some("channel"),
            business: value.get("business_connection_id").and_then(json::id),
            topic: None,
            subject: json::str(chat, "title").map(|title| text::clean(title, 1024)),
        })
    }

    /// The thread. Its partition is the chat: messages, edits and button presses of a chat keep their order.
    pub(super) fn thread(&self) -> ThreadRef {
        let chat = self.name();
        let alias = match &self.topic {
            None => chat.clone(),
            Some(Topic::Forum(topic)) => format!("{chat}:{topic}"),
            Some(Topic::Direct(topic)) => format!("{chat}:direct:{topic}"),
        };
        ThreadRef { partition: chat, aliases: vec![alias], subject: self.subject.clone(), ..ThreadRef::default() }
    }

    /// The id of a message of this chat, unique within the channel.
    pub(super) fn message_id(&self, id: i64) -> String {
        message_id(self.business.as_deref(), self.chat, id)
    }

    fn name(&self) -> String {
        match &self.business {
            Some(connection) => format!("biz:{connection}:{}", self.chat),
            None => format!("chat:{}", self.chat),
        }
    }
}

/// The id of a message, unique within the channel: with its chat, and with the business connection that it went through.
pub(in crate::telegram) fn message_id(business: Option<&str>, chat: i64, id: i64) -> String {
    match business {
        Some(connection) => format!("{connection}/{chat}/{id}"),
        None => format!("{chat}/{id}"),
    }
}

/// `message_thread_id` alone is no topic: in other groups it only marks a thread of replies.
fn topic(message: &Value) -> Option<Topic> {
    let forum = is_true(message, "is_topic_message").then(|| json::int(message, "message_thread_id")).flatten();
    match present(message, "direct_messages_topic").and_then(|topic| json::int(topic, "topic_id")) {
        Some(direct) => Some(Topic::Direct(direct)),
        None => forum.map(Topic::Forum),
    }
}

/// The topic's name, where the message tells it: as the topic's own news, or by answering its first message, which
/// Telegram puts under every message of a topic that answers nothing else.
fn topic_name(message: &Value) -> Option<String> {
    let news = |message: &Value| {
        ["forum_topic_edited", "forum_topic_created"]
            .into_iter()
            .find_map(|field| json::str(message.get(field)?, "name").map(|name| text::clean(name, 1024)))
    };
    news(message).or_else(|| message.get("reply_to_message").and_then(news))
}

//! What is done to messages that are there (`telegram.md §6`).

use relevo_adapters::Millis;
use serde_json::{Value, json};

use super::{
    super::{ask::Ask, ledger::Entry},
    Bot,
    answer::{Answer, Refusal},
    chats::Message,
    text,
};

/// How long a message can be deleted.
const DELETABLE: Millis = 48 * 3600 * 1000;
/// In one call.
const MOST_DELETED: usize = 100;
const LONGEST_NOTICE: usize = 200;
/// The reactions that a bot can give, without those that are rarely used.
const REACTIONS: &str = "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡";

impl Bot {
    /// The message that is meant, with its chat.
    fn meant(&self, ask: &Ask, what: &str) -> Result<(i64, i64, Option<Message>), Refusal> {
        let state = self.lock();
        let chat = self.reachable(&state, ask)?;
        let id = ask.number("message_id").ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
        let message = state.known(chat).and_then(|chat| chat.messages.get(&id)).cloned();
        match message.is_some() || self.rules.window_always_open {
            true => Ok((chat, id, message)),
            false => Err(Refusal::bad(format!("message to {what} not found"))),
        }
    }

    /// New words for a text or (`caption`) a file.
    pub(super) fn edit(&self, ask: &Ask, caption: bool) -> Answer {
        let (chat, id, message) = self.meant(ask, "edit")?;
        let text = match caption {
            true => text::caption(ask, ask.text("caption"))?.unwrap_or_default(),
            false => text::text(ask)?,
        };
        let markup = text::markup(ask)?;
        match &message {
            Some(message) if !message.ours => return Err(Refusal::bad("message can't be edited")),
            Some(message) if message.is_file && !caption => {
                return Err(Refusal::bad("there is no text in the message to edit"));
            }
            Some(message) if !message.is_file && caption => {
                return Err(Refusal::bad("there is no caption in the message to edit"));
            }
            Some(message) if message.text.as_deref().unwrap_or_default() == text && message.markup == markup => {
                let what = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";
                return Err(Refusal::bad(what));
            }
            _ => {}
        }
        if let Some(message) = self.lock().chat(chat).messages.get_mut(&id) {
            message.text = Some(text.clone());
            message.markup = markup;
        }
        self.note(ask, |entry| Entry {
            kind: "edit".to_owned(),
            text: Some(text.clone()),
            target: Some(id.to_string()),
            ..entry
        });
        let now = self.rules.clock.now() / 1000;
        let field = if caption { "caption" } else { "text" };
        let chat = json!({ "id": chat, "type": if chat < 0 { "group" } else { "private" } });
        Ok(json!({ "message_id": id, "date": now, "edit_date": now, "chat": chat, "from": self.me(), field: text }))
    }

    /// Messages of a business's chats; which chat they are of, Telegram knows.
    pub(super) fn delete_business(&self, ask: &Ask) -> Answer {
        let connection = ask.text("business_connection_id").unwrap_or_default();
        if !self.lock().connections.contains(&connection) && !self.rules.window_always_open {
            return Err(Refusal::bad("business connection not found"));
        }
        let ids = ask.value("message_ids");
        let ids: Vec<i64> = ids.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
        if ids.is_empty() || ids.len() > MOST_DELETED {
            return Err(Refusal::bad("message identifiers are not specified"));
        }
        for id in ids {
            self.note(ask, |entry| Entry { kind: "delete".to_owned(), target: Some(id.to_string()), ..entry });
        }
        Ok(json!(true))
    }

    pub(super) fn delete_message(&self, ask: &Ask) -> Answer {
        let (chat, id, message) = self.meant(ask, "delete")?;
        let old = message.is_some_and(|message| self.rules.clock.now() - message.sent >= DELETABLE);
        if old {
            return Err(Refusal::bad("message can't be deleted for everyone"));
        }
        self.lock().chat(chat).messages.remove(&id);
        self.note(ask, |entry| Entry { kind: "delete".to_owned(), target: Some(id.to_string()), ..entry });
        Ok(json!(true))
    }

    pub(super) fn react(&self, ask: &Ask) -> Answer {
        let (_, id, _) = self.meant(ask, "react")?;
        let reaction = ask.value("reaction");
        let given = reaction.as_array().map(Vec::as_slice).unwrap_or_default();
        let emoji = match given {
            [] => String::new(),
            [one] => one["emoji"].as_str().unwrap_or_default().replace('\u{fe0f}', ""),
            _ => return Err(Refusal::bad("REACTIONS_TOO_MANY")),
        };
        if !given.is_empty() && (emoji.is_empty() || !REACTIONS.contains(&emoji)) {
            return Err(Refusal::bad("REACTION_INVALID"));
        }
        self.note(ask, |entry| Entry {
            kind: "reaction".to_owned(),
            text: Some(emoji),
            target: Some(id.to_string()),
            ..entry
        });
        Ok(json!(true))
    }

    pub(super) fn chat_action(&self, ask: &Ask) -> Answer {
        self.reachable(&self.lock(), ask)?;
        let action = ask.text("action").filter(|action| !action.is_empty());
        let action = action.ok_or_else(|| Refusal::bad("wrong parameter action in request"))?;
        self.note(ask, |entry| Entry { kind: "action".to_owned(), text: Some(action), ..entry });
        Ok(json!(true))
    }

    pub(super) fn answer_callback(&self, ask: &Ask) -> Answer {
        let id = ask.text("callback_query_id").unwrap_or_default();
        let text = ask.text("text");
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_NOTICE) {
            return Err(Refusal::bad("MESSAGE_TOO_LONG"));
        }
        let waits = self.lock().callbacks.remove(&id);
        if !waits && !self.rules.window_always_open {
            return Err(Refusal::bad("query is too old and response timeout expired or query ID is invalid"));
        }
        self.note(ask, |entry| Entry { kind: "callback".to_owned(), text, target: Some(id), ..entry });
        Ok(json!(true))
    }

    pub(super) fn read_business(&self, ask: &Ask) -> Answer {
        if ask.text("business_connection_id").is_none() {
            return Err(Refusal::bad("business connection not found"));
        }
        let (_, id, _) = self.meant(ask, "read")?;
        self.note(ask, |entry| Entry { kind: "read".to_owned(), target: Some(id.to_string()), ..entry });
        Ok(Value::Bool(true))
    }
}

//! Who can be written to, and how fast (`telegram.md §8, §9`).

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use relevo_adapters::Millis;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    super::{
        ask::Ask,
        pace::{Bucket, Window},
    },
    Bot,
    answer::Refusal,
    files::Files,
    updates::Updates,
    webhook::Webhook,
};

/// `telegram.md §8`.
const BOT_PER_SECOND: usize = 30;
const CHAT_INTERVAL: Duration = Duration::from_secs(1);
const CHAT_BURST: u32 = 3;
const GROUP_PER_MINUTE: usize = 20;
/// A business can answer for so long.
const BUSINESS_WINDOW: Millis = 24 * 3600 * 1000;

/// Why a chat cannot be written to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The user has blocked the bot.
    Blocked,
    /// The user's account no longer exists.
    Deactivated,
    /// The bot was thrown out of the group.
    Kicked,
    /// The group has become a supergroup of this id, which can be written to.
    Upgraded(i64),
}

#[derive(Debug)]
pub(super) struct State {
    /// What the bot's token is now.
    pub(super) token: String,
    pub(super) updates: Updates,
    pub(super) webhook: Webhook,
    pub(super) files: Files,
    chats: HashMap<i64, Chat>,
    /// Buttons that were pressed and wait.
    pub(super) callbacks: HashSet<String>,
    pub(super) connections: HashSet<String>,
    pace: Window,
}

/// A chat that the bot knows.
#[derive(Debug, Default)]
pub(super) struct Chat {
    gone: Option<Gone>,
    pub(super) messages: HashMap<i64, Message>,
    pub(super) last_message: i64,
    last_inbound: Millis,
    pace: Option<Pace>,
}

/// A message of a chat.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) ours: bool,
    /// Its text or its caption.
    pub(super) text: Option<String>,
    /// Whether it is a file, and what it says a caption.
    pub(super) is_file: bool,
    pub(super) markup: Value,
    pub(super) sent: Millis,
}

#[derive(Debug)]
enum Pace {
    Private(Bucket),
    Group(Window),
}

impl Pace {
    fn of(chat: i64) -> Self {
        match chat < 0 {
            true => Self::Group(Window::new(GROUP_PER_MINUTE, Duration::from_secs(60))),
            false => Self::Private(Bucket::new(CHAT_INTERVAL, CHAT_BURST)),
        }
    }

    fn wait(&mut self, now: Instant, count: u32) -> Duration {
        match self {
            Self::Private(bucket) => bucket.wait(now, count),
            Self::Group(window) => window.wait(now, count as usize),
        }
    }

    fn take(&mut self, now: Instant, count: u32) {
        match self {
            Self::Private(bucket) => bucket.take(now, count),
            Self::Group(window) => window.take(now, count as usize),
        }
    }
}

impl State {
    pub(super) fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            updates: Updates::default(),
            webhook: Webhook::default(),
            files: Files::default(),
            chats: HashMap::new(),
            callbacks: HashSet::new(),
            connections: HashSet::new(),
            pace: Window::new(BOT_PER_SECOND, Duration::from_secs(1)),
        }
    }

    pub(super) fn chat(&mut self, id: i64) -> &mut Chat {
        self.chats.entry(id).or_default()
    }

    pub(super) fn known(&self, id: i64) -> Option<&Chat> {
        self.chats.get(&id)
    }

    /// A customer wrote this message.
    pub(super) fn wrote(&mut self, chat: i64, message: i64, now: Millis) {
        let chat = self.chat(chat);
        chat.last_message = chat.last_message.max(message);
        chat.last_inbound = now;
        let inbound = Message { ours: false, text: None, is_file: false, markup: Value::Null, sent: now };
        chat.messages.insert(message, inbound);
    }

    pub(super) fn lose(&mut self, chat: i64, gone: Option<Gone>) {
        if let Some(Gone::Upgraded(to)) = gone {
            self.chat(to);
        }
        self.chat(chat).gone = gone;
    }

    /// Learns who there is from an update.
    pub(super) fn meet(&mut self, update: &Value, now: Millis) {
        let parts = ["message", "edited_message", "business_message", "edited_business_message"];
        for message in parts.iter().map(|part| &update[*part]) {
            if let (Some(chat), Some(id)) = (message["chat"]["id"].as_i64(), message["message_id"].as_i64()) {
                self.wrote(chat, id, now);
            }
            if let Some(connection) = message["business_connection_id"].as_str() {
                self.connections.insert(connection.to_owned());
            }
        }
        if let Some(callback) = update["callback_query"]["id"].as_str() {
            self.callbacks.insert(callback.to_owned());
        }
        if let Some(connection) = update["business_connection"]["id"].as_str() {
            self.connections.insert(connection.to_owned());
        }
    }
}

impl Chat {
    pub(super) fn next_message(&mut self) -> i64 {
        self.last_message += 1;
        self.last_message
    }
}

impl Bot {
    /// The chat that is meant.
    ///
    /// # Errors
    /// If there is none, or the bot may not write there.
    pub(super) fn reachable(&self, state: &State, ask: &Ask) -> Result<i64, Refusal> {
        let id = ask.number("chat_id").ok_or_else(|| match ask.text("chat_id") {
            None => Refusal::bad("chat_id is empty"),
            Some(_) => Refusal::bad("chat not found"),
        })?;
        match (state.known(id).map(|chat| chat.gone), self.rules.window_always_open) {
            (None, false) => return Err(Refusal::bad("chat not found")),
            (None, true) | (Some(None), _) => {}
            (Some(Some(Gone::Blocked)), _) => return Err(Refusal::forbidden("bot was blocked by the user")),
            (Some(Some(Gone::Deactivated)), _) => return Err(Refusal::forbidden("user is deactivated")),
            (Some(Some(Gone::Kicked)), _) => return Err(Refusal::forbidden("bot was kicked from the group chat")),
            (Some(Some(Gone::Upgraded(to))), _) => return Err(Refusal::migrated(to)),
        }
        self.check_business(state, ask, id)?;
        Ok(id)
    }

    fn check_business(&self, state: &State, ask: &Ask, chat: i64) -> Result<(), Refusal> {
        let Some(connection) = ask.text("business_connection_id") else { return Ok(()) };
        let now = self.rules.clock.now();
        let wrote = state.known(chat).is_some_and(|chat| now - chat.last_inbound < BUSINESS_WINDOW);
        match (state.connections.contains(&connection), wrote, self.rules.window_always_open) {
            (_, _, true) | (true, true, _) => Ok(()),
            (false, ..) => Err(Refusal::bad("business connection not found")),
            (true, false, _) => Err(Refusal::bad("BUSINESS_PEER_USAGE_MISSING")),
        }
    }

    /// Takes `count` messages' worth of the bot's and the chat's pace.
    ///
    /// # Errors
    /// If that is too fast.
    pub(super) fn hurry(&self, state: &mut State, chat: i64, count: u32) -> Result<(), Refusal> {
        if !self.rules.paced {
            return Ok(());
        }
        let now = Instant::now();
        let of_bot = state.pace.wait(now, count as usize);
        let pace = state.chats.entry(chat).or_default().pace.get_or_insert_with(|| Pace::of(chat));
        match of_bot.max(pace.wait(now, count)) {
            Duration::ZERO => {
                pace.take(now, count);
                state.pace.take(now, count as usize);
                Ok(())
            }
            wait => Err(Refusal::too_fast(wait)),
        }
    }
}

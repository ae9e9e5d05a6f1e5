//! A pretend Bot API with one bot (`telegram.md`).
//!
//! Methods in the ledger and in faults are those of the Bot API; `file` is the download of one. Of the parse modes only
//! HTML is known, and URLs that Telegram would fetch are believed.

mod answer;
mod change;
mod chats;
mod files;
mod send;
mod text;
mod updates;
mod webhook;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::watch;

use self::{
    answer::{Answer, Refusal, result},
    chats::State,
};
use super::{
    ask::{Ask, Flaw},
    faults::{Faults, Trouble},
    ledger::{Entry, Ledger},
    rules::Rules,
    server::{Platform, Server},
};

pub use self::chats::Gone;

/// A running server with one bot. Dropped, it is gone.
#[derive(Debug)]
pub struct BotApi {
    server: Server,
    bot: Arc<Bot>,
}

/// The bot, apart from its connections.
#[derive(Debug)]
struct Bot {
    /// What stands before the colon of its tokens.
    id: i64,
    rules: Rules,
    ledger: Ledger,
    faults: Faults,
    state: Mutex<State>,
    /// Moves with every update, every poll and every change of the webhook.
    news: watch::Sender<u64>,
}

impl BotApi {
    /// A server on loopback that knows the bot of this token.
    ///
    /// # Errors
    /// If the token does not begin with a number, or there is no free port.
    pub async fn start(token: &str, rules: Rules) -> anyhow::Result<Self> {
        let bot = Arc::new(Bot {
            id: token.split(':').next().and_then(|id| id.parse().ok()).context("a token begins with the bot's id")?,
            rules,
            ledger: Ledger::default(),
            faults: Faults::default(),
            state: Mutex::new(State::new(token)),
            news: watch::Sender::new(0),
        });
        Ok(Self { server: Server::start(bot.clone()).await?, bot })
    }

    /// Base URL, without the token.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Something happened; `update` is its JSON. Whoever it names is known from now on.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn add(&self, update: &[u8]) -> anyhow::Result<()> {
        self.bot.add(serde_json::from_slice(update)?);
        Ok(())
    }

    /// How often somebody has asked for updates.
    pub fn polls(&self) -> u64 {
        self.bot.lock().updates.polls
    }

    /// Updates that nobody has confirmed.
    pub fn pending(&self) -> usize {
        self.bot.lock().updates.waiting.len()
    }

    /// A customer wrote this message, which came to its bot by another way than [`BotApi::add`].
    pub fn customer_wrote(&self, chat: i64, message: i64) {
        let now = self.bot.rules.clock.now();
        self.bot.lock().wrote(chat, message, now);
    }

    /// A button was pressed and waits for an answer.
    pub fn button_pressed(&self, callback: &str) {
        self.bot.lock().callbacks.insert(callback.to_owned());
    }

    /// The bot may write for a business.
    pub fn connect_business(&self, connection: &str) {
        self.bot.lock().connections.insert(connection.to_owned());
    }

    /// The chat cannot be written to any more.
    pub fn lose_chat(&self, chat: i64, gone: Gone) {
        self.bot.lock().lose(chat, Some(gone));
    }

    /// The chat can be written to again.
    pub fn regain_chat(&self, chat: i64) {
        self.bot.lock().lose(chat, None);
    }

    /// A file that a customer sent; gives its `file_id`.
    pub fn add_file(&self, name: &str, bytes: &[u8]) -> String {
        self.bot.lock().files.keep(None, name, bytes.to_vec().into(), bytes.len() as u64)
    }

    /// As [`BotApi::add_file`], under a `file_id` that is known already.
    pub fn add_file_as(&self, id: &str, name: &str, bytes: &[u8]) {
        self.bot.lock().files.keep(Some(id), name, bytes.to_vec().into(), bytes.len() as u64);
    }

    /// A file of this size (bytes), of which nobody will ever see more than that.
    pub fn add_large_file(&self, id: &str, name: &str, size: u64) {
        self.bot.lock().files.keep(Some(id), name, Vec::new().into(), size);
    }

    /// An hour is over: the download paths that were given out lead nowhere.
    pub fn expire_urls(&self) {
        self.bot.lock().files.generation += 1;
    }

    /// The owner has made a new token; the old one is refused.
    pub fn renew_token(&self, token: &str) {
        token.clone_into(&mut self.bot.lock().token);
    }

    /// What `setWebhook` was told last: the URL, empty without a webhook, and the secret.
    pub fn webhook(&self) -> (String, Option<String>) {
        let state = self.bot.lock();
        (state.webhook.url.clone(), state.webhook.secret.clone())
    }

    /// The last push to the webhook failed so (`Wrong response from the webhook: 500 Internal Server Error`).
    pub fn webhook_failed(&self, message: &str) {
        let now = self.bot.rules.clock.now() / 1000;
        self.bot.lock().webhook.error = Some((now, message.to_owned()));
    }

    pub fn make_trouble(&self, trouble: Trouble) {
        self.bot.faults.add(trouble);
    }

    pub fn clear_faults(&self) {
        self.bot.faults.clear();
    }

    /// How many calls have met trouble.
    pub fn faults_met(&self) -> u64 {
        self.bot.faults.met()
    }

    /// What was done, in order; empty for a platform that does not remember.
    pub fn ledger(&self) -> Vec<Entry> {
        self.bot.ledger.entries()
    }

    /// How many things were done.
    pub fn done(&self) -> u64 {
        self.bot.ledger.count()
    }
}

impl Bot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, ask: &Ask, fill: impl FnOnce(Entry) -> Entry) {
        self.ledger.note(self.rules.remembers, || {
            let (method, recipient) = self.about(ask);
            fill(Entry {
                at: self.rules.clock.now(),
                when: tokio::time::Instant::now(),
                account: self.id.to_string(),
                method,
                recipient: recipient.unwrap_or_default(),
                kind: String::new(),
                text: None,
                mark: None,
                target: None,
                id: None,
                file: None,
                request: ask.fields.clone().into(),
            })
        });
    }

    fn me(&self) -> Value {
        json!({ "id": self.id, "is_bot": true, "first_name": "Casa Luma", "username": "casaluma_bot" })
    }

    async fn method(&self, ask: &Ask, method: &str) -> Answer {
        match method {
            "getupdates" => self.get_updates(ask).await,
            "getme" => Ok(self.me()),
            "getwebhookinfo" => Ok(self.webhook_info()),
            "setwebhook" => self.set_webhook(ask),
            "deletewebhook" => Ok(self.delete_webhook(ask)),
            "getfile" => self.get_file(ask),
            "sendmessage" | "sendphoto" | "senddocument" | "sendvideo" | "sendaudio" | "sendvoice"
            | "sendanimation" | "sendvideonote" | "sendsticker" | "sendmediagroup" | "sendlocation" | "sendvenue"
            | "sendcontact" => self.send(ask, method),
            "sendchataction" => self.chat_action(ask),
            "editmessagetext" => self.edit(ask, false),
            "editmessagecaption" => self.edit(ask, true),
            "deletemessage" => self.delete_message(ask),
            "deletebusinessmessages" => self.delete_business(ask),
            "setmessagereaction" => self.react(ask),
            "answercallbackquery" => self.answer_callback(ask),
            "readbusinessmessage" => self.read_business(ask),
            _ => Err(Refusal::plain(404, "Not Found: method not found")),
        }
    }

    /// # Errors
    /// 401 for a token that is not the bot's; 404 for what is no token at all.
    fn check_token(&self, segment: &str) -> Result<(), Refusal> {
        let token = segment.strip_prefix("bot").unwrap_or_default();
        let is_token =
            token.split_once(':').is_some_and(|(id, secret)| id.parse::<u64>().is_ok() && !secret.is_empty());
        match (token == self.lock().token, is_token) {
            (true, _) => Ok(()),
            (false, true) => Err(Refusal::of(401)),
            (false, false) => Err(Refusal::of(404)),
        }
    }
}

impl Platform for Bot {
    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn about(&self, ask: &Ask) -> (String, Option<String>) {
        match ask.segment(0) {
            "file" => ("file".to_owned(), None),
            _ => (ask.segment(1).to_owned(), ask.text("chat_id").or_else(|| ask.text("file_id"))),
        }
    }

    async fn act(&self, ask: Ask) -> Response {
        let is_file = ask.segment(0) == "file";
        if let Err(refusal) = self.check_token(ask.segment(usize::from(is_file))) {
            return refusal.into_response();
        }
        if is_file {
            return self.download(&ask.path.get(2..).unwrap_or_default().join("/"));
        }
        match ask.flaw {
            Some(Flaw::TooLarge) => Refusal::too_large().into_response(),
            Some(Flaw::Unreadable) => Refusal::bad("can't parse request body").into_response(),
            None => {
                let answer = self.method(&ask, &ask.segment(1).to_ascii_lowercase()).await;
                answer.map_or_else(IntoResponse::into_response, result)
            }
        }
    }

    fn refuse(&self, _: &Ask, code: i64, _: Option<i64>, text: Option<&str>) -> Response {
        let code = u16::try_from(code).unwrap_or(500);
        let refusal = text.map_or_else(|| Refusal::of(code), |text| Refusal::plain(code, text));
        refusal.into_response()
    }

    fn throttle(&self, _: &Ask, retry_after: Duration) -> Response {
        Refusal::too_fast(retry_after).into_response()
    }

    fn token_expired(&self) -> Response {
        Refusal::of(401).into_response()
    }
}

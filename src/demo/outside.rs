//! The platforms that the house sends to and fetches from, and what they know of the customers.

use std::collections::HashSet;

use anyhow::Context;
use serde_json::Value;

use super::{
    platforms::{BotApi, Entry, Graph, Progress, Rules, Smtp, Template},
    sample,
    traffic::Call,
};

/// Greets a customer who has not written, and says what it is about.
pub(super) const TEMPLATE: (&str, &str) = ("pedido_listo", "es");

/// The keys to everybody's accounts.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) number: &'static str,
    pub(super) business: &'static str,
    pub(super) page: &'static str,
    pub(super) page_name: &'static str,
    pub(super) address: &'static str,
    /// Of the app that has the number and the Page.
    pub(super) app_secret: String,
    pub(super) graph_token: String,
    pub(super) page_token: String,
    pub(super) bot_token: String,
    pub(super) polled_token: String,
    pub(super) smtp_password: String,
}

/// The pretend platforms. Dropped, they are gone.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) graph: Graph,
    /// Of the bot that is pushed to.
    pub(super) bot: BotApi,
    /// Of the bot whose updates are fetched.
    pub(super) polled: BotApi,
    pub(super) smtp: Smtp,
}

/// A file of a customer's that is with its platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FileAt {
    id: String,
    mime: String,
}

impl Outside {
    /// As strict as the real ones.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub(super) async fn open(accounts: &Accounts) -> anyhow::Result<Self> {
        let graph = Graph::start(Rules::strict()).await?;
        graph.add_number(accounts.number, accounts.business, &accounts.graph_token);
        graph.add_page(accounts.page, accounts.page_name, &accounts.page_token);
        let words = "Hola {{1}}, tu pedido {{2}} está listo para retiro.";
        graph.add_template(accounts.business, Template::approved(TEMPLATE.0, TEMPLATE.1, words));
        Ok(Self {
            graph,
            bot: BotApi::start(&accounts.bot_token, Rules::strict()).await?,
            polled: BotApi::start(&accounts.polled_token, Rules::strict()).await?,
            smtp: Smtp::start(accounts.address, &accounts.smtp_password, Rules::strict()).await?,
        })
    }

    /// From now on Meta reports what becomes of messages, as far as they come.
    pub(super) fn report_to(&self, base_url: &str, app_secret: &str) {
        self.graph.report_to(&format!("{base_url}/webhooks/meta"), app_secret, Progress::Read);
    }

    /// The files that a call speaks of are with its platform.
    pub(super) fn keep_files(&self, kind: &str, account: &str, call: &Call) {
        for FileAt { id, mime } in files(kind, call) {
            let (name, bytes) = sample::file(&mime);
            match kind {
                "whatsapp" => self.graph.add_media_as(&id, account, &mime, bytes),
                "facebook" => self.graph.add_media_as(&id, "", &mime, bytes),
                _ => {
                    self.bot.add_file_as(&id, name, bytes);
                    self.polled.add_file_as(&id, name, bytes);
                }
            }
        }
    }

    /// What its platform knows once a call is made to us: who wrote, and the files that are still there.
    ///
    /// # Errors
    /// If the call is not one of this kind of channel.
    pub(super) fn learn(&self, kind: &str, account: &str, call: &Call) -> anyhow::Result<()> {
        self.keep_files(kind, account, call);
        match kind {
            "whatsapp" => messages(&payload(call)).for_each(|message| {
                for writer in ["from", "from_user_id"].iter().filter_map(|key| message[*key].as_str()) {
                    self.graph.customer_wrote(writer);
                }
            }),
            "facebook" => values(&payload(call)).for_each(|value| self.comment(account, value)),
            "telegram" => self.bot.pushed(&call.body).context("an update is no JSON")?,
            _ => {}
        }
        Ok(())
    }

    fn comment(&self, page: &str, value: &Value) {
        let text = |key: &str| value[key].as_str();
        let (Some("comment"), Some(id), Some(post)) = (text("item"), text("comment_id"), text("post_id")) else {
            return;
        };
        match (text("verb"), value["from"]["id"].as_str() == Some(page)) {
            (Some("add"), false) => {
                let parent = text("parent_id").filter(|parent| *parent != post);
                self.graph.customer_commented(page, post, id, parent, text("message").unwrap_or_default());
            }
            (Some("remove"), _) => self.graph.remove_comment(id),
            _ => {}
        }
    }

    /// How often the platforms brought this message of ours to somebody, by their own ledgers. `words` are its own: no
    /// other message has them.
    pub(super) fn copies(&self, message: &str, words: &str) -> u64 {
        let named = |entry: &Entry| match &entry.mark {
            Some(mark) => mark == message,
            None => entry.text.as_deref() == Some(words),
        };
        let told = self.told().iter().filter(|entry| named(entry)).count();
        let mails = self.smtp.ledger();
        let mailed = mails.iter().filter(|mail| mail.header("Message-ID").is_some_and(|id| id.contains(message)));
        (told + mailed.count()) as u64
    }

    /// How many messages the platforms brought to somebody.
    pub(super) fn delivered(&self) -> u64 {
        self.told().len() as u64 + self.smtp.done()
    }

    fn told(&self) -> Vec<Entry> {
        let mut told = self.graph.ledger();
        told.retain(|entry| matches!(entry.method.as_str(), "messages" | "comments"));
        let bots = self.bot.ledger().into_iter().chain(self.polled.ledger());
        told.extend(bots.filter(|entry| entry.method.to_ascii_lowercase().starts_with("send")));
        told
    }

    /// How many pressed buttons were answered.
    pub(super) fn presses_answered(&self) -> u64 {
        let bots = self.bot.ledger().into_iter().chain(self.polled.ledger());
        bots.filter(|entry| entry.method.eq_ignore_ascii_case("answerCallbackQuery")).count() as u64
    }
}

/// The files that a call speaks of without having them.
pub(super) fn files(kind: &str, call: &Call) -> HashSet<FileAt> {
    let payload = payload(call);
    match kind {
        "whatsapp" => messages(&payload).filter_map(media).collect(),
        "facebook" => values(&payload).filter_map(photo).collect(),
        "telegram" => update_file(&payload["message"]).into_iter().collect(),
        _ => HashSet::new(),
    }
}

/// How many buttons were pressed in a call.
pub(super) fn presses(kind: &str, call: &Call) -> u64 {
    u64::from(kind == "telegram" && payload(call)["callback_query"].is_object())
}

/// `null` for what is no JSON.
fn payload(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap_or_default()
}

/// Every `value` of Meta's envelope.
fn values(payload: &Value) -> impl Iterator<Item = &Value> {
    let entries = payload["entry"].as_array().into_iter().flatten();
    entries.flat_map(|entry| entry["changes"].as_array().into_iter().flatten()).map(|change| &change["value"])
}

fn messages(payload: &Value) -> impl Iterator<Item = &Value> {
    values(payload).flat_map(|value| value["messages"].as_array().into_iter().flatten())
}

fn media(message: &Value) -> Option<FileAt> {
    let media = &message[message["type"].as_str()?];
    Some(FileAt { id: media["id"].as_str()?.to_owned(), mime: media["mime_type"].as_str()?.to_owned() })
}

fn photo(value: &Value) -> Option<FileAt> {
    let (_, name) = value["photo"].as_str()?.rsplit_once('/')?;
    Some(FileAt { id: name.split(['?', '.']).next()?.to_owned(), mime: "image/jpeg".to_owned() })
}

/// Of a picture's sizes the last one is the largest.
fn update_file(message: &Value) -> Option<FileAt> {
    let picture = message["photo"].as_array().and_then(|sizes| sizes.last());
    let (file, mime) = match picture {
        Some(size) => (size, "image/jpeg"),
        None => (&message["voice"], "audio/ogg"),
    };
    Some(FileAt { id: file["file_id"].as_str()?.to_owned(), mime: mime.to_owned() })
}

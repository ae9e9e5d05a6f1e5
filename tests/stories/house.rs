//! A running house and the platforms around it, as stories see them.

use std::collections::BTreeMap;

use relevo::{
    app::{App, Foundation, Role},
    desk::{
        channels::{self, ChannelView, NewChannel},
        clients::{self, Role as ClientRole},
    },
    store::{companies, messages::MessageRow, tickets::Ticket},
};
use relevo_adapters::verify::sign_meta;
use reqwest::{Client, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Backend, until};

pub(crate) const APP_SECRET: &str = "app-secret-of-the-first-app";
pub(crate) const PHONE: &str = "10655501";
pub(crate) const PAGE: &str = "1001";
pub(crate) const BOT_SECRET: &str = "bot_secret-1";

/// One or more processes on the same services.
pub(crate) struct House {
    pub(crate) apps: Vec<App>,
    pub(crate) company: i64,
    pub(crate) client: Client,
    pub(crate) key: (String, String),
    pub(crate) channels: BTreeMap<&'static str, ChannelView>,
}

impl House {
    /// A house in one process, with one channel of every kind.
    pub(crate) async fn open(backend: &Backend) -> Self {
        Self::open_many(backend, 1).await
    }

    /// A house in `processes` processes' worth of apps, each with all roles but the dispatcher's.
    pub(crate) async fn open_many(backend: &Backend, processes: usize) -> Self {
        let mut apps = Vec::new();
        // What goes out, and the files that are fetched, have their own stories.
        for _ in 0..processes {
            apps.push(start(backend, &[Role::Gateway, Role::Worker, Role::Poller]).await);
        }
        let settings = settings().map(|(kind, pairs)| (kind, pairs.to_vec()));
        Self::furnish(apps, &settings).await
    }

    /// A house of these processes, with these channels.
    pub(crate) async fn furnish(apps: Vec<App>, settings: &[(&'static str, Vec<(&str, &str)>)]) -> Self {
        let base = apps[0].foundation().clone();
        let mut tx = base.db.write().await.expect("a transaction");
        let company = companies::insert(&mut tx, "Tienda Uno", base.clock.now()).await.expect("a company");
        let client =
            clients::add(&mut tx, &base.clock, Some(company), "test", ClientRole::Admin).await.expect("a client");
        tx.commit().await.expect("committed");
        let mut house = Self {
            apps,
            company,
            client: Client::new(),
            key: (client.key, client.secret.expose_secret().to_owned()),
            channels: BTreeMap::new(),
        };
        for (kind, settings) in settings {
            let view = house.add_channel(company, kind, settings).await;
            house.channels.insert(kind, view);
        }
        house
    }

    pub(crate) fn base(&self) -> &Foundation {
        self.apps[0].foundation()
    }

    pub(crate) async fn add_channel(&self, company: i64, kind: &str, settings: &[(&str, &str)]) -> ChannelView {
        let base = self.base();
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let name = format!("Canal {kind}");
        let new = NewChannel { company, kind, name: &name, settings, reopen_within_ms: None };
        let mut tx = base.db.write().await.expect("a transaction");
        let view = channels::add(&mut tx, &base.clock, &base.key, new).await.expect("a valid channel");
        tx.commit().await.expect("committed");
        view
    }

    pub(crate) fn url(&self, process: usize, path: &str) -> String {
        format!("http://{}{path}", self.apps[process].address().expect("a gateway"))
    }

    /// A Meta webhook on the shared URL, signed.
    pub(crate) async fn meta(&self, body: &Value) -> StatusCode {
        self.meta_raw(0, body.to_string().into_bytes(), APP_SECRET).await.status()
    }

    pub(crate) async fn meta_raw(&self, process: usize, body: Vec<u8>, secret: &str) -> Response {
        let signature = sign_meta(&body, secret);
        self.client
            .post(self.url(process, "/webhooks/meta"))
            .header("X-Hub-Signature-256", signature)
            .header("Content-Type", "application/json")
            .body(body)
            .send()
            .await
            .expect("an answer")
    }

    /// A Telegram update on the bot's URL, with the secret.
    pub(crate) async fn telegram(&self, process: usize, update: &Value) -> StatusCode {
        let path = format!("/api/telegram/receive/{}", self.channels["telegram"].uuid);
        self.client
            .post(self.url(process, &path))
            .header("X-Telegram-Bot-Api-Secret-Token", BOT_SECRET)
            .json(update)
            .send()
            .await
            .expect("an answer")
            .status()
    }

    /// A raw mail on the mailbox's URL, with credentials.
    pub(crate) async fn mail(&self, raw: impl Into<Vec<u8>>) -> StatusCode {
        let path = format!("/webhooks/email/{}", self.channels["email"].uuid);
        self.client
            .post(self.url(0, &path))
            .basic_auth("buzon", Some("clave"))
            .header("Content-Type", "message/rfc822")
            .body(raw.into())
            .send()
            .await
            .expect("an answer")
            .status()
    }

    /// Waits until everything that was accepted has been applied.
    pub(crate) async fn settled(&self) {
        until("the queue is empty", async || {
            let depth = self.apps[0].queue().depth().await;
            depth.is_ok_and(|depth| depth.ready == 0 && depth.delayed == 0)
        })
        .await;
    }

    /// Waits until the company has this many messages, and gives its tickets by number.
    pub(crate) async fn tickets_after(&self, messages: i64) -> Vec<Ticket> {
        let base = self.base();
        until(&format!("there are {messages} messages"), async || {
            let mut tx = base.db.read().await.expect("a transaction");
            relevo::store::messages::count(&mut tx, self.company).await.expect("a count") >= messages
        })
        .await;
        self.settled().await;
        let mut tx = base.db.read().await.expect("a transaction");
        let count = relevo::store::messages::count(&mut tx, self.company).await.expect("a count");
        assert_eq!(count, messages, "no more messages than expected");
        let mut tickets = Vec::new();
        while let Some(ticket) = relevo::store::tickets::find_by_number(&mut tx, self.company, tickets.len() as i64 + 1)
            .await
            .expect("a ticket or none")
        {
            tickets.push(ticket);
        }
        tickets
    }

    /// A ticket's messages, oldest first.
    pub(crate) async fn messages(&self, ticket: &Ticket) -> Vec<MessageRow> {
        let mut tx = self.base().db.read().await.expect("a transaction");
        let mut messages =
            relevo::store::messages::of_ticket(&mut tx, &ticket.id, 10_000).await.expect("the ticket's messages");
        messages.reverse();
        messages
    }

    pub(crate) async fn contents(&self, ticket: &Ticket) -> Vec<String> {
        self.messages(ticket).await.into_iter().map(|message| message.content).collect()
    }

    pub(crate) async fn dead(&self) -> i64 {
        self.apps[0].queue().depth().await.expect("the depth").dead
    }

    /// The API as an integration calls it.
    pub(crate) async fn api(&self, path: &str) -> (StatusCode, Value) {
        let answer = self
            .client
            .get(self.url(0, path))
            .header("X-User-Consumo", &self.key.0)
            .header("X-User-Secret", &self.key.1)
            .send()
            .await
            .expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// A POST as an integration makes it.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self
            .client
            .post(self.url(0, path))
            .header("X-User-Consumo", &self.key.0)
            .header("X-User-Secret", &self.key.1)
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn close(self) {
        for app in self.apps {
            app.shutdown().await;
        }
    }
}

pub(crate) async fn start(backend: &Backend, roles: &[Role]) -> App {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    App::start(base, &roles.iter().copied().collect()).await.expect("a running app")
}

type Pairs = &'static [(&'static str, &'static str)];

fn settings() -> [(&'static str, Pairs); 4] {
    [
        (
            "whatsapp",
            &[("phone_number_id", PHONE), ("waba_id", "2001"), ("app_secret", APP_SECRET), ("verify_token", "vt-1")],
        ),
        ("telegram", &[("bot_token", "70001:AAfakefakefakefakefakefakefakefakefa"), ("secret_token", BOT_SECRET)]),
        (
            "email",
            &[
                ("address", "soporte@tienda.example"),
                ("webhook_user", "buzon"),
                ("webhook_password", "clave"),
                ("reply_token_key", "reply-key"),
                // Nothing is sent here, but it could be.
                ("smtp_host", "127.0.0.1"),
            ],
        ),
        ("facebook", &[("page_id", PAGE), ("app_secret", APP_SECRET), ("verify_token", "vt-1")]),
    ]
}

/// A WhatsApp webhook with these `messages`, all of one customer.
pub(crate) fn whatsapp(messages: Vec<Value>) -> Value {
    whatsapp_to(PHONE, messages)
}

pub(crate) fn whatsapp_to(phone: &str, messages: Vec<Value>) -> Value {
    let contact = messages.first().map(
        |message| json!({"profile": {"name": "Ida"}, "wa_id": message["from"], "user_id": message["from_user_id"]}),
    );
    json!({"object": "whatsapp_business_account", "entry": [{"id": "2001", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930111222", "phone_number_id": phone},
        "contacts": contact.into_iter().collect::<Vec<_>>(), "messages": messages}}]}]})
}

/// A text message of customer `user`, at second `at`.
pub(crate) fn text(id: &str, user: u32, at: i64, body: &str) -> Value {
    json!({"from": format!("49151{user:06}"), "from_user_id": format!("DE.{user}"), "id": format!("wamid.{id}"),
           "timestamp": at.to_string(), "type": "text", "text": {"body": body}})
}

/// A Telegram text of customer `user`.
pub(crate) fn update(id: i64, user: i64, message: i64, at: i64, body: &str) -> Value {
    json!({"update_id": id, "message": {"message_id": message, "date": at,
        "chat": {"id": user, "type": "private", "first_name": "Bo"},
        "from": {"id": user, "is_bot": false, "first_name": "Bo"}, "text": body}})
}

/// A Page webhook with one `feed` change.
pub(crate) fn feed(value: &Value) -> Value {
    json!({"object": "page", "entry": [{"id": PAGE, "time": 1_780_000_003,
        "changes": [{"field": "feed", "value": value}]}]})
}

/// A comment of customer `user` on post 555.
pub(crate) fn comment(id: &str, user: &str, at: i64, body: &str) -> Value {
    json!({"item": "comment", "verb": "add", "comment_id": format!("555_{id}"), "post_id": "1001_555",
        "parent_id": "1001_555", "from": {"id": user, "name": "Cleo"}, "created_time": at, "message": body})
}

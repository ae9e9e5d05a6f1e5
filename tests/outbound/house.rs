//! A house whose channels lead to pretend platforms.

use std::{sync::Arc, time::Duration};

use relevo::{
    app::{App, Foundation, Role},
    clock::Clock,
    config::Config,
    demo::platforms::{BotApi, Graph, Progress, Rules, Smtp},
    desk::{
        channels,
        outbox::{self, Trail},
        reply::{self, Author, NewReply, Queued, ReplyError, To},
    },
    store::StoreError,
};
use relevo_adapters::outbound::Act;
use serde_json::json;

use crate::{
    stories::house::{APP_SECRET, BOT_SECRET, House, PAGE, PHONE, comment, feed, text, update, whatsapp},
    support::{Backend, until},
};

pub(crate) const BOT_TOKEN: &str = "70001:AAfakefakefakefakefakefakefakefakefa";
pub(crate) const WA_TOKEN: &str = "EAAfakewhatsapp";
pub(crate) const PAGE_TOKEN: &str = "EAAfakepage";
pub(crate) const WABA: &str = "2001";

/// The house, and the platforms around it.
pub(crate) struct Outside {
    pub(crate) house: House,
    pub(crate) graph: Arc<Graph>,
    pub(crate) bot: Arc<BotApi>,
    pub(crate) smtp: Arc<Smtp>,
}

/// Which processes there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) dispatchers: usize,
    pub(crate) rules: fn() -> Rules,
    pub(crate) configure: fn(&mut Config),
}

impl Default for Plan {
    fn default() -> Self {
        Self { dispatchers: 1, rules: Rules::strict, configure: |_| {} }
    }
}

impl Outside {
    pub(crate) async fn open(backend: &Backend) -> Self {
        Self::open_as(backend, Plan::default()).await
    }

    pub(crate) async fn open_as(backend: &Backend, plan: Plan) -> Self {
        Self::open_by(backend, plan, Clock::real()).await
    }

    /// Everybody goes by this clock, the platforms too.
    pub(crate) async fn open_by(backend: &Backend, plan: Plan, clock: Clock) -> Self {
        let rules = || (plan.rules)().with_clock(clock.clone());
        let graph = Graph::start(rules()).await.expect("a pretend Graph API");
        graph.add_number(PHONE, WABA, WA_TOKEN);
        graph.add_page(PAGE, "Tienda Uno", PAGE_TOKEN);
        let bot = BotApi::start(BOT_TOKEN, rules()).await.expect("a pretend Bot API");
        let smtp = Smtp::start("soporte@tienda.example", "smtp-secret", rules()).await.expect("a mail server");
        let mut apps = vec![start(backend, &[Role::Gateway, Role::Worker], &plan, &clock).await];
        for _ in 0..plan.dispatchers {
            apps.push(start(backend, &[Role::Dispatcher], &plan, &clock).await);
        }
        let (graph_url, bot_url, port) = (graph.url(), bot.url(), smtp.port().to_string());
        let settings = [
            (
                "whatsapp",
                vec![
                    ("phone_number_id", PHONE),
                    ("waba_id", WABA),
                    ("app_secret", APP_SECRET),
                    ("access_token", WA_TOKEN),
                    ("graph_url", graph_url.as_str()),
                ],
            ),
            ("telegram", vec![("bot_token", BOT_TOKEN), ("secret_token", BOT_SECRET), ("api_url", bot_url.as_str())]),
            (
                "email",
                vec![
                    ("address", "soporte@tienda.example"),
                    ("webhook_user", "buzon"),
                    ("webhook_password", "clave"),
                    ("reply_token_key", "reply-key"),
                    ("smtp_host", "127.0.0.1"),
                    ("smtp_port", port.as_str()),
                    ("smtp_tls", "none"),
                    ("smtp_password", "smtp-secret"),
                ],
            ),
            (
                "facebook",
                vec![
                    ("page_id", PAGE),
                    ("app_secret", APP_SECRET),
                    ("page_access_token", PAGE_TOKEN),
                    ("graph_url", graph_url.as_str()),
                ],
            ),
        ];
        let house = House::furnish(apps, &settings).await;
        graph.report_to(&house.url(0, "/webhooks/meta"), APP_SECRET, Progress::None);
        Self { house, graph: Arc::new(graph), bot: Arc::new(bot), smtp: Arc::new(smtp) }
    }

    /// The platform's time, in seconds.
    pub(crate) fn now(&self) -> i64 {
        self.house.base().clock.now() / 1000
    }

    /// A customer writes on each channel; gives the conversations.
    pub(crate) async fn greeted(&self) -> Greeted {
        let greeted = Greeted {
            whatsapp: self.whatsapp_customer(1).await,
            telegram: self.telegram_customer(42).await,
            facebook: self.facebook_customer("901").await,
            email: self.mail_customer("ida@cliente.example").await,
        };
        self.house.settled().await;
        greeted
    }

    pub(crate) async fn whatsapp_customer(&self, user: u32) -> String {
        let number = format!("49151{user:06}");
        self.graph.customer_wrote(&number);
        let body = whatsapp(vec![text(&format!("IN{user}"), user, self.now(), "hola")]);
        assert_eq!(self.house.meta(&body).await, 200);
        self.conversation("whatsapp", &format!("p:{number}")).await
    }

    pub(crate) async fn telegram_customer(&self, user: i64) -> String {
        self.bot.customer_wrote(user, 7);
        let status = self.house.telegram(0, &update(1_000_000 + user, user, 7, self.now(), "hola")).await;
        assert_eq!(status, 200);
        self.conversation("telegram", &format!("chat:{user}")).await
    }

    pub(crate) async fn facebook_customer(&self, id: &str) -> String {
        let name = format!("555_{id}");
        self.graph.customer_commented(PAGE, "1001_555", &name, None, "¿precio?");
        let body = feed(&comment(id, &format!("77{id}"), self.now(), "¿precio?"));
        assert_eq!(self.house.meta(&body).await, 200);
        self.conversation("facebook", &format!("m:{name}")).await
    }

    pub(crate) async fn mail_customer(&self, address: &str) -> String {
        let id = format!("c1.{address}");
        let raw = format!(
            "From: Ida <{address}>\r\nTo: soporte@tienda.example\r\nSubject: Pedido 7\r\nMessage-ID: <{id}>\r\n\
             Date: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\nhola\r\n"
        );
        assert_eq!(self.house.mail(raw).await, 200);
        self.conversation("email", &format!("mid:{id}")).await
    }

    /// Waits until a thread is known under this name.
    pub(crate) async fn conversation(&self, kind: &str, key: &str) -> String {
        let base = self.house.base();
        let channel = self.house.channels[kind].id_channel;
        let mut found = None;
        until(&format!("the thread {key} is known"), async || {
            let mut tx = base.db.read().await.expect("a transaction");
            let names = [relevo::store::conversations::Name { c: channel, k: key }];
            let keys = relevo::store::conversations::find_keys(&mut tx, &names).await.expect("an answer");
            found = keys.into_iter().next().map(|row| row.conversation_id);
            found.is_some()
        })
        .await;
        found.expect("just found")
    }

    pub(crate) async fn try_reply(&self, to: To, act: Act) -> Result<Queued, ReplyError> {
        let base = self.house.base();
        loop {
            let mut tx = base.db.write().await.expect("a transaction");
            let reply = NewReply {
                company: self.house.company,
                to: to.clone(),
                act: act.clone(),
                reply_to: None,
                author: Author { id: None, name: Some("Ana".to_owned()) },
                by_house: false,
                log: base.clock.log_id(),
            };
            match reply::send(&mut tx, &base.clock, reply).await {
                Err(ReplyError::Store(StoreError::Conflict)) => continue,
                Err(error) => return Err(error),
                Ok(queued) => {
                    tx.commit().await.expect("committed");
                    for app in &self.house.apps {
                        app.bell().ring();
                    }
                    return Ok(queued);
                }
            }
        }
    }

    /// An operator changes settings of a channel; every process knows within two seconds.
    pub(crate) async fn set(&self, kind: &str, settings: &[(&str, &str)]) {
        let base = self.house.base();
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let change = channels::Change { settings, ..channels::Change::default() };
        let id = self.house.channels[kind].id_channel;
        let mut tx = base.db.write().await.expect("a transaction");
        channels::update(&mut tx, &base.clock, &base.key, id, change).await.expect("valid settings");
        tx.commit().await.expect("committed");
        self.house.apps.iter().for_each(|app| app.bell().ring());
    }

    /// A reply to a conversation; gives its message.
    pub(crate) async fn reply(&self, conversation: &str, words: &str) -> String {
        self.act(conversation, say(words)).await
    }

    pub(crate) async fn act(&self, conversation: &str, act: Act) -> String {
        let queued = self.try_reply(To::Conversation(conversation.to_owned()), act).await.expect("it is taken");
        queued.messages.into_iter().next().unwrap_or_default()
    }

    pub(crate) async fn trail(&self, message: &str) -> Trail {
        let mut tx = self.house.base().db.read().await.expect("a transaction");
        outbox::trail(&mut tx, self.house.company, message).await.expect("an answer").expect("the message")
    }

    pub(crate) async fn status(&self, message: &str) -> String {
        self.trail(message).await.message.status.unwrap_or_default()
    }

    /// Waits until a message is in this state.
    pub(crate) async fn reaches(&self, message: &str, state: &str) -> Trail {
        let mut seen = String::new();
        until(&format!("the message is {state}"), async || {
            seen = self.status(message).await;
            seen == state
        })
        .await;
        self.trail(message).await
    }

    /// The states that a message was in.
    pub(crate) async fn history(&self, message: &str) -> Vec<String> {
        self.trail(message).await.steps.into_iter().map(|step| step.state).collect()
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
    }
}

/// The conversations of one customer per channel.
pub(crate) struct Greeted {
    pub(crate) whatsapp: String,
    pub(crate) telegram: String,
    pub(crate) facebook: String,
    pub(crate) email: String,
}

impl Greeted {
    pub(crate) fn all(&self) -> [&str; 4] {
        [&self.whatsapp, &self.telegram, &self.facebook, &self.email]
    }
}

pub(crate) fn say(words: &str) -> Act {
    Act::Text { text: words.to_owned(), html: None, subject: None, files: Vec::new(), buttons: Vec::new() }
}

/// A process whose dispatcher is quick, so that a story does not take an hour.
async fn start(backend: &Backend, roles: &[Role], plan: &Plan, clock: &Clock) -> App {
    let mut config = backend.config();
    config.dispatch.poll = Duration::from_millis(50);
    config.dispatch.retry_base = Duration::from_millis(200);
    config.dispatch.retry_cap = Duration::from_secs(2);
    config.dispatch.trial_after = Duration::from_secs(1);
    config.media.allow_private_addresses = true;
    (plan.configure)(&mut config);
    let base = Foundation::open(config).await.expect("the foundation");
    let base = Foundation { clock: clock.clone(), ..base };
    App::start(base, &roles.iter().copied().collect()).await.expect("a running app")
}

/// A WhatsApp status of one of our messages.
pub(crate) fn status(id: &str, state: &str, mark: Option<&str>, at: i64) -> serde_json::Value {
    let mut status = json!({"id": id, "status": state, "timestamp": at.to_string(), "recipient_id": "49151000001"});
    if let Some(mark) = mark {
        status["biz_opaque_callback_data"] = json!(mark);
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930111222", "phone_number_id": PHONE}, "statuses": [status]}}]}]})
}

//! The house as an integration sees it: the tickets API, and the way to write to customers.

use std::time::Duration;

use anyhow::{Context, bail};
use relevo_adapters::Millis;
use reqwest::{Client, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};

const DAY_MS: Millis = 86_400_000;

/// A client of the API.
#[derive(Debug)]
pub(super) struct ApiClient {
    client: Client,
    base_url: String,
    key: String,
    secret: SecretString,
}

/// A ticket (PC "Detalle de un ticket"), as far as the demo looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Ticket {
    pub(super) id: String,
    /// The number that agents see.
    pub(super) identifier: String,
    pub(super) is_closed: bool,
    #[serde(default)]
    pub(super) last_author: Option<String>,
    #[serde(default)]
    pub(super) last_content: Option<String>,
    pub(super) social_network: String,
    #[serde(default)]
    pub(super) subject: Option<String>,
}

/// A message that was taken (AP "Enviar mensaje").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Taken {
    pub(super) id_message: String,
    pub(super) id_ticket: String,
    /// Several, if it was split.
    pub(super) ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Envelope<T> {
    data: T,
}

/// A message (PC "Mensajes de un ticket").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Message {
    pub(super) content: String,
    #[serde(default)]
    pub(super) author_name: Option<String>,
    pub(super) created: String,
}

#[derive(Debug, Deserialize)]
struct Ids {
    tickets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Page {
    tickets: Vec<Entry>,
    next_page: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
}

impl ApiClient {
    pub(super) fn new(base_url: &str, key: String, secret: SecretString) -> anyhow::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, base_url: base_url.to_owned(), key, secret })
    }

    /// Ids of the tickets that wait.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.get::<Ids>("/v2/tickets/state/open").await?.tickets)
    }

    pub(super) async fn ticket(&self, id: &str) -> anyhow::Result<Ticket> {
        self.get(&format!("/v2/ticket/{id}/")).await
    }

    /// Newest first.
    pub(super) async fn messages(&self, ticket: &str) -> anyhow::Result<Vec<Message>> {
        Ok(self.get::<Messages>(&format!("/v2/ticket/{ticket}/messages/")).await?.messages)
    }

    /// Ids of every ticket of a kind of channel from yesterday to tomorrow, whatever its state.
    pub(super) async fn of_kind(&self, kind: &str, now: Millis) -> anyhow::Result<Vec<String>> {
        let range = format!("from={}&to={}", day(now - DAY_MS)?, day(now + 2 * DAY_MS)?);
        let mut ids = Vec::new();
        let mut next = String::new();
        loop {
            let page: Page = self.get(&format!("/v2/tickets/paginated/{kind}/?{range}{next}")).await?;
            ids.extend(page.tickets.into_iter().map(|entry| entry.id));
            match page.next_page {
                Some(page) => next = format!("&next={page}"),
                None => return Ok(ids),
            }
        }
    }

    /// Takes a message to a customer: it is durable when this returns, and leaves soon after. The same call under the
    /// same key is the same message.
    pub(super) async fn send(&self, path: &str, body: &Value, key: &str) -> anyhow::Result<Taken> {
        let request = self.client.post(format!("{}{path}", self.base_url)).header("Idempotency-Key", key).json(body);
        let request = request.header("X-User-Consumo", &self.key).header("X-User-Secret", self.secret.expose_secret());
        let response = request.send().await.with_context(|| format!("POST {path}"))?;
        match response.status().as_u16() {
            200 => {
                let answer: Envelope<Taken> =
                    response.json().await.with_context(|| format!("POST {path} has another answer than documented"))?;
                Ok(answer.data)
            }
            status => bail!("POST {path} was answered {status}: {}", response.text().await.unwrap_or_default()),
        }
    }

    /// A call that changes something; gives its answer.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}{path}", self.base_url)).json(body);
        let request = request.header("X-User-Consumo", &self.key).header("X-User-Secret", self.secret.expose_secret());
        let response = request.send().await.with_context(|| format!("POST {path}"))?;
        match response.status().as_u16() {
            200 => response.json().await.with_context(|| format!("POST {path} has another answer than documented")),
            status => bail!("POST {path} was answered {status}: {}", response.text().await.unwrap_or_default()),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let request = self.client.get(format!("{}{path}", self.base_url));
        let request = request.header("X-User-Consumo", &self.key).header("X-User-Secret", self.secret.expose_secret());
        let response = request.send().await.with_context(|| format!("GET {path}"))?;
        match response.status().as_u16() {
            200 => response.json().await.with_context(|| format!("GET {path} has another form than documented")),
            status => bail!("GET {path} was answered {status}"),
        }
    }
}

/// `18-04-2019`.
fn day(at: Millis) -> anyhow::Result<String> {
    let moment = OffsetDateTime::from_unix_timestamp(at.div_euclid(1_000))?;
    Ok(moment.format(format_description!("[day]-[month]-[year]"))?)
}

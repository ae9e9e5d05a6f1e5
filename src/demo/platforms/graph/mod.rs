//! A pretend Graph API: WhatsApp Cloud API and Page comments under one roof, as at Meta.
//!
//! Methods in the ledger and in faults: the edge that is posted to (`messages`, `media`, `photos`, `comments`, `likes`,
//! `subscribed_apps`), `read` for a receipt of ours, `update` for a post to an object itself, `get` and `get_…` for what
//! is only read, `delete` and `delete_…`, `me`, and `download` for a media URL.

mod account;
mod comments;
mod content;
mod media;
mod page;
mod refusal;
mod reports;
mod state;
mod whatsapp;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    http::Method,
    response::{IntoResponse, Response},
};
use relevo_adapters::Blob;
use serde_json::{Value, json};

use self::{
    refusal::{Answer, Refusal},
    reports::Reports,
    state::{Comment, Media, Number, Page, State},
};
use super::{
    ask::{Ask, Flaw},
    faults::{Faults, Trouble},
    ledger::{Entry, Ledger},
    rules::Rules,
    server::{Platform, Server},
};

pub use self::reports::{Progress, Reported};

/// A running Graph API. Dropped, it is gone.
#[derive(Debug)]
pub struct Graph {
    server: Server,
    meta: Arc<Meta>,
}

/// A message template of a WhatsApp Business Account.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub name: String,
    pub language: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`.
    pub status: String,
    /// `UTILITY`, `MARKETING`, `AUTHENTICATION`.
    pub category: String,
    /// The body with its places (`{{1}}`).
    pub body: String,
}

impl Template {
    /// An approved one.
    pub fn approved(name: &str, language: &str, body: &str) -> Self {
        Self {
            name: name.to_owned(),
            language: language.to_owned(),
            status: "APPROVED".to_owned(),
            category: "UTILITY".to_owned(),
            body: body.to_owned(),
        }
    }

    /// How many places the body has.
    fn places(&self) -> usize {
        self.body.matches("{{").count()
    }
}

/// Meta, apart from its connections.
#[derive(Debug)]
struct Meta {
    rules: Rules,
    ledger: Ledger,
    faults: Faults,
    state: Mutex<State>,
    reports: Reports,
    /// Of the server, for media URLs.
    url: std::sync::OnceLock<String>,
}

impl Graph {
    /// A Graph API on loopback without any account.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(rules: Rules) -> anyhow::Result<Self> {
        let meta = Arc::new(Meta {
            rules,
            ledger: Ledger::default(),
            faults: Faults::default(),
            state: Mutex::default(),
            reports: Reports::new(),
            url: std::sync::OnceLock::new(),
        });
        let server = Server::start(meta.clone()).await?;
        // The only one who sets it.
        _ = meta.url.set(server.url());
        Ok(Self { server, meta })
    }

    /// Base URL, with the version that is in fashion.
    pub fn url(&self) -> String {
        format!("{}/v23.0", self.server.url())
    }

    /// A phone number of a WhatsApp Business Account, and the token for both.
    pub fn add_number(&self, number: &str, business: &str, token: &str) {
        let mut state = self.meta.lock();
        state.numbers.insert(number.to_owned(), Number::new(business, token));
        state.businesses.entry(business.to_owned()).or_default().token = token.to_owned();
    }

    pub fn add_page(&self, page: &str, name: &str, token: &str) {
        let page_of = Page { name: name.to_owned(), token: token.to_owned(), subscribed: None };
        self.meta.lock().pages.insert(page.to_owned(), page_of);
    }

    pub fn add_template(&self, business: &str, template: Template) {
        self.meta.lock().businesses.entry(business.to_owned()).or_default().templates.push(template);
    }

    /// From now on the token is refused with this subcode (`facebook-comments.md §7`): 463 is "expired".
    pub fn kill_token(&self, token: &str, subcode: i64) {
        self.meta.lock().dead_tokens.insert(token.to_owned(), subcode);
    }

    /// A new token of a number (and its account) or a Page; the old one is unknown from now on.
    pub fn renew_token(&self, account: &str, token: &str) {
        let mut state = self.meta.lock();
        let State { numbers, businesses, pages, .. } = &mut *state;
        if let Some(number) = numbers.get_mut(account) {
            number.token = token.to_owned();
            if let Some(business) = businesses.get_mut(&number.business) {
                business.token = token.to_owned();
            }
        }
        if let Some(page) = pages.get_mut(account) {
            page.token = token.to_owned();
        }
    }

    /// A WhatsApp user (digits) wrote just now: the window is open for 24 hours.
    pub fn customer_wrote(&self, user: &str) {
        let now = self.meta.rules.clock.now();
        self.meta.lock().wrote.insert(user.trim_start_matches('+').to_owned(), now);
    }

    /// The user's window is closed again.
    pub fn close_window(&self, user: &str) {
        self.meta.lock().wrote.remove(user.trim_start_matches('+'));
    }

    /// Whoever has this number has no WhatsApp: 131026 at once.
    pub fn not_on_whatsapp(&self, user: &str) {
        self.meta.lock().strangers.insert(user.trim_start_matches('+').to_owned());
    }

    /// Messages to this user are accepted, and reported as failed with this code.
    pub fn fails_later(&self, user: &str, code: i64) {
        self.meta.lock().fates.insert(user.trim_start_matches('+').to_owned(), code);
    }

    /// Somebody commented on a post of a Page, or (`parent`) answered a comment.
    pub fn customer_commented(&self, page: &str, post: &str, comment: &str, parent: Option<&str>, message: &str) {
        let created = self.meta.rules.clock.now();
        let mut state = self.meta.lock();
        state.posts.insert(post.to_owned(), page.to_owned());
        state.order.push(comment.to_owned());
        state.comments.insert(
            comment.to_owned(),
            Comment {
                page: page.to_owned(),
                post: post.to_owned(),
                parent: parent.map(str::to_owned),
                from: ("777".to_owned(), "Ida K".to_owned()),
                message: message.to_owned(),
                attachment: None,
                created,
                hidden: false,
                liked: false,
                answered_privately: false,
            },
        );
    }

    /// What a comment shows beside its text; `attachment` as `?fields=attachment` gives it.
    pub fn attach(&self, comment: &str, attachment: Value) {
        if let Some(comment) = self.meta.lock().comments.get_mut(comment) {
            comment.attachment = Some(attachment);
        }
    }

    /// The comment is gone, as its author or a moderator can do it.
    pub fn remove_comment(&self, comment: &str) {
        self.meta.lock().comments.remove(comment);
    }

    /// A file that a customer sent to a number; gives its media id.
    pub fn add_media(&self, number: &str, mime: &str, bytes: &[u8]) -> String {
        let id = self.meta.lock().next_id();
        self.add_media_as(&id, number, mime, bytes);
        id
    }

    /// As [`Graph::add_media`], under an id that is known already.
    pub fn add_media_as(&self, id: &str, number: &str, mime: &str, bytes: &[u8]) {
        let blob = Blob::new(bytes.to_vec());
        let media = Media {
            owner: number.to_owned(),
            mime: mime.to_owned(),
            sha256: blob.sha256,
            bytes: blob.bytes,
            expired: false,
        };
        self.meta.lock().media.insert(id.to_owned(), media);
    }

    /// Five minutes are over: the media URLs that were given out lead nowhere.
    pub fn expire_urls(&self) {
        self.meta.lock().generation += 1;
    }

    /// Seven days are over: the media id is void.
    pub fn expire_media(&self, id: &str) {
        if let Some(media) = self.meta.lock().media.get_mut(id) {
            media.expired = true;
        }
    }

    /// Where the app's webhooks go, signed with `app_secret`, and how far messages come by themselves. Echoes of the
    /// Pages' comments go there too.
    pub fn report_to(&self, url: &str, app_secret: &str, progress: Progress) {
        self.meta.reports.point_to(url, app_secret, progress);
    }

    /// Reports something about a message by hand, and waits for the answer; gives its status.
    ///
    /// # Errors
    /// If nothing is known of the message, there is nowhere to report to, or nobody answers.
    pub async fn report(&self, wamid: &str, status: &str) -> anyhow::Result<u16> {
        self.meta.report(wamid, status, None).await
    }

    /// Reports that a message failed with this code.
    ///
    /// # Errors
    /// As [`Graph::report`].
    pub async fn report_failure(&self, wamid: &str, code: i64) -> anyhow::Result<u16> {
        self.meta.report(wamid, "failed", Some(code)).await
    }

    /// What was reported, with the answers.
    pub fn reported(&self) -> Vec<Reported> {
        self.meta.reports.done()
    }

    /// Waits until nothing is on its way any more.
    pub async fn settled(&self) {
        self.meta.reports.settled().await;
    }

    /// The fields to which a Page's webhooks are subscribed; `None` without a subscription.
    pub fn subscription(&self, page: &str) -> Option<Vec<String>> {
        self.meta.lock().pages.get(page)?.subscribed.clone()
    }

    /// Whether the app is subscribed to a WhatsApp Business Account.
    pub fn is_subscribed(&self, business: &str) -> bool {
        self.meta.lock().businesses.get(business).is_some_and(|business| business.subscribed)
    }

    /// The app is no longer subscribed, as happens after long trouble.
    pub fn unsubscribe(&self, account: &str) {
        let mut state = self.meta.lock();
        if let Some(business) = state.businesses.get_mut(account) {
            business.subscribed = false;
        }
        if let Some(page) = state.pages.get_mut(account) {
            page.subscribed = None;
        }
    }

    pub fn make_trouble(&self, trouble: Trouble) {
        self.meta.faults.add(trouble);
    }

    pub fn clear_faults(&self) {
        self.meta.faults.clear();
    }

    /// How many calls have met trouble.
    pub fn faults_met(&self) -> u64 {
        self.meta.faults.met()
    }

    /// What was done, in order; empty for a platform that does not remember.
    pub fn ledger(&self) -> Vec<Entry> {
        self.meta.ledger.entries()
    }

    /// How many things were done.
    pub fn done(&self) -> u64 {
        self.meta.ledger.count()
    }
}

impl Meta {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, ask: &Ask, account: &str, fill: impl FnOnce(Entry) -> Entry) {
        self.ledger.note(self.rules.remembers, || {
            let (method, recipient) = self.about(ask);
            fill(Entry {
                at: self.rules.clock.now(),
                when: tokio::time::Instant::now(),
                account: account.to_owned(),
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

    /// Answers what is asked of a node and, perhaps, one of its edges.
    fn route(&self, ask: &Ask, token: &str) -> Answer {
        let (node, edge) = node_and_edge(ask);
        match (&ask.method, edge) {
            (&Method::POST, "messages") if self.lock().pages.contains_key(node) => self.private_reply(ask, node, token),
            (&Method::POST, "messages") => self.send(ask, node, token),
            (&Method::POST, "media") => self.upload(ask, node, token),
            (&Method::POST, "photos") => self.photo(ask, node, token),
            (&Method::POST, "comments") => self.comment(ask, node, token),
            (&Method::GET, "comments") => self.comments(ask, node, token),
            (&Method::POST | &Method::DELETE, "likes") => self.like(ask, node, token),
            (_, "subscribed_apps") => self.subscriptions(ask, node, token),
            (&Method::GET, "message_templates") => self.templates(ask, node, token),
            (&Method::GET, "phone_numbers") => self.phone_numbers(node, token),
            (&Method::GET, "") if node == "me" => self.me(token),
            (&Method::GET, "") => self.look_up(ask, node, token),
            (&Method::POST, "") => self.update(ask, node, token),
            (&Method::DELETE, "") => self.delete(ask, node, token),
            (method, edge) => {
                let what = format!("Unknown path components: /{edge}");
                Err(Refusal::of(if *method == Method::GET { 2500 } else { 100 }).titled(what))
            }
        }
    }

    /// A node itself.
    fn look_up(&self, ask: &Ask, node: &str, token: &str) -> Answer {
        let kind = self.lock().kind(node);
        match kind {
            Some(Node::Media) => self.media_url(ask, node, token),
            Some(Node::Comment | Node::Post) => self.show(ask, node, token),
            Some(Node::Number | Node::Business | Node::Page) => self.account(node, token),
            None => Err(Refusal::unseen("get", node)),
        }
    }

    fn update(&self, ask: &Ask, node: &str, token: &str) -> Answer {
        let kind = self.lock().kind(node);
        match kind {
            Some(Node::Number) => self.set_callback(ask, node, token),
            _ => self.edit(ask, node, token),
        }
    }

    fn delete(&self, ask: &Ask, node: &str, token: &str) -> Answer {
        let kind = self.lock().kind(node);
        match kind {
            Some(Node::Media) => self.delete_media(ask, node, token),
            _ => self.remove(ask, node, token),
        }
    }
}

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Number,
    Business,
    Page,
    Media,
    Post,
    Comment,
}

impl State {
    fn kind(&self, id: &str) -> Option<Node> {
        [
            (self.numbers.contains_key(id), Node::Number),
            (self.businesses.contains_key(id), Node::Business),
            (self.pages.contains_key(id), Node::Page),
            (self.media.contains_key(id), Node::Media),
            (self.posts.contains_key(id), Node::Post),
            (self.comments.contains_key(id), Node::Comment),
        ]
        .into_iter()
        .find_map(|(is, kind)| is.then_some(kind))
    }
}

/// The path without its version.
fn node_and_edge(ask: &Ask) -> (&str, &str) {
    let first = ask.segment(0);
    let version = first.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let at = usize::from(version);
    (ask.segment(at), ask.segment(at + 1))
}

fn is_download(ask: &Ask) -> bool {
    ask.segment(0) == "whatsapp_business" && ask.segment(1) == "attachments"
}

impl Platform for Meta {
    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn about(&self, ask: &Ask) -> (String, Option<String>) {
        let (node, edge) = node_and_edge(ask);
        let own = Some(node.to_owned());
        let posted = ask.method == Method::POST;
        match edge {
            _ if is_download(ask) => ("download".to_owned(), ask.text("mid")),
            "messages" if posted && ask.text("status").is_some() => ("read".to_owned(), ask.text("message_id")),
            "messages" if posted => ("messages".to_owned(), whatsapp::recipient(ask).or_else(|| page::target(ask))),
            "" if node == "me" => ("me".to_owned(), None),
            "" if posted => ("update".to_owned(), own),
            "" => (ask.method.as_str().to_ascii_lowercase(), own),
            edge if posted => (edge.to_owned(), own),
            edge => (format!("{}_{edge}", ask.method.as_str().to_ascii_lowercase()), own),
        }
    }

    async fn act(&self, ask: Ask) -> Response {
        let token = ask.bearer.clone().or_else(|| ask.text("access_token"));
        let checked = self.lock().check_token(token.as_deref());
        match (checked, ask.flaw) {
            (Err(refusal), _) => refusal.into_response(),
            (Ok(()), _) if is_download(&ask) => self.download(&ask),
            (Ok(()), Some(Flaw::TooLarge)) => {
                Refusal::of(131_053).because("File size exceeds the limit").into_response()
            }
            (Ok(()), Some(Flaw::Unreadable)) => Refusal::parameter("The request body cannot be read").into_response(),
            (Ok(()), None) => match self.route(&ask, token.as_deref().unwrap_or_default()) {
                Ok(answer) => Json(answer).into_response(),
                Err(refusal) => refusal.into_response(),
            },
        }
    }

    fn refuse(&self, _: &Ask, code: i64, subcode: Option<i64>, text: Option<&str>) -> Response {
        let refusal = Refusal::of(code);
        let refusal = text.map_or(refusal.clone(), |text| refusal.titled(text));
        subcode.map_or(refusal.clone(), |subcode| refusal.subcode(subcode)).into_response()
    }

    fn throttle(&self, ask: &Ask, retry_after: Duration) -> Response {
        let (node, _) = node_and_edge(ask);
        let code = if self.lock().numbers.contains_key(node) { 130_429 } else { 80_001 };
        Refusal::of(code).regained_after(retry_after).into_response()
    }

    fn token_expired(&self) -> Response {
        Refusal::of(190).subcode(463).into_response()
    }
}

/// What Graph says when there is nothing else to say.
fn success() -> Value {
    json!({ "success": true })
}

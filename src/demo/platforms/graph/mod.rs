//! A pretend Graph API: WhatsApp Cloud API and Page comments under one roof, as at Meta.
//!
//! Methods in the ledger and in faults: the edge that is posted to (`messages`, `media`, `photos`, `comments`, `likes`,
//! `subscribed_apps`), `read` for a receipt of ours, `update` for a post to an object itself, `get` and `get_…` for what
//! is only read, `delete` and `delete_…`, `me`, `download` for a media URL of WhatsApp's and `picture` for one
//! of a comment's.

mod account;
mod comments;
mod content;
mod media;
mod page;
mod refusal;
mod reports;
mod route;
mod state;
mod whatsapp;

use std::sync::{Arc, Mutex};

use relevo_adapters::Blob;
use serde_json::{Value, json};

use self::{
    reports::Reports,
    state::{Comment, Media, Number, Page, State},
};
use super::{
    faults::{Faults, Trouble},
    ledger::{Entry, Ledger},
    rules::Rules,
    server::Server,
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
            reports: Reports::new(rules.remembers),
            rules,
            ledger: Ledger::default(),
            faults: Faults::default(),
            state: Mutex::default(),
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

    /// The comment shows this picture; gives the URL that its webhook would have, which needs no token and expires.
    pub fn attach_picture(&self, comment: &str, mime: &str, bytes: &[u8]) -> String {
        let id = self.add_media("", mime, bytes);
        self.attach(comment, page::shown(&id, ""));
        self.meta.picture_url(&self.meta.lock(), &id)
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

/// What Graph says when there is nothing else to say.
fn success() -> Value {
    json!({ "success": true })
}

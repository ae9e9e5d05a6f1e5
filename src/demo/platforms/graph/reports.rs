//! Webhooks about what went out: statuses of WhatsApp messages, echoes of a Page's comments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use relevo_adapters::Millis;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::{
    super::super::{
        push::Pusher,
        traffic::{Call, MetaApp},
    },
    Comment,
    state::Outgoing,
    whatsapp::status_payload,
};
use crate::clock::Clock;

/// How far messages come by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nothing is reported but by hand.
    None,
    Sent,
    Delivered,
    Read,
}

/// A webhook that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The message or the comment.
    pub id: String,
    /// `sent`, `delivered`, `read`, `failed`; of a comment its verb.
    pub what: String,
    /// How it was answered, in the end; `None`: not at all.
    pub answer: Option<u16>,
}

/// Who is told.
#[derive(Debug, Clone)]
struct Listener {
    pusher: Pusher,
    app: Arc<MetaApp>,
    progress: Progress,
}

/// Webhooks on their way.
#[derive(Debug)]
pub(super) struct Reports {
    shared: Arc<Shared>,
    /// What goes on by itself, until it is told or nobody answers.
    under_way: TaskTracker,
}

#[derive(Debug)]
struct Shared {
    remembers: bool,
    listener: Mutex<Option<Listener>>,
    done: Mutex<Vec<Reported>>,
}

impl Reports {
    /// `remembers`: whether what was sent is kept.
    pub(super) fn new(remembers: bool) -> Self {
        let shared = Shared { remembers, listener: Mutex::default(), done: Mutex::default() };
        Self { shared: Arc::new(shared), under_way: TaskTracker::new() }
    }

    pub(super) fn point_to(&self, url: &str, app_secret: &str, progress: Progress) {
        let listener =
            Pusher::new(url).ok().map(|pusher| Listener { pusher, app: Arc::new(MetaApp::new(app_secret)), progress });
        *lock(&self.shared.listener) = listener;
    }

    pub(super) fn done(&self) -> Vec<Reported> {
        lock(&self.shared.done).clone()
    }

    pub(super) async fn settled(&self) {
        self.under_way.close();
        self.under_way.wait().await;
        self.under_way.reopen();
    }

    /// What becomes of a message by itself: it fails with a code, or comes as far as it does.
    pub(super) fn begin(&self, wamid: String, outgoing: Outgoing, fate: Option<i64>, clock: Clock) {
        let Some(listener) = lock(&self.shared.listener).clone() else { return };
        let steps: &[(&str, Progress)] = match (listener.progress, fate) {
            (Progress::None, _) => return,
            (_, Some(_)) => &[("sent", Progress::Sent), ("failed", Progress::Sent)],
            (_, None) => &[("sent", Progress::Sent), ("delivered", Progress::Delivered), ("read", Progress::Read)],
        };
        let shared = self.shared.clone();
        self.under_way.spawn(async move {
            for (status, _) in steps.iter().filter(|(_, step)| *step <= listener.progress) {
                let payload = status_payload(&wamid, &outgoing, status, fate, clock.now());
                // Who does not answer is noted as such.
                _ = shared.push(&listener, &wamid, status, &whatsapp(payload)).await;
            }
        });
    }

    /// Reports a status now.
    pub(super) async fn status(
        &self,
        wamid: &str,
        outgoing: &Outgoing,
        status: &str,
        code: Option<i64>,
        now: Millis,
    ) -> anyhow::Result<u16> {
        let listener = lock(&self.shared.listener).clone().context("there is nowhere to report to")?;
        let payload = status_payload(wamid, outgoing, status, code, now);
        self.shared.push(&listener, wamid, status, &whatsapp(payload)).await
    }

    /// Tells that something happened to a comment.
    pub(super) fn echo(&self, id: &str, comment: &Comment, verb: &'static str) {
        let Some(listener) = lock(&self.shared.listener).clone() else { return };
        let payload = feed(id, comment, verb);
        let (shared, id) = (self.shared.clone(), id.to_owned());
        self.under_way.spawn(async move {
            // As above.
            _ = shared.push(&listener, &id, verb, &payload).await;
        });
    }
}

impl Shared {
    async fn push(&self, listener: &Listener, id: &str, what: &str, payload: &Value) -> anyhow::Result<u16> {
        let (_, headers, body) = listener.app.push(payload);
        let call = Call {
            path: String::new(),
            headers,
            body,
            about: format!("{what} of {id}"),
            lane: id.to_owned(),
            pieces: Vec::new(),
        };
        let delivered = listener.pusher.deliver(&call).await.map(|delivered| delivered.status);
        let answer = delivered.as_ref().ok().copied();
        if self.remembers {
            lock(&self.done).push(Reported { id: id.to_owned(), what: what.to_owned(), answer });
        }
        delivered
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn whatsapp(value: Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "2001", "changes": [{ "field": "messages", "value": value }] }],
    })
}

/// A webhook about a comment (`facebook-comments.md §3`).
fn feed(id: &str, comment: &Comment, verb: &str) -> Value {
    let mut value = json!({
        "item": "comment", "verb": verb, "comment_id": id, "post_id": comment.post,
        "parent_id": comment.parent.as_ref().unwrap_or(&comment.post),
        "from": { "id": comment.from.0, "name": comment.from.1 },
        "created_time": comment.created / 1000,
    });
    if verb != "remove" {
        value["message"] = comment.message.as_str().into();
    }
    json!({
        "object": "page",
        "entry": [{ "id": comment.page, "time": comment.created / 1000, "changes": [{ "field": "feed", "value": value }] }],
    })
}

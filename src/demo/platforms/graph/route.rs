//! Who answers what is asked.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    http::Method,
    response::{IntoResponse, Response},
};

use super::{
    super::{
        ask::{Ask, Flaw},
        faults::Faults,
        ledger::Entry,
        server::Platform,
    },
    Meta, page,
    refusal::{Answer, Refusal},
    state::State,
    whatsapp,
};

impl Meta {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, ask: &Ask, account: &str, fill: impl FnOnce(Entry) -> Entry) {
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

/// A picture that a comment shows.
fn is_picture(ask: &Ask) -> bool {
    ask.segment(0) == "scontent"
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
            _ if is_picture(ask) => ("picture".to_owned(), Some(ask.segment(1).to_owned())),
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
        if is_picture(&ask) {
            return self.picture(&ask);
        }
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

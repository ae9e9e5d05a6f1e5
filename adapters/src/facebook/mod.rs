//! Comments on a Facebook Page: one channel is one Page (`facebook-comments.md`).

mod authors;
mod inbound;
mod outbound;
mod settings;

use bytes::Bytes;

use crate::{
    Capabilities, Channel, Kind, Millis, ParseError, Parsed, Settings, SettingsError, VerifyError, WebhookRequest,
    meta::{self, refusal},
    outbound::Outlet,
};

pub static KIND: Kind = Kind {
    name: "facebook",
    aliases: &["fb", "facebook_comments"],
    number: 2,
    push_path: None,
    capabilities: Capabilities {
        max_webhook_bytes: 4 << 20,
        handshake: true,
        reopen_within_ms: 86_400_000,
        notice_pause_ms: 0,
        sending: Some(&outbound::SENDING),
    },
    schemes: authors::SCHEMES,
    settings: settings::SETTINGS,
    open,
    explain: |code| refusal::explain(outbound::errors::TABLE, code),
    authors: Some(&authors::AUTHORS),
};

/// One Page.
#[derive(Debug)]
struct Facebook {
    page_id: String,
    app: meta::App,
    /// `None` without a Page token: such a channel receives only.
    sender: Option<outbound::Sender>,
}

fn open(settings: &Settings) -> Result<Box<dyn Channel>, SettingsError> {
    let mut problems = Vec::new();
    let page_id = meta::id_setting(settings, "page_id", &mut problems);
    let app = meta::App::open(settings, &mut problems);
    let sender = outbound::Sender::open(settings, page_id.as_deref().unwrap_or_default(), &mut problems);
    if page_id.is_none() {
        problems.push(("page_id".to_owned(), "is required".to_owned()));
    }
    match (page_id, app) {
        (Some(page_id), Some(app)) if problems.is_empty() => Ok(Box::new(Facebook { page_id, app, sender })),
        _ => Err(SettingsError(problems)),
    }
}

impl Channel for Facebook {
    fn accounts(&self) -> Vec<String> {
        vec![self.page_id.clone()]
    }

    fn handshake(&self, query: &str) -> Result<String, VerifyError> {
        self.app.handshake(query)
    }

    fn verify(&self, request: &WebhookRequest<'_>, _now: Millis) -> Result<(), VerifyError> {
        self.app.verify(request)
    }

    fn parse(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<Parsed, ParseError> {
        self.decode(request.body, now)
    }

    /// Takes a stored webhook body: what the Graph API lists has another shape.
    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        inbound::parse(payload, &self.page_id)
    }

    fn outlet(&self) -> Option<&dyn Outlet> {
        self.sender.as_ref().map(|sender| sender as &dyn Outlet)
    }
}

//! WhatsApp Business Platform (Cloud API): one channel is one phone number (`whatsapp.md`).

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
    name: "whatsapp",
    aliases: &["whatsappfb", "wap"],
    number: 1,
    push_path: None,
    // Meta's largest webhook is 3 MB (whatsapp.md §3).
    capabilities: Capabilities {
        max_webhook_bytes: 4 << 20,
        handshake: true,
        reopen_within_ms: 86_400_000,
        notice_pause_ms: 0,
        sending: Some(&outbound::SENDING),
    },
    schemes: outbound::SCHEMES,
    settings: settings::SETTINGS,
    open,
    explain: |code| refusal::explain(outbound::errors::TABLE, code),
    authors: None,
};

/// One phone number.
#[derive(Debug)]
struct WhatsApp {
    phone_number_id: String,
    waba_id: Option<String>,
    app: meta::App,
    /// `None` without an access token: such a channel receives only.
    sender: Option<outbound::Sender>,
}

fn open(settings: &Settings) -> Result<Box<dyn Channel>, SettingsError> {
    let mut problems = Vec::new();
    let phone_number_id = meta::id_setting(settings, "phone_number_id", &mut problems);
    let waba_id = meta::id_setting(settings, "waba_id", &mut problems);
    let app = meta::App::open(settings, &mut problems);
    let number = phone_number_id.as_deref().unwrap_or_default();
    let sender = outbound::Sender::open(settings, number, waba_id.as_deref(), &mut problems);
    if phone_number_id.is_none() {
        problems.push(("phone_number_id".to_owned(), "is required".to_owned()));
    }
    match (phone_number_id, app) {
        (Some(phone_number_id), Some(app)) if problems.is_empty() => {
            Ok(Box::new(WhatsApp { phone_number_id, waba_id, app, sender }))
        }
        _ => Err(SettingsError(problems)),
    }
}

impl Channel for WhatsApp {
    fn accounts(&self) -> Vec<String> {
        let waba = self.waba_id.as_deref().map(meta::waba_account);
        std::iter::once(self.phone_number_id.clone()).chain(waba).collect()
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

    /// Takes a stored webhook body: Meta has nothing that could be fetched.
    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        inbound::parse(payload, &self.phone_number_id, self.waba_id.as_deref())
    }

    fn outlet(&self) -> Option<&dyn Outlet> {
        self.sender.as_ref().map(|sender| sender as &dyn Outlet)
    }
}

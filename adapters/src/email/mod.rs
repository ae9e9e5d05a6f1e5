//! Mail: inbound webhooks of mail providers, mailboxes watched over IMAP, and mails out over SMTP
//! (`platforms/email.md`).
//!
//! Whatever the form, one [`mail::Mail`] is made of it first (`raw`, `provider`), so that every rule exists once:
//! thread and reply token (`thread`, `token`), machines (`automatic`), bounces (`report`), text (`quote`, `html`).
//! What goes out (`outbound`) bears the names by which these find it again.

mod address;
mod auth;
mod automatic;
mod config;
mod event;
mod files;
mod form;
mod html;
mod mail;
mod mime;
mod outbound;
mod provider;
mod quote;
mod raw;
mod report;
mod thread;
mod token;

use bytes::Bytes;
use config::Config;
use form::Form;
use outbound::Outgoing;
use provider::{Delivery, mailgun, postmark, sendgrid};
use serde_json::Value;
pub use token::{conversation_of, reply_address, reply_token};

use crate::{
    Capabilities, Channel, Fault, Kind, Millis, ParseError, Parsed, Settings, SettingsError, Source, VerifyError,
    WebhookRequest, json, outbound::Outlet,
};

pub static KIND: Kind = Kind {
    name: "email",
    aliases: &["correo", "mail"],
    number: 4,
    push_path: None,
    capabilities: Capabilities {
        max_webhook_bytes: MAX_WEBHOOK,
        handshake: false,
        reopen_within_ms: 604_800_000,
        notice_pause_ms: 86_400_000,
        sending: Some(&outbound::SENDING),
    },
    schemes: address::SCHEMES,
    settings: config::SETTINGS,
    open,
    explain: outbound::explain,
    authors: None,
};

/// The header field that marks our own mails: a mail that carries it never opens a ticket.
pub use automatic::LOOP_HEADER;

/// Postmark's 35 MB of attachments, as base64 in JSON, doubled by the raw mail beside them; bytes.
const MAX_WEBHOOK: usize = 112 << 20;

/// Pieces of one event webhook that are looked at.
const MAX_PIECES: usize = 10_000;

fn open(settings: &Settings) -> Result<Box<dyn Channel>, SettingsError> {
    let config = Config::of(settings)?;
    Ok(Box::new(Mailbox { outgoing: Outgoing::of(&config), config }))
}

/// One mailbox.
#[derive(Debug)]
struct Mailbox {
    config: Config,
    outgoing: Option<Outgoing>,
}

impl Channel for Mailbox {
    fn accounts(&self) -> Vec<String> {
        std::iter::once(&self.config.address).chain(&self.config.aliases).cloned().collect()
    }

    fn handshake(&self, _query: &str) -> Result<String, VerifyError> {
        Err(VerifyError::NotAccepted)
    }

    fn verify(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<(), VerifyError> {
        auth::verify(&self.config, request, now)
    }

    fn parse(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<Parsed, ParseError> {
        match form::Kind::of(request) {
            form::Kind::Json => self.parse_json(&json::parse(request.body)?),
            form::Kind::UrlEncoded | form::Kind::Multipart => {
                let form = Form::read(request).ok_or_else(|| ParseError("the form cannot be read".to_owned()))?;
                self.parse_form(&form)
            }
            form::Kind::Raw => self.decode(request.body, now),
        }
    }

    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        let mail = raw::read(payload).ok_or_else(|| ParseError("not a mail: it has no header field".to_owned()))?;
        Ok(event::of_mail(mail, &self.config))
    }

    fn source(&self) -> Source {
        self.config.imap.clone().map_or(Source::Webhook, Source::Imap)
    }

    fn outlet(&self) -> Option<&dyn Outlet> {
        self.outgoing.as_ref().map(|outgoing| outgoing as &dyn Outlet)
    }
}

impl Mailbox {
    /// One record, or a SendGrid array of events, each of which stands for itself (P7).
    fn parse_json(&self, body: &Value) -> Result<Parsed, ParseError> {
        match body {
            Value::Array(pieces) => {
                let mut parsed = Parsed::default();
                for piece in pieces.iter().take(MAX_PIECES) {
                    match sendgrid::event(piece) {
                        Some(delivery) => self.add(delivery, &mut parsed),
                        None => parsed.faults.push(Fault {
                            reason: "not an event of a mail provider".to_owned(),
                            raw: Bytes::from(piece.to_string()),
                        }),
                    }
                }
                Ok(parsed)
            }
            body if body.get("TopicArn").is_some() => Err(ParseError(
                "Amazon SNS notifications are not understood: let the mail provider call this address itself"
                    .to_owned(),
            )),
            body => {
                let delivery = mailgun::event(body).or_else(|| postmark::read(body));
                let delivery = delivery.ok_or_else(|| ParseError("not a record of a mail provider".to_owned()))?;
                let mut parsed = Parsed::default();
                self.add(delivery, &mut parsed);
                Ok(parsed)
            }
        }
    }

    fn parse_form(&self, form: &Form) -> Result<Parsed, ParseError> {
        let mail = if mailgun::owns(form) {
            mailgun::read(form)
        } else if sendgrid::owns(form) {
            sendgrid::read(form)
        } else {
            return Err(ParseError("the form has no field of a known mail provider".to_owned()));
        };
        Ok(event::of_mail(mail, &self.config))
    }

    fn add(&self, delivery: Delivery, parsed: &mut Parsed) {
        match delivery {
            Delivery::News(news) => parsed.events.push(event::of_news(news)),
            Delivery::Mail(mail) => {
                let mail = event::of_mail(*mail, &self.config);
                parsed.events.extend(mail.events);
                parsed.blobs.extend(mail.blobs);
            }
        }
    }
}

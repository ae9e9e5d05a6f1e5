//! A mail as events.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    automatic,
    config::Config,
    files, html,
    mail::Mail,
    mime::{Address, addresses},
    provider::{News, bare_id},
    quote,
    report::{self, Report},
    thread::{self, mid},
};
use crate::{
    Blob, Body, Bounce, Content, Identity, InboundEvent, Message, Millis, Notice, Parsed, Party, ThreadRef, text,
    verify,
};

/// Bytes of text that are kept.
const MAX_TEXT: usize = 1 << 20;
/// Addresses of one header that are kept as extras.
const MAX_LISTED: usize = 100;
/// Bytes of an address that are kept.
const MAX_ADDRESS: usize = 320;
/// Bytes of a server's reply that are kept.
const MAX_DIAGNOSTIC: usize = 2_000;

/// What an agent sees of a mail without words.
const NO_TEXT: &str = "[correo sin texto]";
const ENCRYPTED: &str = "[correo cifrado: ver adjuntos]";

/// The event of one mail, and the files that came in it. The time of arrival counts: a mail's `Date` is its sender's
/// own claim, and would let anybody write into the past or the future of a conversation.
pub(crate) fn of_mail(mut mail: Mail, config: &Config) -> Parsed {
    let mut blobs: Vec<Blob> = mail.raw.clone().map(Blob::new).into_iter().collect();
    let raw_sha256 = blobs.first().map(|blob| blob.sha256.clone());
    let id = mail.id();
    let key = mail.key(&id, thread::proven_conversation(&mail, config).as_deref());
    let sender = mail.sender();
    let automation = automatic::classify(&mail, sender.as_ref(), config);
    let report = if automation.looped { None } else { report::of(&mail) };
    let raw = report.is_some().then(|| raw_of_report(mail.provider, raw_sha256.as_deref()));
    let (thread, content) = match report {
        Some(Report::Bounce(bounce)) => {
            (thread::of_report(&mail, &id, &bounce.targets, config), Content::Bounce(bounded(bounce)))
        }
        Some(Report::Notice(notice)) => (thread::of_report(&mail, &id, &[], config), Content::Notice(notice)),
        None => {
            let thread = thread::of(&mail, &id, sender.as_ref(), config);
            let extra = extra(&mail, &id, sender.as_ref(), raw_sha256.as_deref(), automation.flags());
            let message = message(&mut mail, &id, extra, config, &mut blobs);
            let message = Box::new(Message { no_auto_reply: automation.no_auto_reply, ..message });
            let automatic = automation.is_automatic();
            (thread, if automatic { Content::Automatic(message) } else { Content::Message(message) })
        }
    };
    let event = InboundEvent {
        thread,
        dedup: std::iter::once(key).chain(mail.provider_key.take()).collect(),
        at: None,
        sender: sender.map(party),
        content,
        raw,
    };
    Parsed { events: vec![event], faults: Vec::new(), blobs }
}

/// Where the whole of a report can be found, for the vocabulary keeps its gist only.
fn raw_of_report(provider: &str, raw_sha256: Option<&str>) -> Value {
    match raw_sha256 {
        Some(raw_sha256) => json!({ "provider": provider, "raw_sha256": raw_sha256 }),
        None => json!({ "provider": provider }),
    }
}

/// The event of one piece of a provider's news.
pub(crate) fn of_news(news: News) -> InboundEvent {
    let key = match news.key.is_empty() {
        true => format!("upd:{}", verify::hex(&Sha256::digest(news.raw.to_string()))),
        false => news.key,
    };
    let hints: Vec<String> = news.bounce.iter().flat_map(|bounce| &bounce.targets).map(|id| mid(id)).collect();
    let partition = hints.first().cloned().unwrap_or_else(|| format!("news:{}", news.provider));
    let content = match news.bounce {
        Some(bounce) => Content::Bounce(bounded(bounce)),
        None => Content::Notice(Notice {
            text: Some(format!("{} reports {}", news.provider, text::truncate(&news.kind, 100))),
            kind: news.kind,
        }),
    };
    InboundEvent {
        thread: ThreadRef { partition, hints, ..ThreadRef::default() },
        dedup: vec![key],
        at: news.at,
        sender: None,
        content,
        raw: Some(news.raw),
    }
}

/// A report with every text cut to what people read.
fn bounded(mut bounce: Bounce) -> Bounce {
    let cut = |text: &mut String, max: usize| text.truncate(text::truncate(text, max).len());
    for recipient in &mut bounce.recipients {
        cut(&mut recipient.address, MAX_ADDRESS);
        recipient.status.iter_mut().for_each(|status| cut(status, 20));
        recipient.diagnostic.iter_mut().for_each(|diagnostic| cut(diagnostic, MAX_DIAGNOSTIC));
    }
    bounce.text.iter_mut().for_each(|words| cut(words, report::MAX_TEXT));
    bounce
}

fn party(sender: Address) -> Party {
    Party {
        identities: vec![Identity::new(Identity::EMAIL, sender.email.clone())],
        name: sender.name,
        account: Some(sender.email),
        language: None,
    }
}

fn message(mail: &mut Mail, id: &str, extra: Value, config: &Config, blobs: &mut Vec<Blob>) -> Message {
    let html = mail.html.as_deref().and_then(html::sanitise);
    let referenced = html.as_deref().map(html::referenced_ids).unwrap_or_default();
    let subject = mail.subject();
    let (text, visible) = texts(mail, subject.as_deref());
    let attachments = files::attachments(std::mem::take(&mut mail.files), &referenced, config, blobs);
    Message {
        id: Some(id.to_owned()),
        body: Body::Mail { subject, text, visible, html },
        attachments,
        reply_to: mail.ids("In-Reply-To").into_iter().next(),
        group: None,
        extra: Some(extra),
        acknowledge: None,
        hidden: false,
        no_auto_reply: false,
    }
}

/// The whole text, and what its author wrote now.
fn texts(mail: &Mail, subject: Option<&str>) -> (String, String) {
    let own = mail.text.clone().filter(|text| !text.trim().is_empty());
    let text = own.or_else(|| mail.html.as_deref().map(html::to_text)).unwrap_or_default();
    let text = text::clean(&text.replace("\r\n", "\n").replace('\r', "\n"), MAX_TEXT);
    let forwards = subject.is_some_and(announces_forward);
    match quote::without_marker(&text) {
        whole if whole.is_empty() => {
            let encrypted = mail.files.iter().any(|file| {
                matches!(
                    file.kind.value.as_str(),
                    "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted"
                )
            });
            let placeholder = if encrypted { ENCRYPTED } else { NO_TEXT };
            (placeholder.to_owned(), placeholder.to_owned())
        }
        whole => (whole, quote::visible(&text, forwards)),
    }
}

/// Whether a subject begins with a forward prefix.
fn announces_forward(subject: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "fwd:",
        "fw:",
        "wg:",
        "rv:",
        "reenv:",
        "tr:",
        "enc:",
        "i:",
        "vs:",
        "vb:",
        "doorst:",
        "pd:",
        "转发:",
        "转发：",
    ];
    let lower = subject.trim().to_lowercase();
    PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

/// What the vocabulary has no field for (`Message.extra`).
fn extra(mail: &Mail, id: &str, sender: Option<&Address>, raw_sha256: Option<&str>, flags: Option<Value>) -> Value {
    let mut extra = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            extra.insert(key.to_owned(), value);
        }
    };
    let headers = &mail.headers;
    put("provider", json!(mail.provider));
    put("message_id", json!(id));
    put("from", listed(headers.first("From").into_iter()));
    for (key, name) in [("to", "To"), ("cc", "Cc")] {
        put(key, listed(headers.all(name)));
    }
    let reply_to = mail.mailbox(&["Reply-To"]).map(|address| address.email);
    put("reply_to_address", json!(reply_to.filter(|email| sender.is_none_or(|sender| sender.email != *email))));
    put("date", json!(headers.text("Date")));
    put("in_reply_to", json!(mail.ids("In-Reply-To")));
    put("references", json!(mail.ids("References")));
    let return_path = mail.envelope_from.clone();
    let return_path = return_path.or_else(|| headers.first("Return-Path").map(super::mime::words::decode));
    put("return_path", json!(return_path.map(|path| text::truncate(&bare_id(&path), MAX_ADDRESS).to_owned())));
    let envelope_to = mail.envelope_to.iter().take(MAX_LISTED).map(|to| text::truncate(to, MAX_ADDRESS));
    put("envelope_to", envelope_to.collect::<Vec<_>>().into());
    put("authentication_results", json!(headers.text("Authentication-Results")));
    put("checks", if mail.checks.is_empty() { Value::Null } else { Value::Object(mail.checks.clone()) });
    put("raw_sha256", json!(raw_sha256));
    put("incomplete", if mail.incomplete { json!(true) } else { Value::Null });
    put("flags", flags.unwrap_or_default());
    Value::Object(extra)
}

/// Addresses with their names, as people write them.
fn listed<'a>(values: impl Iterator<Item = &'a [u8]>) -> Value {
    let shown = |address: Address| match address.name {
        Some(name) => format!("{name} <{}>", address.email),
        None => address.email,
    };
    values.flat_map(addresses).take(MAX_LISTED).map(shown).collect::<Vec<_>>().into()
}

/// An RFC 3339 time in milliseconds.
pub(crate) fn rfc3339(text: &str) -> Option<Millis> {
    let parsed = time::OffsetDateTime::parse(text.trim(), &time::format_description::well_known::Rfc3339).ok()?;
    Millis::try_from(parsed.unix_timestamp_nanos() / 1_000_000).ok()
}

//! SendGrid: Inbound Parse forms, and event webhooks (`email.md §1.3`, `§6`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Delivery, News, bare_id, checks, key, raw_mail};
use crate::{
    Bounce, BouncedRecipient,
    email::{
        form::{Field, Form},
        mail::{File, FileData, Mail},
        mime::{Headers, Params},
    },
    json,
};

const PROVIDER: &str = "sendgrid";

/// Whether a form is SendGrid's.
pub(crate) fn owns(form: &Form) -> bool {
    ["email", "envelope", "headers", "charsets", "attachment-info", "sender_ip"].iter().any(|name| form.has(name))
        || form.has("from") && (form.has("text") || form.has("html") || form.has("subject"))
}

pub(crate) fn read(form: &Form) -> Mail {
    let raw = form.last("email").map(|field| field.bytes.clone());
    let mut mail = match raw.as_ref().and_then(|raw| raw_mail(raw, PROVIDER)) {
        Some(mail) => mail,
        None => parsed(form),
    };
    let envelope = object(form, "envelope");
    mail.envelope_from = envelope.get("from").and_then(Value::as_str).map(bare_id).or(mail.envelope_from);
    mail.envelope_to = match envelope.get("to") {
        Some(Value::Array(list)) => list.iter().filter_map(json::id).collect(),
        Some(one) => json::id(one).into_iter().collect(),
        None => Vec::new(),
    };
    mail.checks = checks([
        ("spf", form.text("SPF")),
        ("dkim", form.text("dkim")),
        ("spam_score", form.text("spam_score")),
        ("sender_ip", form.text("sender_ip")),
    ]);
    mail
}

fn object(form: &Form, name: &str) -> Value {
    form.text(name).and_then(|text| json::parse(text.as_bytes()).ok()).unwrap_or_default()
}

/// The classic form: `text` and `html` are in the character set that `charsets` gives.
fn parsed(form: &Form) -> Mail {
    let charsets: BTreeMap<String, String> = object(form, "charsets")
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(field, charset)| Some((field.clone(), json::id(charset)?)))
        .collect();
    let (mut headers, _) = form.last("headers").map(|field| Headers::parse(&field.bytes)).unwrap_or_default();
    for (name, field) in [("From", "from"), ("To", "to"), ("Cc", "cc"), ("Subject", "subject")] {
        headers.push_missing(name, &form.text_in(field, &charsets).unwrap_or_default());
    }
    let info = object(form, "attachment-info");
    let ids = object(form, "content-ids");
    Mail {
        provider: PROVIDER,
        headers,
        text: form.text_in("text", &charsets),
        html: form.text_in("html", &charsets),
        files: form.files().map(|field| file(field, &info, &ids)).collect(),
        ..Mail::default()
    }
}

fn file(field: &Field, info: &Value, ids: &Value) -> File {
    let info = info.get(&field.name).cloned().unwrap_or_default();
    let named = ids.as_object().into_iter().flatten().find(|(_, name)| name.as_str() == Some(field.name.as_str()));
    let content_id =
        json::str(&info, "content-id").or(named.map(|(id, _)| id.as_str())).or(field.content_id.as_deref());
    let kind = json::str(&info, "type").filter(|kind| kind.contains('/')).map(|kind| Params::parse(kind.as_bytes()));
    File {
        name: json::str(&info, "filename")
            .or_else(|| json::str(&info, "name"))
            .map(str::to_owned)
            .or(field.file_name.clone()),
        kind: kind.unwrap_or_else(|| field.kind.clone()),
        content_id: content_id.map(bare_id).filter(|id| !id.is_empty()),
        data: FileData::Bytes(field.bytes.clone()),
    }
}

/// One element of an event webhook's array; `None` if it is none.
pub(crate) fn event(piece: &Value) -> Option<Delivery> {
    let kind = json::str(piece, "event")?;
    Some(Delivery::News(News {
        provider: PROVIDER,
        kind: kind.to_owned(),
        key: json::str(piece, "sg_event_id").map(|id| key(PROVIDER, id)).unwrap_or_default(),
        at: json::int(piece, "timestamp").map(|seconds| seconds.saturating_mul(1_000)),
        bounce: action(kind).map(|action| bounce(piece, action)),
        raw: piece.clone(),
    }))
}

fn action(kind: &str) -> Option<&'static str> {
    match kind {
        "bounce" | "blocked" | "dropped" => Some("failed"),
        "deferred" => Some("delayed"),
        "spamreport" => Some("complaint"),
        _ => None,
    }
}

fn bounce(piece: &Value, action: &str) -> Bounce {
    let words = json::str(piece, "reason").or_else(|| json::str(piece, "response")).map(str::to_owned);
    Bounce {
        targets: json::str(piece, "smtp-id").map(bare_id).into_iter().filter(|id| !id.is_empty()).collect(),
        recipients: vec![BouncedRecipient {
            address: json::str(piece, "email").unwrap_or_default().to_lowercase(),
            action: action.to_owned(),
            status: piece.get("status").and_then(json::id),
            diagnostic: words.clone(),
        }],
        text: words,
    }
}

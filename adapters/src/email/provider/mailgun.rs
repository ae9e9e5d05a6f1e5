//! Mailgun: routes' forward() and store() forms, and event webhooks (`email.md §1.2`, `§6`).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Delivery, News, bare_id, checks, key, list, raw_mail};
use crate::{
    Bounce, BouncedRecipient,
    email::{
        form::Form,
        mail::{File, FileData, Mail},
        mime::{Headers, Params},
        report,
    },
    json,
};

const PROVIDER: &str = "mailgun";

/// Fields that Mailgun repeats from the header, for forms without `message-headers`.
const REPEATED: &[&str] = &[
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-Id",
    "In-Reply-To",
    "References",
    "Reply-To",
    "Sender",
    "Content-Type",
];

/// Whether a form is Mailgun's.
pub(crate) fn owns(form: &Form) -> bool {
    ["body-mime", "body-plain", "stripped-text", "message-headers", "body-html"].iter().any(|name| form.has(name))
        || form.has("recipient") && form.has("sender")
}

pub(crate) fn read(form: &Form) -> Mail {
    let raw = form.last("body-mime").map(|field| field.bytes.clone());
    let mut mail = match raw.as_ref().and_then(|raw| raw_mail(raw, PROVIDER)) {
        Some(mail) => mail,
        None => parsed(form),
    };
    mail.provider_key = form.text("token").map(|token| key(PROVIDER, &token));
    mail.envelope_from = form.last("sender").map(|sender| bare_id(&sender.utf8())).or(mail.envelope_from);
    mail.envelope_to = form.text("recipient").map(|to| list(&to)).unwrap_or_default();
    mail.checks = checks([
        ("spam_flag", mail.headers.text("X-Mailgun-Sflag")),
        ("spam_score", mail.headers.text("X-Mailgun-Sscore")),
        ("spf", mail.headers.text("X-Mailgun-Spf")),
        ("dkim", mail.headers.text("X-Mailgun-Dkim-Check-Result")),
    ]);
    mail
}

fn parsed(form: &Form) -> Mail {
    let mut headers = Headers::default();
    let pairs = form.text("message-headers").and_then(|text| json::parse(text.as_bytes()).ok()).unwrap_or_default();
    for pair in pairs.as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1).and_then(json::id)) {
            headers.push(name, value.as_bytes());
        }
    }
    for name in REPEATED {
        let repeated = form.text(name).or_else(|| form.text(&name.to_lowercase()));
        headers.push_missing(name, &repeated.unwrap_or_default());
    }
    let mut files = form_files(form);
    files.extend(stored_files(form));
    Mail {
        provider: PROVIDER,
        headers,
        text: form.text("body-plain"),
        html: form.text("body-html"),
        files,
        ..Mail::default()
    }
}

fn form_files(form: &Form) -> Vec<File> {
    let ids = content_ids(form);
    form.files()
        .map(|field| File {
            name: field.file_name.clone(),
            kind: field.kind.clone(),
            content_id: ids.iter().find(|(_, name)| *name == field.name).map(|(id, _)| bare_id(id)),
            data: FileData::Bytes(field.bytes.clone()),
        })
        .collect()
}

/// `attachments` of store(): a JSON list with URLs.
fn stored_files(form: &Form) -> Vec<File> {
    let stored = form.text("attachments").and_then(|text| json::parse(text.as_bytes()).ok()).unwrap_or_default();
    let ids = content_ids(form);
    let file = |entry: &Value| {
        let url = json::str(entry, "url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let id = url.and_then(|url| ids.iter().find(|(_, target)| target == url)).map(|(id, _)| bare_id(id));
        File {
            name: json::str(entry, "name").map(str::to_owned),
            kind: Params::parse(json::str(entry, "content-type").unwrap_or_default().as_bytes()),
            content_id: id,
            data: match url {
                Some(url) => {
                    FileData::Url(url.to_owned(), json::int(entry, "size").and_then(|size| size.try_into().ok()))
                }
                None => FileData::Missing("the provider sent no address for it"),
            },
        }
    };
    stored.as_array().into_iter().flatten().filter(|entry| entry.is_object()).map(file).collect()
}

/// `content-id-map`: pairs, for its keys may be repeated.
fn content_ids(form: &Form) -> Vec<(String, String)> {
    form.text("content-id-map")
        .and_then(|text| serde_json::from_str::<Pairs>(&text).ok())
        .map(|pairs| pairs.0)
        .unwrap_or_default()
}

/// A JSON object as pairs, repeated keys kept.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairVisitor;

        impl<'de> Visitor<'de> for PairVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    pairs.extend(json::id(&value).map(|value| (key, value)));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairVisitor)
    }
}

/// An event webhook: `{"signature": …, "event-data": …}`; `None` if it is none.
pub(crate) fn event(body: &Value) -> Option<Delivery> {
    let data = body.get("event-data").filter(|data| data.is_object())?;
    let kind = json::str(data, "event").unwrap_or("unknown");
    let token = body.get("signature").and_then(|signature| json::str(signature, "token"));
    let seconds = data.get("timestamp").and_then(Value::as_f64);
    Some(Delivery::News(News {
        provider: PROVIDER,
        kind: kind.to_owned(),
        key: token.map(|token| key(PROVIDER, token)).unwrap_or_default(),
        at: seconds.map(|seconds| (seconds * 1_000.0) as i64),
        bounce: action(kind, data).map(|action| bounce(data, action)),
        raw: data.clone(),
    }))
}

fn action(kind: &str, data: &Value) -> Option<&'static str> {
    match (kind, json::str(data, "severity")) {
        ("failed", Some("temporary")) => Some("delayed"),
        ("failed" | "rejected", _) => Some("failed"),
        ("complained", _) => Some("complaint"),
        _ => None,
    }
}

fn bounce(data: &Value, action: &str) -> Bounce {
    let status = data.get("delivery-status").cloned().unwrap_or_default();
    let words = json::str(&status, "message").or_else(|| json::str(&status, "description"));
    let words = words.or_else(|| json::str(data, "reason")).map(str::to_owned);
    let code = status.get("code").and_then(json::id).filter(|code| code != "0");
    let diagnostic = code.into_iter().chain(words.clone()).collect::<Vec<_>>().join(" ");
    let id = data.pointer("/message/headers/message-id").and_then(json::id);
    Bounce {
        targets: id.iter().map(|id| bare_id(id)).filter(|id| !id.is_empty()).collect(),
        recipients: vec![BouncedRecipient {
            address: json::str(data, "recipient").unwrap_or_default().to_lowercase(),
            action: action.to_owned(),
            status: json::str(&status, "enhanced-code").or(words.as_deref()).and_then(report::status),
            diagnostic: Some(diagnostic).filter(|diagnostic| !diagnostic.is_empty()),
        }],
        text: words,
    }
}

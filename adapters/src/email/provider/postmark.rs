//! Postmark: inbound JSON, and its bounce and complaint records (`email.md §1.1`, `§6`).

use bytes::Bytes;
use serde_json::Value;

use super::{Delivery, News, bare_id, key, raw_mail};
use crate::{
    Bounce, BouncedRecipient,
    email::{
        mail::{File, FileData, Mail},
        mime::{Headers, Params, decode},
        report,
    },
    json,
};

const PROVIDER: &str = "postmark";

/// Reads one record; `None` if it is none of Postmark's.
pub(crate) fn read(body: &Value) -> Option<Delivery> {
    match json::str(body, "RecordType") {
        Some("Inbound") | None => inbound(body).map(|mail| Delivery::Mail(Box::new(mail))),
        Some(kind) => Some(Delivery::News(record(kind, body))),
    }
}

fn inbound(body: &Value) -> Option<Mail> {
    const SIGNS: &[&str] = &["From", "FromFull", "Headers", "MessageID", "RawEmail", "TextBody", "HtmlBody", "Subject"];
    if !SIGNS.iter().any(|key| body.get(key).is_some_and(|value| !value.is_null())) {
        return None;
    }
    let raw = json::str(body, "RawEmail").map(|raw| Bytes::copy_from_slice(raw.as_bytes()));
    let mut mail = match raw.as_ref().and_then(|raw| raw_mail(raw, PROVIDER)) {
        Some(mail) => mail,
        None => parsed(body),
    };
    mail.provider_key = provider_key(body);
    mail.envelope_from = envelope_from(body).or(mail.envelope_from);
    mail.envelope_to.extend(json::str(body, "OriginalRecipient").map(str::to_owned));
    let spam = ["X-Spam-Status", "X-Spam-Score", "Received-SPF"];
    for name in spam {
        if let Some(value) = header(body, name) {
            mail.checks.insert(name.to_lowercase().replace('-', "_"), value.into());
        }
    }
    Some(mail)
}

/// The stable id; the dashboard's test payload has zeros only.
fn provider_key(body: &Value) -> Option<String> {
    let id = json::str(body, "MessageID")?;
    id.contains(|c: char| c.is_ascii_alphanumeric() && c != '0').then(|| key(PROVIDER, id))
}

fn header<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    let fields = json::array(body, "Headers").iter();
    fields
        .filter(|field| json::str(field, "Name").is_some_and(|key| key.eq_ignore_ascii_case(name)))
        .find_map(|field| json::str(field, "Value"))
}

/// Postmark puts the envelope sender first; a `Return-Path` anywhere else is the sender's own claim.
fn envelope_from(body: &Value) -> Option<String> {
    let first = json::array(body, "Headers").first()?;
    let is_path = json::str(first, "Name").is_some_and(|name| name.eq_ignore_ascii_case("Return-Path"));
    is_path.then(|| first.get("Value").and_then(Value::as_str).map(bare_id)).flatten()
}

fn parsed(body: &Value) -> Mail {
    let mut headers = Headers::default();
    for field in json::array(body, "Headers") {
        if let (Some(name), Some(value)) = (json::str(field, "Name"), field.get("Value").and_then(json::id)) {
            headers.push(name, value.as_bytes());
        }
    }
    headers.remove("Return-Path");
    for (name, full, plain) in
        [("From", "FromFull", "From"), ("To", "ToFull", "To"), ("Cc", "CcFull", "Cc"), ("Bcc", "BccFull", "Bcc")]
    {
        let value = Some(full_addresses(body.get(full))).filter(|value| !value.is_empty());
        let value = value.unwrap_or_else(|| json::str(body, plain).unwrap_or_default().to_owned());
        headers.push_missing(name, &value);
    }
    for (name, key) in [("Subject", "Subject"), ("Date", "Date"), ("Reply-To", "ReplyTo")] {
        headers.push_missing(name, json::str(body, key).unwrap_or_default());
    }
    Mail {
        provider: PROVIDER,
        headers,
        text: json::str(body, "TextBody").map(str::to_owned),
        html: json::str(body, "HtmlBody").map(str::to_owned),
        files: json::array(body, "Attachments").iter().map(file).collect(),
        ..Mail::default()
    }
}

/// `{"Email","Name"}`, or an array of them, as a header value.
fn full_addresses(full: Option<&Value>) -> String {
    let one = |address: &Value| {
        let email = json::str(address, "Email")?;
        let name = json::str(address, "Name").unwrap_or_default().replace(['"', '\\'], "");
        Some(if name.is_empty() { format!("<{email}>") } else { format!("\"{name}\" <{email}>") })
    };
    match full {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect::<Vec<_>>().join(", "),
        Some(address) => one(address).unwrap_or_default(),
        None => String::new(),
    }
}

fn file(attachment: &Value) -> File {
    let content = json::str(attachment, "Content").or_else(|| json::str(attachment, "Data"));
    File {
        name: json::str(attachment, "Name").map(str::to_owned),
        kind: Params::parse(json::str(attachment, "ContentType").unwrap_or_default().as_bytes()),
        content_id: json::str(attachment, "ContentID")
            .map(|id| bare_id(id.trim_start_matches("cid:")))
            .filter(|id| !id.is_empty()),
        data: match content {
            Some(content) => FileData::Bytes(Bytes::from(decode::base64(content.as_bytes()))),
            None => FileData::Missing("the provider sent no content"),
        },
    }
}

/// A record about a mail of ours.
fn record(kind: &str, body: &Value) -> News {
    let detail = json::str(body, "Type").unwrap_or(kind);
    let id = body.get("ID").and_then(json::id).or_else(|| json::str(body, "MessageID").map(str::to_owned));
    let at = ["BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt"].iter().find_map(|key| json::str(body, key));
    News {
        provider: PROVIDER,
        kind: if kind == "Bounce" { detail.to_owned() } else { kind.to_owned() },
        key: id.map(|id| key(PROVIDER, &format!("{kind}:{id}"))).unwrap_or_default(),
        at: at.and_then(crate::email::event::rfc3339),
        bounce: action(kind, detail).map(|action| bounce(body, action)),
        raw: body.clone(),
    }
}

/// What a bounce type means for delivery; `None` if nothing.
fn action(kind: &str, detail: &str) -> Option<&'static str> {
    match (kind, detail) {
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => Some("complaint"),
        ("Bounce", "Transient") => Some("delayed"),
        (
            "Bounce",
            "AutoResponder" | "AddressChange" | "ChallengeVerification" | "OpenRelayTest" | "Subscribe" | "Unsubscribe",
        ) => None,
        ("Bounce", _) => Some("failed"),
        _ => None,
    }
}

fn bounce(body: &Value, action: &str) -> Bounce {
    let text = ["Description", "Details"].iter().filter_map(|key| json::str(body, key)).collect::<Vec<_>>().join("\n");
    let metadata = body.get("Metadata");
    let stated =
        metadata.and_then(|metadata| json::str(metadata, "message_id").or_else(|| json::str(metadata, "message-id")));
    let targets = stated.into_iter().chain(json::str(body, "MessageID")).map(bare_id).collect();
    Bounce {
        targets,
        recipients: vec![BouncedRecipient {
            address: json::str(body, "Email")
                .or_else(|| json::str(body, "Recipient"))
                .unwrap_or_default()
                .to_lowercase(),
            action: action.to_owned(),
            status: json::str(body, "Details").and_then(report::status),
            diagnostic: json::str(body, "Details").map(str::to_owned),
        }],
        text: Some(text).filter(|text| !text.is_empty()),
    }
}

//! `multipart/report` and its kin: RFC 3464 delivery status, RFC 8098 read receipts, RFC 5965 complaints.

use bytes::Bytes;

use super::{MAX_RECIPIENTS, Report, fields, returned_headers, targets, text};
use crate::{
    Bounce, BouncedRecipient, Notice,
    email::{
        mail::{Mail, message_ids},
        mime::{Headers, addresses},
    },
};

/// The first machine-readable part decides.
pub(super) fn read(mail: &Mail) -> Option<Report> {
    let part = |types: &[&str]| types.iter().find_map(|mime| mail.files.iter().find_map(|file| file.bytes_if(mime)));
    if let Some(bytes) = part(&["message/delivery-status", "message/global-delivery-status"]) {
        return delivery_status(mail, bytes).map(Report::Bounce);
    }
    if let Some(bytes) = part(&["message/disposition-notification", "message/global-disposition-notification"]) {
        return Some(disposition(mail, bytes));
    }
    part(&["message/feedback-report"]).map(|bytes| feedback(mail, bytes))
}

fn delivery_status(mail: &Mail, bytes: &Bytes) -> Option<Bounce> {
    let blocks = fields::blocks(bytes);
    let returned = returned_headers(mail);
    let recipients: Vec<BouncedRecipient> =
        blocks.iter().filter_map(|block| recipient(block, returned.as_ref())).take(MAX_RECIPIENTS).collect();
    let stated: Vec<String> =
        blocks.iter().flat_map(|block| block.all("X-Original-Message-ID")).flat_map(message_ids).collect();
    let targets = targets(mail, returned.as_ref(), stated);
    (!recipients.is_empty() || !targets.is_empty()).then(|| Bounce { targets, recipients, text: text(mail) })
}

/// One per-recipient block; the per-message block has neither recipient nor action.
fn recipient(block: &Headers, returned: Option<&Headers>) -> Option<BouncedRecipient> {
    let stated =
        ["Original-Recipient", "Final-Recipient", "X-Actual-Recipient"].iter().find_map(|name| block.text(name));
    let action = block.text("Action").map(|action| word(&action));
    let status = block.text("Status");
    if stated.is_none() && action.is_none() && status.is_none() {
        return None;
    }
    let diagnostic =
        block.text("Diagnostic-Code").or_else(|| block.text("Status").filter(|status| status.contains(' ')));
    let code = status.as_deref().and_then(fields::status);
    let code = code.or_else(|| diagnostic.as_deref().and_then(fields::status));
    let by_code = match code.as_deref().map(|code| &code[..1]) {
        Some("2") => "delivered",
        Some("4") => "delayed",
        _ => "failed",
    };
    Some(BouncedRecipient {
        address: stated
            .as_deref()
            .and_then(fields::address)
            .or_else(|| returned.and_then(first_recipient))
            .unwrap_or_default(),
        action: action.filter(|action| KNOWN_ACTIONS.contains(&action.as_str())).unwrap_or_else(|| by_code.to_owned()),
        status: code,
        diagnostic,
    })
}

const KNOWN_ACTIONS: &[&str] = &["failed", "delayed", "delivered", "relayed", "expanded"];

fn word(value: &str) -> String {
    value.split([' ', '(', ';', ',']).next().unwrap_or_default().to_lowercase()
}

pub(super) fn first_recipient(returned: &Headers) -> Option<String> {
    returned.all("To").flat_map(addresses).next().map(|address| address.email)
}

fn disposition(mail: &Mail, bytes: &Bytes) -> Report {
    let (fields, _) = Headers::parse(bytes);
    let stated = fields.text("Disposition").unwrap_or_default();
    let kind = stated.rsplit(';').next().unwrap_or_default();
    let kind = kind.split(['/', ' ']).find(|word| !word.is_empty()).unwrap_or_default().to_lowercase();
    if kind != "displayed" {
        return Report::Notice(Notice {
            kind: "disposition_notification".to_owned(),
            text: Some(crate::text::truncate(&stated, 500).to_owned()),
        });
    }
    let returned = returned_headers(mail);
    let original = fields.all("Original-Message-ID").flat_map(message_ids).collect();
    let recipient = ["Original-Recipient", "Final-Recipient"].iter().find_map(|name| fields.text(name));
    Report::Bounce(Bounce {
        targets: targets(mail, returned.as_ref(), original),
        recipients: vec![BouncedRecipient {
            address: recipient.as_deref().and_then(fields::address).unwrap_or_default(),
            action: "displayed".to_owned(),
            ..BouncedRecipient::default()
        }],
        text: text(mail),
    })
}

fn feedback(mail: &Mail, bytes: &Bytes) -> Report {
    let (fields, _) = Headers::parse(bytes);
    let kind = fields.text("Feedback-Type").map(|kind| word(&kind)).unwrap_or_default();
    if kind == "not-spam" {
        return Report::Notice(Notice { kind: "feedback_report".to_owned(), text: Some(kind) });
    }
    let returned = returned_headers(mail);
    let stated = ["Original-Rcpt-To", "Removal-Recipient", "X-Recipient"]
        .iter()
        .find_map(|name| fields.text(name))
        .and_then(|value| fields::address(&value));
    Report::Bounce(Bounce {
        targets: targets(mail, returned.as_ref(), Vec::new()),
        recipients: vec![BouncedRecipient {
            address: stated.or_else(|| returned.as_ref().and_then(first_recipient)).unwrap_or_default(),
            action: "complaint".to_owned(),
            status: None,
            diagnostic: Some(kind).filter(|kind| !kind.is_empty()),
        }],
        text: text(mail),
    })
}

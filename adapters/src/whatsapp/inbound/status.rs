//! Elements of `statuses[]`: what became of our messages (`whatsapp.md §4.3`).

use serde_json::{Map, Value};

use crate::{Content, InboundEvent, Notice, Receipt, ReceiptStatus, ThreadRef, json, meta, text};

use super::{
    errors,
    message::Whole,
    people::{self, Names},
};

/// # Errors
/// Why the piece cannot be understood at all.
pub(super) fn event(status: &Value, whole: &Whole<'_>) -> Result<InboundEvent, &'static str> {
    let target = people::id(status, "id").ok_or("a status that names no message")?;
    let word = text::truncate(json::str(status, "status").unwrap_or("unknown"), 100);
    let participant = participant(status);
    let suffix = participant.as_deref().map(|participant| format!(":{participant}")).unwrap_or_default();
    let dedup = format!("st:{target}:{word}{suffix}");
    let thread = thread(status, whole)
        .unwrap_or_else(|| ThreadRef { partition: format!("st:{target}"), ..ThreadRef::default() });
    let (content, raw) = match rank(word) {
        Some(rank) => (Content::Receipt(receipt(status, target, rank, participant, whole.errors)), None),
        None => {
            let text = Some(format!("{word}: {target}"));
            (Content::Notice(Notice { kind: meta::kind(&format!("status:{word}")), text }), Some(status.clone()))
        }
    };
    Ok(InboundEvent { thread, dedup: vec![dedup], at: meta::millis(status, "timestamp"), sender: None, content, raw })
}

fn rank(word: &str) -> Option<ReceiptStatus> {
    match word {
        "sent" => Some(ReceiptStatus::Sent),
        "delivered" => Some(ReceiptStatus::Delivered),
        "read" => Some(ReceiptStatus::Read),
        "played" => Some(ReceiptStatus::Played),
        "failed" => Some(ReceiptStatus::Failed),
        _ => None,
    }
}

fn is_of_group(status: &Value) -> bool {
    json::str(status, "recipient_type") == Some("group")
}

/// The group member whose state it is: one status comes per member.
fn participant(status: &Value) -> Option<String> {
    ["recipient_participant_id", "recipient_participant_user_id"].into_iter().find_map(|key| people::id(status, key))
}

fn thread(status: &Value, whole: &Whole<'_>) -> Option<ThreadRef> {
    if is_of_group(status) {
        return people::group_thread(&people::id(status, "recipient_id")?);
    }
    let names = Names {
        user_id: people::id(status, "recipient_user_id"),
        wa_id: people::wa_id(status, "recipient_id"),
        parent_user_id: None,
    };
    whole.people.complete(names).0.thread()
}

fn receipt(
    status: &Value,
    target: String,
    rank: ReceiptStatus,
    participant: Option<String>,
    errors_beside: &[Value],
) -> Receipt {
    let own_errors = json::array(status, "errors");
    let errors = if own_errors.is_empty() { errors_beside } else { own_errors };
    let failed = rank == ReceiptStatus::Failed;
    Receipt {
        target,
        status: rank,
        correlation: people::id(status, "biz_opaque_callback_data"),
        participant,
        error: if failed { errors::first(errors) } else { None },
        data: data(status),
    }
}

/// All errors, the conversation window and the price: optional, every one of them.
fn data(status: &Value) -> Option<Value> {
    let data: Map<String, Value> = ["conversation", "pricing", "errors"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), status.get(key).filter(|value| !value.is_null())?.clone())))
        .collect();
    (!data.is_empty()).then(|| data.into())
}

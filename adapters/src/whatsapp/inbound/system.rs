//! Messages of type `system`: a customer's number, id or security code changed (`whatsapp.md §4.2`).

use serde_json::Value;

use crate::{Content, InboundEvent, Notice, ThreadRef, json, meta};

use super::{
    message,
    people::{self, Names, People},
};

/// # Errors
/// Why the piece cannot be understood at all.
pub(super) fn event(message: &Value, people: &People<'_>) -> Result<InboundEvent, &'static str> {
    let system = message.get("system").unwrap_or(&Value::Null);
    let renamed = renaming(message, system).and_then(|names| Some((thread(&names)?, names)));
    let (thread, sender, content, raw) = match renamed {
        Some((thread, Renaming { old, new })) => {
            let note = json::str(system, "body").map(str::to_owned);
            let content = Content::IdentityChange { old: old.identities(), new: new.identities(), note };
            (thread, old.party(None), content, None)
        }
        None => {
            let (names, contact) = people.complete(message::sender_names(message));
            let group = people::id(message, "group_id").and_then(|id| people::group_thread(&id));
            let thread = group.or_else(|| names.thread()).unwrap_or_else(people::channel_thread);
            (thread, names.party(contact), Content::Notice(notice(system)), Some(message.clone()))
        }
    };
    Ok(InboundEvent {
        thread,
        dedup: vec![message::dedup(message, &content)],
        at: meta::millis(message, "timestamp"),
        sender,
        content,
        raw,
    })
}

struct Renaming {
    old: Names,
    new: Names,
}

/// `from` is the OLD number; the id may change with the number or alone.
fn renaming(message: &Value, system: &Value) -> Option<Renaming> {
    let sender = message::sender_names(message);
    let mut new = Names {
        user_id: people::id(system, "user_id"),
        wa_id: people::wa_id(system, "wa_id").or_else(|| people::wa_id(system, "new_wa_id")),
        parent_user_id: people::id(system, "parent_user_id"),
    };
    match json::str(system, "type") {
        Some("user_changed_number" | "customer_changed_number") => {}
        // Only the id changed: the number, if it is stated, is still the customer's.
        Some("user_changed_user_id") => new.wa_id = new.wa_id.or_else(|| sender.wa_id.clone()),
        None if system.get("new_wa_id").is_some() => {}
        _ => return None,
    }
    let old = Names {
        user_id: people::id(system, "previous_user_id")
            .or(sender.user_id)
            .filter(|id| Some(id) != new.user_id.as_ref()),
        wa_id: sender.wa_id.filter(|id| Some(id) != new.wa_id.as_ref()),
        parent_user_id: None,
    };
    (!old.is_empty() && !new.is_empty()).then_some(Renaming { old, new })
}

/// One thread under its new and its old names: messages under either may still be on their way.
fn thread(Renaming { old, new }: &Renaming) -> Option<ThreadRef> {
    people::thread(new.aliases().into_iter().chain(old.aliases()).collect())
}

fn notice(system: &Value) -> Notice {
    Notice {
        kind: meta::kind(json::str(system, "type").unwrap_or("system")),
        text: json::str(system, "body").map(str::to_owned),
    }
}

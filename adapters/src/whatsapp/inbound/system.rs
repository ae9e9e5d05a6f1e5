//! Messages of type `system`: a customer's number, id or security code changed (`whatsapp.md §4.2`).

use serde_json::Value;

use crate::{Body, Content, InboundEvent, Message, Notice, ThreadRef, json, meta};

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
        Some((thread, Renaming { old, left, new })) => {
            let note = json::str(system, "body").map(str::to_owned);
            let content =
                Content::IdentityChange { old: old.identities(), new: new.identities(), left: left.identities(), note };
            (thread, new.party(None), content, None)
        }
        None => {
            let (names, contact) = people.complete(message::sender_names(message));
            let group = people::id(message, "group_id").and_then(|id| people::group_thread(&id));
            let thread = group.or_else(|| names.thread()).unwrap_or_else(people::channel_thread);
            let content = match json::str(system, "type") {
                Some(kind @ "customer_identity_changed") => Content::Automatic(Box::new(remark(kind, message, system))),
                _ => Content::Notice(notice(system)),
            };
            (thread, names.party(contact), content, Some(message.clone()))
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
    /// The old number, if late messages that still come from it name the old id as well: it will be somebody else's.
    left: Names,
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
    let user_id =
        people::id(system, "previous_user_id").or(sender.user_id).filter(|id| Some(id) != new.user_id.as_ref());
    let number = Names { wa_id: sender.wa_id.filter(|id| Some(id) != new.wa_id.as_ref()), ..Names::default() };
    let (old, left) = match user_id {
        Some(_) => (Names { user_id, ..Names::default() }, number),
        None => (number, Names::default()),
    };
    (!old.is_empty() && !new.is_empty()).then_some(Renaming { old, left, new })
}

/// One thread under its new names and its old id: messages under either may still be on their way. The old number
/// finds it, but is no name of it any more: nothing may be sent there.
fn thread(Renaming { old, left, new }: &Renaming) -> Option<ThreadRef> {
    let number = |names: &Names| names.wa_id.as_ref().map(|id| people::number_alias(id));
    let old_id = Names { wa_id: None, ..old.clone() };
    let thread = people::thread(new.aliases().into_iter().chain(old_id.aliases()).collect())?;
    Some(ThreadRef { hints: number(old).or_else(|| number(left)).into_iter().collect(), ..thread })
}

/// What the customer's thread shows.
fn remark(kind: &str, message: &Value, system: &Value) -> Message {
    let text = json::str(system, "body").unwrap_or("Cambió el código de seguridad del cliente");
    Message {
        body: Body::Service { kind: meta::kind(kind), text: text.to_owned() },
        extra: message::extra(message),
        ..Message::default()
    }
}

fn notice(system: &Value) -> Notice {
    Notice {
        kind: meta::kind(json::str(system, "type").unwrap_or("system")),
        text: json::str(system, "body").map(str::to_owned),
    }
}

//! Who did it.

use serde_json::Value;

use super::present;
use crate::{Identity, Party, json, text};

/// The author of a message. On behalf of a chat `from` is a placeholder and `sender_chat` the truth (telegram.md §5);
/// without either, the other side of a private chat has the chat's id (§4).
pub(super) fn author(message: &Value) -> Option<Party> {
    let private = || message.get("chat").filter(|chat| json::str(chat, "type") == Some("private"));
    match present(message, "sender_chat").and_then(chat) {
        Some(chat) => Some(chat),
        None => present(message, "from").and_then(user).or_else(|| user(private()?)),
    }
}

/// Whoever a piece of news names as its cause.
pub(super) fn actor(news: &Value) -> Option<Party> {
    let person = ["from", "user"].into_iter().find_map(|field| present(news, field).and_then(user));
    person.or_else(|| {
        ["actor_chat", "voter_chat", "sender_chat"].into_iter().find_map(|field| chat(present(news, field)?))
    })
}

/// A `User`.
pub(super) fn user(user: &Value) -> Option<Party> {
    party(user, Identity::TELEGRAM, full_name(user))
}

/// A `Chat` that writes as itself.
fn chat(chat: &Value) -> Option<Party> {
    let title = json::str(chat, "title").map(str::to_owned);
    party(chat, Identity::TELEGRAM_CHAT, title.or_else(|| full_name(chat)))
}

fn party(value: &Value, scheme: &str, name: Option<String>) -> Option<Party> {
    let party = Party {
        identities: json::int(value, "id").map(|id| Identity::new(scheme, id.to_string())).into_iter().collect(),
        name: name.map(|name| text::clean(&name, 1024)),
        account: json::str(value, "username").map(|name| format!("@{name}")),
        language: json::str(value, "language_code").map(str::to_owned),
    };
    (party != Party::default()).then_some(party)
}

/// First and last name.
pub(super) fn full_name(value: &Value) -> Option<String> {
    let parts: Vec<&str> = ["first_name", "last_name"].into_iter().filter_map(|part| json::str(value, part)).collect();
    text::non_blank(&parts.join(" ")).map(str::to_owned)
}

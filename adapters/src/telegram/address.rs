//! How people write the addresses of customers: the numbers of users, and of chats that write as themselves.

use crate::{Identity, Scheme};

pub(super) const SCHEMES: &[Scheme] = &[
    Scheme { name: Identity::TELEGRAM, before: "", read: |text, _| is_id(text).then(|| text.to_owned()) },
    Scheme { name: Identity::TELEGRAM_CHAT, before: "", read: chat },
];

/// Digits of an id.
const LONGEST: usize = 20;

/// The numbers of chats are negative.
fn chat(text: &str, _: Option<&str>) -> Option<String> {
    text.strip_prefix('-').filter(|id| is_id(id)).map(|_| text.to_owned())
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

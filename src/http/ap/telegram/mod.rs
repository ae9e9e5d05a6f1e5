//! Telegram, as AP's programs and operators know it.

mod bot;
mod read;
mod send;
mod set_webhook;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::Api;

/// For those who configure.
pub(super) fn configuring() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(set_webhook::set_webhook))
}

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(send::send)).routes(routes!(read::read))
}

/// What the seed calls a chat: Telegram's number of it. A thread that has none of its own (a topic, a business
/// account's chat) goes by the conversation's id.
fn chat_of<'a>(keys: &'a [String], conversation: &'a str) -> &'a str {
    let number = |key: &'a String| key.strip_prefix("chat:").filter(|chat| chat.parse::<i64>().is_ok());
    let whole = keys.iter().all(|key| number(key).is_some());
    keys.iter().rev().find_map(number).filter(|_| whole).unwrap_or(conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_goes_by_its_number_unless_it_is_only_a_part_of_one() {
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
        assert_eq!(chat_of(&keys(&["chat:123456789"]), "c"), "123456789");
        assert_eq!(chat_of(&keys(&["chat:-5", "chat:-1001"]), "c"), "-1001", "a group that was upgraded");
        assert_eq!(chat_of(&keys(&["chat:-1001:7"]), "c"), "c");
        assert_eq!(chat_of(&keys(&["biz:a:5"]), "c"), "c");
        assert_eq!(chat_of(&[], "c"), "c");
    }
}

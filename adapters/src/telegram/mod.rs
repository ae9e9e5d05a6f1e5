//! Telegram bots: updates in, by webhook or by long polling, and messages out (`telegram.md`).

mod address;
mod config;
mod inbound;
mod outbound;

use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use self::config::{Config, Mode};
use crate::{
    Capabilities, Channel, Kind, LongPollSource, Millis, ParseError, Parsed, Source, VerifyError, WebhookRequest,
    outbound::Outlet, verify::same_secret,
};

pub static KIND: Kind = Kind {
    name: "telegram",
    aliases: &["tg"],
    number: 5,
    push_path: Some("/api/telegram/receive/"),
    capabilities: Capabilities {
        max_webhook_bytes: 4 << 20,
        handshake: false,
        reopen_within_ms: 86_400_000,
        notice_pause_ms: 0,
        sending: Some(&outbound::SENDING),
    },
    schemes: address::SCHEMES,
    settings: config::SETTINGS,
    open: |settings| Ok(Box::new(Telegram(Config::read(settings)?))),
    explain: outbound::explain,
    authors: None,
};

/// Every kind of update that a bot can ask for (telegram.md §5).
///
/// Always sent in full: left out, Telegram keeps an older filter, and an empty list leaves out `chat_member`,
/// `message_reaction` and `message_reaction_count` (§2, §10).
pub const ALLOWED_UPDATES: &[&str] = &[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
];

/// The header that carries the webhook's secret, word for word (telegram.md §3).
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// One bot.
#[derive(Debug)]
struct Telegram(Config);

impl Channel for Telegram {
    fn accounts(&self) -> Vec<String> {
        vec![self.0.bot_id.to_string()]
    }

    fn handshake(&self, _query: &str) -> Result<String, VerifyError> {
        Err(VerifyError::NotAccepted)
    }

    fn verify(&self, request: &WebhookRequest<'_>, _now: Millis) -> Result<(), VerifyError> {
        let current = self.0.secret_token.as_ref().ok_or(VerifyError::NotAccepted)?;
        let given = request.headers.get(SECRET_HEADER).ok_or(VerifyError::Missing)?;
        match config::is_webhook_secret(given.as_bytes()) {
            true if is_one_of(given, [Some(current), self.0.previous_secret_token.as_ref()]) => Ok(()),
            true => Err(VerifyError::Mismatch),
            false => Err(VerifyError::Malformed),
        }
    }

    fn parse(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<Parsed, ParseError> {
        self.decode(request.body, now)
    }

    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        inbound::translate(payload, self.0.bot_id)
    }

    fn source(&self) -> Source {
        match self.0.mode {
            Mode::Webhook => Source::Webhook,
            Mode::Polling => Source::LongPoll(LongPollSource {
                url: format!("{}/bot{}/getUpdates", self.0.api_url, self.0.bot_token.expose_secret()).into(),
                allowed_updates: ALLOWED_UPDATES,
            }),
        }
    }

    fn outlet(&self) -> Option<&dyn Outlet> {
        Some(self)
    }
}

/// Whether `given` is one of `ours`; compares with each of them, whatever the first says.
fn is_one_of(given: &HeaderValue, ours: [Option<&SecretString>; 2]) -> bool {
    ours.into_iter().flatten().fold(false, |found, secret| found | same_secret(given.as_bytes(), secret))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::{Settings, SettingsError};

    const TOKEN: (&str, &str) = ("bot_token", "7001001:invented-secret");

    fn open(pairs: &[(&str, &str)]) -> Result<Box<dyn Channel>, SettingsError> {
        (KIND.open)(&Settings::of(&KIND, pairs.iter().copied())?)
    }

    fn verdict(channel: &dyn Channel, header: Option<&[u8]>) -> Result<(), VerifyError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(SECRET_HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        channel.verify(&WebhookRequest { query: "", headers: &headers, body: &Bytes::new() }, 0)
    }

    #[test]
    fn p9_only_the_secret_token_passes() {
        let channel = open(&[TOKEN, ("secret_token", "now_1")]).unwrap();
        assert_eq!(verdict(&*channel, Some(b"now_1")), Ok(()));
        assert_eq!(verdict(&*channel, None), Err(VerifyError::Missing));
        for other in ["now_", "now_11", "NOW_1", "before_1", "7001001"] {
            assert_eq!(verdict(&*channel, Some(other.as_bytes())), Err(VerifyError::Mismatch), "{other}");
        }
        for malformed in [&b""[..], b"now 1", b" now_1", b"now_1\xff", "ñ".as_bytes(), &[b'a'; 257]] {
            assert_eq!(verdict(&*channel, Some(malformed)), Err(VerifyError::Malformed), "{malformed:?}");
        }
    }

    #[test]
    fn during_a_rotation_both_secrets_pass() {
        let channel = open(&[TOKEN, ("secret_token", "now_1"), ("previous_secret_token", "before_1")]).unwrap();
        assert_eq!(verdict(&*channel, Some(b"now_1")), Ok(()));
        assert_eq!(verdict(&*channel, Some(b"before_1")), Ok(()));
        assert_eq!(verdict(&*channel, Some(b"older_1")), Err(VerifyError::Mismatch));
    }

    #[test]
    fn a_polling_bot_without_a_secret_takes_no_webhook() {
        let channel = open(&[TOKEN, ("mode", "polling")]).unwrap();
        assert_eq!(verdict(&*channel, Some(b"x")), Err(VerifyError::NotAccepted));
        assert_eq!(verdict(&*channel, None), Err(VerifyError::NotAccepted));
    }

    #[test]
    fn a_bot_is_named_by_its_id_and_knows_no_handshake() {
        let channel = open(&[TOKEN, ("secret_token", "s")]).unwrap();
        assert_eq!(channel.accounts(), ["7001001"]);
        assert_eq!(channel.handshake("hub.mode=subscribe"), Err(VerifyError::NotAccepted));
        assert!(matches!(channel.source(), Source::Webhook));
        assert!(!format!("{channel:?}").contains("invented"));
        assert_eq!(crate::kind("tg").map(|kind| kind.name), Some("telegram"));
    }

    #[test]
    fn polling_asks_for_every_kind_of_update() {
        let channel = open(&[TOKEN, ("mode", "polling"), ("api_url", "http://127.0.0.1:8081/")]).unwrap();
        let Source::LongPoll(source) = channel.source() else { panic!("not polling") };
        assert_eq!(source.url.expose_secret(), "http://127.0.0.1:8081/bot7001001:invented-secret/getUpdates");
        assert_eq!(source.allowed_updates.len(), 25);
        for kind in ["message", "message_reaction", "message_reaction_count", "chat_member"] {
            assert!(source.allowed_updates.contains(&kind), "{kind}");
        }
    }
}

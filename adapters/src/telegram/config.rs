//! What an operator tells us about a bot.

use http::Uri;
use secrecy::SecretString;

use crate::{Setting, Settings, SettingsError};

pub(super) static SETTINGS: &[Setting] = &[
    Setting {
        key: "bot_token",
        aliases: &["token", "app"],
        secret: true,
        required: true,
        help: "the bot's token, <bot id>:<secret>, as @BotFather shows it (/mybots, the bot, API Token)",
    },
    Setting {
        key: "secret_token",
        aliases: &["webhook_secret", "secret"],
        secret: true,
        required: false,
        help: "a word of your choice that Telegram repeats in every webhook (X-Telegram-Bot-Api-Secret-Token): 1 to \
               256 of A-Z a-z 0-9 _ -; required in webhook mode",
    },
    Setting {
        key: "previous_secret_token",
        aliases: &["previous_secret"],
        secret: true,
        required: false,
        help: "the secret token used before, accepted as well while it is being replaced",
    },
    Setting {
        key: "mode",
        aliases: &[],
        secret: false,
        required: false,
        help: "webhook (Telegram calls us; the default) or polling (we ask Telegram; needs no public address)",
    },
    Setting {
        key: "api_url",
        aliases: &["api_base", "base_url"],
        secret: false,
        required: false,
        help: "the Bot API server, https://api.telegram.org unless you run your own",
    },
    Setting {
        key: "sends_per_second",
        aliases: &["rate", "messages_per_second"],
        secret: false,
        required: false,
        help: "messages that the bot sends per second over all chats, 1 to 1000; 30 unless Telegram grants you more \
               (paid broadcasts)",
    },
];

/// How updates reach us; the two exclude each other (telegram.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Webhook,
    Polling,
}

#[derive(Debug)]
pub(super) struct Config {
    /// The part of the token before the colon; the bot's user id.
    pub(super) bot_id: i64,
    pub(super) bot_token: SecretString,
    /// Always there in webhook mode.
    pub(super) secret_token: Option<SecretString>,
    pub(super) previous_secret_token: Option<SecretString>,
    pub(super) mode: Mode,
    /// Without a trailing slash.
    pub(super) api_url: String,
    /// 1 to 1,000.
    pub(super) sends_per_second: Option<u32>,
}

impl Config {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// Everything that is missing or wrong, all at once.
    pub(super) fn read(settings: &Settings) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let mut check = |key: &str, problem: &str| problems.push((key.to_owned(), problem.to_owned()));

        let token = settings.get("bot_token").unwrap_or_default();
        let bot_id = bot_id(token);
        if bot_id.is_none() {
            check("bot_token", "must look like 123456789:AbC-dEf_1, exactly as @BotFather shows it");
        }
        for key in ["secret_token", "previous_secret_token"] {
            if settings.get(key).is_some_and(|secret| !is_webhook_secret(secret.as_bytes())) {
                check(key, "takes 1 to 256 of the characters A-Z a-z 0-9 _ -");
            }
        }
        let mode = mode(settings.get("mode"));
        if mode.is_none() {
            check("mode", "must be webhook or polling");
        }
        if mode == Some(Mode::Webhook) && settings.get("secret_token").is_none() {
            check("secret_token", "is required in webhook mode: without it anybody could send us messages");
        }
        let api_url = api_url(settings.get("api_url"));
        if api_url.is_none() {
            check("api_url", "must be an http or https address without user, query or fragment");
        }
        let sends_per_second = sends_per_second(settings.get("sends_per_second"));
        if sends_per_second.is_none() {
            check("sends_per_second", "must be a whole number from 1 to 1000");
        }
        match (bot_id, mode, api_url) {
            (Some(bot_id), Some(mode), Some(api_url)) if problems.is_empty() => Ok(Self {
                bot_id,
                bot_token: SecretString::from(token),
                secret_token: settings.secret("secret_token"),
                previous_secret_token: settings.secret("previous_secret_token"),
                mode,
                api_url,
                sends_per_second: sends_per_second.flatten(),
            }),
            _ => Err(SettingsError(problems)),
        }
    }
}

/// Whether `secret` is 1 to 256 of `A-Z a-z 0-9 _ -`, as setWebhook demands (telegram.md §2).
pub(super) fn is_webhook_secret(secret: &[u8]) -> bool {
    (1..=256).contains(&secret.len()) && secret.iter().all(|byte| is_token_byte(*byte))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn bot_id(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let well_formed = id.bytes().all(|byte| byte.is_ascii_digit())
        && !id.starts_with('0')
        && !secret.is_empty()
        && secret.bytes().all(is_token_byte);
    id.parse().ok().filter(|_| well_formed)
}

fn mode(word: Option<&str>) -> Option<Mode> {
    match word.map(str::to_ascii_lowercase).as_deref() {
        None | Some("webhook") => Some(Mode::Webhook),
        Some("polling") => Some(Mode::Polling),
        Some(_) => None,
    }
}

/// `Some(None)` if nothing is said, `None` if it is nonsense.
fn sends_per_second(given: Option<&str>) -> Option<Option<u32>> {
    given
        .map(|text| text.parse().ok().filter(|rate| (1..=1000).contains(rate)))
        .map_or(Some(None), |rate| rate.map(Some))
}

fn api_url(given: Option<&str>) -> Option<String> {
    let url = given.unwrap_or("https://api.telegram.org").trim_end_matches('/');
    let uri: Uri = url.parse().ok()?;
    let host =
        uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    let fine = host && matches!(uri.scheme_str(), Some("http" | "https")) && !url.contains(['?', '#']);
    fine.then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::KIND;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, SettingsError> {
        Config::read(&Settings::of(&KIND, pairs.iter().copied())?)
    }

    fn complaints(pairs: &[(&str, &str)]) -> Vec<String> {
        read(pairs).unwrap_err().0.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_are_a_webhook_from_the_hosted_service() {
        let config = read(&[("app", " 42:a_B-9 "), ("secret_token", "x")]).unwrap();
        assert_eq!((config.bot_id, config.mode), (42, Mode::Webhook));
        assert_eq!(config.api_url, "https://api.telegram.org");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let wrong = [
            ("token", "nonsense"),
            ("previous_secret_token", "with space"),
            ("mode", "carrier pigeon"),
            ("api_url", "ftp://host"),
            ("sends_per_second", "0"),
        ];
        let keys = ["bot_token", "previous_secret_token", "mode", "api_url", "sends_per_second"];
        assert_eq!(complaints(&wrong), keys);
        assert_eq!(complaints(&[("token", "1:a")]), ["secret_token"]);
        assert_eq!(complaints(&[("secret_token", "x")]), ["bot_token"]);
    }

    #[test]
    fn a_token_has_an_id_and_a_secret() {
        for wrong in ["", "1", ":a", "1:", "a:b", "1:a b", "1:a:b", "+1:a", "-1:a", "01:a", "99999999999999999999:a"] {
            assert_eq!(bot_id(wrong), None, "{wrong}");
        }
        assert_eq!(bot_id("5000000001:Aa-_9"), Some(5_000_000_001));
    }

    #[test]
    fn an_api_address_is_http() {
        assert_eq!(api_url(Some("http://localhost:8081//")).as_deref(), Some("http://localhost:8081"));
        assert_eq!(api_url(Some("https://host/bot-api/")).as_deref(), Some("https://host/bot-api"));
        for wrong in
            ["", "localhost:8081", "/x", "https://", "https://u:p@host", "https://host?x=1", "https://h#x", "a b"]
        {
            assert_eq!(api_url(Some(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_token_has_at_most_256_plain_characters() {
        assert!(is_webhook_secret(&[b'x'; 256]));
        assert!(!is_webhook_secret(&[b'x'; 257]));
        assert!(!is_webhook_secret(b"a=b"));
    }
}

//! Whether a bot is set up as it should be, and setting it up (telegram.md §2, §10).

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::{
    api::{Api, Parameters, Trouble},
    compose::Objection,
};
use crate::{
    json,
    outbound::{ErrorClass, Explained, Finding, SendError},
    telegram::{
        ALLOWED_UPDATES,
        config::{self, Mode},
    },
    text,
};

/// Webhook connections that Telegram may hold at the same time; its own default.
const MAX_CONNECTIONS: u32 = 40;
/// How many updates may wait before that is worth a word.
const MANY_PENDING: i64 = 100;

/// Looks at the token, and at how updates reach us.
pub(super) async fn probe(api: Api<'_>, webhook: Option<&str>) -> Vec<Finding> {
    let bot = match api.ask("getMe", Parameters::new()).await {
        Ok(me) => token(&me, api.bot.bot_id),
        Err(trouble) => unreachable("bot token", trouble),
    };
    if !bot.ok {
        return vec![bot];
    }
    match api.ask("getWebhookInfo", Parameters::new()).await {
        Ok(info) => {
            let mut findings = vec![bot];
            findings.extend(match api.bot.mode {
                Mode::Webhook => pushed(&info, webhook),
                Mode::Polling => vec![polled(&info)],
            });
            findings
        }
        Err(trouble) => vec![bot, unreachable("webhook", trouble)],
    }
}

fn token(me: &Value, ours: i64) -> Finding {
    let check = "bot token";
    match json::int(me, "id") {
        Some(id) if id == ours => {
            Finding::good(check, format!("@{} ({id})", json::str(me, "username").unwrap_or("unnamed")))
        }
        Some(id) => Finding::bad(
            check,
            format!("the token belongs to bot {id}, not to {ours}"),
            "Copy bot_token again from @BotFather (/mybots, the bot, API Token).",
        ),
        None => Finding::bad(
            check,
            "the server answered, but not as the Bot API does",
            "Check api_url: https://api.telegram.org unless you run your own Bot API server.",
        ),
    }
}

fn unreachable(check: &str, trouble: Trouble) -> Finding {
    let error = trouble.of_look();
    let remedy = match (error.class, error.code.as_str()) {
        (ErrorClass::Auth, "421") => "Check api_url: this server does not serve the bot.",
        (ErrorClass::Auth, _) => {
            "Copy bot_token again from @BotFather (/mybots, the bot, API Token); it may have been revoked."
        }
        (ErrorClass::RateLimited, _) => "Wait and check again: Telegram has asked for a pause.",
        _ => "Check that this machine reaches api_url (https://api.telegram.org unless set otherwise) and try again.",
    };
    Finding::bad(check, error.to_string(), remedy)
}

fn pushed(info: &Value, webhook: Option<&str>) -> Vec<Finding> {
    vec![address(info, webhook), subscribed(info), delivered(info)]
}

fn address(info: &Value, webhook: Option<&str>) -> Finding {
    let check = "webhook address";
    let remedy = "Register the webhook again.";
    match (json::str(info, "url"), webhook) {
        (None, _) => Finding::bad(check, "no webhook is set: Telegram sends nothing", remedy),
        (Some(set), Some(ours)) if set != ours => {
            Finding::bad(check, format!("Telegram sends to {}", text::truncate(set, 200)), remedy)
        }
        (Some(set), _) => Finding::good(check, text::truncate(set, 200)),
    }
}

/// Left out, the list is Telegram's default, which lacks some kinds (telegram.md §2).
fn subscribed(info: &Value) -> Finding {
    const NOT_BY_DEFAULT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
    let check = "kinds of update";
    let set: Option<Vec<&str>> = info
        .get("allowed_updates")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .filter(|list: &Vec<&str>| !list.is_empty());
    let is_set = |kind: &&&str| set.as_ref().map_or(!NOT_BY_DEFAULT.contains(kind), |set| set.contains(kind));
    let missing: Vec<&str> = ALLOWED_UPDATES.iter().filter(|kind| !is_set(kind)).copied().collect();
    match missing.is_empty() {
        true => Finding::good(check, "all of them are sent to us"),
        false => Finding::bad(check, format!("not sent to us: {}", missing.join(", ")), "Register the webhook again."),
    }
}

/// Telegram keeps its last error for good (telegram.md §2), so one counts only while updates wait.
fn delivered(info: &Value) -> Finding {
    let check = "webhook deliveries";
    let pending = json::int(info, "pending_update_count").unwrap_or_default();
    let error = json::str(info, "last_error_message").map(|error| text::truncate(error, 200));
    let at = json::int(info, "last_error_date").and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let at = at.and_then(|at| at.format(&Rfc2822).ok()).unwrap_or_else(|| "an unknown time".to_owned());
    let remedy = "Check that the public address answers from the Internet, with a valid certificate, on port 443, \
                  80, 88 or 8443, and that the secret token is the one that was registered.";
    match error {
        Some(error) if pending > 0 => {
            Finding::bad(check, format!("{pending} updates wait; last error, {at}: {error}"), remedy)
        }
        None if pending >= MANY_PENDING => Finding::bad(check, format!("{pending} updates wait"), remedy),
        Some(error) => Finding::good(check, format!("nothing waits; the last error was on {at}: {error}")),
        None => Finding::good(check, format!("{pending} updates wait")),
    }
}

fn polled(info: &Value) -> Finding {
    let check = "polling";
    let pending = json::int(info, "pending_update_count").unwrap_or_default();
    match json::str(info, "url") {
        None => Finding::good(check, format!("no webhook is in the way; {pending} updates wait")),
        Some(set) => Finding::bad(
            check,
            format!("a webhook is set, so Telegram refuses to be polled: {}", text::truncate(set, 200)),
            "Remove the webhook (deleteWebhook), or set mode to webhook.",
        ),
    }
}

/// Tells Telegram where to push to. Doing it twice changes nothing.
pub(super) async fn register(api: Api<'_>, webhook: &str, secret: &SecretString) -> Result<(), SendError> {
    if api.bot.mode == Mode::Polling {
        return Err(POLLING.error("the bot is polled, and a webhook would end that"));
    }
    if !config::is_webhook_secret(secret.expose_secret().as_bytes()) {
        return Err(SECRET.error("the secret token has 1 to 256 of the characters A-Z a-z 0-9 _ -"));
    }
    let parameters = Parameters::from_iter([
        ("url".to_owned(), json!(webhook)),
        ("secret_token".to_owned(), json!(secret.expose_secret())),
        ("allowed_updates".to_owned(), json!(ALLOWED_UPDATES)),
        ("max_connections".to_owned(), json!(MAX_CONNECTIONS)),
        ("drop_pending_updates".to_owned(), json!(false)),
    ]);
    api.ask("setWebhook", parameters).await.map(drop).map_err(|trouble| trouble.of_look())
}

const POLLING: Objection = Objection(
    ErrorClass::Content,
    "polling",
    Explained {
        es: "El bot está en modo polling. Cambie mode a webhook antes de registrar la dirección.",
        en: "The bot is in polling mode. Set mode to webhook before registering the address.",
    },
);
const SECRET: Objection = Objection(
    ErrorClass::Content,
    "secret_token",
    Explained {
        es: "El secret_token no es válido: use de 1 a 256 caracteres A-Z a-z 0-9 _ -.",
        en: "The secret_token is not valid: use 1 to 256 of the characters A-Z a-z 0-9 _ -.",
    },
);

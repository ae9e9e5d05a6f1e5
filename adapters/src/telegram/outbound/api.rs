//! Calls of the Bot API, and what it answers (telegram.md §6).

use std::{fmt, time::Duration};

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::errors;
use crate::{
    json,
    outbound::{Call, CallBody, ErrorClass, Explained, Failure, Io, OutboundFile, Part, PartContent, Reply, SendError},
    telegram::config::Config,
    text,
};

/// How long an upload of up to 50 MB may take.
const UPLOAD: Duration = Duration::from_secs(300);
/// Bytes of Telegram's own words that are kept.
const MAX_DETAIL: usize = 500;

/// What a method takes.
pub(super) type Parameters = Map<String, Value>;

/// The Bot API as one bot sees it.
#[derive(Clone, Copy)]
pub(super) struct Api<'a> {
    pub(super) bot: &'a Config,
    pub(super) io: &'a dyn Io,
}

impl<'a> Api<'a> {
    /// Calls a method; its `result`.
    pub(super) async fn ask(&self, method: &str, parameters: Parameters) -> Result<Value, Trouble> {
        self.call(Call::post(self.url(method), CallBody::Json(Value::Object(parameters)))).await
    }

    /// Calls a method that takes a file, with the file's bytes.
    pub(super) async fn upload(
        &self,
        method: &str,
        parameters: Parameters,
        field: &str,
        file: &OutboundFile,
    ) -> Result<Value, Trouble> {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut parts: Vec<Part> = parameters
            .into_iter()
            .map(|(name, value)| Part { name, content: PartContent::Text(text(value)) })
            .collect();
        parts.push(Part {
            name: field.to_owned(),
            content: PartContent::File {
                sha256: file.sha256.clone(),
                size: file.size,
                mime: file.mime.clone(),
                file_name: file.file_name.clone(),
            },
        });
        self.call(Call::post(self.url(method), CallBody::Multipart(parts)).within(UPLOAD)).await
    }

    /// Where the bytes of a file are; holds the token.
    pub(super) fn file_url(&self, path: &str) -> String {
        format!("{}/file/bot{}/{path}", self.bot.api_url, self.bot.bot_token.expose_secret())
    }

    fn url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.bot.api_url, self.bot.bot_token.expose_secret())
    }

    async fn call(&self, call: Call) -> Result<Value, Trouble> {
        let reply = self.io.call(call).await.map_err(Trouble::Failed)?;
        let answer = reply.json();
        match (reply.is_success(), answer.get("ok").and_then(Value::as_bool), answer.get("result")) {
            (true, Some(true), Some(result)) => Ok(result.clone()),
            (true, Some(true) | None, _) => Err(Trouble::Silent),
            _ => Err(Trouble::Refused(self.refusal(&reply, &answer))),
        }
    }

    fn refusal(&self, reply: &Reply, answer: &Value) -> Refusal {
        let code = json::int(answer, "error_code").and_then(|code| u16::try_from(code).ok()).unwrap_or(reply.status);
        let description = json::str(answer, "description").unwrap_or_default();
        let description = description.replace(self.bot.bot_token.expose_secret(), "***");
        let parameters = answer.get("parameters").unwrap_or(&Value::Null);
        let header = || reply.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok();
        let stated = json::int(parameters, "retry_after").and_then(|seconds| u64::try_from(seconds).ok());
        Refusal {
            code,
            retry_after: stated.or_else(header).or_else(|| worded_wait(&description)).map(Duration::from_secs),
            migrated_to: json::int(parameters, "migrate_to_chat_id"),
            description: text::clean(&description, MAX_DETAIL),
        }
    }
}

impl fmt::Debug for Api<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("bot", &self.bot.bot_id).finish_non_exhaustive()
    }
}

/// The seconds in `Too Many Requests: retry after 17`.
fn worded_wait(description: &str) -> Option<u64> {
    let lower = description.to_ascii_lowercase();
    let (_, rest) = lower.split_once("retry after ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A call without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No answer.
    Failed(Failure),
    /// Telegram says no.
    Refused(Refusal),
    /// Telegram says yes, and nothing else: what it did is not known.
    Silent,
}

/// Telegram's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `error_code`, which mirrors the HTTP status.
    pub(super) code: u16,
    /// At most 500 bytes.
    pub(super) description: String,
    pub(super) retry_after: Option<Duration>,
    /// The supergroup that the group has become.
    pub(super) migrated_to: Option<i64>,
}

impl Refusal {
    /// The description without the words that Telegram puts before it, lower case.
    pub(super) fn sign(&self) -> String {
        errors::sign(&self.description)
    }

    /// Whether it is a 400 that begins with one of these words (lower case).
    pub(super) fn says(&self, signs: &[&str]) -> bool {
        let sign = self.sign();
        self.code == 400 && signs.iter().any(|start| sign.starts_with(start))
    }
}

const SILENT: Explained = Explained {
    es: "Telegram respondió sin confirmar el mensaje; no se sabe si fue entregado.",
    en: "Telegram answered without confirming the message; whether it was delivered is not known.",
};

impl Trouble {
    /// What it means for a call that has an effect; `in_chat`: it is about one chat.
    pub(super) fn of_send(self, in_chat: bool) -> SendError {
        match self {
            Self::Failed(failure) => failure.into(),
            Self::Refused(refusal) => errors::classify(&refusal, in_chat),
            Self::Silent => {
                SendError::new(ErrorClass::Unknown, "no_result", "a success without the result it must have", SILENT)
            }
        }
    }

    /// What it means for a call that only looks: that can always be repeated.
    pub(super) fn of_look(self) -> SendError {
        let error = self.of_send(false);
        match error.class {
            ErrorClass::Unknown => SendError { class: ErrorClass::Transient, reason: errors::MOMENTARY, ..error },
            _ => error,
        }
    }
}

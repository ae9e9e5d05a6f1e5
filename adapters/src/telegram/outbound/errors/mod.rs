//! What Telegram's refusals mean (telegram.md §9).

mod table;

use ErrorClass::{Content, RateLimited, Transient};
use table::{ROWS, Row};

use super::api::Refusal;
use crate::outbound::{ErrorClass, Explained, SendError};

/// What may be tried again soon.
pub(super) const MOMENTARY: Explained = Explained {
    es: "Telegram tiene un problema momentáneo; se volverá a intentar automáticamente.",
    en: "Telegram has a momentary problem; it will be tried again automatically.",
};

/// What is not known.
const OTHER: Explained = Explained {
    es: "Telegram rechazó el mensaje. Revise su contenido y envíelo de nuevo; si se repite, avise al administrador.",
    en: "Telegram refused the message. Check what is in it and send it again; if it happens again, tell your \
         administrator.",
};

/// What a refusal means; `in_chat`: the call was about one chat, so that a limit is first taken to be that chat's.
pub(super) fn classify(refusal: &Refusal, in_chat: bool) -> SendError {
    let sign = refusal.sign();
    let row = find(refusal.code, &sign);
    let (class, reason) = row.map_or_else(|| by_status(refusal.code), |row| (row.class, row.reason));
    let detail = match refusal.description.as_str() {
        "" => format!("HTTP {}", refusal.code),
        words => words.to_owned(),
    };
    let error = SendError::new(class, refusal.code.to_string(), detail, reason).after(refusal.retry_after);
    match class {
        RateLimited if !in_chat => error.of_channel(),
        _ if row.is_some_and(|row| row.channel) => error.of_channel(),
        _ => error,
    }
}

/// What a code means without its description.
pub(in crate::telegram) fn explain(code: &str) -> Option<(ErrorClass, Explained)> {
    let code: u16 = code.parse().ok()?;
    let row = find(code, "").map(|row| (row.class, row.reason));
    row.or_else(|| (500..600).contains(&code).then_some((Transient, MOMENTARY)))
}

fn find(code: u16, sign: &str) -> Option<&'static Row> {
    let fits = |row: &&Row| row.signs.is_empty() || row.signs.iter().any(|start| sign.starts_with(start));
    ROWS.iter().filter(|row| row.code == code).find(fits)
}

fn by_status(code: u16) -> (ErrorClass, Explained) {
    match code {
        500..600 => (Transient, MOMENTARY),
        _ => (Content, OTHER),
    }
}

/// The words that Telegram puts before a description, lower case.
const PREFIXES: [&str; 9] = [
    "bad request: ",
    "forbidden: ",
    "unauthorized: ",
    "conflict: ",
    "not found: ",
    "too many requests: ",
    "request entity too large: ",
    "misdirected request: ",
    "internal server error: ",
];

/// A description without the words before it, lower case.
pub(super) fn sign(description: &str) -> String {
    let lower = description.trim().to_lowercase();
    let bare = PREFIXES.iter().find_map(|prefix| lower.strip_prefix(prefix));
    bare.map(str::to_owned).unwrap_or(lower)
}

//! What mail servers' replies mean (`email.md §8`): the enhanced code first, then where it was said and how it begins.

mod table;

use table::{ROWS, Row};

use super::MAX_DETAIL;
use crate::{
    outbound::{ErrorClass, Explained, SendError, SmtpStage},
    text,
};

/// What is not known.
const OTHER: (ErrorClass, Explained) = (
    ErrorClass::Content,
    Explained {
        es: "El correo no pudo entregarse. Revise la dirección y el contenido, o use otro canal.",
        en: "The mail could not be delivered. Check its address and what is in it, or use another \
             channel.",
    },
);

/// What a server said, as far as it is known.
struct Said<'a> {
    reply: Option<&'a str>,
    enhanced: Option<&'a str>,
    stage: Option<SmtpStage>,
    /// Lower case, one blank around each word.
    words: String,
}

/// What a refusal means.
pub(super) fn classify(reply: u16, enhanced: Option<&str>, words: &str, stage: SmtpStage) -> SendError {
    let code = reply.to_string();
    let said = Said { reply: Some(&code), enhanced, stage: Some(stage), words: spaced(words) };
    let detail = text::clean(&format!("{code} {}", words.trim()), MAX_DETAIL);
    let name = enhanced.unwrap_or(&code).to_owned();
    match find(&said) {
        None => SendError::new(OTHER.0, name, detail, OTHER.1),
        Some(row) => {
            let error = SendError::new(row.class, name, detail, row.reason).after(row.wait);
            if row.channel { error.of_channel() } else { error }
        }
    }
}

/// What an enhanced code (`5.1.1`, as bounces state it) or a reply code (`550`) means by itself.
pub(in crate::email) fn explain(code: &str) -> Option<(ErrorClass, Explained)> {
    let (reply, enhanced) = if code.contains('.') { (None, Some(code)) } else { (Some(code), None) };
    let well_formed = match enhanced {
        Some(code) => code.split('.').count() == 3 && code.split('.').all(is_number),
        None => code.len() == 3 && is_number(code),
    };
    let said = Said { reply, enhanced, stage: None, words: String::new() };
    find(&said).filter(|_| well_formed).map(|row| (row.class, row.reason))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn find(said: &Said<'_>) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.fits(said))
}

fn spaced(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

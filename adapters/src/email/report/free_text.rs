//! Bounces in plain words (qmail, Exim, old Exchange, carriers): best effort.

use super::{fields, is_from_machine, returned_headers, structured::first_recipient, targets, text};
use crate::{
    Bounce, BouncedRecipient,
    email::{
        mail::{Mail, message_ids},
        mime::{Headers, addresses},
    },
};

/// How subjects of bounces read, in lower case.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "delivery status notification",
    "delivery failure",
    "delivery report",
    "mail delivery failed",
    "delivery has failed",
    "failure notice",
    "failed delivery",
    "returned mail",
    "mail system error",
    "mail could not",
    "could not be delivered",
    "couldn't be delivered",
    "not delivered",
    "non remis",
    "delivery delayed",
    "delivery incomplete",
    "message delayed",
    "warning: message",
    "warning: could not send",
    "returned to sender",
    "no se pudo entregar",
    "no se ha podido entregar",
    "error de entrega",
    "notificación de estado de entrega",
    "mensaje devuelto",
    "no entregado",
    "unzustellbar",
    "zustellfehler",
    "nicht zugestellt",
    "zustellung fehlgeschlagen",
    "échec de la remise",
    "échec de la distribution",
    "non distribué",
    "mancato recapito",
    "mancata consegna",
    "não entregue",
    "falha na entrega",
    "onbestelbaar",
    "kunne ikke leveres",
    "kunde inte levereras",
    "недоставлен",
    "配信できません",
    "送信できません",
];

const DELAYED: &[&str] = &[
    "delayed",
    "warning: ",
    "will be retried",
    "still trying",
    "not yet been delivered",
    "retrasad",
    "verzögert",
    "en attente",
];

/// Lines before which a returned copy of our mail starts.
const COPY_STARTS: &[&str] = &[
    "--- below this line is a copy of the message",
    "this is a copy of the message",
    "------ this is a copy",
    "----- original message",
    "--- original message",
    "----- message header follows",
    "--- returned message",
    "---- unsent message",
    "------- returned mail",
    "-----original message",
    "original message headers",
];

pub(super) fn read(mail: &Mail) -> Option<Bounce> {
    let failed = failed_recipients(mail);
    if failed.is_empty() && !looks_like_one(mail) {
        return None;
    }
    let words = text(mail).unwrap_or_default();
    let (report, copy) = split_copy(&words);
    let returned = returned_headers(mail).or(copy);
    let targets = targets(mail, returned.as_ref(), Vec::new());
    let addresses = match failed.is_empty() {
        true => address_in(report, mail).or_else(|| returned.as_ref().and_then(first_recipient)).into_iter().collect(),
        false => failed,
    };
    if addresses.is_empty() && targets.is_empty() {
        return None;
    }
    let diagnostic = diagnostic(report);
    let status = diagnostic.as_deref().and_then(fields::status).or_else(|| fields::status(report));
    let action = if is_delayed(mail, report) { "delayed" } else { "failed" };
    let recipient = |address| BouncedRecipient {
        address,
        action: action.to_owned(),
        status: status.clone(),
        diagnostic: diagnostic.clone(),
    };
    let recipients = addresses.into_iter().take(super::MAX_RECIPIENTS).map(recipient).collect();
    Some(Bounce { targets, recipients, text: Some(words.clone()).filter(|words| !words.is_empty()) })
}

/// Exim names them in the header.
fn failed_recipients(mail: &Mail) -> Vec<String> {
    mail.headers.all("X-Failed-Recipients").flat_map(addresses).map(|address| address.email).collect()
}

/// A null or machine sender, and a subject that says so.
fn looks_like_one(mail: &Mail) -> bool {
    let subject = mail.headers.text("Subject").unwrap_or_default().to_lowercase();
    is_from_machine(mail) && SUBJECTS.iter().any(|words| subject.contains(words))
}

/// The report's own words, and the header of the returned mail below them.
fn split_copy(words: &str) -> (&str, Option<Headers>) {
    let mut at = 0;
    for line in words.split_inclusive('\n') {
        let lower = line.trim().to_lowercase();
        at += line.len();
        if COPY_STARTS.iter().any(|start| lower.contains(start)) {
            let copy = words[at..].trim_start_matches(['\n', '\r', '-', ' ']);
            return (
                &words[..at - line.len()],
                Some(Headers::parse(copy.as_bytes()).0).filter(|copy| !copy.is_empty()),
            );
        }
    }
    (words, message_id_line(words))
}

/// A `Message-ID:` line anywhere in the text.
fn message_id_line(words: &str) -> Option<Headers> {
    let line = words.lines().find_map(|line| {
        let line = line.trim_start_matches(['>', ' ', '|']);
        line.get(..11).filter(|start| start.eq_ignore_ascii_case("message-id:")).map(|_| &line[11..])
    })?;
    let id = message_ids(line.as_bytes()).into_iter().next()?;
    let mut headers = Headers::default();
    headers.push("Message-ID", format!("<{id}>").as_bytes());
    Some(headers)
}

/// The first address in the text that is neither the reporter's nor a recipient of the report.
fn address_in(words: &str, mail: &Mail) -> Option<String> {
    let reporter = mail.sender().map(|sender| sender.email).unwrap_or_default();
    let ours: Vec<String> = mail.headers.all("To").flat_map(addresses).map(|address| address.email).collect();
    words
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | '\'' | '[' | ']'))
        .map(|word| word.trim_matches([':', '.']).trim_start_matches("mailto:").to_lowercase())
        .find(|word| is_address(word) && *word != reporter && !ours.contains(word))
}

fn is_address(word: &str) -> bool {
    word.len() <= 254
        && word
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}

/// The line with the server's reply.
fn diagnostic(words: &str) -> Option<String> {
    let has_code = |line: &str| {
        fields::status(line).is_some()
            || line.split(|c: char| !c.is_ascii_digit()).any(|word| word.len() == 3 && matches!(&word[..1], "4" | "5"))
    };
    words.lines().map(str::trim).find(|line| has_code(line)).map(|line| crate::text::truncate(line, 1_000).to_owned())
}

fn is_delayed(mail: &Mail, report: &str) -> bool {
    let subject = mail.headers.text("Subject").unwrap_or_default().to_lowercase();
    let report = report.to_lowercase();
    let final_words =
        ["permanent", "giving up", "have given up", "i've given up"].iter().any(|words| report.contains(words));
    DELAYED.iter().any(|words| subject.contains(words))
        || !final_words
            && ["has not yet been delivered", "will be retried", "delivery attempts will continue"]
                .iter()
                .any(|words| report.contains(words))
}

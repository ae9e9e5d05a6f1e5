//! Reports about mails of ours: bounces, read receipts and spam complaints (`email.md §6`).

mod fields;
mod free_text;
mod structured;

pub(crate) use fields::status;

use super::mail::{File, FileData, Mail, message_ids};
use super::mime::{Address, Headers};
use crate::{Bounce, Notice};

/// Bytes of a report's text that are kept.
pub(crate) const MAX_TEXT: usize = 16 * 1024;
/// Recipients of one report that are kept.
const MAX_RECIPIENTS: usize = 500;

/// What a report says.
#[derive(Debug)]
pub(crate) enum Report {
    Bounce(Bounce),
    /// About a mail of ours, but nothing that changes its state.
    Notice(Notice),
}

/// The report that `mail` is; `None` if it is a mail like any other.
pub(crate) fn of(mail: &Mail) -> Option<Report> {
    let reported = mail.kind().value == "multipart/report" || is_from_machine(mail);
    let structured = reported.then(|| structured::read(mail)).flatten();
    structured.or_else(|| free_text::read(mail).map(Report::Bounce))
}

/// Whether a mail system wrote it: the null sender, or an address that only such systems use.
fn is_from_machine(mail: &Mail) -> bool {
    let sender = mail.sender();
    let local = sender.as_ref().map(Address::local).unwrap_or_default();
    mail.has_null_sender() || matches!(local, "mailer-daemon" | "postmaster" | "mail-daemon" | "mailerdaemon")
}

/// The text that people read, cut.
fn text(mail: &Mail) -> Option<String> {
    let text = mail.text.clone().or_else(|| mail.html.as_deref().map(super::html::to_text))?;
    crate::text::non_blank(&crate::text::clean(&text.replace("\r\n", "\n"), MAX_TEXT)).map(str::to_owned)
}

/// The header fields of the returned mail, if it came with the report.
fn returned_headers(mail: &Mail) -> Option<Headers> {
    let returned = |file: &File| match (&file.data, file.kind.value.as_str()) {
        (
            FileData::Bytes(bytes),
            "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers" | "message/partial",
        ) => Some(Headers::parse(bytes).0).filter(|headers| !headers.is_empty()),
        _ => None,
    };
    mail.files.iter().find_map(returned)
}

/// Our Message-IDs that the report names, most certain first.
fn targets(mail: &Mail, returned: Option<&Headers>, stated: Vec<String>) -> Vec<String> {
    let of_returned = returned.iter().flat_map(|headers| headers.all("Message-ID")).flat_map(message_ids);
    let mut found: Vec<String> = Vec::new();
    for id in stated.into_iter().chain(of_returned).chain(mail.ids("In-Reply-To")) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found.truncate(10);
    found
}

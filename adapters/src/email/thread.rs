//! Which conversation a mail belongs to (`email.md §4`).

use super::{
    config::{self, Config},
    mail::{Mail, tidy_id},
    mime::{Address, addresses},
    token,
};
use crate::ThreadRef;

/// Other mails that one mail names and that are kept.
const MAX_HINTS: usize = 20;

/// Header fields that name the address to which this copy of the mail was delivered.
const DELIVERED: &[&str] = &["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"];
/// Header fields that may name the address to which the mail was sent, alike in every copy.
const RECIPIENTS: &[&str] = &["To", "Cc", "X-Forwarded-To", "Resent-To", "Apparently-To"];

/// The thread of a message.
pub(crate) fn of(mail: &Mail, id: &str, sender: Option<&Address>, config: &Config) -> ThreadRef {
    let subject = mail.subject();
    let replied: Vec<String> = mail.ids("In-Reply-To");
    let references: Vec<String> = mail.ids("References");
    let proven = proven_conversation(mail, config);
    let root = references.first().or(replied.first()).cloned();
    let root = root.or_else(|| mail.stated_id());
    let partition = match (&proven, root, sender) {
        (Some(conversation), _, _) => conversation.clone(),
        (None, Some(root), _) => mid(&root),
        (None, None, Some(sender)) => format!("from:{}", sender.email),
        (None, None, None) => mid(id),
    };
    let others = other_mails(replied.into_iter().chain(references.into_iter().rev()), id);
    ThreadRef {
        partition,
        id: proven,
        names: [mid(id)].into_iter().chain(answer_to(mail, sender, config).map(|to| back(id, &to))).collect(),
        evidence: sender.map(|sender| evidence(sender, id, &others)).unwrap_or_default(),
        hints: others.iter().flat_map(|other| pointers(sender, other)).collect(),
        ticket_hint: subject.as_deref().and_then(ticket_hint),
        subject,
        ..ThreadRef::default()
    }
}

/// The thread of a report about `targets`: it points at them and is no thread of its own.
pub(crate) fn of_report(mail: &Mail, id: &str, targets: &[String], config: &Config) -> ThreadRef {
    let others = mail.ids("In-Reply-To").into_iter().chain(mail.ids("References").into_iter().rev());
    let others = other_mails(targets.iter().cloned().chain(others), id);
    let hints: Vec<String> = others.iter().map(|other| mid(other)).collect();
    let proven = proven_conversation(mail, config);
    ThreadRef {
        partition: proven.clone().or_else(|| hints.first().cloned()).unwrap_or_else(|| mid(id)),
        id: proven,
        hints,
        subject: mail.subject(),
        ..ThreadRef::default()
    }
}

/// The name of a mail, for whoever names it.
pub(crate) fn mid(id: &str) -> String {
    format!("mid:{id}")
}

/// The name of a mail in one sender's view.
pub(crate) fn seen_by(sender: &str, id: &str) -> String {
    format!("ref:{}:{id}", tidy_id(sender))
}

/// The name by which a mail says where its answers go.
fn back(id: &str, address: &str) -> String {
    format!("back:{id}:{address}")
}

/// Where the answers to this mail go, if one of the thread's names says so.
pub(crate) fn answers_go_to<'a>(names: &'a [String], id: &str) -> Option<&'a str> {
    names.iter().find_map(|name| name.strip_prefix("back:")?.strip_prefix(id)?.strip_prefix(':'))
}

/// The one address to which a mail asks to be answered, if it is neither its sender's nor ours.
fn answer_to(mail: &Mail, sender: Option<&Address>, config: &Config) -> Option<String> {
    let asked: Vec<Address> = mail.headers.all("Reply-To").flat_map(addresses).collect();
    let [Address { email, .. }] = asked.as_slice() else { return None };
    let other = sender.is_some_and(|sender| sender.email != *email) && !config.is_own(email);
    (other && config::is_address(email)).then(|| email.clone())
}

/// What a mail's sender means by another mail's id: ids are not unique, so his own view of it comes first.
fn pointers(sender: Option<&Address>, other: &str) -> Vec<String> {
    sender.map(|sender| seen_by(&sender.email, other)).into_iter().chain([mid(other)]).collect()
}

/// The mails that one names, without itself and without repetitions.
fn other_mails(ids: impl Iterator<Item = String>, own: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in ids.filter(|id| id != own) {
        if out.len() < MAX_HINTS && !out.contains(&id) {
            out.push(id);
        }
    }
    out
}

/// One sender's view of a mail and of those that it names: an answer that comes before the mail it answers is joined
/// by it, while two senders who answer the same unknown mail share no conversation.
fn evidence(sender: &Address, own: &str, others: &[String]) -> Vec<String> {
    let named = std::iter::once(own).chain(others.iter().map(String::as_str));
    named.map(|id| seen_by(&sender.email, id)).collect()
}

/// The conversation whose signed reply token is among the recipients: of several the one to which this copy was
/// delivered.
pub(crate) fn proven_conversation(mail: &Mail, config: &Config) -> Option<String> {
    let key = config.reply_key.as_ref()?;
    let named =
        |names: &'static [&'static str]| names.iter().flat_map(|name| mail.headers.all(name)).flat_map(addresses);
    let envelope = mail.envelope_to.iter().flat_map(|to| addresses(to.as_bytes()));
    let received = mail.headers.all("Received").filter_map(received_for).flat_map(|to| addresses(&to));
    let all = envelope.chain(named(DELIVERED)).chain(received).chain(named(RECIPIENTS));
    all.into_iter().find_map(|address| token::conversation_of(&address.email, key))
}

/// The address of the `for <…>` clause of a `Received` field.
fn received_for(value: &[u8]) -> Option<Vec<u8>> {
    let value = String::from_utf8_lossy(value);
    let (_, rest) = value.split_once(" for ")?;
    rest.split([';', ' ']).find(|word| word.contains('@')).map(|word| word.as_bytes().to_vec())
}

/// The number in our ticket marker: `[#123]`, `[Ticket#123]`, `(#123)`, `[Caso #123]`.
fn ticket_hint(subject: &str) -> Option<i64> {
    subject.match_indices('#').find_map(|(at, _)| {
        let (before, after) = (&subject[..at], &subject[at + 1..]);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = after[..digits].parse().ok()?;
        let open = before.rfind(['[', '('])?;
        let worded = before[open + 1..].chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | ':' | '.' | '-'));
        let close = if before[open..].starts_with('[') { ']' } else { ')' };
        (worded && after[digits..].trim_start().starts_with(close)).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::ticket_hint;

    #[test]
    fn ticket_markers() {
        for (subject, hint) in [
            ("Re: [#123] Pedido", Some(123)),
            ("[Ticket#42] x", Some(42)),
            ("Re: x (#7)", Some(7)),
            ("[Caso #8] x", Some(8)),
            ("Pedido #123", None),
            ("[#]", None),
            ("[#12a]", None),
            ("[3 de #4]", None),
            ("[#99999999999999999999999]", None),
            ("# [#5]", Some(5)),
        ] {
            assert_eq!(ticket_hint(subject), hint, "{subject}");
        }
    }
}

//! By what a mail of ours is known: its id, its place in the thread, its subject, its date (`email.md §4`).

use crate::{
    Millis,
    email::{mail::tidy_id, token},
    outbound::{Act, Outbound},
    text,
};

/// Ids that a mail names besides the thread's first one (email.md §4).
const LAST_REFERENCES: usize = 10;
/// Bytes of a subject.
const MAX_SUBJECT: usize = 1_000;
/// Ids that we made for mails without one: nobody else knows them.
const SYNTHETIC: &str = "@relevo.invalid";

/// The mail's own id, without brackets and as the inbound side would store it. It is the same on every try, so that
/// a receiver who gets the mail twice can tell.
pub(super) fn message_id(message: &Outbound, address: &str) -> String {
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
    let [id, conversation] = [&message.id, &message.to.conversation].map(|id| word(id));
    tidy_id(&format!("{id}.{conversation}@{domain}"))
}

/// When the mail was written: the time that its UUIDv7 bears, for an outlet has no clock, and a mail that is sent
/// again says the same. `None` if the id is none.
pub(super) fn written_at(id: &str) -> Option<Millis> {
    let bytes = token::uuid_bytes(id).filter(|bytes| bytes[6] >> 4 == 7)?;
    Some(bytes.iter().take(6).fold(0, |time, byte| time << 8 | Millis::from(*byte)))
}

/// The mail that this one answers, and all that it refers to, the thread's first one first; `own` is this one.
pub(super) fn references(message: &Outbound, own: &str) -> (Option<String>, Vec<String>) {
    let to = &message.to;
    let citable = |id: &&String| is_citable(id) && *id != own;
    let mut candidates = message.reply_to.iter().chain(&to.last_inbound).chain(to.history.iter().rev());
    let parent = candidates.find(citable).cloned();
    let mut all: Vec<String> = Vec::new();
    for id in to.history.iter().filter(citable).filter(|id| Some(*id) != parent.as_ref()) {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all.extend(parent.clone());
    if all.len() > LAST_REFERENCES + 1 {
        all.drain(1..all.len() - LAST_REFERENCES);
    }
    (parent, all)
}

/// Whether an id can stand in a header, and means something to others.
fn is_citable(id: &str) -> bool {
    !id.is_empty()
        && !id.ends_with(SYNTHETIC)
        && id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
}

/// The act's own subject; else the thread's, with one `Re: ` if the mail answers something.
pub(super) fn subject(message: &Outbound, answers: bool, sender: &str) -> String {
    let own = match &message.act {
        Act::Text { subject, .. } => subject.as_deref(),
        _ => None,
    };
    let [own, thread] = [own, message.to.subject.as_deref()].map(|subject| line(subject.unwrap_or_default()));
    let subject = match (own.as_str(), thread.as_str()) {
        ("", "") if answers => "Re:".to_owned(),
        ("", "") => format!("Mensaje de {}", line(sender)),
        ("", thread) if answers => format!("Re: {}", bare(thread)),
        ("", thread) => thread.to_owned(),
        (own, _) => own.to_owned(),
    };
    text::truncate(&subject, MAX_SUBJECT).trim_end().to_owned()
}

/// A subject without the words that mark an answer, however many and in whatever language.
fn bare(subject: &str) -> &str {
    const MARKS: [&str; 7] = ["re", "res", "resp", "aw", "sv", "antw", "odp"];
    let mut rest = subject;
    while let Some((mark, after)) = rest.split_once(':') {
        let numbered = mark.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^'));
        if !MARKS.contains(&numbered.trim().to_lowercase().as_str()) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// A text as one line of a header: nothing in it can begin another.
pub(super) fn line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters, digits and hyphens of an id.
fn word(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Address;

    fn message(subject: Option<&str>, thread: Option<&str>) -> Outbound {
        Outbound {
            id: String::new(),
            to: Address { subject: thread.map(str::to_owned), ..Address::default() },
            act: Act::Text {
                text: String::new(),
                html: None,
                subject: subject.map(str::to_owned),
                files: Vec::new(),
                buttons: Vec::new(),
            },
            reply_to: None,
            automatic: false,
        }
    }

    #[test]
    fn an_answer_is_marked_once() {
        for (thread, expected) in [
            ("Pedido 7", "Re: Pedido 7"),
            ("Re: Pedido 7", "Re: Pedido 7"),
            ("RE: re : AW: Re[2]: Pedido: 7", "Re: Pedido: 7"),
            ("Fwd: Pedido", "Re: Fwd: Pedido"),
            ("12:30", "Re: 12:30"),
            ("", "Re:"),
        ] {
            assert_eq!(subject(&message(None, Some(thread)), true, "x"), expected, "{thread}");
        }
        assert_eq!(subject(&message(None, Some("Pedido 7")), false, "x"), "Pedido 7");
        assert_eq!(subject(&message(Some("Nuevo"), Some("Pedido 7")), true, "x"), "Nuevo", "its own subject wins");
        assert_eq!(subject(&message(None, None), false, "Soporte"), "Mensaje de Soporte");
    }

    #[test]
    fn p9_a_subject_is_one_line() {
        assert_eq!(subject(&message(Some("a\r\nBcc: x@y.z\0b"), None), true, "x"), "a Bcc: x@y.z b");
        assert!(subject(&message(Some(&"ñ".repeat(5_000)), None), true, "x").len() <= MAX_SUBJECT);
    }

    #[test]
    fn the_id_says_when_it_was_written() {
        assert_eq!(written_at("019eb2a4-6c00-7d3e-8f40-123456789abc"), Some(0x019e_b2a4_6c00));
        for wrong in ["", "42", "019eb2a4-6c00-4d3e-8f40-123456789abc", "019eb2a46c007d3e8f40123456789abc"] {
            assert_eq!(written_at(wrong), None, "{wrong}");
        }
    }
}

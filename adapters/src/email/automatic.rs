//! Machines that write, and mails that must not be answered by a machine (`email.md §5`, RFC 3834).

use serde_json::{Map, Value, json};

use super::{config::Config, mail::Mail, mime::Address};
use crate::text;

/// The field that marks our own mails, with the address of the mailbox that sent them.
pub const LOOP_HEADER: &str = "X-Relevo-Loop";

/// What a mail's headers say about the machine that may have written it.
#[derive(Debug, Default)]
pub(crate) struct Automation {
    /// Written by a machine: shown, but it opens nothing.
    pub(crate) auto_reply: bool,
    /// Asks for no automatic answer; may well be a person's mail.
    pub(crate) no_auto_reply: bool,
    pub(crate) list: bool,
    /// Our own mail that came back.
    pub(crate) looped: bool,
    /// Which fields say so.
    reasons: Vec<&'static str>,
}

impl Automation {
    /// Whether the mail is no customer's message.
    pub(crate) fn is_automatic(&self) -> bool {
        self.auto_reply || self.looped
    }

    pub(crate) fn flags(&self) -> Option<Value> {
        let mut flags = Map::new();
        let known = [
            ("auto_reply", self.auto_reply),
            ("no_auto_reply", self.no_auto_reply),
            ("list", self.list),
            ("loop", self.looped),
        ];
        flags.extend(known.into_iter().filter(|(_, set)| *set).map(|(name, _)| (name.to_owned(), json!(true))));
        if !self.reasons.is_empty() {
            flags.insert("reasons".to_owned(), json!(self.reasons));
        }
        (!flags.is_empty()).then_some(Value::Object(flags))
    }

    fn machine(&mut self, applies: bool, reason: &'static str) {
        if applies {
            self.auto_reply = true;
            self.reasons.push(reason);
        }
    }

    fn quiet(&mut self, applies: bool, reason: &'static str) {
        if applies {
            self.no_auto_reply = true;
            self.reasons.push(reason);
        }
    }
}

/// Fields that only an automatic answer carries.
const MACHINE_FIELDS: &[&str] = &[
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
    "X-FC-MachineGenerated",
    "X-Amazon-Auto-Reply",
];

/// How subjects of automatic answers begin.
const MACHINE_SUBJECTS: &[&str] = &[
    "out of office",
    "out of the office",
    "i am out of office",
    "i am out of the office",
    "i'm out of the office",
    "i am currently out of the office",
    "automatic reply",
    "auto reply:",
    "auto-reply",
    "autoreply",
    "auto response",
    "automatic response",
    "vacation reply",
    "away from the office",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "fuera de oficina",
    "estoy fuera de la oficina",
    "ausente:",
    "ausente de la oficina",
    "abwesenheitsnotiz",
    "abwesend:",
    "automatische antwort",
    "automatische abwesenheit",
    "réponse automatique",
    "absence du bureau",
    "absent du bureau",
    "risposta automatica",
    "fuori ufficio",
    "resposta automática",
    "resposta automatica",
    "fora do escritório",
    "ausência temporária",
    "automatisch antwoord",
    "afwezigheidsbericht",
    "autosvar",
    "frånvaro",
    "fravær",
    "automaattinen vastaus",
    "autoodpowiedź",
    "odpowiedź automatyczna",
    "automatická odpověď",
    "автоответ",
    "自動応答",
    "自动回复",
    "自動回覆",
];

/// What follows in a customer's question about opening hours.
const OF_HOURS: &[&str] = &["hour", "phone", "number", "contact", "support"];

/// Reads what the mail's headers say.
pub(crate) fn classify(mail: &Mail, sender: Option<&Address>, config: &Config) -> Automation {
    let mut found = Automation::default();
    written_by_machine(mail, sender, &mut found);
    asks_for_silence(mail, sender, &mut found);
    let own = sender.is_some_and(|sender| config.is_own(&sender.email));
    if own || has_our_mark(mail, config) {
        found.looped = true;
        found.reasons.push(if own { "own address" } else { LOOP_HEADER });
    }
    found.no_auto_reply |= found.is_automatic();
    found
}

/// Whether the mail carries the mark of this mailbox. Another one's mark says nothing: our customers may well use
/// Relevo themselves.
fn has_our_mark(mail: &Mail, config: &Config) -> bool {
    mail.headers.text(LOOP_HEADER).is_some_and(|address| config.is_own(&address.trim().to_lowercase()))
}

fn written_by_machine(mail: &Mail, sender: Option<&Address>, found: &mut Automation) {
    let headers = &mail.headers;
    let submitted = headers.text("Auto-Submitted").map(|value| first_word(&value));
    found.machine(submitted.is_some_and(|word| word != "no"), "Auto-Submitted");
    for name in MACHINE_FIELDS {
        let said = headers.text(name).is_some_and(|value| !matches!(first_word(&value).as_str(), "no" | "false"));
        found.machine(said, name);
    }
    found.machine(precedence(mail).iter().any(|word| word == "auto_reply"), "Precedence");
    let delivered_to_machine =
        headers.all("Delivered-To").any(|value| value.trim_ascii().eq_ignore_ascii_case(b"autoresponder"));
    found.machine(delivered_to_machine, "Delivered-To");
    found.machine(headers.text("Subject").is_some_and(|subject| is_machine_subject(&subject)), "Subject");
    let kind = mail.kind();
    found.machine(kind.value == "multipart/report", "Content-Type");
    let local = sender.map(Address::local).unwrap_or_default();
    found.machine(local == "mailer-daemon", "From");
    found.machine(local == "postmaster" && mail.has_null_sender(), "From");
}

/// Whether a subject begins like an automatic answer's, and does not ask about the hours.
fn is_machine_subject(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    let bare = lower.trim_start_matches(['[', '(', '*', ' ']);
    let rest = MACHINE_SUBJECTS.iter().find_map(|words| bare.strip_prefix(words));
    rest.is_some_and(|rest| !OF_HOURS.iter().any(|word| rest.trim_start_matches([' ', '-']).starts_with(word)))
}

fn asks_for_silence(mail: &Mail, sender: Option<&Address>, found: &mut Automation) {
    let headers = &mail.headers;
    found.quiet(mail.has_null_sender(), "Return-Path");
    let suppress = headers.text("X-Auto-Response-Suppress").unwrap_or_default().to_lowercase();
    let suppressed = suppress.split([',', ' ', ';']).any(|word| matches!(word, "all" | "autoreply" | "oof" | "dr"));
    found.quiet(suppressed, "X-Auto-Response-Suppress");
    let bulk = precedence(mail).iter().any(|word| matches!(word.as_str(), "bulk" | "junk" | "list"));
    found.quiet(bulk, "Precedence");
    found.list = headers.names().any(|name| name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("list-")));
    found.quiet(found.list, "List-*");
    for name in ["Feedback-ID", "X-Loop"] {
        found.quiet(headers.has(name), name);
    }
    found.quiet(sender.is_some_and(|sender| is_machine_address(sender.local())), "sender");
}

/// Senders that nobody reads.
fn is_machine_address(local: &str) -> bool {
    let base = local.split('+').next().unwrap_or(local);
    let compact: String = base.chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(compact.as_str(), "mailerdaemon" | "postmaster" | "noreply" | "donotreply" | "bounce" | "bounces")
        || compact.starts_with("noreply")
        || base.starts_with("bounce-")
        || base.starts_with("bounces-")
        || base.starts_with("owner-")
        || base.ends_with("-request")
}

fn precedence(mail: &Mail) -> Vec<String> {
    ["Precedence", "X-Precedence"]
        .iter()
        .filter_map(|name| mail.headers.text(name))
        .map(|value| first_word(&value).replace('-', "_"))
        .collect()
}

/// The first word, lower case, without parameters and comments.
fn first_word(value: &str) -> String {
    text::truncate(value, 100)
        .split([';', ' ', '(', ','])
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::is_machine_subject;

    #[test]
    fn subjects_of_machines_and_of_people() {
        for subject in [
            "Out of Office: Ida",
            "Out of office Re: Pedido 7",
            "Fuera de oficina: vuelvo el lunes",
            "Ausente: Ida",
            "[Auto-Reply] Pedido 7",
            "I am out of the office until Monday",
            "Automatic reply: Pedido 7",
        ] {
            assert!(is_machine_subject(subject), "{subject}");
        }
        for subject in [
            "Out of office hours - how do I call?",
            "Out-of-hours delivery",
            "Ausente en la entrega",
            "Re: Out of office",
            "¿Está fuera de la oficina?",
        ] {
            assert!(!is_machine_subject(subject), "{subject}");
        }
    }
}

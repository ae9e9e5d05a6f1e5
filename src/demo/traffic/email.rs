//! A mail provider that pushes a mailbox's raw mails (`email.md §1, §3`).

use std::collections::{HashMap, VecDeque};

use base64::{Engine, engine::general_purpose::STANDARD};
use relevo_adapters::Millis;

use super::{
    Call, Effect, Piece, Platform, Target,
    cast::{Cast, Deck, Line},
    mime,
    people::Person,
    said,
    words::{FILES, REMINDERS, SHOP, Topic},
};
use crate::demo::{random::Random, sample::PDF};

/// What correspondents, and the machines between them and us, do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Plain,
    Html,
    Attachment,
    Reply,
    OutOfOffice,
    Bounce,
}

const ACTS: [Act; 12] = [
    Act::Plain,
    Act::Plain,
    Act::Plain,
    Act::Html,
    Act::Html,
    Act::Reply,
    Act::Reply,
    Act::Reply,
    Act::Attachment,
    Act::Attachment,
    Act::OutOfOffice,
    Act::Bounce,
];

/// A correspondence.
#[derive(Debug, Clone)]
struct Thread {
    subject: &'static str,
    /// Message-IDs, the first one first.
    ids: Vec<String>,
    last_words: String,
}

/// How a mail is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// HTML beside the plain text.
    Alternative,
    /// The same with a file.
    Attachment,
}

/// The mailbox, seen from its provider's side.
#[derive(Debug)]
pub(super) struct Email {
    path: String,
    authorization: Option<String>,
    address: String,
    random: Random,
    cast: Cast,
    deck: Deck<Act>,
    threads: HashMap<Person, Thread>,
}

impl Email {
    /// `None` if the mailbox has neither Basic credentials nor a token for a webhook.
    pub(super) fn new(target: &Target, seed: u64) -> Option<Self> {
        let setting = |key: &str| target.settings.get(key);
        let path = format!("/webhooks/email/{}", target.uuid);
        let basic = setting("webhook_user").zip(setting("webhook_password"));
        let (path, authorization) = match (basic, setting("webhook_token")) {
            (Some((user, password)), _) => {
                (path, Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))))
            }
            (None, Some(token)) => (format!("{path}?token={}", mime::percent(token)), None),
            (None, None) => return None,
        };
        let mut random = Random::new(seed);
        Some(Self {
            path,
            authorization,
            address: setting("address")?.to_owned(),
            cast: Cast::new(&mut random),
            deck: Deck::of(&ACTS),
            threads: HashMap::new(),
            random,
        })
    }

    /// A customer writes: a new mail, or the next one of a correspondence that is not at its end.
    fn write(&mut self, form: Form, now: Millis) -> Call {
        let Line { person, topic, text, first } = self.cast.line(&mut self.random);
        match self.threads.get(&person).cloned() {
            Some(thread) if !first => self.answer(person, thread, text, form, now),
            _ => self.begin(person, topic, text, form, now),
        }
    }

    fn begin(&mut self, person: Person, topic: &'static Topic, words: &str, form: Form, now: Millis) -> Call {
        let id = self.message_id(person);
        self.threads
            .insert(person, Thread { subject: topic.subject, ids: vec![id.clone()], last_words: words.to_owned() });
        let head = self.head(person, topic.subject, &id, &[], now);
        let body = self.body(person, words, None, form);
        let about = format!("{} [{}]", said(person, words), topic.subject);
        self.deliver(
            head + &body,
            about,
            &id,
            Piece { id: id.clone(), conversation: id.clone(), effect: Effect::Message("email") },
        )
    }

    /// A mail below earlier ones, which it quotes.
    fn answer(&mut self, person: Person, thread: Thread, words: &str, form: Form, now: Millis) -> Call {
        let id = self.message_id(person);
        let subject = format!("Re: {}", thread.subject);
        let head = self.head(person, &subject, &id, &thread.ids, now);
        let body = self.body(person, words, Some((&thread.last_words, now)), form);
        let root = thread.ids.first().cloned().unwrap_or_else(|| id.clone());
        let kept = self.threads.entry(person).or_insert(thread);
        kept.ids.push(id.clone());
        words.clone_into(&mut kept.last_words);
        let about = format!("{} [{subject}]", said(person, words));
        self.deliver(
            head + &body,
            about,
            &root.clone(),
            Piece { id, conversation: root, effect: Effect::Message("email") },
        )
    }

    fn out_of_office(&mut self, person: Person, thread: &Thread, now: Millis) -> Call {
        let id = self.message_id(person);
        let root = thread.ids.first().cloned().unwrap_or_default();
        let subject = format!("Respuesta automática: {}", thread.subject);
        let mut head = self.head(person, &subject, &id, &thread.ids, now);
        head.push_str("Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n");
        let words = "Estoy fuera de la oficina hasta el lunes. Por urgencias, escriba a recepcion@example.com.";
        let body = mime::text_part("text/plain", words);
        let about = format!("{}'s mailbox answers by itself: out of office", person.name());
        let piece = Piece { id, conversation: root.clone(), effect: Effect::Aside("email") };
        self.deliver(head + &body, about, &root, piece)
    }

    /// A mail of ours could not be delivered.
    fn bounce(&mut self, now: Millis) -> Call {
        let id = format!("<{}@mx.example.net>", self.random.hex());
        let ours = format!("<{}@{}>", self.random.hex(), self.address.split('@').next_back().unwrap_or_default());
        let lost = "nadie.conocido@example.net";
        let report = format!(
            "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
             Final-Recipient: rfc822; {lost}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n"
        );
        let returned = format!(
            "Content-Type: text/rfc822-headers\r\n\r\nFrom: <{}>\r\nTo: <{lost}>\r\n{}Message-ID: {ours}\r\n\r\n",
            self.address,
            mime::field("Subject", "Su consulta")
        );
        let words = mime::text_part("text/plain", "No se pudo entregar su mensaje a uno o más destinatarios.");
        let head = format!(
            "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: <{}>\r\n{}\
             Date: {}\r\nMessage-ID: {id}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n",
            self.address,
            mime::field("Subject", "Undelivered Mail Returned to Sender"),
            mime::date(now),
        );
        let boundary = self.boundary();
        let body = mime::multipart("report; report-type=delivery-status", &boundary, &[words, report, returned]);
        let piece = Piece { conversation: id.clone(), id: id.clone(), effect: Effect::Change };
        self.deliver(head + &body, format!("a mail to {lost} comes back"), &id, piece)
    }

    /// Header fields of a customer's mail; `above` are the Message-IDs of what it answers.
    fn head(&self, person: Person, subject: &str, id: &str, above: &[String], now: Millis) -> String {
        let mut head = format!(
            "Return-Path: <{mail}>\r\nFrom: {from}\r\nTo: {SHOP} <{to}>\r\n{subject}Date: {date}\r\nMessage-ID: {id}\r\n\
             MIME-Version: 1.0\r\n",
            mail = person.mail(),
            from = mime::mailbox(&person.name(), &person.mail()),
            to = self.address,
            subject = mime::field("Subject", subject),
            date = mime::date(now),
        );
        if let Some(last) = above.last() {
            head.push_str(&format!("In-Reply-To: {last}\r\nReferences: {}\r\n", above.join("\r\n ")));
        }
        head
    }

    fn body(&mut self, person: Person, words: &str, quoted: Option<(&str, Millis)>, form: Form) -> String {
        let quote = quoted
            .map(|(words, at)| format!("\n\nEl {}, {SHOP} <{}> escribió:\n> {words}\n", mime::date(at), self.address));
        let text = format!("{words}\n\nSaludos,\n{}{}", person.name(), quote.unwrap_or_default());
        let plain = mime::text_part("text/plain", &text);
        if form == Form::Plain {
            return plain;
        }
        let paragraphs: Vec<String> = text.split("\n\n").map(|part| format!("<p>{}</p>", escaped(part))).collect();
        let html = mime::text_part("text/html", &format!("<html><body>{}</body></html>", paragraphs.join("\n")));
        let alternative = mime::multipart("alternative", &self.boundary(), &[plain, html]);
        match form {
            Form::Attachment => {
                let name = *self.random.pick(&FILES);
                let file = mime::file_part("application/pdf", name, PDF);
                mime::multipart("mixed", &self.boundary(), &[alternative, file])
            }
            Form::Plain | Form::Alternative => alternative,
        }
    }

    fn deliver(&self, mail: String, about: String, lane: &str, piece: Piece) -> Call {
        let mut headers = vec![("content-type".to_owned(), "message/rfc822".to_owned())];
        headers.extend(self.authorization.clone().map(|value| ("authorization".to_owned(), value)));
        Call {
            path: self.path.clone(),
            headers,
            body: mail.into_bytes(),
            about,
            lane: lane.to_owned(),
            pieces: vec![piece],
        }
    }

    fn message_id(&mut self, person: Person) -> String {
        let mail = person.mail();
        format!("<{}@mail.{}>", self.random.hex(), mail.split('@').next_back().unwrap_or_default())
    }

    fn boundary(&mut self) -> String {
        format!("=_luma_{}", self.random.hex())
    }

    fn known(&mut self) -> Option<(Person, Thread)> {
        let threads = &self.threads;
        let person = self.cast.person(&mut self.random, |person| threads.contains_key(&person))?;
        Some((person, self.threads.get(&person)?.clone()))
    }
}

impl Platform for Email {
    fn perform(&mut self, now: Millis, _: &mut VecDeque<Call>) -> Call {
        let act = self.deck.draw(&mut self.random).unwrap_or(Act::Plain);
        match (act, self.known()) {
            (Act::Reply, Some((person, thread))) => {
                let words = *self.random.pick(&REMINDERS);
                self.answer(person, thread, words, Form::Alternative, now)
            }
            (Act::OutOfOffice, Some((person, thread))) => self.out_of_office(person, &thread, now),
            (Act::Bounce, _) => self.bounce(now),
            (Act::Attachment, _) => self.write(Form::Attachment, now),
            (Act::Html, _) => self.write(Form::Alternative, now),
            (Act::Plain | Act::Reply | Act::OutOfOffice, _) => self.write(Form::Plain, now),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\n")
}

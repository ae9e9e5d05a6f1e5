//! A number of the WhatsApp Business Platform (`whatsapp.md §3, §4`).

mod acts;
mod wire;

use std::collections::{HashMap, VecDeque};

use relevo_adapters::Millis;
use serde_json::json;

use super::{
    Call, Platform, Target,
    cast::{Cast, Deck},
    meta::App,
    people::Person,
    said,
    words::{CAPTIONS, FILES},
};
use crate::demo::random::Random;

/// What the number's customers, and its staff, do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Text,
    Pair,
    Image,
    Voice,
    Document,
    Location,
    Contacts,
    Button,
    ListRow,
    Order,
    Unsupported,
    Reply,
    Reaction,
    Echo,
    Statuses,
}

const ACTS: [Act; 19] = [
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Pair,
    Act::Image,
    Act::Voice,
    Act::Document,
    Act::Location,
    Act::Contacts,
    Act::Button,
    Act::ListRow,
    Act::Order,
    Act::Unsupported,
    Act::Reply,
    Act::Reaction,
    Act::Echo,
    Act::Statuses,
];

/// What has been said in one chat.
#[derive(Debug, Default)]
struct Chat {
    /// The customer's latest message.
    last: Option<String>,
    /// Staff's latest message.
    echo: Option<String>,
    /// Whether the platform has reported what became of it.
    reported: bool,
}

/// A customer whom the shop writes to first.
#[derive(Debug)]
pub(in crate::demo) struct Newcomer {
    pub(in crate::demo) name: String,
    pub(in crate::demo) first_name: &'static str,
    /// Digits, with the country's.
    pub(in crate::demo) number: String,
    /// As their [`super::Piece`]s name it.
    pub(in crate::demo) conversation: String,
}

/// The number, seen from Meta's side.
#[derive(Debug)]
pub(in crate::demo) struct WhatsApp {
    app: App,
    phone_number_id: String,
    waba_id: String,
    display: String,
    random: Random,
    cast: Cast,
    deck: Deck<Act>,
    chats: HashMap<Person, Chat>,
}

impl WhatsApp {
    pub(in crate::demo) fn new(target: &Target, seed: u64) -> Option<Self> {
        let setting = |key: &str| target.settings.get(key);
        let mut random = Random::new(seed);
        Some(Self {
            app: App::new(setting("app_secret")?),
            phone_number_id: setting("phone_number_id")?.to_owned(),
            waba_id: setting("waba_id").unwrap_or("990000000000001").to_owned(),
            display: setting("display_phone_number").unwrap_or("13055550199").to_owned(),
            cast: Cast::new(&mut random),
            deck: Deck::of(&ACTS),
            chats: HashMap::new(),
            random,
        })
    }

    /// A text of one customer.
    pub(in crate::demo) fn text(&mut self, name: &str, words: &str, now: Millis) -> Option<Call> {
        let person = Person::named(name)?;
        Some(self.says(person, "text", "text", json!({ "body": words }), said(person, words), now))
    }

    /// Somebody who has a number and has never written.
    pub(in crate::demo) fn newcomer(&self) -> Option<Newcomer> {
        (0..Person::COUNT).map(Person::at).filter(|person| !self.chats.contains_key(person)).find_map(|person| {
            Some(Newcomer {
                name: person.name(),
                first_name: person.first(),
                number: person.wa_id()?,
                conversation: wire::lane(person),
            })
        })
    }

    /// A text to a number that nobody has configured here, signed by the app that it belongs to.
    pub(in crate::demo) fn misdirected(&mut self, now: Millis) -> Call {
        let ours = std::mem::replace(&mut self.phone_number_id, "990000000000404".to_owned());
        let person = Person::at(0);
        let about = format!("{} writes to a number that nobody has configured", person.name());
        let mut call = self.says(person, "text", "text", json!({ "body": "¿Hola?" }), about, now);
        self.phone_number_id = ours;
        call.pieces.clear();
        call
    }

    /// Something that is no JSON, with a good signature.
    pub(in crate::demo) fn nonsense(&self) -> Call {
        let body = br#"{"object":"whatsapp_business_account","entry":[{"#.to_vec();
        self.call(self.app.push_raw(body), "a body that breaks off, well signed".to_owned(), "nonsense", Vec::new())
    }

    /// Somebody on stage, preferably in the middle of a conversation.
    fn anybody(&mut self) -> Person {
        match self.known() {
            Some((person, _)) => person,
            None => self.cast.anybody(&mut self.random),
        }
    }

    /// Somebody on stage who has written before.
    fn known(&mut self) -> Option<(Person, String)> {
        let chats = &self.chats;
        let said = |person| chats.get(&person).and_then(|chat| chat.last.clone());
        let person = self.cast.person(&mut self.random, |person| said(person).is_some())?;
        Some((person, said(person)?))
    }

    /// Somebody whom staff answered, and that answer, if nothing was reported of it yet.
    fn unreported(&mut self) -> Option<(Person, String)> {
        let mut waiting: Vec<(Person, String)> = self
            .chats
            .iter()
            .filter(|(_, chat)| !chat.reported)
            .filter_map(|(person, chat)| Some((*person, chat.echo.clone()?)))
            .collect();
        waiting.sort_unstable();
        waiting.pop()
    }

    /// Acts that need something said before.
    fn follow(&mut self, act: Act, now: Millis) -> Option<Call> {
        if let Act::Statuses = act {
            let (person, target) = self.unreported()?;
            return Some(self.statuses(person, &target, now));
        }
        let (person, last) = self.known()?;
        let target = self.chats.get(&person).and_then(|chat| chat.echo.clone()).unwrap_or(last);
        match act {
            Act::Reply => Some(self.reply(person, now)),
            Act::Reaction => Some(self.reaction(person, &target, now)),
            Act::Echo => Some(self.echo(person, now)),
            _ => None,
        }
    }
}

impl Platform for WhatsApp {
    fn perform(&mut self, now: Millis, _: &mut VecDeque<Call>) -> Call {
        let act = self.deck.draw(&mut self.random).unwrap_or(Act::Text);
        match act {
            Act::Text => self.line(now),
            Act::Pair => self.pair(now),
            Act::Image => {
                let caption = *self.random.pick(&CAPTIONS);
                self.file(
                    ("image", "image"),
                    "a picture",
                    json!({ "mime_type": "image/jpeg", "caption": caption }),
                    now,
                )
            }
            Act::Voice => self.file(
                ("audio", "voice"),
                "a voice note",
                json!({ "mime_type": "audio/ogg; codecs=opus", "voice": true }),
                now,
            ),
            Act::Document => {
                let name = *self.random.pick(&FILES);
                self.file(
                    ("document", "document"),
                    "a document",
                    json!({ "mime_type": "application/pdf", "filename": name }),
                    now,
                )
            }
            Act::Location => self.location(now),
            Act::Contacts => self.card(now),
            Act::Button => self.choice("button_reply", json!({ "id": "si", "title": "Sí, por favor" }), now),
            Act::ListRow => {
                let row = json!({ "id": "despacho", "title": "Despacho", "description": "Seguimiento de pedidos" });
                self.choice("list_reply", row, now)
            }
            Act::Order => self.order(now),
            Act::Unsupported => self.unsupported(now),
            Act::Reply | Act::Reaction | Act::Echo | Act::Statuses => {
                self.follow(act, now).unwrap_or_else(|| self.line(now))
            }
        }
    }
}

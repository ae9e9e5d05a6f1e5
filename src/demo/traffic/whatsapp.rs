//! A number of the WhatsApp Business Platform (`whatsapp.md §3, §4`).

use std::collections::{HashMap, VecDeque};

use relevo_adapters::Millis;
use serde_json::{Map, Value, json};

use super::{
    Call, Effect, Piece, Platform, Target,
    cast::{Cast, Deck, Line},
    meta::App,
    people::Person,
    said, seconds,
    words::{ANSWERS, CAPTIONS, EMOJI, FILES, PLACES, SHOP},
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

    fn line(&mut self, now: Millis) -> Call {
        let Line { person, text, .. } = self.cast.line(&mut self.random);
        self.says(person, "text", "text", json!({ "body": text }), said(person, text), now)
    }

    /// Two messages that Meta delivers together.
    fn pair(&mut self, now: Millis) -> Call {
        let lines = [self.cast.line(&mut self.random), self.cast.line(&mut self.random)];
        let (mut messages, mut contacts, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
        for Line { person, text, .. } in lines {
            let (message, piece) = self.message(person, ("text", "text"), json!({ "body": text }), None, now);
            messages.push(message);
            pieces.push(piece);
            if !contacts.contains(&contact(person)) {
                contacts.push(contact(person));
            }
        }
        let about = format!("{} · {}", said(lines[0].person, lines[0].text), said(lines[1].person, lines[1].text));
        let value = json!({ "contacts": contacts, "messages": messages });
        self.push("messages", value, about, &lane(lines[0].person), pieces)
    }

    fn file(
        &mut self,
        (kind, effect): (&'static str, &'static str),
        what: &str,
        mut media: Value,
        now: Millis,
    ) -> Call {
        let person = self.anybody();
        let id = self.random.id();
        media["id"] = json!(format!("88{id:013}"));
        media["sha256"] = json!("3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        media["url"] = json!(format!("https://lookaside.example.net/whatsapp/media/?mid={id}"));
        let shown = ["caption", "filename"].into_iter().find_map(|key| media[key].as_str());
        let shown = shown.map_or_else(String::new, |shown| format!(": «{shown}»"));
        let about = format!("{} sends {what}{shown}", person.name());
        self.says(person, kind, effect, media, about, now)
    }

    fn shared(&mut self, kind: &'static str, content: Value, what: &str, now: Millis) -> Call {
        let person = self.anybody();
        let about = format!("{} sends {what}", person.name());
        self.says(person, kind, kind, content, about, now)
    }

    fn location(&mut self, now: Millis) -> Call {
        let (name, address, latitude, longitude) = *self.random.pick(&PLACES);
        let place = json!({ "name": name, "address": address, "latitude": latitude, "longitude": longitude });
        self.shared("location", place, &format!("a place: {address}"), now)
    }

    fn card(&mut self, now: Millis) -> Call {
        let friend = Person::at(self.random.below(Person::COUNT));
        let name = json!({ "formatted_name": friend.name(), "first_name": friend.first(), "last_name": friend.last() });
        let phone = json!({ "phone": "+1 305 555 0198", "wa_id": "13055550198", "type": "CELL" });
        let card = json!([{ "name": name, "phones": [phone], "emails": [{ "email": friend.mail(), "type": "WORK" }] }]);
        self.shared("contacts", card, &format!("the contact of {}", friend.name()), now)
    }

    fn order(&mut self, now: Millis) -> Call {
        let quantity = 1 + self.random.below(3);
        let items = json!([
            { "product_retailer_id": "MANTA-GRIS", "quantity": quantity, "item_price": 19990, "currency": "CLP" },
            { "product_retailer_id": "COJIN-45", "quantity": 2, "item_price": 9990, "currency": "CLP" },
        ]);
        let order =
            json!({ "catalog_id": "990000000000077", "text": "¿Llega antes del viernes?", "product_items": items });
        self.shared("order", order, "an order of two products", now)
    }

    /// The answer to buttons or a list that our side sent.
    fn choice(&mut self, kind: &'static str, reply: Value, now: Millis) -> Call {
        let title = reply["title"].as_str().unwrap_or_default().to_owned();
        let content = json!({ "type": kind, kind: reply });
        let person = self.anybody();
        let context = json!({ "from": self.display, "id": self.wamid() });
        let about = format!("{} chooses «{title}»", person.name());
        self.contextual(person, ("interactive", "interactive"), content, Some(context), about, now)
    }

    fn unsupported(&mut self, now: Millis) -> Call {
        let person = self.anybody();
        let (mut message, piece) =
            self.message(person, ("unsupported", "unsupported"), json!({ "type": "poll" }), None, now);
        message["errors"] = json!([{ "code": 131051, "title": "Message type unknown",
            "message": "Message type unknown", "error_data": { "details": "Message type is currently not supported." } }]);
        let about = format!("{} sends something that the platform does not pass on (a poll)", person.name());
        let value = json!({ "contacts": [contact(person)], "messages": [message] });
        self.push("messages", value, about, &lane(person), vec![piece])
    }

    fn reply(&mut self, person: Person, now: Millis) -> Call {
        let chat = self.chats.entry(person).or_default();
        let context = match (&chat.echo, &chat.last) {
            (Some(echo), _) => Some(json!({ "from": self.display, "id": echo })),
            (None, Some(last)) => person.wa_id().map(|from| json!({ "from": from, "id": last })),
            (None, None) => None,
        };
        let words = "Sí, justamente a eso me refería";
        let about = format!("{} (quoting)", said(person, words));
        self.contextual(person, ("text", "text"), json!({ "body": words }), context, about, now)
    }

    fn reaction(&mut self, person: Person, target: &str, now: Millis) -> Call {
        let emoji = *self.random.pick(&EMOJI);
        let reaction = json!({ "message_id": target, "emoji": emoji });
        let (message, piece) = self.message(person, ("reaction", "reaction"), reaction, None, now);
        let piece = Piece { effect: Effect::Change, ..piece };
        let value = json!({ "contacts": [contact(person)], "messages": [message] });
        self.push("messages", value, format!("{} reacts {emoji}", person.name()), &lane(person), vec![piece])
    }

    /// Staff answer in the WhatsApp Business app.
    fn echo(&mut self, person: Person, now: Millis) -> Call {
        let words = *self.random.pick(&ANSWERS);
        let id = self.wamid();
        let mut echo = json!({ "from": self.display, "to_user_id": person.business_scoped_id(), "id": &id,
            "timestamp": seconds(now).to_string(), "type": "text", "text": { "body": words } });
        if let Some(to) = person.wa_id() {
            echo["to"] = json!(to);
        }
        let piece = Piece { id: id.clone(), conversation: lane(person), effect: Effect::Aside("text") };
        let chat = self.chats.entry(person).or_default();
        (chat.echo, chat.reported) = (Some(id), false);
        let about = format!("{SHOP} answers {} in the app: «{words}»", person.name());
        self.push("smb_message_echoes", json!({ "message_echoes": [echo] }), about, &lane(person), vec![piece])
    }

    /// What became of staff's message, all in one POST and in no order.
    fn statuses(&mut self, person: Person, target: &str, now: Millis) -> Call {
        let status = |word: &str, after: i64| {
            let mut status = json!({ "id": target, "status": word, "timestamp": (seconds(now) + after).to_string(),
                "recipient_user_id": person.business_scoped_id(),
                "pricing": { "billable": false, "pricing_model": "PMP", "type": "free_customer_service",
                    "category": "service" } });
            if let Some(to) = person.wa_id() {
                status["recipient_id"] = json!(to);
            }
            status
        };
        let piece =
            |word: &str| Piece { id: format!("{target} {word}"), conversation: lane(person), effect: Effect::Change };
        let words = ["read", "sent", "delivered"];
        let statuses = [status("read", 2), status("sent", 0), status("delivered", 1)];
        if let Some(chat) = self.chats.get_mut(&person) {
            chat.reported = true;
        }
        let about = format!("the answer to {} was sent, delivered and read", person.name());
        let value = json!({ "contacts": [contact(person)], "statuses": statuses });
        self.push("messages", value, about, &lane(person), words.map(piece).to_vec())
    }

    fn says(
        &mut self,
        person: Person,
        kind: &'static str,
        effect: &'static str,
        content: Value,
        about: String,
        now: Millis,
    ) -> Call {
        self.contextual(person, (kind, effect), content, None, about, now)
    }

    fn contextual(
        &mut self,
        person: Person,
        kinds: (&'static str, &'static str),
        content: Value,
        context: Option<Value>,
        about: String,
        now: Millis,
    ) -> Call {
        let (message, piece) = self.message(person, kinds, content, context, now);
        let value = json!({ "contacts": [contact(person)], "messages": [message] });
        self.push("messages", value, about, &lane(person), vec![piece])
    }

    /// An element of `messages[]`; `kinds` are Meta's word for it and ours.
    fn message(
        &mut self,
        person: Person,
        (kind, effect): (&'static str, &'static str),
        content: Value,
        context: Option<Value>,
        now: Millis,
    ) -> (Value, Piece) {
        let id = self.wamid();
        let mut message = Map::new();
        message.extend(person.wa_id().map(|from| ("from".to_owned(), from.into())));
        message.insert("from_user_id".to_owned(), person.business_scoped_id().into());
        message.insert("id".to_owned(), id.clone().into());
        message.insert("timestamp".to_owned(), seconds(now).to_string().into());
        message.insert("type".to_owned(), kind.into());
        message.insert(kind.to_owned(), content);
        message.extend(context.map(|context| ("context".to_owned(), context)));
        if kind != "reaction" {
            self.chats.entry(person).or_default().last = Some(id.clone());
        }
        (message.into(), Piece { id, conversation: lane(person), effect: Effect::Message(effect) })
    }

    fn push(&self, field: &str, mut value: Value, about: String, lane: &str, pieces: Vec<Piece>) -> Call {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": self.display, "phone_number_id": self.phone_number_id });
        let payload = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": self.waba_id, "changes": [{ "field": field, "value": value }] }] });
        self.call(self.app.push(&payload), about, lane, pieces)
    }

    fn call(&self, push: super::meta::Push, about: String, lane: &str, pieces: Vec<Piece>) -> Call {
        let (path, headers, body) = push;
        Call { path, headers, body, about, lane: lane.to_owned(), pieces }
    }

    fn wamid(&mut self) -> String {
        format!("wamid.HBgL{}{}==", self.random.hex().to_uppercase(), self.random.hex().to_uppercase())
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

/// An element of `contacts[]`. Whoever took a user name shows no number.
fn contact(person: Person) -> Value {
    let mut contact = json!({ "profile": { "name": person.name() }, "user_id": person.business_scoped_id() });
    match person.wa_id() {
        Some(wa_id) => contact["wa_id"] = json!(wa_id),
        None => contact["profile"]["username"] = json!(format!("@{}", person.handle())),
    }
    contact
}

fn lane(person: Person) -> String {
    format!("u:{}", person.business_scoped_id())
}

//! A bot of Telegram's (`telegram.md §3–§5`): one update per request, with the secret in a header.

use std::collections::{HashMap, VecDeque};

use relevo_adapters::Millis;
use serde_json::{Value, json};

use super::{
    Call, Effect, Piece, Platform, Target,
    cast::{Cast, Deck, Line},
    people::Person,
    said, seconds,
    words::{CAPTIONS, EMOJI, PLACES},
};
use crate::demo::random::Random;

/// What the bot's customers do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Text,
    Album,
    Edit,
    Button,
    Voice,
    Location,
    Contact,
    Reaction,
    Block,
}

const ACTS: [Act; 13] = [
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Text,
    Act::Album,
    Act::Edit,
    Act::Button,
    Act::Voice,
    Act::Location,
    Act::Contact,
    Act::Reaction,
    Act::Block,
];

/// What has been said in one chat.
#[derive(Debug, Default)]
struct Chat {
    /// Latest text: its id, time and words.
    text: Option<(i64, Millis, String)>,
    /// The customer's latest message.
    last: Option<i64>,
    blocked: bool,
}

/// The bot, seen from Telegram's side.
#[derive(Debug)]
pub(in crate::demo) struct Telegram {
    path: String,
    secret: Option<String>,
    bot: i64,
    next_update: i64,
    next_message: i64,
    random: Random,
    cast: Cast,
    deck: Deck<Act>,
    chats: HashMap<Person, Chat>,
}

impl Telegram {
    /// `None` without a secret: anybody could push then, so nobody may.
    pub(in crate::demo) fn new(target: &Target, seed: u64) -> Option<Self> {
        let secret = target.settings.get("secret_token")?.to_owned();
        Self::polled(target, seed).map(|bot| Self { secret: Some(secret), ..bot })
    }

    /// A bot whose updates are fetched: the bodies of its calls are the updates.
    pub(in crate::demo) fn polled(target: &Target, seed: u64) -> Option<Self> {
        let bot = target.settings.get("bot_token")?.split_once(':')?.0.parse().ok()?;
        let mut random = Random::new(seed);
        Some(Self {
            path: format!("/webhooks/{}", target.uuid),
            secret: None,
            bot,
            next_update: random.id(),
            next_message: random.id(),
            cast: Cast::new(&mut random),
            deck: Deck::of(&ACTS),
            chats: HashMap::new(),
            random,
        })
    }

    /// A chat with a bot begins with its start button, or with a link that has a payload.
    fn line(&mut self, now: Millis, then: &mut VecDeque<Call>) -> Call {
        let Line { person, text, .. } = self.cast.line(&mut self.random);
        let known = self.chats.contains_key(&person);
        let started = (!known).then(|| {
            let entities = json!([{ "type": "bot_command", "offset": 0, "length": 6 }]);
            let id = self.message_id();
            let content = json!({ "text": "/start catalogo", "entities": entities });
            self.message(person, id, content, ("text", format!("{} starts the bot", person.name())), now)
        });
        let id = self.message_id();
        let said = self.message(person, id, json!({ "text": text }), ("text", said(person, text)), now);
        self.chats.entry(person).or_default().text = Some((id, now, text.to_owned()));
        match started {
            Some(started) => {
                then.push_back(said);
                started
            }
            None => said,
        }
    }

    fn album(&mut self, now: Millis, then: &mut VecDeque<Call>) -> Call {
        let person = self.anybody();
        let group = format!("13{:010}", self.random.id());
        let caption = *self.random.pick(&CAPTIONS);
        let pictures: Vec<Call> = (1..=3).map(|number| self.picture(person, &group, number, caption, now)).collect();
        then.extend(pictures);
        then.pop_front().unwrap_or_else(|| self.line(now, then))
    }

    fn picture(&mut self, person: Person, group: &str, number: usize, caption: &str, now: Millis) -> Call {
        let size = |name: &str, width: i64, height: i64, file: &str| {
            json!({ "file_id": format!("AgACAgEAAxk{file}{name}"), "file_unique_id": format!("AQAD{file}{name}"),
                "width": width, "height": height, "file_size": width * height / 8 })
        };
        let file = self.random.hex();
        let sizes = [size("s", 90, 60, &file), size("m", 320, 213, &file), size("x", 1280, 853, &file)];
        let mut content = json!({ "photo": sizes, "media_group_id": group });
        if number == 1 {
            content["caption"] = json!(caption);
        }
        let about = match number {
            1 => format!("{} sends an album: «{caption}»", person.name()),
            number => format!("{} sends picture {number} of the album", person.name()),
        };
        let id = self.message_id();
        let mut call = self.message(person, id, content, ("image", about), now);
        if number > 1 {
            call.pieces.iter_mut().for_each(|piece| piece.effect = Effect::Part);
        }
        call
    }

    fn edit(&mut self, person: Person, now: Millis) -> Option<Call> {
        let (id, date, words) = self.chats.get(&person)?.text.clone()?;
        let words = format!("{words} (corregido)");
        self.chats.entry(person).or_default().text = Some((id, date, words.clone()));
        let mut message = envelope(person, id, date);
        message["edit_date"] = json!(seconds(now));
        message["text"] = json!(words);
        let about = format!("{} corrects a message: «{words}»", person.name());
        Some(self.update(person, "edited_message", message, about, Effect::Change))
    }

    /// A button under a message of the bot's.
    fn button(&mut self, person: Person, now: Millis) -> Call {
        let buttons = [("pedido:estado", "Estado de mi pedido"), ("agente", "Hablar con una persona")];
        let bearer = self.message_id();
        self.pressed(person, bearer, "¿En qué te podemos ayudar?", &buttons, now)
    }

    /// The customer of a chat presses the last of the buttons under a message that the bot has sent there; `None` if
    /// nobody has this chat.
    pub(in crate::demo) fn press(
        &mut self,
        chat: i64,
        bearer: i64,
        text: &str,
        buttons: &[(&str, &str)],
        now: Millis,
    ) -> Option<Call> {
        let person = (0..Person::COUNT).map(Person::at).find(|person| person.telegram_id() == chat)?;
        Some(self.pressed(person, bearer, text, buttons, now))
    }

    fn pressed(&mut self, person: Person, bearer: i64, text: &str, buttons: &[(&str, &str)], now: Millis) -> Call {
        let row: Vec<Value> =
            buttons.iter().map(|(data, title)| json!({ "text": title, "callback_data": data })).collect();
        let (data, title) = buttons.last().copied().unwrap_or_default();
        let mut message = envelope(person, bearer, now);
        message["from"] =
            json!({ "id": self.bot, "is_bot": true, "first_name": "Casa Luma", "username": "casaluma_bot" });
        message["text"] = json!(text);
        message["reply_markup"] = json!({ "inline_keyboard": [row] });
        let query = json!({ "id": format!("77{:016}", self.random.id()), "from": user(person), "message": message,
            "chat_instance": format!("-{}", self.random.id()), "data": data });
        let about = format!("{} presses «{title}»", person.name());
        self.update(person, "callback_query", query, about, Effect::Message("interactive"))
    }

    fn shared(&mut self, content: Value, kind: &'static str, what: &str, now: Millis) -> Call {
        let person = self.anybody();
        let id = self.message_id();
        self.message(person, id, content, (kind, format!("{} sends {what}", person.name())), now)
    }

    fn voice(&mut self, now: Millis) -> Call {
        let file = self.random.hex();
        let voice = json!({ "file_id": format!("AwACAgEAAxk{file}"), "file_unique_id": format!("AgAD{file}"),
            "duration": 7, "mime_type": "audio/ogg", "file_size": 27_531 });
        self.shared(json!({ "voice": voice }), "voice", "a voice note", now)
    }

    fn location(&mut self, now: Millis) -> Call {
        let (_, address, latitude, longitude) = *self.random.pick(&PLACES);
        let place = json!({ "location": { "latitude": latitude, "longitude": longitude } });
        self.shared(place, "location", &format!("a place ({address})"), now)
    }

    fn contact(&mut self, now: Millis) -> Call {
        let friend = Person::at(self.random.below(Person::COUNT));
        let card = json!({ "phone_number": "+13055550197", "first_name": friend.first(), "last_name": friend.last(),
            "user_id": friend.telegram_id() });
        self.shared(json!({ "contact": card }), "contacts", &format!("the contact of {}", friend.name()), now)
    }

    fn reaction(&mut self, person: Person, target: i64, now: Millis) -> Call {
        let emoji = *self.random.pick(&EMOJI);
        let news = json!({ "chat": chat(person), "message_id": target, "user": user(person), "date": seconds(now),
            "old_reaction": [], "new_reaction": [{ "type": "emoji", "emoji": emoji }] });
        self.update(person, "message_reaction", news, format!("{} reacts {emoji}", person.name()), Effect::Change)
    }

    /// The customer blocks the bot, or takes it back.
    fn block(&mut self, person: Person, blocked: bool, now: Millis) -> Call {
        self.chats.entry(person).or_default().blocked = blocked;
        let bot = json!({ "id": self.bot, "is_bot": true, "first_name": "Casa Luma", "username": "casaluma_bot" });
        let member = |status: &str| json!({ "status": status, "user": bot });
        let (mut old, mut new) = (member("member"), member("kicked"));
        if !blocked {
            (old, new) = (new, old);
        }
        let gone = if blocked { &mut new } else { &mut old };
        gone["until_date"] = json!(0);
        let news = json!({ "chat": chat(person), "from": user(person), "date": seconds(now),
            "old_chat_member": old, "new_chat_member": new });
        let about = format!("{} {} the bot", person.name(), if blocked { "blocks" } else { "unblocks" });
        self.update(person, "my_chat_member", news, about, Effect::Change)
    }

    fn message(
        &mut self,
        person: Person,
        id: i64,
        content: Value,
        (kind, about): (&'static str, String),
        now: Millis,
    ) -> Call {
        self.chats.entry(person).or_default().last = Some(id);
        let mut message = envelope(person, id, now);
        if let (Some(message), Value::Object(content)) = (message.as_object_mut(), content) {
            message.extend(content);
        }
        self.update(person, "message", message, about, Effect::Message(kind))
    }

    fn update(&mut self, person: Person, kind: &str, content: Value, about: String, effect: Effect) -> Call {
        let id = self.next_update;
        self.next_update += 1;
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(self.secret.clone().map(|secret| ("x-telegram-bot-api-secret-token".to_owned(), secret)));
        let conversation = format!("chat:{}", person.telegram_id());
        Call {
            path: self.path.clone(),
            headers,
            body: json!({ "update_id": id, kind: content }).to_string().into_bytes(),
            about,
            lane: conversation.clone(),
            pieces: vec![Piece { id: format!("update {id}"), conversation, effect }],
        }
    }

    /// Somebody on stage, preferably in the middle of a conversation.
    fn anybody(&mut self) -> Person {
        let chats = &self.chats;
        let known = self.cast.person(&mut self.random, |person| chats.contains_key(&person));
        known.unwrap_or_else(|| self.cast.anybody(&mut self.random))
    }

    fn message_id(&mut self) -> i64 {
        self.next_message += 1;
        self.next_message
    }

    /// Acts that need something said before, by somebody who has not blocked the bot.
    fn follow(&mut self, act: Act, now: Millis) -> Option<Call> {
        let chats = &self.chats;
        let talks = |person| chats.get(&person).is_some_and(|chat| !chat.blocked && chat.last.is_some());
        let person = self.cast.person(&mut self.random, talks)?;
        let last = self.chats.get(&person)?.last?;
        match act {
            Act::Edit => self.edit(person, now),
            Act::Button => Some(self.button(person, now)),
            Act::Reaction => Some(self.reaction(person, last, now)),
            Act::Block => Some(self.block(person, true, now)),
            _ => None,
        }
    }

    /// Whoever blocked the bot must take it back before they can write again.
    fn unblock_first(&mut self, call: Call, now: Millis, then: &mut VecDeque<Call>) -> Call {
        let author = self
            .chats
            .iter()
            .find(|(person, chat)| chat.blocked && format!("chat:{}", person.telegram_id()) == call.lane);
        let wrote = call.pieces.iter().any(|piece| matches!(piece.effect, Effect::Message(_)));
        match author.map(|(person, _)| *person) {
            Some(person) if wrote => {
                then.push_front(call);
                self.block(person, false, now)
            }
            _ => call,
        }
    }
}

impl Platform for Telegram {
    fn perform(&mut self, now: Millis, then: &mut VecDeque<Call>) -> Call {
        let act = self.deck.draw(&mut self.random).unwrap_or(Act::Text);
        let call = match act {
            Act::Text => self.line(now, then),
            Act::Album => self.album(now, then),
            Act::Voice => self.voice(now),
            Act::Location => self.location(now),
            Act::Contact => self.contact(now),
            Act::Edit | Act::Button | Act::Reaction | Act::Block => {
                self.follow(act, now).unwrap_or_else(|| self.line(now, then))
            }
        };
        self.unblock_first(call, now, then)
    }
}

fn envelope(person: Person, id: i64, now: Millis) -> Value {
    json!({ "message_id": id, "date": seconds(now), "chat": chat(person), "from": user(person) })
}

fn chat(person: Person) -> Value {
    json!({ "id": person.telegram_id(), "type": "private", "first_name": person.first(),
        "last_name": person.last(), "username": person.handle() })
}

fn user(person: Person) -> Value {
    json!({ "id": person.telegram_id(), "is_bot": false, "first_name": person.first(),
        "last_name": person.last(), "username": person.handle(), "language_code": "es" })
}

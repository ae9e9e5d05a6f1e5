//! What customers and staff do, one function each.

use relevo_adapters::Millis;
use serde_json::{Value, json};

use super::{
    WhatsApp,
    wire::{contact, lane},
};
use crate::demo::traffic::{
    Call, Effect, Piece,
    cast::Line,
    people::Person,
    said, seconds,
    words::{ANSWERS, EMOJI, PLACES, SHOP},
};

impl WhatsApp {
    pub(super) fn line(&mut self, now: Millis) -> Call {
        let Line { person, text, .. } = self.cast.line(&mut self.random);
        self.says(person, "text", "text", json!({ "body": text }), said(person, text), now)
    }

    /// Two messages that Meta delivers together.
    pub(super) fn pair(&mut self, now: Millis) -> Call {
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

    pub(super) fn file(
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

    pub(super) fn shared(&mut self, kind: &'static str, content: Value, what: &str, now: Millis) -> Call {
        let person = self.anybody();
        let about = format!("{} sends {what}", person.name());
        self.says(person, kind, kind, content, about, now)
    }

    pub(super) fn location(&mut self, now: Millis) -> Call {
        let (name, address, latitude, longitude) = *self.random.pick(&PLACES);
        let place = json!({ "name": name, "address": address, "latitude": latitude, "longitude": longitude });
        self.shared("location", place, &format!("a place: {address}"), now)
    }

    pub(super) fn card(&mut self, now: Millis) -> Call {
        let friend = Person::at(self.random.below(Person::COUNT));
        let name = json!({ "formatted_name": friend.name(), "first_name": friend.first(), "last_name": friend.last() });
        let phone = json!({ "phone": "+1 305 555 0198", "wa_id": "13055550198", "type": "CELL" });
        let card = json!([{ "name": name, "phones": [phone], "emails": [{ "email": friend.mail(), "type": "WORK" }] }]);
        self.shared("contacts", card, &format!("the contact of {}", friend.name()), now)
    }

    pub(super) fn order(&mut self, now: Millis) -> Call {
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
    pub(super) fn choice(&mut self, kind: &'static str, reply: Value, now: Millis) -> Call {
        let title = reply["title"].as_str().unwrap_or_default().to_owned();
        let content = json!({ "type": kind, kind: reply });
        let person = self.anybody();
        let context = json!({ "from": self.display, "id": self.wamid() });
        let about = format!("{} chooses «{title}»", person.name());
        self.contextual(person, ("interactive", "interactive"), content, Some(context), about, now)
    }

    pub(super) fn unsupported(&mut self, now: Millis) -> Call {
        let person = self.anybody();
        let (mut message, piece) =
            self.message(person, ("unsupported", "unsupported"), json!({ "type": "poll" }), None, now);
        message["errors"] = json!([{ "code": 131051, "title": "Message type unknown",
            "message": "Message type unknown", "error_data": { "details": "Message type is currently not supported." } }]);
        let about = format!("{} sends something that the platform does not pass on (a poll)", person.name());
        let value = json!({ "contacts": [contact(person)], "messages": [message] });
        self.push("messages", value, about, &lane(person), vec![piece])
    }

    pub(super) fn reply(&mut self, person: Person, now: Millis) -> Call {
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

    pub(super) fn reaction(&mut self, person: Person, target: &str, now: Millis) -> Call {
        let emoji = *self.random.pick(&EMOJI);
        let reaction = json!({ "message_id": target, "emoji": emoji });
        let (message, piece) = self.message(person, ("reaction", "reaction"), reaction, None, now);
        let piece = Piece { effect: Effect::Change, ..piece };
        let value = json!({ "contacts": [contact(person)], "messages": [message] });
        self.push("messages", value, format!("{} reacts {emoji}", person.name()), &lane(person), vec![piece])
    }

    /// Staff answer in the WhatsApp Business app.
    pub(super) fn echo(&mut self, person: Person, now: Millis) -> Call {
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
    pub(super) fn statuses(&mut self, person: Person, target: &str, now: Millis) -> Call {
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
}

//! The payloads around what is said.

use relevo_adapters::Millis;
use serde_json::{Map, Value, json};

use super::WhatsApp;
use crate::demo::traffic::{Call, Effect, Piece, meta::Push, people::Person, seconds};

impl WhatsApp {
    pub(super) fn says(
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

    pub(super) fn contextual(
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
    pub(super) fn message(
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

    pub(super) fn push(&self, field: &str, mut value: Value, about: String, lane: &str, pieces: Vec<Piece>) -> Call {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": self.display, "phone_number_id": self.phone_number_id });
        let payload = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": self.waba_id, "changes": [{ "field": field, "value": value }] }] });
        self.call(self.app.push(&payload), about, lane, pieces)
    }

    pub(super) fn call(&self, push: Push, about: String, lane: &str, pieces: Vec<Piece>) -> Call {
        let (path, headers, body) = push;
        Call { path, headers, body, about, lane: lane.to_owned(), pieces }
    }

    pub(super) fn wamid(&mut self) -> String {
        format!("wamid.HBgL{}{}==", self.random.hex().to_uppercase(), self.random.hex().to_uppercase())
    }
}

/// An element of `contacts[]`. Whoever took a user name shows no number.
pub(super) fn contact(person: Person) -> Value {
    let mut contact = json!({ "profile": { "name": person.name() }, "user_id": person.business_scoped_id() });
    match person.wa_id() {
        Some(wa_id) => contact["wa_id"] = json!(wa_id),
        None => contact["profile"]["username"] = json!(format!("@{}", person.handle())),
    }
    contact
}

pub(super) fn lane(person: Person) -> String {
    format!("u:{}", person.business_scoped_id())
}

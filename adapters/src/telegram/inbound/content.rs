//! What a message says: its one content field (telegram.md §5, §5.1).

use serde_json::{Map, Value, json};

use super::{MAX_TEXT, extra, fields, media, party, present};
use crate::{Attachment, Body, ContactCard, json, text};

/// Longest gist of something that we cannot show, in bytes.
const MAX_GIST: usize = 8 << 10;

#[derive(Default)]
pub(super) struct Said {
    pub(super) body: Body,
    pub(super) attachments: Vec<Attachment>,
    pub(super) extra: Map<String, Value>,
}

impl Said {
    fn of(body: Body) -> Self {
        Self { body, ..Self::default() }
    }
}

type Reader = fn(&Value) -> Option<Said>;

/// In this order, because some contents come doubled: an animation with a document, a venue with its location.
const READERS: [Reader; 9] =
    [plain_text, files, venue, location, contact, dice, web_app_data, users_shared, chat_shared];

/// The content of `message`; what cannot be shown is [`Body::Unsupported`].
pub(super) fn read(message: &Value) -> Said {
    READERS.iter().find_map(|reader| reader(message)).unwrap_or_else(|| unsupported(message))
}

fn plain_text(message: &Value) -> Option<Said> {
    let text = json::str(message, "text")?;
    let mut extra = extra::entities(message, "entities");
    extra.extend(start_payload(text).map(|payload| ("start".to_owned(), json!(payload))));
    Some(Said { body: Body::Text { text: text::clean(text, MAX_TEXT) }, extra, ..Said::default() })
}

/// The payload of a deep link: `t.me/<bot>?start=PAYLOAD` arrives as `/start PAYLOAD`.
fn start_payload(text: &str) -> Option<&str> {
    let (command, payload) = text.strip_prefix("/start")?.split_once(char::is_whitespace)?;
    let bare = command.is_empty() || command.starts_with('@');
    text::non_blank(payload).filter(|_| bare)
}

fn files(message: &Value) -> Option<Said> {
    let attachment = media::attachment(message)?;
    let body = caption(message).map_or(Body::Empty, |text| Body::Text { text });
    let mut extra = extra::entities(message, "caption_entities");
    extra.extend(extra::copied(message, &["live_photo"]));
    Some(Said { body, attachments: vec![attachment], extra })
}

fn caption(message: &Value) -> Option<String> {
    json::str(message, "caption").map(|caption| text::clean(caption, MAX_TEXT))
}

fn venue(message: &Value) -> Option<Said> {
    let venue = present(message, "venue")?;
    let (latitude, longitude) = coordinates(present(venue, "location").or_else(|| present(message, "location"))?)?;
    let [name, address] = ["title", "address"].map(|field| json::str(venue, field).map(str::to_owned));
    let more = ["foursquare_id", "foursquare_type", "google_place_id", "google_place_type"];
    let body = Body::Location { latitude, longitude, name, address, url: None };
    Some(Said { body, extra: extra::copied(venue, &more), ..Said::default() })
}

fn location(message: &Value) -> Option<Said> {
    let location = present(message, "location")?;
    let (latitude, longitude) = coordinates(location)?;
    let more = ["live_period", "horizontal_accuracy", "heading", "proximity_alert_radius"];
    let body = Body::Location { latitude, longitude, name: None, address: None, url: None };
    Some(Said { body, extra: extra::copied(location, &more), ..Said::default() })
}

fn coordinates(location: &Value) -> Option<(f64, f64)> {
    Some((location.get("latitude")?.as_f64()?, location.get("longitude")?.as_f64()?))
}

fn contact(message: &Value) -> Option<Said> {
    let contact = present(message, "contact")?;
    let phone = json::str(contact, "phone_number");
    let name = party::full_name(contact).or_else(|| phone.map(str::to_owned))?;
    let card = ContactCard {
        name,
        phones: phone.map(str::to_owned).into_iter().collect(),
        emails: Vec::new(),
        data: extra::object(extra::copied(contact, &["user_id", "vcard"])),
    };
    Some(Said::of(Body::Contacts { cards: vec![card] }))
}

fn dice(message: &Value) -> Option<Said> {
    let dice = present(message, "dice")?;
    let text = format!("{} {}", json::str(dice, "emoji").unwrap_or("🎲"), json::int(dice, "value")?);
    Some(Said::of(Body::Text { text }))
}

/// A form that a bot's web page sent through a keyboard button.
fn web_app_data(message: &Value) -> Option<Said> {
    let form = present(message, "web_app_data")?;
    let text = json::str(form, "data")?;
    let data = json::parse(text.as_bytes()).unwrap_or_else(|_| json!(text));
    Some(Said::of(Body::Interactive {
        kind: "web_app".to_owned(),
        id: None,
        title: json::str(form, "button_text").map(str::to_owned),
        data: Some(data),
    }))
}

/// The people whom a customer chose through a keyboard button.
fn users_shared(message: &Value) -> Option<Said> {
    let (kind, shared) = one_of(message, ["users_shared", "user_shared"])?;
    let names: Vec<String> = json::array(shared, "users").iter().filter_map(party::full_name).collect();
    Some(Said::of(choice(kind, shared, text::non_blank(&names.join(", ")))))
}

/// The chat that a customer chose through a keyboard button.
fn chat_shared(message: &Value) -> Option<Said> {
    let (kind, shared) = one_of(message, ["chat_shared"])?;
    Some(Said::of(choice(kind, shared, json::str(shared, "title"))))
}

fn one_of<'a, const N: usize>(message: &'a Value, names: [&'static str; N]) -> Option<(&'static str, &'a Value)> {
    let found = names.into_iter().find_map(|name| Some((name, present(message, name)?)))?;
    found.1.is_object().then_some(found)
}

fn choice(kind: &str, shared: &Value, title: Option<&str>) -> Body {
    Body::Interactive {
        kind: kind.to_owned(),
        id: shared.get("request_id").and_then(json::id),
        title: title.map(str::to_owned),
        data: Some(shared.clone()),
    }
}

fn unsupported(message: &Value) -> Said {
    let kind = fields::unsupported(message);
    let gist = caption(message).or_else(|| gist(kind, message.get(kind)?));
    let body = Body::Unsupported { kind: kind.to_owned(), reason: gist.map(|gist| text::clean(&gist, MAX_GIST)) };
    Said { body, extra: extra::entities(message, "caption_entities"), ..Said::default() }
}

/// The words in something that we cannot show, so that an agent knows at least what it is about.
fn gist(kind: &str, content: &Value) -> Option<String> {
    match kind {
        "rich_message" => {
            let mut words = String::new();
            collect_words(content, &mut words);
            text::non_blank(&words).map(str::to_owned)
        }
        _ => ["question", "title", "description", "prize_description"]
            .into_iter()
            .find_map(|field| json::str(content, field).map(str::to_owned)),
    }
}

/// The texts of nested blocks, one block per line. JSON as parsed is at most 128 levels deep.
fn collect_words(content: &Value, words: &mut String) {
    match content {
        Value::String(text) => words.push_str(text),
        Value::Array(parts) => parts.iter().for_each(|part| collect_words(part, words)),
        Value::Object(fields) => {
            if let Some(text) = fields.get("text") {
                collect_words(text, words);
            }
            for block in ["blocks", "items", "cells", "caption"].iter().filter_map(|name| fields.get(*name)) {
                collect_blocks(block, words);
            }
        }
        _ => {}
    }
}

fn collect_blocks(blocks: &Value, words: &mut String) {
    for block in blocks.as_array().map_or(std::slice::from_ref(blocks), Vec::as_slice) {
        if !words.is_empty() && !words.ends_with('\n') {
            words.push('\n');
        }
        collect_words(block, words);
    }
}

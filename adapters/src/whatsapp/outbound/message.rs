//! An act as the body of `POST /{phone_number_id}/messages` (`whatsapp.md §5`).

use serde_json::{Map, Value, json};

use super::{SENDING, interactive, recipient::Recipient};
use crate::{
    ContactCard, MediaKind,
    meta::{
        graph::refused,
        limits::{caption, count, file, said, uploaded},
    },
    outbound::{Act, Explained, Length, Outbound, OutboundFile, SendError, unsupported},
};

/// The most cards of one message.
const MAX_CARDS: usize = 257;
/// More text than any template takes.
const MAX_PARAMETER: Length = Length::Utf16(32_768);

const BAD_PLACE: Explained = Explained {
    es: "Las coordenadas de la ubicación no son válidas; corríjalas.",
    en: "The location's coordinates are not valid; correct them.",
};
const BAD_COMPONENTS: Explained = Explained {
    es: "Los componentes de la plantilla deben ser una lista como la pide WhatsApp; corríjalos.",
    en: "The template's components must be a list as WhatsApp wants it; correct them.",
};
const FILES_APART: Explained = Explained {
    es: "En WhatsApp cada archivo es un mensaje aparte; envíe los archivos por separado.",
    en: "On WhatsApp each file is a message of its own; send the files by themselves.",
};
const NO_TARGET: Explained = Explained {
    es: "No hay un mensaje del cliente al que se refiera la acción.",
    en: "There is no message of the customer's that this is about.",
};

/// The body of a send, a reaction, a read mark or a typing sign.
///
/// # Errors
/// Content that WhatsApp is known to refuse, or a thread that names nobody.
pub(super) fn body(message: &Outbound) -> Result<Value, SendError> {
    match &message.act {
        Act::Read { target } => Ok(read(target)),
        Act::Typing { target } => typing(target.as_ref().or(message.to.last_inbound.as_ref())),
        act => {
            let (kind, content) = content(act)?;
            let mut body = Map::new();
            body.insert("messaging_product".to_owned(), "whatsapp".into());
            Recipient::of(&message.to)?.write(&mut body);
            body.insert("type".to_owned(), kind.into());
            body.insert(kind.to_owned(), content);
            // A reaction names its message within; it quotes none.
            if let (Some(quoted), false) = (&message.reply_to, kind == "reaction") {
                body.insert("context".to_owned(), json!({ "message_id": quoted }));
            }
            if !message.id.is_empty() {
                body.insert("biz_opaque_callback_data".to_owned(), message.id.as_str().into());
            }
            Ok(body.into())
        }
    }
}

/// The type of the message, and the object under that name.
fn content(act: &Act) -> Result<(&'static str, Value), SendError> {
    match act {
        Act::Text { files, .. } if !files.is_empty() => Err(refused("files_apart", "files within a text", FILES_APART)),
        Act::Text { text, buttons, .. } if buttons.is_empty() => {
            said("the text", text, SENDING.max_text)?;
            let has_link = text.contains("https://") || text.contains("http://");
            Ok(("text", json!({ "body": text, "preview_url": has_link })))
        }
        Act::Text { text, buttons, .. } => interactive::buttons(text, buttons).map(|it| ("interactive", it)),
        Act::List { text, button, header, footer, sections } => {
            interactive::list(text, button, header.as_deref(), footer.as_deref(), sections)
                .map(|it| ("interactive", it))
        }
        Act::File { file, caption } => media(file, caption.as_deref()),
        Act::Location { latitude, longitude, name, address } => {
            location(*latitude, *longitude, name.as_deref(), address.as_deref()).map(|it| ("location", it))
        }
        Act::Contacts { cards } => {
            count("contact cards", cards.len(), MAX_CARDS)?;
            let cards: Result<Vec<Value>, SendError> = cards.iter().map(card).collect();
            Ok(("contacts", cards?.into()))
        }
        Act::Template { name, language, parameters, components } => {
            template(name, language, parameters, components.as_ref()).map(|it| ("template", it))
        }
        Act::Reaction { target, emoji } => {
            Ok(("reaction", json!({ "message_id": target, "emoji": emoji.as_deref().unwrap_or_default() })))
        }
        other => Err(unsupported(other.name())),
    }
}

/// A file is sent by the id under which WhatsApp has it.
fn media(sent: &OutboundFile, words: Option<&str>) -> Result<(&'static str, Value), SendError> {
    let rule = file(&SENDING, sent)?;
    let mut object = Map::new();
    object.insert("id".to_owned(), uploaded(sent)?.into());
    if let Some(words) = caption(&SENDING, rule, words)? {
        object.insert("caption".to_owned(), words.into());
    }
    let kind = match sent.kind {
        MediaKind::Image => "image",
        MediaKind::Video | MediaKind::Animation => "video",
        MediaKind::Audio | MediaKind::Voice => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    };
    // Only Ogg is shown as a voice note.
    if sent.kind == MediaKind::Voice && sent.mime == "audio/ogg" {
        object.insert("voice".to_owned(), true.into());
    }
    if sent.kind == MediaKind::Document {
        object.insert("filename".to_owned(), sent.file_name.as_str().into());
    }
    Ok((kind, object.into()))
}

fn location(latitude: f64, longitude: f64, name: Option<&str>, address: Option<&str>) -> Result<Value, SendError> {
    let is_on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    if !is_on_earth {
        return Err(refused("place", "coordinates out of range", BAD_PLACE));
    }
    let mut place = json!({ "latitude": latitude, "longitude": longitude });
    let words = [("name", name), ("address", address)];
    for (key, value) in words.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        place[key] = value.into();
    }
    Ok(place)
}

/// WhatsApp wants a part of the name beside the whole.
fn card(card: &ContactCard) -> Result<Value, SendError> {
    let first = |list: &[String]| list.first().cloned();
    let name = Some(card.name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = name.or_else(|| first(&card.phones)).or_else(|| first(&card.emails)).unwrap_or_default();
    said("a contact's name", &name, SENDING.max_text)?;
    let mut object = json!({ "name": { "formatted_name": name, "first_name": name } });
    if !card.phones.is_empty() {
        object["phones"] = card.phones.iter().map(|phone| json!({ "phone": phone })).collect();
    }
    if !card.emails.is_empty() {
        object["emails"] = card.emails.iter().map(|email| json!({ "email": email })).collect();
    }
    Ok(object)
}

fn template(name: &str, language: &str, parameters: &[String], components: Option<&Value>) -> Result<Value, SendError> {
    said("the template's name", name, Length::Chars(512))?;
    said("the template's language", language, Length::Chars(20))?;
    let mut template = json!({ "name": name, "language": { "code": language } });
    match components {
        Some(Value::Array(own)) if own.iter().all(Value::is_object) => template["components"] = own.clone().into(),
        Some(_) => return Err(refused("components", "the components are no list of objects", BAD_COMPONENTS)),
        None if parameters.is_empty() => {}
        None => {
            parameters.iter().try_for_each(|words| said("a template's parameter", words, MAX_PARAMETER))?;
            let values: Vec<Value> = parameters.iter().map(|words| json!({ "type": "text", "text": words })).collect();
            template["components"] = json!([{ "type": "body", "parameters": values }]);
        }
    }
    Ok(template)
}

fn read(target: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "status": "read", "message_id": target })
}

/// Shown for at most 25 s; it marks the message as read too.
fn typing(target: Option<&String>) -> Result<Value, SendError> {
    let target = target.ok_or_else(|| refused("no_target", "typing without a message", NO_TARGET))?;
    let mut body = read(target);
    body["typing_indicator"] = json!({ "type": "text" });
    Ok(body)
}

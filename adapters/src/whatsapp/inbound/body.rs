//! The content object of a message, by its type (`whatsapp.md §4.2`).

use serde_json::Value;

use crate::{Attachment, Body, ContactCard, OrderItem, json, meta::MAX_TEXT, text};

use super::media;

/// Body and attachments of `message`, whose content object is `message[kind]`; `None` if the object is missing, holds
/// nothing that could be shown, or is of a type that this build does not know.
pub(super) fn content(message: &Value, kind: &str) -> Option<(Body, Vec<Attachment>)> {
    let object = message.get(kind)?;
    let bare = |body: Body| (body, Vec::new());
    match kind {
        "text" => said(object, "body").map(|text| bare(Body::Text { text })),
        "button" => button(object).map(bare),
        "interactive" => interactive(object).map(bare),
        "location" => location(object).map(bare),
        "contacts" => contacts(object).map(bare),
        "order" => order(object).map(bare),
        _ => media::kind(kind).filter(|_| object.is_object()).map(|kind| {
            let caption = said(object, "caption").filter(|caption| !caption.is_empty());
            let body = caption.map_or(Body::Empty, |text| Body::Text { text });
            (body, vec![media::attachment(kind, object)])
        }),
    }
}

/// `object[key]`, or the object itself where it is a bare text, with a sane length.
fn said(object: &Value, key: &str) -> Option<String> {
    object.get(key).unwrap_or(object).as_str().map(|words| text::clean(words, MAX_TEXT))
}

/// The press of a template's quick-reply button.
fn button(button: &Value) -> Option<Body> {
    let (id, title) = (id(button, "payload"), title(button, "text"));
    (id.is_some() || title.is_some()).then(|| Body::Interactive { kind: "button".to_owned(), id, title, data: None })
}

/// Buttons, list rows, forms and permissions that the customer answered. A kind that this build does not know keeps
/// its whole object.
fn interactive(interactive: &Value) -> Option<Body> {
    let kind = json::str(interactive, "type").or_else(|| only_key(interactive))?;
    let reply = interactive.get(kind).filter(|reply| reply.is_object())?;
    let (id, title, data) = match kind {
        "button_reply" => (id(reply, "id"), title(reply, "title"), None),
        "list_reply" => {
            let description = reply.get("description").map(|text| serde_json::json!({ "description": text }));
            (id(reply, "id"), title(reply, "title"), description)
        }
        "nfm_reply" => form(reply),
        "call_permission_reply" => (None, title(reply, "response"), Some(reply.clone())),
        _ => (id(reply, "id"), title(reply, "title"), Some(reply.clone())),
    };
    Some(Body::Interactive { kind: crate::meta::kind(kind), id, title, data })
}

/// A filled form. Its fields are JSON inside a text; the token is the one that we gave the form.
fn form(reply: &Value) -> (Option<String>, Option<String>, Option<Value>) {
    let response = match reply.get("response_json") {
        Some(Value::String(text)) => json::parse(text.as_bytes()).unwrap_or_else(|_| Value::from(text.as_str())),
        Some(other) => other.clone(),
        None => Value::Null,
    };
    let data = serde_json::json!({ "name": reply.get("name"), "response": &response });
    (id(&response, "flow_token"), title(reply, "body"), Some(data))
}

fn location(location: &Value) -> Option<Body> {
    Some(Body::Location {
        latitude: number(location, "latitude").filter(|degrees| degrees.abs() <= 90.0)?,
        longitude: number(location, "longitude").filter(|degrees| degrees.abs() <= 180.0)?,
        name: title(location, "name"),
        address: title(location, "address"),
        url: title(location, "url"),
    })
}

fn contacts(contacts: &Value) -> Option<Body> {
    let cards: Vec<ContactCard> =
        contacts.as_array()?.iter().filter(|card| card.is_object()).map(contact_card).collect();
    (!cards.is_empty()).then_some(Body::Contacts { cards })
}

/// A card keeps the platform's whole object: types of numbers, `wa_id`s, addresses and the vCard are only there.
fn contact_card(card: &Value) -> ContactCard {
    let each = |list: &str, keys: &[&str]| -> Vec<String> {
        let first_of = |item| keys.iter().find_map(|key| id(item, key));
        json::array(card, list).iter().filter_map(first_of).collect()
    };
    let phones = each("phones", &["phone", "wa_id"]);
    let emails = each("emails", &["email"]);
    let name = card_name(card).or_else(|| phones.first().cloned()).or_else(|| emails.first().cloned());
    ContactCard { name: name.unwrap_or_default(), phones, emails, data: Some(card.clone()) }
}

fn card_name(card: &Value) -> Option<String> {
    let name = card.get("name").unwrap_or(&Value::Null);
    let parts: Vec<&str> =
        ["first_name", "middle_name", "last_name"].into_iter().filter_map(|part| json::str(name, part)).collect();
    let company = || card.get("org").and_then(|org| title(org, "company"));
    title(name, "formatted_name").or_else(|| (!parts.is_empty()).then(|| parts.join(" "))).or_else(company)
}

fn order(order: &Value) -> Option<Body> {
    let items: Vec<OrderItem> =
        json::array(order, "product_items").iter().filter(|item| item.is_object()).map(order_item).collect();
    let text = title(order, "text");
    let has_content = !items.is_empty() || text.is_some();
    has_content.then(|| Body::Order { catalog: id(order, "catalog_id"), text, items })
}

fn order_item(item: &Value) -> OrderItem {
    OrderItem {
        product: id(item, "product_retailer_id").unwrap_or_default(),
        quantity: number(item, "quantity").unwrap_or(1.0),
        price: number(item, "item_price"),
        currency: title(item, "currency"),
    }
}

fn id(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(json::id)
}

fn title(value: &Value, key: &str) -> Option<String> {
    json::str(value, key).map(str::to_owned)
}

/// A finite number, whether written as a number or as a text.
fn number(value: &Value, key: &str) -> Option<f64> {
    match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn only_key(value: &Value) -> Option<&str> {
    match value.as_object() {
        Some(fields) if fields.len() == 1 => fields.keys().next().map(String::as_str),
        _ => None,
    }
}

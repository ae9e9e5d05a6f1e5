//! New messages as calls, before it is known where they go (telegram.md §6).

use serde_json::{Value, json};

use super::{SENDING, api::Parameters, file};
use crate::{
    ContactCard, json,
    outbound::{Act, Button, ErrorClass, Explained, Length, OutboundFile, SendError, unsupported},
};

/// The largest card that sendContact takes, in bytes.
const MAX_VCARD: usize = 2048;

/// A call that makes a new message; what says where is still missing.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) method: &'static str,
    pub(super) parameters: Parameters,
    /// The file, and the parameter that takes it.
    pub(super) file: Option<(&'static str, &'a OutboundFile)>,
}

impl<'a> Draft<'a> {
    fn of(method: &'static str, parameters: Value) -> Self {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            _ => Parameters::new(),
        };
        Self { method, parameters, file: None }
    }

    /// The call for an act that makes a new message.
    ///
    /// # Errors
    /// If it is over a limit, or nothing that Telegram has: it is never sent then.
    pub(super) fn new(act: &'a Act) -> Result<Self, SendError> {
        match act {
            Act::Text { files, .. } if !files.is_empty() => Err(unsupported("a text with files in it")),
            Act::Text { text, buttons, .. } => written(text, buttons),
            Act::File { file, caption } => sent(file, caption.as_deref().filter(|caption| !caption.is_empty())),
            Act::Location { latitude, longitude, name, address } => {
                Ok(place(*latitude, *longitude, name.as_deref(), address.as_deref()))
            }
            Act::Contacts { cards } => match cards.as_slice() {
                [card] => card_of(card),
                _ => Err(unsupported("several contact cards in one message")),
            },
            _ => Err(unsupported(act.name())),
        }
    }
}

fn written(text: &str, buttons: &[Button]) -> Result<Draft<'static>, SendError> {
    let longest = if buttons.is_empty() { SENDING.max_text } else { SENDING.max_button_text };
    within(longest, text)?;
    if text.trim().is_empty() {
        return Err(EMPTY.error("a text without words"));
    }
    let mut draft = Draft::of("sendMessage", json!({ "text": text }));
    if !buttons.is_empty() {
        draft.parameters.insert("reply_markup".to_owned(), keyboard(buttons)?);
    }
    Ok(draft)
}

/// One button per row.
fn keyboard(buttons: &[Button]) -> Result<Value, SendError> {
    let fits = |button: &Button| {
        (1..=64).contains(&button.id.len())
            && !button.title.trim().is_empty()
            && SENDING.max_button_title.holds(&button.title)
    };
    match buttons.len() <= SENDING.max_buttons && buttons.iter().all(fits) {
        true => {
            let rows: Vec<Value> =
                buttons.iter().map(|button| json!([{ "text": button.title, "callback_data": button.id }])).collect();
            Ok(json!({ "inline_keyboard": rows }))
        }
        false => {
            Err(BUTTONS.error("a button's id has 1 to 64 bytes, its title 1 to 64 characters; at most 100 buttons"))
        }
    }
}

fn sent<'a>(file: &'a OutboundFile, caption: Option<&str>) -> Result<Draft<'a>, SendError> {
    let way = file::way(file)?;
    let mut draft = Draft { file: Some((way.field, file)), ..Draft::of(way.method, json!({})) };
    match caption {
        Some(_) if !way.caption => return Err(unsupported("a sticker with a caption")),
        Some(caption) => {
            within(SENDING.max_caption, caption)?;
            draft.parameters.insert("caption".to_owned(), json!(caption));
        }
        None => {}
    }
    Ok(draft)
}

/// A point, or a venue if it has a name: a location alone has none.
fn place(latitude: f64, longitude: f64, name: Option<&str>, address: Option<&str>) -> Draft<'static> {
    let [name, address] = [name, address].map(|text| text.filter(|text| !text.trim().is_empty()));
    match name.or(address) {
        None => Draft::of("sendLocation", json!({ "latitude": latitude, "longitude": longitude })),
        Some(title) => Draft::of(
            "sendVenue",
            json!({ "latitude": latitude, "longitude": longitude, "title": title, "address": address.unwrap_or(title) }),
        ),
    }
}

fn card_of(card: &ContactCard) -> Result<Draft<'static>, SendError> {
    let phone = card.phones.first().ok_or_else(|| NO_PHONE.error("a contact card without a phone number"))?;
    let name = if card.name.trim().is_empty() { phone } else { &card.name };
    let mut draft = Draft::of("sendContact", json!({ "phone_number": phone, "first_name": name }));
    let vcard = card.data.as_ref().and_then(|data| json::str(data, "vcard")).filter(|vcard| vcard.len() <= MAX_VCARD);
    draft.parameters.extend(vcard.map(|vcard| ("vcard".to_owned(), json!(vcard))));
    Ok(draft)
}

/// Whether a text is no longer than it may be.
///
/// # Errors
/// If it is: Telegram would refuse it.
pub(super) fn within(longest: Length, text: &str) -> Result<(), SendError> {
    match longest.holds(text) {
        true => Ok(()),
        false => Err(TOO_LONG.error(&format!("{} of at most {} characters", longest.of(text), longest.most()))),
    }
}

/// A refusal of our own: what it is called, and what an agent reads.
pub(super) struct Objection(pub(super) ErrorClass, pub(super) &'static str, pub(super) Explained);

impl Objection {
    pub(super) fn error(&self, detail: &str) -> SendError {
        SendError::new(self.0, self.1, detail, self.2)
    }
}

const TOO_LONG: Objection = Objection(
    ErrorClass::Content,
    "too_long",
    Explained {
        es: "El texto es demasiado largo para Telegram. Divídalo en varios mensajes.",
        en: "The text is too long for Telegram. Split it into several messages.",
    },
);
const EMPTY: Objection = Objection(
    ErrorClass::Content,
    "empty",
    Explained {
        es: "El mensaje está vacío. Escriba un texto y envíelo de nuevo.",
        en: "The message is empty. Write a text and send it again.",
    },
);
const BUTTONS: Objection = Objection(
    ErrorClass::Content,
    "buttons",
    Explained {
        es: "Los botones no caben en Telegram: acorte sus títulos o use menos botones.",
        en: "The buttons do not fit on Telegram: shorten their titles or use fewer of them.",
    },
);
const NO_PHONE: Objection = Objection(
    ErrorClass::Content,
    "no_phone",
    Explained {
        es: "Telegram solo envía contactos con número de teléfono. Agréguelo o envíe los datos como texto.",
        en: "Telegram sends contacts with a phone number only. Add one, or send the details as text.",
    },
);

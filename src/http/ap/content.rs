//! What a call has to say, whichever route it comes by: a text with files and buttons, or one of the things that a
//! channel may know beside it.

use relevo_adapters::{
    ContactCard,
    outbound::{Act, Button, ListSection, OutboundFile},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Fields, required};
use crate::desk::{chats::OnMessage, reply::Author};

/// Buttons, rows and cards of one message (P8); channels allow fewer.
const MOST: usize = 100;

/// What is to be said, or done.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::http) enum Said {
    Act(Act),
    OnMessage { message: String, what: OnMessage },
}

/// Fields that every route that sends takes.
#[derive(Debug, ToSchema)]
#[schema(as = ApMessageAdditions)]
#[expect(dead_code, reason = "describes a body, which is read field by field")]
pub(in crate::http) struct Additions {
    /// A file: base64, with or without `data:<mime>;base64,` before it. `message` is its caption.
    file: Option<String>,
    /// The name that the file has for its receiver.
    file_name: Option<String>,
    /// Up to 10 files. Instead of base64 a call may be a form (`multipart/form-data`) with a part for each file.
    files: Option<Vec<FileObject>>,
    /// Buttons under the text.
    buttons: Option<Vec<ButtonObject>>,
    /// A list to choose from, behind a button: `button`, `sections[{title, rows[{id, title, description}]}]`, `header`
    /// and `footer`; `message` is its text.
    list: Option<Value>,
    /// A place: `latitude`, `longitude`, `name` and `address`; without `message`.
    location: Option<Value>,
    /// Cards: `name`, `phones`, `emails`; without `message`.
    contacts: Option<Vec<Value>>,
    /// An approved message: `name`, `language`, `parameters` (the body's places in order) or `components` (the
    /// platform's own words); without `message`.
    template: Option<Value>,
    /// The message that this one answers, by its `id_message`.
    reply_to: Option<String>,
    /// A reaction to a message instead of a message: `id_message`, and `emoji` (empty: the reaction is taken back).
    reaction: Option<Value>,
    /// Who writes, as the caller knows him: `id` and `name`.
    author: Option<Value>,
    /// Mail only.
    subject: Option<String>,
    /// Mail only: the text as HTML.
    html: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApFile)]
#[expect(dead_code, reason = "describes a body, which is read field by field")]
pub(in crate::http) struct FileObject {
    /// Base64.
    content: String,
    name: Option<String>,
    mime: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApButton)]
#[expect(dead_code, reason = "describes a body, which is read field by field")]
pub(in crate::http) struct ButtonObject {
    /// Comes back when it is pressed; the title unless said otherwise.
    id: Option<String>,
    title: String,
}

#[derive(Deserialize)]
struct ButtonWords {
    id: Option<String>,
    title: String,
}

#[derive(Deserialize)]
struct ListWords {
    button: String,
    header: Option<String>,
    footer: Option<String>,
    sections: Vec<ListSection>,
}

#[derive(Deserialize)]
struct LocationWords {
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
struct TemplateWords {
    name: String,
    language: String,
    #[serde(default)]
    parameters: Vec<Value>,
    components: Option<Value>,
}

#[derive(Deserialize)]
struct ReactionWords {
    id_message: String,
    #[serde(default)]
    emoji: Option<String>,
}

/// Reads what is to be said; `message` is what the route calls the text. What is wrong is noted.
pub(in crate::http) fn read(fields: &mut Fields, message: &str, files: Vec<OutboundFile>) -> Option<Said> {
    let text = fields.verbatim(message).unwrap_or_default();
    let others: Vec<&str> =
        ["template", "list", "location", "contacts", "reaction"].into_iter().filter(|it| fields.is_given(it)).collect();
    match others.as_slice() {
        [] => plain(fields, message, text, files),
        [_] if !files.is_empty() => complain(fields, "file", "Un archivo solo puede acompañar a un texto."),
        ["list"] => list(fields, message, text),
        [other] if !text.trim().is_empty() => {
            let why = format!("El campo {message} no se puede combinar con {other}; envíe dos mensajes.");
            complain(fields, message, &why)
        }
        ["location"] => structure(fields, "location").map(|words: LocationWords| {
            let LocationWords { latitude, longitude, name, address } = words;
            Said::Act(Act::Location { latitude, longitude, name, address })
        }),
        ["contacts"] => {
            let cards: Vec<ContactCard> = few(fields, "contacts")?;
            Some(Said::Act(Act::Contacts { cards }))
        }
        ["template"] => structure(fields, "template").map(|words: TemplateWords| {
            let parameters = words.parameters.iter().map(parameter).collect();
            let (name, language, components) = (words.name, words.language, words.components);
            Said::Act(Act::Template { name, language, parameters, components })
        }),
        ["reaction"] => structure(fields, "reaction").map(|words: ReactionWords| Said::OnMessage {
            message: words.id_message,
            what: OnMessage::React(words.emoji.filter(|emoji| !emoji.is_empty())),
        }),
        [first, ..] => {
            let why = format!("Solo se puede enviar uno de estos campos a la vez: {}.", others.join(", "));
            complain(fields, first, &why)
        }
    }
}

/// Who writes, if the call says so.
pub(in crate::http) fn author(fields: &mut Fields) -> Option<Author> {
    let mut author: Fields = fields.object("author").into();
    let named = Author { id: author.text("id"), name: author.text("name") };
    fields.take_problems(author, "author");
    (named != Author::default()).then_some(named)
}

/// A parameter of a template: numbers are taken as text.
pub(in crate::http) fn parameter(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn plain(fields: &mut Fields, message: &str, text: String, files: Vec<OutboundFile>) -> Option<Said> {
    let buttons = fields.is_given("buttons").then(|| few::<ButtonWords>(fields, "buttons")).flatten();
    let (html, subject) = (fields.verbatim("html"), fields.text("subject"));
    if text.trim().is_empty() && files.is_empty() && fields.is_fine("file") && fields.is_fine("files") {
        fields.missing(message, &required(message));
    }
    let button =
        |words: ButtonWords| Button { id: words.id.unwrap_or_else(|| words.title.clone()), title: words.title };
    let buttons = buttons.into_iter().flatten().map(button).collect();
    Some(Said::Act(Act::Text { text, html, subject, files, buttons }))
}

fn list(fields: &mut Fields, message: &str, text: String) -> Option<Said> {
    if text.trim().is_empty() {
        fields.missing(message, &required(message));
    }
    let ListWords { button, header, footer, sections } = structure(fields, "list")?;
    match sections.iter().map(|section| section.rows.len()).sum::<usize>() > MOST {
        true => complain(fields, "list", "La lista tiene demasiadas filas."),
        false => Some(Said::Act(Act::List { text, button, header, footer, sections })),
    }
}

fn few<T: DeserializeOwned>(fields: &mut Fields, name: &str) -> Option<Vec<T>> {
    let items: Vec<T> = structure(fields, name)?;
    match items.len() > MOST {
        true => complain(fields, name, "La lista es demasiado larga."),
        false => Some(items),
    }
}

fn structure<T: DeserializeOwned>(fields: &mut Fields, name: &str) -> Option<T> {
    match serde_json::from_value(fields.take(name)?) {
        Ok(words) => Some(words),
        Err(error) => complain(fields, name, &format!("El campo {name} no tiene la forma esperada ({error}).")),
    }
}

fn complain<T>(fields: &mut Fields, name: &str, why: &str) -> Option<T> {
    fields.complain(name, why);
    None
}

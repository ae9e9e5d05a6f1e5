//! Buttons and lists (`whatsapp.md §5`).

use std::collections::HashSet;

use serde_json::{Value, json};

use super::SENDING;
use crate::{
    meta::{
        graph::refused,
        limits::{count, said, short},
    },
    outbound::{Button, Explained, Length, ListRow, ListSection, SendError},
};

const MAX_BUTTON_ID: Length = Length::Utf16(256);
const MAX_LIST_TEXT: Length = Length::Utf16(4096);
/// Header and footer.
const MAX_EDGE: Length = Length::Utf16(60);
/// The label of the button that opens a list.
const MAX_LABEL: Length = Length::Utf16(20);
const MAX_SECTIONS: usize = 10;
/// Of all sections together.
const MAX_ROWS: usize = 10;
/// Titles of rows and sections.
const MAX_ROW_TITLE: Length = Length::Utf16(24);
const MAX_ROW_ID: Length = Length::Utf16(200);
const MAX_DESCRIPTION: Length = Length::Utf16(72);

const TWICE: Explained = Explained {
    es: "Dos opciones tienen el mismo título o identificador; cámbielas para que sean distintas.",
    en: "Two choices have the same title or id; make them different.",
};

/// Up to three buttons under a text.
pub(super) fn buttons(text: &str, buttons: &[Button]) -> Result<Value, SendError> {
    said("the text", text, SENDING.max_button_text)?;
    count("buttons", buttons.len(), SENDING.max_buttons)?;
    for button in buttons {
        said("a button's title", &button.title, SENDING.max_button_title)?;
        said("a button's id", &button.id, MAX_BUTTON_ID)?;
    }
    distinct("buttons", buttons.iter().map(|button| button.title.as_str()))?;
    distinct("buttons", buttons.iter().map(|button| button.id.as_str()))?;
    let reply = |button: &Button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } });
    let buttons: Vec<Value> = buttons.iter().map(reply).collect();
    Ok(json!({ "type": "button", "body": { "text": text }, "action": { "buttons": buttons } }))
}

/// Up to ten rows, in sections, behind a button.
pub(super) fn list(
    text: &str,
    button: &str,
    header: Option<&str>,
    footer: Option<&str>,
    sections: &[ListSection],
) -> Result<Value, SendError> {
    said("the text", text, MAX_LIST_TEXT)?;
    said("the list's button", button, MAX_LABEL)?;
    count("sections", sections.len(), MAX_SECTIONS)?;
    count("rows", sections.iter().map(|section| section.rows.len()).sum(), MAX_ROWS)?;
    distinct("rows", sections.iter().flat_map(|section| &section.rows).map(|row| row.id.as_str()))?;
    let sections: Result<Vec<Value>, SendError> =
        sections.iter().map(|given| section(given, sections.len() > 1)).collect();
    let mut list = json!({
        "type": "list", "body": { "text": text }, "action": { "button": button, "sections": sections? },
    });
    if let Some(header) = header.filter(|header| !header.is_empty()) {
        short("the header", header, MAX_EDGE)?;
        list["header"] = json!({ "type": "text", "text": header });
    }
    if let Some(footer) = footer.filter(|footer| !footer.is_empty()) {
        short("the footer", footer, MAX_EDGE)?;
        list["footer"] = json!({ "text": footer });
    }
    Ok(list)
}

/// Of several sections, each needs a title.
fn section(section: &ListSection, is_one_of_several: bool) -> Result<Value, SendError> {
    match is_one_of_several {
        true => said("a section's title", &section.title, MAX_ROW_TITLE)?,
        false => short("a section's title", &section.title, MAX_ROW_TITLE)?,
    }
    count("rows", section.rows.len(), MAX_ROWS)?;
    let rows: Result<Vec<Value>, SendError> = section.rows.iter().map(row).collect();
    let mut object = json!({ "rows": rows? });
    if !section.title.is_empty() {
        object["title"] = section.title.as_str().into();
    }
    Ok(object)
}

fn row(row: &ListRow) -> Result<Value, SendError> {
    said("a row's title", &row.title, MAX_ROW_TITLE)?;
    said("a row's id", &row.id, MAX_ROW_ID)?;
    let mut object = json!({ "id": row.id, "title": row.title });
    if let Some(description) = row.description.as_deref().filter(|words| !words.is_empty()) {
        short("a row's description", description, MAX_DESCRIPTION)?;
        object["description"] = description.into();
    }
    Ok(object)
}

fn distinct<'a>(what: &str, words: impl Iterator<Item = &'a str>) -> Result<(), SendError> {
    let mut seen = HashSet::new();
    let mut words = words;
    match words.all(|word| seen.insert(word)) {
        true => Ok(()),
        false => Err(refused("twice", format!("two {what} are alike"), TWICE)),
    }
}

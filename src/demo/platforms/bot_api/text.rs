//! What a text and its buttons may be (`telegram.md §6`).

use serde_json::Value;

use super::{super::ask::Ask, answer::Refusal};

const LONGEST_TEXT: usize = 4096;
const LONGEST_CAPTION: usize = 1024;
const LONGEST_CALLBACK: usize = 64;
const MOST_BUTTONS: usize = 100;
const TAGS: [&str; 16] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "code",
    "pre",
    "a",
    "span",
    "tg-spoiler",
    "blockquote",
    "tg-emoji",
];

/// The text of a message, as it reads.
pub(super) fn text(ask: &Ask) -> Result<String, Refusal> {
    let text = parsed(ask, &ask.text("text").unwrap_or_default())?;
    match units(&text) {
        0 => Err(Refusal::bad("message text is empty")),
        units if units > LONGEST_TEXT => Err(Refusal::bad("message is too long")),
        _ => Ok(text),
    }
}

/// A caption, where there is one.
pub(super) fn caption(ask: &Ask, caption: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(caption) = caption.filter(|caption| !caption.is_empty()) else { return Ok(None) };
    let caption = parsed(ask, &caption)?;
    match units(&caption) > LONGEST_CAPTION {
        true => Err(Refusal::bad("message caption is too long")),
        false => Ok(Some(caption)),
    }
}

fn units(text: &str) -> usize {
    text.trim().encode_utf16().count()
}

/// The text without its markup. Of the parse modes only HTML is known here.
fn parsed(ask: &Ask, text: &str) -> Result<String, Refusal> {
    match ask.text("parse_mode").as_deref() {
        None | Some("") => Ok(text.to_owned()),
        Some("HTML") => html(text),
        Some(_) => Err(Refusal::bad("unsupported parse_mode")),
    }
}

fn html(text: &str) -> Result<String, Refusal> {
    let cannot = |what: String| Err(Refusal::bad(format!("can't parse entities: {what}")));
    let mut out = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let offset = text.len() - rest.len() + at;
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            return cannot(format!("Unclosed start tag at byte offset {offset}"));
        };
        let tag = &rest[at + 1..at + end];
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        match (TAGS.contains(&name), tag.starts_with('/')) {
            (false, _) => return cannot(format!("Unsupported start tag \"{name}\" at byte offset {offset}")),
            (true, false) => open.push(name),
            (true, true) if open.pop() == Some(name) => {}
            (true, true) => return cannot(format!("Unmatched end tag at byte offset {offset}")),
        }
        rest = &rest[at + end + 1..];
    }
    if let Some(tag) = open.pop() {
        return cannot(format!("Can't find end tag corresponding to start tag \"{tag}\""));
    }
    out.push_str(rest);
    Ok(out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

/// The buttons under a message.
pub(super) fn markup(ask: &Ask) -> Result<Value, Refusal> {
    let markup = ask.value("reply_markup");
    let rows = markup["inline_keyboard"].as_array().map(Vec::as_slice).unwrap_or_default();
    let buttons: Vec<&Value> = rows.iter().flat_map(Value::as_array).flatten().collect();
    if buttons.len() > MOST_BUTTONS {
        return Err(Refusal::bad("reply markup is too long"));
    }
    for button in buttons {
        match (button["text"].as_str(), button["callback_data"].as_str(), button["url"].as_str()) {
            (None | Some(""), ..) => {
                return Err(Refusal::bad("can't parse inline keyboard button: Field \"text\" must be of type String"));
            }
            (_, Some(data), _) if data.is_empty() || data.len() > LONGEST_CALLBACK => {
                return Err(Refusal::bad("BUTTON_DATA_INVALID"));
            }
            (_, None, None) => {
                let what = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard";
                return Err(Refusal::bad(what));
            }
            _ => {}
        }
    }
    Ok(markup)
}

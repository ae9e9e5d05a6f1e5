//! What a WhatsApp message may hold (`whatsapp.md §5`).

use std::collections::HashSet;

use serde_json::Value;

use super::{
    super::{
        ask::{Ask, as_text},
        ledger::FileSeen,
        rules::Rules,
    },
    refusal::Refusal,
    state::State,
};

/// A message's content, in short.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) kind: String,
    pub(super) text: Option<String>,
    /// What a reaction is about, or what is quoted.
    pub(super) target: Option<String>,
    pub(super) file: Option<FileSeen>,
}

type Checked = Result<Said, Refusal>;

pub(super) fn check(state: &State, rules: &Rules, ask: &Ask, number: &str) -> Checked {
    let kind = ask.text("type").unwrap_or_else(|| "text".to_owned());
    let body = ask.value(&kind);
    let said = match kind.as_str() {
        _ if body.is_null() => return Err(missing(&kind)),
        "text" => text(&body["body"], "text['body']", 4096),
        "image" | "video" | "audio" | "document" | "sticker" => file(state, rules, &kind, &body, number),
        "location" => location(&body),
        "contacts" => contacts(&body),
        "reaction" => reaction(&body),
        "interactive" => interactive(&body),
        "template" => template(state, rules, &body, number),
        _ => return Err(Refusal::of(131_051).because("Message type is not currently supported.")),
    }?;
    let quoted = ask.value("context")["message_id"].as_str().map(str::to_owned);
    Ok(Said { kind, target: said.target.or(quoted), ..said })
}

/// # Errors
/// If the id is none of WhatsApp's.
pub(super) fn check_wamid(id: &str) -> Result<(), Refusal> {
    match id.starts_with("wamid.") {
        true => Ok(()),
        false => Err(Refusal::of(131_009).because(format!("Invalid message id {id}"))),
    }
}

fn missing(what: &str) -> Refusal {
    Refusal::of(131_008).because(format!("Required parameter {what} is missing"))
}

fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::of(131_009).because(why)
}

fn text(value: &Value, what: &str, most: usize) -> Checked {
    let text = value.as_str().filter(|text| !text.trim().is_empty()).ok_or_else(|| missing(what))?;
    match text.chars().count() > most {
        true => Err(Refusal::parameter(format!("Param {what} must be at most {most} characters long."))),
        false => Ok(Said { text: Some(text.to_owned()), ..Said::default() }),
    }
}

/// A text that may be missing but not be longer.
fn at_most(value: &Value, what: &str, most: usize) -> Result<(), Refusal> {
    match value.as_str() {
        Some(text) if text.is_empty() || text.chars().count() > most => {
            Err(invalid(format!("{what} length invalid. Min length: 1, Max length: {most}")))
        }
        _ => Ok(()),
    }
}

fn file(state: &State, rules: &Rules, kind: &str, body: &Value, number: &str) -> Checked {
    let caption = match (kind, body.get("caption")) {
        ("audio" | "sticker", Some(_)) => {
            return Err(Refusal::parameter(format!("Unexpected key \"caption\" on param \"{kind}\".")));
        }
        (_, Some(caption)) => text(caption, &format!("{kind}['caption']"), 1024)?.text,
        (_, None) => None,
    };
    let seen = match (body["id"].as_str(), body["link"].as_str()) {
        (Some(_), _) if !rules.remembers => None,
        (Some(id), _) => Some(uploaded(state, kind, id, number, body)?),
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => None,
        (None, Some(_)) => return Err(Refusal::parameter(format!("Param {kind}['link'] is not a valid URL."))),
        (None, None) => return Err(missing(&format!("{kind}['id'] or {kind}['link']"))),
    };
    Ok(Said { text: caption, file: seen, ..Said::default() })
}

fn uploaded(state: &State, kind: &str, id: &str, number: &str, body: &Value) -> Result<FileSeen, Refusal> {
    let media = state.media.get(id).filter(|media| media.owner == number && !media.expired).ok_or_else(|| {
        Refusal::parameter(format!("Param {kind}['id'] is not a valid whatsapp business account media attachment ID"))
    })?;
    super::media::check(kind, &media.mime, media.bytes.len())?;
    Ok(FileSeen {
        sha256: media.sha256.clone(),
        size: media.bytes.len() as u64,
        mime: media.mime.clone(),
        name: body["filename"].as_str().map(str::to_owned),
    })
}

fn location(body: &Value) -> Checked {
    let degrees = |key: &str| {
        let value = as_text(&body[key]).ok_or_else(|| missing(&format!("location['{key}']")))?;
        value.parse::<f64>().map_err(|_| invalid(format!("location['{key}'] is not a number")))
    };
    let (latitude, longitude) = (degrees("latitude")?, degrees("longitude")?);
    match latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
        true => Ok(Said { text: Some(format!("{latitude},{longitude}")), ..Said::default() }),
        false => Err(invalid("location is not on Earth")),
    }
}

fn contacts(body: &Value) -> Checked {
    let cards = body.as_array().filter(|cards| !cards.is_empty()).ok_or_else(|| missing("contacts"))?;
    if cards.len() > 257 {
        return Err(invalid("contacts: at most 257"));
    }
    let named = |card: &Value| card["name"]["formatted_name"].as_str().is_some_and(|name| !name.is_empty());
    match cards.iter().all(named) {
        true => {
            let name = cards[0]["name"]["formatted_name"].as_str().map(str::to_owned);
            Ok(Said { text: name, ..Said::default() })
        }
        false => Err(missing("contacts[0]['name']['formatted_name']")),
    }
}

fn reaction(body: &Value) -> Checked {
    let target = body["message_id"].as_str().ok_or_else(|| missing("reaction['message_id']"))?;
    check_wamid(target)?;
    let emoji = body["emoji"].as_str().ok_or_else(|| missing("reaction['emoji']"))?;
    match emoji.chars().count() <= 16 && !emoji.chars().any(|c| c.is_ascii_alphanumeric()) {
        true => Ok(Said { text: Some(emoji.to_owned()), target: Some(target.to_owned()), ..Said::default() }),
        false => Err(invalid("reaction['emoji'] is not a single emoji")),
    }
}

fn interactive(body: &Value) -> Checked {
    let action = &body["action"];
    let longest = match body["type"].as_str() {
        Some("button") => buttons(action).map(|()| 1024),
        Some("list") => list(action).map(|()| 4096),
        Some("cta_url" | "flow" | "location_request_message" | "product" | "product_list") => Ok(1024),
        _ => Err(invalid("interactive['type']")),
    }?;
    at_most(&body["header"]["text"], "Header text", 60)?;
    at_most(&body["footer"]["text"], "Footer text", 60)?;
    text(&body["body"]["text"], "interactive['body']['text']", longest)
}

fn buttons(action: &Value) -> Result<(), Refusal> {
    let buttons = action["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if buttons.is_empty() || buttons.len() > 3 {
        return Err(invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"));
    }
    let mut titles = HashSet::new();
    for button in buttons {
        let reply = &button["reply"];
        let (id, title) = (reply["id"].as_str(), reply["title"].as_str());
        let (Some(_), Some(title)) = (id, title) else { return Err(missing("buttons[0]['reply']")) };
        at_most(&reply["title"], "Button title", 20)?;
        at_most(&reply["id"], "Button id", 256)?;
        if !titles.insert(title) {
            return Err(invalid("Button titles must be unique"));
        }
    }
    Ok(())
}

fn list(action: &Value) -> Result<(), Refusal> {
    action["button"].as_str().ok_or_else(|| missing("action['button']"))?;
    at_most(&action["button"], "Button label", 20)?;
    let sections = action["sections"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<&Value> = sections.iter().flat_map(|section| section["rows"].as_array()).flatten().collect();
    if sections.is_empty() || sections.len() > 10 || rows.is_empty() || rows.len() > 10 {
        return Err(invalid("Total row count exceed max allowed count: 10"));
    }
    if sections.len() > 1 && sections.iter().any(|section| section["title"].as_str().is_none_or(str::is_empty)) {
        return Err(missing("section['title']"));
    }
    let mut ids = HashSet::new();
    for section in sections {
        at_most(&section["title"], "Section title", 24)?;
    }
    for row in rows {
        let (Some(id), Some(_)) = (row["id"].as_str(), row["title"].as_str()) else { return Err(missing("row")) };
        at_most(&row["title"], "Row title", 24)?;
        at_most(&row["id"], "Row id", 200)?;
        at_most(&row["description"], "Row description", 72)?;
        if !ids.insert(id) {
            return Err(invalid(format!("Duplicated row id: {id}")));
        }
    }
    Ok(())
}

fn template(state: &State, rules: &Rules, body: &Value, number: &str) -> Checked {
    let name = body["name"].as_str().ok_or_else(|| missing("template['name']"))?;
    let language = body["language"]["code"].as_str().ok_or_else(|| missing("template['language']['code']"))?;
    let business = state.numbers.get(number).and_then(|number| state.businesses.get(&number.business));
    let mut templates = business.iter().flat_map(|business| &business.templates);
    let known = templates.find(|template| template.name == name && template.language == language);
    let given = parameters(&body["components"]);
    match known.map(|template| (template.status.as_str(), template.places())) {
        None if !rules.remembers => {}
        Some(("APPROVED", expected)) if expected == given => {}
        Some(("APPROVED", expected)) => {
            return Err(Refusal::of(132_000).because(format!(
                "body: number of localizable_params ({given}) does not match the expected number of params ({expected})"
            )));
        }
        Some(("PAUSED", _)) => return Err(Refusal::of(132_015).because("Template is paused due to low quality")),
        Some(("DISABLED", _)) => return Err(Refusal::of(132_016).because("Template is disabled")),
        _ => {
            let why = format!("template name ({name}) does not exist in {language}");
            return Err(Refusal::of(132_001).because(why));
        }
    }
    Ok(Said { text: Some(name.to_owned()), ..Said::default() })
}

/// How many parameters the body is given.
fn parameters(components: &Value) -> usize {
    let components = components.as_array().map(Vec::as_slice).unwrap_or_default();
    let body = components.iter().find(|component| component["type"].as_str().is_some_and(is_body));
    body.and_then(|body| body["parameters"].as_array()).map_or(0, Vec::len)
}

fn is_body(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("body")
}

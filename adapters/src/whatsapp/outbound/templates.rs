//! The messages that WhatsApp approved for the account (`whatsapp.md §6`).

use std::collections::HashSet;

use serde_json::Value;

use super::Sender;
use crate::{
    json,
    meta::graph::refused,
    outbound::{Explained, Io, SendError, Template},
};

/// A thousand templates; Meta allows accounts 250, or 6000 after a review.
const MAX_PAGES: usize = 10;

const NO_ACCOUNT: Explained = Explained {
    es: "Falta el identificador de la cuenta de WhatsApp (waba_id) en el canal; avise al administrador.",
    en: "The channel lacks the id of the WhatsApp account (waba_id); tell the administrator.",
};

impl Sender {
    pub(super) async fn all_templates(&self, io: &dyn Io) -> Result<Vec<Template>, SendError> {
        let waba = self.waba_id.as_deref().ok_or_else(|| refused("waba_id", "waba_id is not set", NO_ACCOUNT))?;
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = vec![("fields", "id,name,language,status,category,components"), ("limit", "100")];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let page = self.graph.look(io, self.graph.get(&[waba, "message_templates"], &query)).await?;
            let before = found.len();
            found
                .extend(json::array(&page, "data").iter().filter_map(template).filter(|it| seen.insert(it.id.clone())));
            after = page.pointer("/paging/cursors/after").and_then(json::id);
            // The last page has a cursor too; what comes after it is empty.
            if after.is_none() || found.len() == before {
                break;
            }
        }
        Ok(found)
    }
}

fn template(stated: &Value) -> Option<Template> {
    let word = |key: &str| json::str(stated, key).unwrap_or_default().to_owned();
    let is_body = |part: &&Value| json::str(part, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("body"));
    let body = json::array(stated, "components").iter().find(is_body).and_then(|part| json::str(part, "text"));
    let body = body.unwrap_or_default().to_owned();
    Some(Template {
        id: stated.get("id").and_then(json::id)?,
        name: word("name"),
        language: word("language"),
        status: word("status"),
        category: word("category"),
        parameters: places(&body),
        body,
        components: stated.get("components").cloned().unwrap_or_default(),
    })
}

/// How many different places (`{{1}}`, `{{name}}`) a text has.
fn places(body: &str) -> usize {
    let inside = |piece: &str| piece.split_once("}}").map(|(name, _)| name.trim().to_owned());
    let names: HashSet<String> = body.split("{{").skip(1).filter_map(inside).filter(|name| !name.is_empty()).collect();
    names.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_once_each() {
        assert_eq!(places("Hola {{1}}, su pedido {{2}} ({{ 1 }}) llega {{day}}."), 3);
        assert_eq!(places("nothing {1} {{}} {{open"), 0);
    }
}

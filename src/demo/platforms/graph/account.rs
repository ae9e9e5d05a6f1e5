//! Accounts: numbers, business accounts, Pages, and what the app is subscribed to.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    super::{ask::Ask, ledger::Entry},
    Meta, Template,
    refusal::{Answer, Refusal},
    state::State,
    success,
};

const APP: &str = "8001";
const TEMPLATES_PER_ANSWER: i64 = 25;

impl State {
    /// Whether the token may see the account.
    fn sees(&self, token: &str, account: &str) -> bool {
        self.numbers.get(account).is_some_and(|number| number.token == token)
            || self.businesses.get(account).is_some_and(|business| business.token == token)
            || self.pages.get(account).is_some_and(|page| page.token == token)
    }
}

impl Meta {
    pub(super) fn me(&self, token: &str) -> Answer {
        let state = self.lock();
        let page = state.pages.iter().find(|(_, page)| page.token == token);
        Ok(match page {
            Some((id, page)) => json!({ "id": id, "name": page.name }),
            None => json!({ "id": "122000000000001", "name": "Relevo system user" }),
        })
    }

    pub(super) fn account(&self, id: &str, token: &str) -> Answer {
        let state = self.lock();
        match (state.sees(token, id), state.numbers.contains_key(id), state.pages.get(id)) {
            (false, ..) => Err(Refusal::unseen("get", id)),
            (true, true, _) => Ok(number(id)),
            (true, false, Some(page)) => Ok(json!({ "id": id, "name": page.name })),
            (true, false, None) => {
                Ok(json!({ "id": id, "name": "Casa Luma", "timezone_id": "1", "message_template_namespace": "luma" }))
            }
        }
    }

    pub(super) fn phone_numbers(&self, business: &str, token: &str) -> Answer {
        let state = self.lock();
        if !state.sees(token, business) {
            return Err(Refusal::unseen("get", business));
        }
        let own = state.numbers.iter().filter(|(_, number)| number.business == business);
        Ok(json!({ "data": own.map(|(id, _)| number(id)).collect::<Vec<_>>() }))
    }

    /// An own address for the events of one number.
    pub(super) fn set_callback(&self, ask: &Ask, number: &str, token: &str) -> Answer {
        self.own_number(number, token)?;
        let callback = ask.value("webhook_configuration");
        if let Some(own) = self.lock().numbers.get_mut(number) {
            own.callback = Some(callback.clone());
        }
        self.note(ask, number, |entry| Entry { kind: "callback".to_owned(), ..entry });
        Ok(success())
    }

    pub(super) fn subscriptions(&self, ask: &Ask, account: &str, token: &str) -> Answer {
        let mut state = self.lock();
        if !state.sees(token, account) {
            return Err(Refusal::unseen(&ask.method.as_str().to_ascii_lowercase(), account));
        }
        if ask.method == Method::GET {
            return Ok(state.subscribed(account));
        }
        let on = ask.method == Method::POST;
        state.subscribe(account, on.then(|| fields(ask)))?;
        drop(state);
        let kind = if on { "subscribe" } else { "unsubscribe" };
        self.note(ask, account, |entry| Entry { kind: kind.to_owned(), ..entry });
        Ok(success())
    }

    pub(super) fn templates(&self, ask: &Ask, business: &str, token: &str) -> Answer {
        let state = self.lock();
        if !state.sees(token, business) {
            return Err(Refusal::unseen("get", business));
        }
        let all = state.businesses.get(business).map(|business| business.templates.as_slice()).unwrap_or_default();
        let wanted = |template: &&Template| {
            ask.text("name").is_none_or(|name| template.name.contains(&name))
                && ask.text("status").is_none_or(|status| template.status == status)
        };
        let found: Vec<&Template> = all.iter().filter(wanted).collect();
        let from = ask.number("after").and_then(|after| usize::try_from(after).ok()).unwrap_or(0).min(found.len());
        let most = usize::try_from(ask.number("limit").unwrap_or(TEMPLATES_PER_ANSWER)).unwrap_or(1).max(1);
        let to = (from + most).min(found.len());
        let data: Vec<Value> = (from..to).map(|at| shown(found[at], at)).collect();
        let mut paging = json!({ "cursors": { "before": from.to_string(), "after": to.to_string() } });
        if to < found.len() {
            let base = self.url.get().map_or("", String::as_str);
            paging["next"] = format!("{base}/v23.0/{business}/message_templates?limit={most}&after={to}").into();
        }
        Ok(json!({ "data": data, "paging": paging }))
    }
}

impl State {
    fn subscribed(&self, account: &str) -> Value {
        let page = self.pages.get(account).map(|page| {
            let shown = |fields: &Vec<String>| json!({ "id": APP, "name": "Relevo", "subscribed_fields": fields });
            page.subscribed.iter().map(shown).collect::<Vec<_>>()
        });
        let business = self.businesses.get(account).filter(|business| business.subscribed).map(|_| {
            vec![json!({ "whatsapp_business_api_data": { "id": APP, "name": "Relevo", "link": "https://relevo.example" } })]
        });
        json!({ "data": page.or(business).unwrap_or_default() })
    }

    fn subscribe(&mut self, account: &str, to: Option<Vec<String>>) -> Result<(), Refusal> {
        if let Some(page) = self.pages.get_mut(account) {
            if to.as_ref().is_some_and(Vec::is_empty) {
                return Err(Refusal::parameter("The parameter subscribed_fields is required."));
            }
            page.subscribed = to;
            return Ok(());
        }
        if let Some(business) = self.businesses.get_mut(account) {
            business.subscribed = to.is_some();
        }
        Ok(())
    }
}

fn fields(ask: &Ask) -> Vec<String> {
    match ask.value("subscribed_fields") {
        Value::Array(fields) => fields.iter().filter_map(|field| Some(field.as_str()?.to_owned())).collect(),
        Value::String(fields) => fields.split(',').map(|field| field.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn number(id: &str) -> Value {
    json!({
        "id": id, "verified_name": "Casa Luma", "display_phone_number": "+49 30 111222", "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED", "platform_type": "CLOUD_API", "throughput": { "level": "STANDARD" },
        "status": "CONNECTED", "name_status": "APPROVED",
    })
}

fn shown(template: &Template, at: usize) -> Value {
    json!({
        "id": (594_000_000 + at).to_string(), "name": template.name, "language": template.language,
        "status": template.status, "category": template.category, "parameter_format": "POSITIONAL",
        "components": [{ "type": "BODY", "text": template.body }],
    })
}

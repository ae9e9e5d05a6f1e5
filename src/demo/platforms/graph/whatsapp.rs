//! Sending by WhatsApp (`whatsapp.md §5, §6, §8`).

use base64::{Engine, engine::general_purpose::STANDARD};
use relevo_adapters::Millis;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    super::ask::Ask,
    Meta, content,
    refusal::{Answer, Refusal},
    state::{Outgoing, State},
    success,
};

const WINDOW: Millis = 24 * 3600 * 1000;
const LONGEST_MARK: usize = 512;
/// A number without a leading `+` is taken for one of the business's own country.
const BUSINESS_COUNTRY: &str = "49";

/// Digits of a number, or a business-scoped id; `to` wins.
pub(super) fn recipient(ask: &Ask) -> Option<String> {
    let to = ask.text("to").map(|to| match to.strip_prefix('+') {
        Some(rest) => rest.chars().filter(char::is_ascii_digit).collect(),
        None => format!("{BUSINESS_COUNTRY}{to}"),
    });
    to.or_else(|| ask.fields.get("recipient")?.as_str().filter(|id| !id.starts_with('{')).map(str::to_owned))
}

impl Meta {
    /// Sends a message, or marks one as read.
    pub(super) fn send(&self, ask: &Ask, number: &str, token: &str) -> Answer {
        self.own_number(number, token)?;
        if ask.text("messaging_product").as_deref() != Some("whatsapp") {
            return Err(Refusal::parameter("The parameter messaging_product is required."));
        }
        match ask.text("status") {
            Some(status) if status == "read" => self.mark_read(ask, number),
            Some(_) => Err(Refusal::parameter("Param status must be one of {READ}")),
            None => self.send_message(ask, number),
        }
    }

    /// # Errors
    /// If the number does not exist for this token.
    pub(super) fn own_number(&self, number: &str, token: &str) -> Result<(), Refusal> {
        match self.lock().numbers.get(number) {
            Some(own) if own.token == token => Ok(()),
            _ => Err(Refusal::unseen("post", number)),
        }
    }

    fn mark_read(&self, ask: &Ask, number: &str) -> Answer {
        let id = ask.text("message_id").ok_or_else(|| Refusal::of(131_008).because("message_id is missing"))?;
        content::check_wamid(&id)?;
        let kind = if ask.fields.contains_key("typing_indicator") { "typing" } else { "read" };
        self.note(ask, number, |entry| super::Entry { kind: kind.to_owned(), target: Some(id), ..entry });
        Ok(success())
    }

    fn send_message(&self, ask: &Ask, number: &str) -> Answer {
        let user = recipient(ask).filter(|user| !user.is_empty());
        let user = user.ok_or_else(|| Refusal::parameter("The parameter to is required."))?;
        let mark = ask.text("biz_opaque_callback_data");
        if mark.as_ref().is_some_and(|mark| mark.len() > LONGEST_MARK) {
            return Err(Refusal::parameter("Param biz_opaque_callback_data must be at most 512 characters long."));
        }
        if let Some(quoted) = ask.value("context")["message_id"].as_str() {
            content::check_wamid(quoted)?;
        }
        let mut state = self.lock();
        let said = content::check(&state, &self.rules, ask, number)?;
        self.check_user(&state, &user, &said.kind)?;
        self.check_pace(&mut state, number, &user)?;
        let wamid = wamid(&user, state.next());
        let outgoing = Outgoing { number: number.to_owned(), user: user.clone(), mark: mark.clone() };
        if self.rules.remembers {
            state.sent.insert(wamid.clone(), outgoing.clone());
        }
        let fate = state.fates.get(&user).copied();
        drop(state);
        let template = said.kind == "template";
        self.note(ask, number, |entry| super::Entry {
            kind: said.kind,
            text: said.text,
            target: said.target,
            file: said.file,
            mark,
            id: Some(wamid.clone()),
            ..entry
        });
        self.reports.begin(wamid.clone(), outgoing, fate, self.rules.clock.clone());
        let mut message = json!({ "id": wamid });
        if template {
            message["message_status"] = "accepted".into();
        }
        let input = ask.text("to").unwrap_or_else(|| user.clone());
        let contact = match ask.text("to") {
            Some(_) => json!({ "input": input, "wa_id": user }),
            None => json!({ "input": input, "user_id": user }),
        };
        Ok(json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] }))
    }

    fn check_user(&self, state: &State, user: &str, kind: &str) -> Result<(), Refusal> {
        let now = self.rules.clock.now();
        let wrote = state.wrote.get(user).is_some_and(|at| now - at < WINDOW);
        let open = wrote || self.rules.window_always_open || kind == "template";
        match (state.strangers.contains(user), open) {
            (true, _) => Err(Refusal::of(131_026).because("Message Undeliverable.")),
            (false, true) => Ok(()),
            (false, false) => Err(Refusal::of(131_047).because(
                "Message failed to send because more than 24 hours have passed since the customer last replied to \
                 this number.",
            )),
        }
    }

    fn check_pace(&self, state: &mut State, number: &str, user: &str) -> Result<(), Refusal> {
        let Some(own) = state.numbers.get_mut(number).filter(|_| self.rules.paced) else { return Ok(()) };
        let now = Instant::now();
        if !own.pace.wait(now, 1).is_zero() {
            return Err(Refusal::of(130_429).because("Cloud API message throughput has been reached."));
        }
        if !own.pair(user).wait(now, 1).is_zero() {
            let why =
                "Too many messages sent from this phone number to the same phone number in a short period of time.";
            return Err(Refusal::of(131_056).because(why));
        }
        own.pace.take(now, 1);
        own.pair(user).take(now, 1);
        Ok(())
    }

    /// The webhook for a status of a message.
    pub(super) async fn report(&self, wamid: &str, status: &str, code: Option<i64>) -> anyhow::Result<u16> {
        let outgoing = self.lock().sent.get(wamid).cloned();
        let outgoing = outgoing.ok_or_else(|| anyhow::anyhow!("nobody has sent {wamid}"))?;
        self.reports.status(wamid, &outgoing, status, code, self.rules.clock.now()).await
    }
}

/// An id as Meta makes them: its text holds the user and a number that nobody else has.
fn wamid(user: &str, number: u64) -> String {
    format!("wamid.{}", STANDARD.encode(format!("\u{1c}\u{18}{user}\u{15}{number:016X}")))
}

/// A status as it stands in a webhook (`whatsapp.md §4.3`).
pub(super) fn status_payload(wamid: &str, sent: &Outgoing, status: &str, code: Option<i64>, now: Millis) -> Value {
    let mut said =
        json!({ "id": wamid, "status": status, "timestamp": (now / 1000).to_string(), "recipient_id": sent.user });
    if let Some(mark) = &sent.mark {
        said["biz_opaque_callback_data"] = mark.as_str().into();
    }
    match (status, code) {
        ("failed", code) => said["errors"] = json!([Refusal::of(code.unwrap_or(131_000)).in_status()]),
        ("sent" | "delivered", _) => {
            said["pricing"] = json!({
                "billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service",
            });
        }
        _ => {}
    }
    json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "4930111222", "phone_number_id": sent.number },
        "statuses": [said],
    })
}

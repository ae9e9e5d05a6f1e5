//! Where a bot's updates are to go (`telegram.md §2`).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    super::ask::Ask,
    Bot,
    answer::{Answer, Refusal},
    updates::allowed,
};

const PORTS: [u16; 4] = [443, 80, 88, 8443];

/// What was set, without the secret, which is never given back.
#[derive(Debug, Default)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    allowed: Option<Vec<String>>,
    connections: i64,
    set_at: Option<Instant>,
    pub(super) error: Option<(i64, String)>,
}

impl Webhook {
    pub(super) fn is_set(&self) -> bool {
        !self.url.is_empty()
    }
}

impl Bot {
    pub(super) fn set_webhook(&self, ask: &Ask) -> Answer {
        let url = ask.text("url").unwrap_or_default();
        if url.is_empty() {
            return Ok(self.delete_webhook(ask));
        }
        check_url(&url)?;
        let secret = ask.text("secret_token").filter(|secret| !secret.is_empty());
        check_secret(secret.as_deref())?;
        let now = Instant::now();
        let mut state = self.lock();
        let hook = &mut state.webhook;
        let wanted = if ask.fields.contains_key("allowed_updates") { allowed(ask) } else { hook.allowed.clone() };
        if hook.url == url && hook.secret == secret && hook.allowed == wanted {
            return Ok(json!(true));
        }
        let since = hook.set_at.map_or(Duration::MAX, |at| now.duration_since(at));
        if self.rules.paced && since < Duration::from_secs(1) {
            return Err(Refusal::too_fast(Duration::from_secs(1)));
        }
        hook.url = url;
        hook.secret = secret;
        hook.allowed = wanted;
        hook.connections = ask.number("max_connections").unwrap_or(40);
        hook.set_at = Some(now);
        hook.error = None;
        if ask.flag("drop_pending_updates") == Some(true) {
            state.updates.waiting.clear();
        }
        drop(state);
        // A poll that waits is told.
        self.news.send_modify(|news| *news += 1);
        self.note(ask, |entry| entry);
        Ok(json!(true))
    }

    pub(super) fn delete_webhook(&self, ask: &Ask) -> Value {
        let mut state = self.lock();
        let was_set = state.webhook.is_set();
        state.webhook = super::webhook::Webhook::default();
        if ask.flag("drop_pending_updates") == Some(true) {
            state.updates.waiting.clear();
        }
        drop(state);
        if was_set {
            self.note(ask, |entry| entry);
        }
        json!(true)
    }

    pub(super) fn webhook_info(&self) -> Value {
        let state = self.lock();
        let hook = &state.webhook;
        let mut info = json!({
            "url": hook.url, "has_custom_certificate": false, "pending_update_count": state.updates.waiting.len(),
        });
        if hook.is_set() {
            info["max_connections"] = hook.connections.into();
            info["ip_address"] = "203.0.113.7".into();
        }
        if let Some(allowed) = &hook.allowed {
            info["allowed_updates"] = json!(allowed);
        }
        if let Some((at, message)) = &hook.error {
            info["last_error_date"] = (*at).into();
            info["last_error_message"] = message.as_str().into();
        }
        info
    }
}

fn check_url(url: &str) -> Result<(), Refusal> {
    let bad = |what: &str| Refusal::bad(format!("bad webhook: {what}"));
    let parsed = reqwest::Url::parse(url).map_err(|_| bad("Failed to resolve host: Name or service not known"))?;
    match (parsed.scheme(), parsed.port_or_known_default()) {
        ("https", Some(port)) if PORTS.contains(&port) => Ok(()),
        ("https", _) => Err(bad("Webhook can be set up only on ports 80, 88, 443 or 8443")),
        _ => Err(bad("An HTTPS URL must be provided for webhook")),
    }
}

fn check_secret(secret: Option<&str>) -> Result<(), Refusal> {
    let Some(secret) = secret else { return Ok(()) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match (secret.len() > 256, secret.chars().all(allowed)) {
        (true, _) => Err(Refusal::bad("secret token is too long")),
        (false, false) => Err(Refusal::bad("secret token contains unallowed characters")),
        (false, true) => Ok(()),
    }
}

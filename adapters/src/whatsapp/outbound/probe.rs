//! Whether a number is set up as it should be (`whatsapp.md §3, §5, §6`).

use serde_json::Value;

use super::Sender;
use crate::{
    json,
    meta::graph::finding,
    outbound::{ErrorClass, Finding, Io, SendError},
};

const FIELDS: &str = "display_phone_number,verified_name,quality_rating,platform_type,code_verification_status";
const NEW_TOKEN: &str = "generate a new token in Meta Business settings > Users > System users, with \
                         whatsapp_business_messaging and whatsapp_business_management and this account assigned, then \
                         `relevo channel rotate ID --set access_token=…`";
const SUBSCRIBE: &str = "subscribe the app to the account: Meta app dashboard > WhatsApp > Configuration, or POST \
                         /{waba_id}/subscribed_apps with this token";

impl Sender {
    /// Number, subscription, templates. What the first check finds broken would only be found again.
    pub(super) async fn look_around(&self, io: &dyn Io, webhook: Option<&str>) -> Vec<Finding> {
        let mut findings = match self.number(io).await {
            Ok(findings) => findings,
            Err(error) => return vec![finding("phone number", &error, mend_number(&error))],
        };
        match self.waba_id.as_deref() {
            Some(waba) => {
                findings.push(self.subscription(io, waba, webhook).await);
                findings.push(self.template_access(io, waba).await);
            }
            None => findings.push(Finding::good(
                "account",
                "not looked at, for waba_id is not set: templates and news about the account are not to be had",
            )),
        }
        findings
    }

    async fn number(&self, io: &dyn Io) -> Result<Vec<Finding>, SendError> {
        let stated = self.graph.look(io, self.graph.get(&[&self.phone_number_id], &[("fields", FIELDS)])).await?;
        let said = |key| json::str(&stated, key).unwrap_or("unknown");
        let who = format!("{} as “{}”", said("display_phone_number"), said("verified_name"));
        let registered = match said("platform_type") {
            "CLOUD_API" | "unknown" => Finding::good("phone number", who),
            other => Finding::bad(
                "phone number",
                format!("{who}: it is not registered with the Cloud API ({other})"),
                "register it: POST /{phone_number_id}/register with its two-step PIN",
            ),
        };
        Ok(vec![registered, quality(said("quality_rating")), verification(said("code_verification_status"))])
    }

    async fn subscription(&self, io: &dyn Io, waba: &str, webhook: Option<&str>) -> Finding {
        const CHECK: &str = "webhook subscription";
        match self.graph.look(io, self.graph.get(&[waba, "subscribed_apps"], &[])).await {
            Err(error) => finding(CHECK, &error, mend_account(&error)),
            Ok(answer) => match json::array(&answer, "data") {
                [] => Finding::bad(CHECK, "no app is subscribed to the account: nothing arrives", SUBSCRIBE),
                apps => subscribed(CHECK, apps, webhook),
            },
        }
    }

    async fn template_access(&self, io: &dyn Io, waba: &str) -> Finding {
        const CHECK: &str = "templates";
        match self.graph.look(io, self.graph.get(&[waba, "message_templates"], &[("limit", "1")])).await {
            Err(error) => finding(CHECK, &error, mend_account(&error)),
            Ok(_) => Finding::good(CHECK, "the token may read them"),
        }
    }
}

fn mend_number(error: &SendError) -> &'static str {
    match (error.class, error.code.as_str()) {
        (ErrorClass::Auth, "33" | "100/33") | (ErrorClass::Content, _) => {
            "compare phone_number_id with Meta app dashboard > WhatsApp > API Setup (it is not the phone number), and \
             assign the account to the system user of the token"
        }
        (ErrorClass::Auth, "131042" | "131044") => "settle the payment in WhatsApp Manager > Billing",
        (ErrorClass::Auth, "131037") => "have the display name approved in WhatsApp Manager > Phone numbers",
        (ErrorClass::Auth, "368" | "131031") => "look at Business Support Home and ask Meta for a review",
        (ErrorClass::Auth, "131045" | "133010") => "register the number: POST /{phone_number_id}/register",
        _ => NEW_TOKEN,
    }
}

fn mend_account(error: &SendError) -> &'static str {
    match (error.class, error.code.as_str()) {
        (ErrorClass::Auth, "33" | "100/33") | (ErrorClass::Content, _) => {
            "compare waba_id with Meta app dashboard > WhatsApp > API Setup, and assign that account to the system \
             user of the token"
        }
        _ => NEW_TOKEN,
    }
}

fn quality(rating: &str) -> Finding {
    match rating {
        "RED" => Finding::bad(
            "quality",
            "RED: customers block or report this number; Meta may limit it",
            "send fewer and better-targeted templates; see WhatsApp Manager > Insights",
        ),
        rating => Finding::good("quality", rating),
    }
}

/// `EXPIRED` is the usual state of a number that was registered long ago.
fn verification(status: &str) -> Finding {
    match status {
        "NOT_VERIFIED" => Finding::bad(
            "verification",
            "the number's ownership is not verified",
            "verify it by code in WhatsApp Manager > Phone numbers",
        ),
        status => Finding::good("verification", status),
    }
}

/// An account may push to a URL of its own instead of the app's.
fn subscribed(check: &str, apps: &[Value], webhook: Option<&str>) -> Finding {
    let names: Vec<&str> =
        apps.iter().filter_map(|app| json::str(app.get("whatsapp_business_api_data").unwrap_or(app), "name")).collect();
    let names = if names.is_empty() { format!("{} app(s)", apps.len()) } else { names.join(", ") };
    let elsewhere = apps.iter().filter_map(|app| json::str(app, "override_callback_uri"));
    let elsewhere: Vec<&str> = elsewhere.filter(|url| webhook.is_some_and(|ours| ours != *url)).collect();
    match elsewhere.len() == apps.len() {
        true => Finding::bad(
            check,
            format!("{names} is subscribed, but the account pushes to another URL than ours"),
            "remove or change the override: POST /{waba_id}/subscribed_apps with override_callback_uri",
        ),
        false => Finding::good(check, format!("{names} is subscribed")),
    }
}

//! WhatsApp Business Platform (Cloud API): one channel is one phone number (`whatsapp.md`).

mod inbound;

use bytes::Bytes;

use crate::{
    Capabilities, Channel, Kind, Millis, ParseError, Parsed, Setting, Settings, SettingsError, VerifyError,
    WebhookRequest, meta,
};

pub static KIND: Kind = Kind {
    name: "whatsapp",
    aliases: &["whatsappfb", "wap"],
    // Meta's largest webhook is 3 MB (whatsapp.md §3).
    capabilities: Capabilities {
        max_webhook_bytes: 4 << 20,
        handshake: true,
        reopen_within_ms: 86_400_000,
        sending: None,
    },
    settings: SETTINGS,
    open,
    explain: |_| None,
};

static SETTINGS: &[Setting] = &[
    Setting {
        key: "phone_number_id",
        aliases: &["account", "app", "phone_id", "id_phone"],
        secret: false,
        required: true,
        help: "Meta app dashboard > WhatsApp > API Setup > Phone number ID (digits; not the phone number itself)",
    },
    Setting {
        key: "waba_id",
        aliases: &["business_account_id"],
        secret: false,
        required: false,
        help: "Meta app dashboard > WhatsApp > API Setup > WhatsApp Business Account ID; needed for news about the \
               account itself (templates, limits, bans)",
    },
    Setting {
        key: "app_secret",
        aliases: &[],
        secret: true,
        required: true,
        help: "Meta app dashboard > App settings > Basic > App secret: webhooks are signed with it",
    },
    Setting {
        key: "verify_token",
        aliases: &[],
        secret: true,
        required: false,
        help: "a text of your own choice; enter the same one in Meta app dashboard > WhatsApp > Configuration > Webhook",
    },
    Setting {
        key: "access_token",
        aliases: &["token"],
        secret: true,
        required: false,
        help: "Meta Business settings > Users > System users > Generate token, with whatsapp_business_messaging; \
               needed to send and to fetch media",
    },
    Setting {
        key: "display_phone_number",
        aliases: &["phone", "phone_number"],
        secret: false,
        required: false,
        help: "the number as customers know it, with country code; WhatsApp Manager > Phone numbers",
    },
];

/// One phone number.
#[derive(Debug)]
struct WhatsApp {
    phone_number_id: String,
    waba_id: Option<String>,
    app: meta::App,
}

fn open(settings: &Settings) -> Result<Box<dyn Channel>, SettingsError> {
    let mut problems = Vec::new();
    let phone_number_id = meta::id_setting(settings, "phone_number_id", &mut problems);
    let waba_id = meta::id_setting(settings, "waba_id", &mut problems);
    let app = meta::App::open(settings, &mut problems);
    if phone_number_id.is_none() {
        problems.push(("phone_number_id".to_owned(), "is required".to_owned()));
    }
    match (phone_number_id, app) {
        (Some(phone_number_id), Some(app)) if problems.is_empty() => {
            Ok(Box::new(WhatsApp { phone_number_id, waba_id, app }))
        }
        _ => Err(SettingsError(problems)),
    }
}

impl Channel for WhatsApp {
    fn accounts(&self) -> Vec<String> {
        let waba = self.waba_id.as_deref().map(meta::waba_account);
        std::iter::once(self.phone_number_id.clone()).chain(waba).collect()
    }

    fn handshake(&self, query: &str) -> Result<String, VerifyError> {
        self.app.handshake(query)
    }

    fn verify(&self, request: &WebhookRequest<'_>, _now: Millis) -> Result<(), VerifyError> {
        self.app.verify(request)
    }

    fn parse(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<Parsed, ParseError> {
        self.decode(request.body, now)
    }

    /// Takes a stored webhook body: Meta has nothing that could be fetched.
    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        inbound::parse(payload, &self.phone_number_id, self.waba_id.as_deref())
    }
}

//! Comments on a Facebook Page: one channel is one Page (`facebook-comments.md`).

mod inbound;

use bytes::Bytes;

use crate::{
    Capabilities, Channel, Kind, Millis, ParseError, Parsed, Setting, Settings, SettingsError, VerifyError,
    WebhookRequest, meta,
};

pub static KIND: Kind = Kind {
    name: "facebook",
    aliases: &["fb", "facebook_comments"],
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
        key: "page_id",
        aliases: &["account", "app"],
        secret: false,
        required: true,
        help: "the Page's own page > About > Page transparency > Page ID (digits; not the Page's name)",
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
        help: "a text of your own choice; enter the same one in Meta app dashboard > Webhooks > Page > Callback URL",
    },
    Setting {
        key: "page_access_token",
        aliases: &["access_token", "token"],
        secret: true,
        required: false,
        help: "a long-lived token of this Page (GET /me/accounts with a long-lived user or system-user token); needed \
               to answer, hide and delete",
    },
    Setting {
        key: "page_name",
        aliases: &[],
        secret: false,
        required: false,
        help: "the Page's name, for your own lists",
    },
];

/// One Page.
#[derive(Debug)]
struct Facebook {
    page_id: String,
    app: meta::App,
}

fn open(settings: &Settings) -> Result<Box<dyn Channel>, SettingsError> {
    let mut problems = Vec::new();
    let page_id = meta::id_setting(settings, "page_id", &mut problems);
    let app = meta::App::open(settings, &mut problems);
    if page_id.is_none() {
        problems.push(("page_id".to_owned(), "is required".to_owned()));
    }
    match (page_id, app) {
        (Some(page_id), Some(app)) if problems.is_empty() => Ok(Box::new(Facebook { page_id, app })),
        _ => Err(SettingsError(problems)),
    }
}

impl Channel for Facebook {
    fn accounts(&self) -> Vec<String> {
        vec![self.page_id.clone()]
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

    /// Takes a stored webhook body: what the Graph API lists has another shape.
    fn decode(&self, payload: &Bytes, _now: Millis) -> Result<Parsed, ParseError> {
        inbound::parse(payload, &self.page_id)
    }
}

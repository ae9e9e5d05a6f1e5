//! What an operator tells us about a Page.

use crate::Setting;

pub(super) static SETTINGS: &[Setting] = &[
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
    Setting {
        key: "graph_url",
        aliases: &["api_url", "api_base", "base_url", "graph"],
        secret: false,
        required: false,
        help: "the Graph API with its version, https://graph.facebook.com/v23.0 unless Meta has retired that",
    },
    Setting {
        key: "appsecret_proof",
        aliases: &["app_secret_proof", "proof"],
        secret: false,
        required: false,
        help: "true if Meta app dashboard > App settings > Advanced > Require app secret is on; false is the default",
    },
    Setting {
        key: "sends_per_second",
        aliases: &["per_second", "messages_per_second", "mps", "rate"],
        secret: false,
        required: false,
        help: "how many calls may leave in a second, 1 to 1000; 5 is the default",
    },
];

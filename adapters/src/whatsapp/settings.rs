//! What an operator tells us about a phone number.

use crate::Setting;

pub(super) static SETTINGS: &[Setting] = &[
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
        help: "Meta Business settings > Users > System users > Generate token, with whatsapp_business_messaging and \
               whatsapp_business_management; needed to send, to fetch media and to read templates",
    },
    Setting {
        key: "display_phone_number",
        aliases: &["phone", "phone_number"],
        secret: false,
        required: false,
        help: "the number as customers know it, with country code; WhatsApp Manager > Phone numbers",
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
        help: "how many messages may leave in a second, 1 to 1000; 80 is the default, 20 for a number that the WhatsApp \
               Business app uses too, up to 1000 after Meta's upgrade (WhatsApp Manager > Phone numbers)",
    },
];

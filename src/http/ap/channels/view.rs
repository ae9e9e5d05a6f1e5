//! A channel in AP's words. No secret is ever shown: the seed's `secret_key` in the clear would be a breach.

use serde::Serialize;
use utoipa::ToSchema;

use super::translate::{Role, Words};
use crate::{desk::channels::ChannelView, secrets::MASK};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChannel)]
pub(super) struct Channel {
    #[schema(examples(9))]
    id_channel: i64,
    #[schema(examples(3))]
    company: i64,
    #[schema(examples("WhatsApp Principal"))]
    name: String,
    /// The account: phone number id, bot id, address or Page id.
    #[schema(examples("10655501"))]
    app: String,
    #[schema(examples("c169c38d-a790-4a6f-8da0-6f5e3c2f9c0a"))]
    uuid: String,
    /// `whatsappfb`, `telegram`, `facebook` or `email`.
    #[serde(rename = "type")]
    #[schema(examples("whatsappfb"))]
    kind: String,
    /// `****` if there is one.
    #[schema(examples("****"))]
    token: Option<&'static str>,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    channel_status: i64,
}

/// As it is answered after a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChangedChannel)]
pub(super) struct ChangedChannel {
    #[serde(flatten)]
    channel: Channel,
    /// `****` if there is one.
    #[schema(examples("****"))]
    secret_key: Option<&'static str>,
    #[schema(examples("app-aux-01"))]
    additional_app_id: Option<String>,
}

impl From<ChannelView> for Channel {
    fn from(view: ChannelView) -> Self {
        let words = Words::of_stored(&view.kind);
        Self {
            id_channel: view.id_channel,
            company: view.company,
            app: view.app,
            uuid: view.uuid,
            kind: words.map_or(view.kind, |words| words.name.to_owned()),
            token: words
                .and_then(|words| words.key(Role::Token))
                .filter(|key| view.settings.contains_key(*key))
                .map(|_| MASK),
            name: view.name,
            channel_status: view.channel_status,
        }
    }
}

impl From<ChannelView> for ChangedChannel {
    fn from(view: ChannelView) -> Self {
        let words = Words::of_stored(&view.kind);
        let value = |role| view.settings.get(words?.key(role)?).cloned();
        Self {
            secret_key: value(Role::SecretKey).map(|_| MASK),
            additional_app_id: value(Role::AdditionalAppId),
            channel: view.into(),
        }
    }
}

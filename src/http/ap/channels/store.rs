//! AP "Crear canal".

use std::collections::BTreeMap;

use axum::extract::State;
use utoipa::ToSchema;

use super::{
    INVALID, NO_COMPANY,
    translate::{Words, refusal},
    view::Channel,
};
use crate::{
    desk::channels::{self, NewChannel},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, required},
        idempotency::once,
    },
};

const NO_TOKEN: &str = "El token es obligatorio salvo cuando el tipo es telegram.";

#[derive(Debug, ToSchema)]
#[schema(as = ApChannelStoreRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(3))]
    id_company: i64,
    #[schema(examples("Bot soporte"))]
    name: String,
    /// The account: phone number id (`whatsappfb`), the bot's token (`telegram`), Page id (`facebook`), address
    /// (`email`).
    #[schema(examples("7001001:AAinvented"))]
    app: String,
    /// `whatsappfb`, `telegram`, `facebook` or `email`.
    #[serde(rename = "type")]
    #[schema(examples("telegram"))]
    kind: String,
    /// The access token; obligatory for `whatsappfb` and `facebook`.
    token: Option<String>,
    /// The app's secret (`whatsappfb`, `facebook`: obligatory), or the webhook's.
    secret_key: Option<String>,
    /// The WhatsApp Business Account (`whatsappfb`).
    additional_app_id: Option<String>,
    /// Further settings of the type, as `relevo channel kinds` lists them.
    settings: Option<BTreeMap<String, String>>,
}

/// Adds a channel to a company. A Telegram bot without a webhook secret gets one; `telegram/setWebhook` registers it.
#[utoipa::path(
    post, path = "/api/admin/channels/store", tag = "channels", operation_id = "ap_channels_store",
    request_body = Body,
    responses((status = 200, body = Envelope<Channel>, description = "The new channel."))
)]
pub(super) async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let of_house = asked.caller.company.is_none();
    let fields = &mut asked.fields;
    fields.need_int_or("id_company", NO_COMPANY);
    let name = fields.need_text("name");
    fields.need_text("app");
    if !fields.is_given("type") {
        fields.missing("type", &required("type"));
    }
    let words = Words::read(fields, "type");
    // Without a type the seed's rule stands.
    if words.is_none_or(Words::needs_token) && !fields.is_given("token") {
        fields.missing("token", NO_TOKEN);
    }
    let mut settings = words.map(|words| words.settings(fields, of_house)).unwrap_or_default();
    if let Some(words) = words {
        settings.extend(words.made_up(&settings));
        words.check(fields, &settings);
    }
    fields.check(INVALID)?;
    let company = asked.company(&api, "id_company").await?;
    let Some(words) = words else { return Err(Error::Invalid(INVALID, BTreeMap::new())) };
    let missing = Error::NotFound("La empresa indicada no existe.");
    once(&api, &asked, async |tx| {
        let kind = words.kind().map_or(words.name, |kind| kind.name);
        let new = NewChannel { company, kind, name: &name, settings: settings.clone(), reopen_within_ms: None };
        let view = channels::add(tx, &api.0.clock, &api.0.key, new)
            .await
            .map_err(|error| refusal(error, words, INVALID, missing.clone()))?;
        // The seed's own word for a new one.
        Ok(Answer::ok("Canal actualizado correctamente.").with(Channel::from(view)))
    })
    .await
}

//! AP "Configurar webhook de Telegram".

use axum::extract::State;
use relevo_adapters::{
    outbound::{ErrorClass, SendError, unsupported},
    telegram::KIND,
};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    desk::channels::{self, ChannelError, Pending},
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, Fields,
            channels::{Words, refusal},
        },
        error::Error as PlainError,
        idempotency::{Keeper, guarded},
    },
};

const INVALID: &str = "Validacion fallida.";
const MISSING: Error = Error::NotFound("La empresa indicada no existe.");
/// Telegram's own server pushes to HTTPS addresses only (telegram.md §2).
const HOSTED: &str = "https://api.telegram.org";

#[derive(Debug, ToSchema)]
#[schema(as = ApSetWebhookRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples("7001001:AAinvented"))]
    bot_token: String,
    /// The company.
    #[schema(examples(3))]
    company: i64,
    #[schema(examples("Bot soporte"))]
    name: String,
}

/// Tells Telegram to push the bot's updates to us, under a new secret. The company's channel of this bot is added if
/// there is none. If Telegram refuses, a webhook that worked before still does.
#[utoipa::path(
    post, path = "/api/telegram/setWebhook", tag = "channels", operation_id = "ap_telegram_set_webhook",
    request_body = Body,
    responses(
        (status = 200, body = Envelope<Value>, description = "`Webhook configurado`; without `data`."),
        (status = 502, body = Envelope<Value>, description = "Telegram refused, or did not answer; says why."),
    )
)]
pub(in crate::http::ap) async fn set_webhook(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let token = fields.need_text_or("bot_token", "El campo bot_token es requerido.");
    fields.need_int_or("company", "El campo company es requerido.");
    let name = fields.need_text_or("name", "El campo name es requerido.");
    if api.0.public_url.is_empty() {
        fields.complain("general", "No se conoce la dirección pública: configure server.public_url.");
    }
    fields.check(INVALID)?;
    let company = asked.company(&api, "company").await?;
    guarded(&api, &asked, async |keeper| {
        let pending = prepare(&api, (company, &name), &token).await?;
        match register(&api, &pending).await {
            Ok(()) => done(&api, &pending, keeper).await,
            Err(error) => Err(undone(&api, &pending, error).await?),
        }
    })
    .await
}

async fn prepare(api: &Api, whose: (i64, &str), token: &str) -> Result<Pending, Error> {
    let credentials = vec![("bot_token".to_owned(), token.to_owned())];
    let mut tx = api.0.db.write().await?;
    let pending =
        channels::prepare(&mut tx, &api.0.clock, &api.0.key, &KIND, whose, credentials).await.map_err(in_words)?;
    reachable(api, &pending)?;
    tx.commit().await?;
    Ok(pending)
}

/// Whether Telegram can push to our address.
fn reachable(api: &Api, pending: &Pending) -> Result<(), Error> {
    let settings = api.0.directory.settings(&pending.row, &KIND).map_err(|error| broken(&error))?;
    let hosted = settings.get("api_url").is_none_or(|url| url.trim_end_matches('/') == HOSTED);
    if !hosted || api.0.public_url.starts_with("https://") {
        return Ok(());
    }
    let mut fields = Fields::default();
    fields.complain("general", "Telegram solo entrega a direcciones https: corrija server.public_url.");
    fields.check(INVALID)
}

async fn register(api: &Api, pending: &Pending) -> Result<(), SendError> {
    let opened = api.0.directory.open(&pending.row);
    let open = opened.map_err(|error| unsupported(&format!("opening it ({error:#})")))?;
    let outlet = open.channel.outlet().ok_or_else(|| unsupported("register"))?;
    let url = format!("{}{}", api.0.public_url, channels::webhook_path(&pending.row));
    outlet.register(&*api.0.io, &url, &pending.secret).await
}

async fn done(api: &Api, pending: &Pending, keeper: Keeper<'_>) -> Result<Answer, Error> {
    let answer = Answer::ok("Webhook configurado");
    let mut tx = api.0.db.write().await?;
    channels::succeeded(&mut tx, &api.0.clock, &api.0.key, &KIND, pending).await.map_err(in_words)?;
    keeper.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    api.0.bell.ring();
    tracing::info!(channel = pending.row.id, "a webhook was registered");
    Ok(answer)
}

/// What is said of a webhook that was not registered.
async fn undone(api: &Api, pending: &Pending, error: SendError) -> Result<Error, Error> {
    tracing::warn!(channel = pending.row.id, %error, "a webhook could not be registered");
    // Without an answer it may be registered all the same: then its channel is needed.
    if !matches!(error.class, ErrorClass::Unknown | ErrorClass::Transient) {
        let mut tx = api.0.db.write().await?;
        channels::failed(&mut tx, pending).await?;
        tx.commit().await?;
    }
    Ok(Error::Platform(format!("No se pudo registrar el webhook. {} ({})", error.reason.es, error.detail)))
}

fn in_words(error: ChannelError) -> Error {
    let Some(words) = Words::of_stored(KIND.name) else { return PlainError::Internal.into() };
    match refusal(error, words, INVALID, MISSING) {
        Error::Invalid(message, mut problems) => {
            // This route's name of a bot's `app`.
            if let Some(complaints) = problems.remove("app") {
                let complaints = complaints.into_iter().map(|text| text.replace(" app ", " bot_token ")).collect();
                problems.insert("bot_token".to_owned(), complaints);
            }
            Error::Invalid(message, problems)
        }
        error => error,
    }
}

fn broken(error: &anyhow::Error) -> Error {
    tracing::error!(error = format!("{error:#}"), "a channel's settings cannot be read");
    PlainError::Internal.into()
}

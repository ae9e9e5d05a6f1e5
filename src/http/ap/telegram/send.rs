//! AP "Enviar mensaje por Telegram".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bot;
use crate::{
    desk::{
        chats,
        reply::{Author, To},
    },
    http::{
        Api,
        ap::{
            Answer, Envelope, Error, Fields, Upload, author, channel,
            content::{self, Additions},
            sending::{Draft, INVALID, Names, Sent, Taking, transact},
        },
    },
    store::channels::ChannelRow,
};

const NAMES: Names =
    Names { to: "id_chat", channel: "bot_token", message: "message", file: "file", target: "reaction" };

#[derive(Debug, ToSchema)]
#[schema(as = ApTelegramSendRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The bot's token; the company's only active bot unless said.
    bot_token: Option<String>,
    /// Telegram's number of the chat, or the conversation's id.
    #[schema(examples("123456789"))]
    id_chat: String,
    /// Needed unless something else is sent.
    #[schema(examples("Hola desde la API"))]
    message: Option<String>,
    /// Who writes, as the caller knows him.
    #[schema(examples(7))]
    id_user: i64,
    #[schema(examples("Agente 1"))]
    name_user: String,
    #[serde(flatten)]
    additions: Additions,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApTelegramSent)]
pub(super) struct Done {
    /// As it was given.
    #[schema(examples("123456789"))]
    id_chat: String,
    #[schema(examples("Hola desde la API"))]
    message: String,
    id_message: Option<String>,
    /// All of them, in the order in which they leave, where a text was split or has files.
    ids: Vec<String>,
    #[schema(examples("queued"))]
    state: &'static str,
    /// The conversation's id, under which `chat/…` knows it.
    id_conversation: String,
    id_ticket: Option<String>,
}

/// Takes a message to a Telegram chat; it leaves in its conversation's order. With `Idempotency-Key` a repeated call
/// has no second effect.
#[utoipa::path(
    post, path = "/api/telegram/sendTelegramMessage", tag = "telegram", operation_id = "ap_telegram_send",
    request_body(content(
        (Body = "application/json"),
        (Body = "multipart/form-data"),
    )),
    responses((status = 200, body = Envelope<Done>, description = "It is durable and on its way."))
)]
pub(super) async fn send(State(api): State<Api>, mut upload: Upload) -> Result<Answer, Error> {
    let company = upload.asked.company(&api, "id_company").await?;
    let files = upload.files(&api, "file").await?;
    let asked = &mut upload.asked;
    let fields = &mut asked.fields;
    let id_chat = fields.need_text("id_chat");
    let named = Author { id: Some(fields.need_int("id_user").to_string()), name: Some(fields.need_text("name_user")) };
    let text = fields.verbatim("message").unwrap_or_default();
    let said = content::read(fields, "message", files);
    let reply_to = fields.text("reply_to");
    let to = match bot::find(&api, fields, company).await? {
        Some(row) => to(&api, fields, &row, &id_chat).await?,
        None => None,
    };
    fields.check(INVALID)?;
    let author = author(&mut api.0.db.read().await?, asked.caller, Some(named)).await?;
    let (Some(said), Some(to)) = (said, to) else { return Err(Error::Invalid(INVALID, Default::default())) };
    let draft = Draft { company, to, said, reply_to, author, log: asked.log };
    let say = |sent: Sent| {
        let Sent { id_message, ids, state, id_chat: id_conversation, id_ticket } = sent;
        let (id_chat, message) = (id_chat.clone(), text.clone());
        let done = Done { id_chat, message, id_message, ids, state, id_conversation, id_ticket };
        Answer::ok("Mensaje enviado").with(done)
    };
    transact(&api, asked, NAMES, &Taking { draft, say }).await
}

/// The place that is meant; notes it if it is none of this bot.
async fn to(api: &Api, fields: &mut Fields, row: &ChannelRow, id_chat: &str) -> Result<Option<To>, Error> {
    let Some(open) = channel::ready(api, fields, "bot_token", row) else { return Ok(None) };
    if Uuid::try_parse(id_chat).is_err() {
        let destination = channel::destination(&open, fields, "id_chat");
        return Ok(destination.map(|destination| To::Destination { channel: open.id, destination }));
    }
    let chat = chats::find(&mut api.0.db.read().await?, row.company_id, id_chat).await?;
    match chat.filter(|chat| chat.channel_id == row.id) {
        Some(chat) => Ok(Some(To::Conversation(chat.id))),
        None => {
            fields.complain("id_chat", "El id_chat no se encuentra registrado.");
            Ok(None)
        }
    }
}

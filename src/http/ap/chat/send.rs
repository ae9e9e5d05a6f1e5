//! AP "Enviar mensaje" (to a chat).

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{NAMES, chat, messages::person};
use crate::{
    desk::reply::To,
    http::{
        Api,
        ap::{
            Answer, Envelope, Error, Upload, author,
            content::{self, Additions},
            sending::{Draft, INVALID, Sent, Taking, transact},
        },
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApChatSendRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    id_chat: String,
    /// Needed unless something else is sent.
    #[schema(examples("Hola, ¿en que puedo ayudarte?"))]
    message: Option<String>,
    #[serde(flatten)]
    additions: Additions,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatSent)]
pub(super) struct Done {
    /// Ask `chat/messageStatus` about it; `null` for a reaction.
    id_message: Option<String>,
    id_chat: String,
    #[schema(examples("Hola, ¿en que puedo ayudarte?"))]
    message: String,
    /// The author's id; `null` for a program that names no author.
    #[schema(value_type = Object, examples(7))]
    sender_id: Value,
    /// All of them, in the order in which they leave, where a text was split or has files.
    ids: Vec<String>,
    #[schema(examples("queued"))]
    state: &'static str,
    id_ticket: Option<String>,
}

/// Takes a message to a conversation's customer; it leaves in the conversation's order. With `Idempotency-Key` a
/// repeated call has no second effect.
#[utoipa::path(
    post, path = "/api/chat/sendChatMessage", tag = "chat", operation_id = "ap_chat_send",
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
    let text = fields.verbatim("message").unwrap_or_default();
    let said = content::read(fields, "message", files);
    let (reply_to, named) = (fields.text("reply_to"), content::author(fields));
    let mut tx = api.0.db.read().await?;
    let found = chat(&mut tx, fields, company).await?;
    let author = author(&mut tx, asked.caller, named).await?;
    drop(tx);
    fields.check(INVALID)?;
    let (Some(said), Some(found)) = (said, found) else { return Err(Error::Invalid(INVALID, Default::default())) };
    let sender_id = author.id.as_deref().map_or(Value::Null, person);
    let draft = Draft { company, to: To::Conversation(found.id), said, reply_to, author, log: asked.log };
    let say = |sent: Sent| {
        let Sent { id_message, ids, state, id_chat, id_ticket } = sent;
        let (message, sender_id) = (text.clone(), sender_id.clone());
        let done = Done { id_message, id_chat, message, sender_id, ids, state, id_ticket };
        Answer::ok("Mensaje enviado.").with(done)
    };
    transact(&api, asked, NAMES, &Taking { draft, say }).await
}

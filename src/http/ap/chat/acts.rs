//! What is done to a message that is there: edit, delete, hide, react, answer in private. Whether a channel can is the
//! desk's to say.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::NAMES;
use crate::{
    desk::{
        chats::{self, OnMessage},
        reply::{Author, ReplyError},
    },
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, author, content,
            sending::{INVALID, Sent, Work, transact},
        },
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = ApChatTextRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct TextBody {
    id_message: String,
    /// The new text, or the answer.
    message: String,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApChatTargetRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct TargetBody {
    id_message: String,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApChatHideRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct HideBody {
    id_message: String,
    /// `S` (unless said otherwise): hide it; `N`: show it again.
    hidden: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApChatReactRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct ReactBody {
    id_message: String,
    /// Empty: the reaction is taken back.
    #[schema(examples("👍"))]
    emoji: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatActed)]
pub(super) struct Acted {
    /// The message that it is done to.
    id_message: String,
    id_chat: String,
    /// It is durable and on its way.
    #[schema(examples("queued"))]
    state: &'static str,
    /// The new message, of an answer in private.
    id_reply: Option<String>,
}

/// Gives our own message a new text.
#[utoipa::path(
    post, path = "/api/chat/editMessage", tag = "chat", operation_id = "ap_chat_edit",
    request_body = TextBody,
    responses((status = 200, body = Envelope<Acted>))
)]
pub(super) async fn edit(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let text = text(&mut asked);
    act(&api, asked, OnMessage::Edit(text), "Edición en camino.").await
}

/// Deletes a message on its platform.
#[utoipa::path(
    post, path = "/api/chat/deleteMessage", tag = "chat", operation_id = "ap_chat_delete",
    request_body = TargetBody,
    responses((status = 200, body = Envelope<Acted>))
)]
pub(super) async fn delete(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    act(&api, asked, OnMessage::Delete, "Eliminación en camino.").await
}

/// Hides a public message from others, or shows it again.
#[utoipa::path(
    post, path = "/api/chat/hideMessage", tag = "chat", operation_id = "ap_chat_hide",
    request_body = HideBody,
    responses((status = 200, body = Envelope<Acted>))
)]
pub(super) async fn hide(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let hidden = asked.fields.flag("hidden").unwrap_or(true);
    act(&api, asked, OnMessage::Hide(hidden), "Cambio de visibilidad en camino.").await
}

/// Reacts to a message, or takes the reaction back.
#[utoipa::path(
    post, path = "/api/chat/reactMessage", tag = "chat", operation_id = "ap_chat_react",
    request_body = ReactBody,
    responses((status = 200, body = Envelope<Acted>))
)]
pub(super) async fn react(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let emoji = asked.fields.text("emoji");
    act(&api, asked, OnMessage::React(emoji), "Reacción en camino.").await
}

/// Answers a public message so that only its author sees it.
#[utoipa::path(
    post, path = "/api/chat/privateReply", tag = "chat", operation_id = "ap_chat_private_reply",
    request_body = TextBody,
    responses((status = 200, body = Envelope<Acted>))
)]
pub(super) async fn private_reply(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let text = text(&mut asked);
    act(&api, asked, OnMessage::PrivateReply(text), "Mensaje privado en camino.").await
}

fn text(asked: &mut Asked) -> String {
    match asked.fields.is_given("message") {
        true => asked.fields.verbatim("message").unwrap_or_default(),
        false => asked.fields.need_text("message"),
    }
}

async fn act(api: &Api, mut asked: Asked, what: OnMessage, message: &'static str) -> Result<Answer, Error> {
    let company = asked.company(api, "id_company").await?;
    let fields = &mut asked.fields;
    let id_message = fields.need_text("id_message");
    let named = content::author(fields);
    fields.check(INVALID)?;
    let author = author(&mut api.0.db.read().await?, asked.caller, named).await?;
    let acting = Acting { company, id_message, what, author, log: asked.log, message };
    transact(api, &asked, NAMES, &acting).await
}

struct Acting {
    company: i64,
    id_message: String,
    what: OnMessage,
    author: Author,
    log: i64,
    message: &'static str,
}

impl Work for Acting {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<Answer, ReplyError> {
        let (from, what, id_message) = ((self.author.clone(), self.log), self.what.clone(), self.id_message.clone());
        let queued = chats::act(tx, &api.0.clock, self.company, &id_message, what, from).await?;
        let Sent { id_message: id_reply, id_chat, state, .. } = queued.into();
        Ok(Answer::ok(self.message).with(Acted { id_message, id_chat, state, id_reply }))
    }
}

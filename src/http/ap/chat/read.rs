//! AP "Marcar mensajes como leidos".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{NAMES, chat, unknown};
use crate::{
    desk::{chats, reply::ReplyError},
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error,
            sending::{INVALID, Work, transact},
        },
    },
    store::{
        Tx,
        messages::{self, MessageRow},
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApChatReadRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    id_message: String,
    id_chat: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatRead)]
pub(super) struct Done {
    id_message: String,
    id_chat: String,
    #[schema(examples("read"))]
    status: &'static str,
}

/// Marks a conversation as read up to a message; the customer sees it where the platform shows that.
#[utoipa::path(
    post, path = "/api/chat/markAsReadMessage", tag = "chat", operation_id = "ap_chat_read",
    request_body = Body,
    responses((status = 200, body = Envelope<Done>))
)]
pub(super) async fn mark_as_read(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let id_message = fields.need_text("id_message");
    let mut tx = api.0.db.read().await?;
    let found = chat(&mut tx, fields, company).await?;
    let message = messages::find(&mut tx, company, &id_message).await?;
    let message = message.filter(|message| found.as_ref().is_none_or(|chat| chat.id == message.conversation_id));
    drop(tx);
    if message.is_none() && !id_message.is_empty() {
        fields.complain("id_message", unknown("id_message"));
    }
    fields.check(INVALID)?;
    let (Some(message), Some(found)) = (message, found) else {
        return Err(Error::Invalid(INVALID, Default::default()));
    };
    let done = Done { id_message, id_chat: found.id, status: "read" };
    transact(&api, &asked, NAMES, &Reading { message, done, log: asked.log }).await
}

struct Reading {
    message: MessageRow,
    done: Done,
    log: i64,
}

impl Work for Reading {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<Answer, ReplyError> {
        chats::mark_read(tx, &api.0.clock, &self.message, self.log).await?;
        Ok(Answer::ok("Mensaje marcado como leido.").with(&self.done))
    }
}

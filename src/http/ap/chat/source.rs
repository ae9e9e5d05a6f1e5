//! All of a message: what its visible part leaves out.

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::unknown;
use crate::{
    desk::chats::{self, Source},
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error,
            sending::{INVALID, invalid},
        },
    },
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    #[param(example = "0192f0c1-7a3b-7c00-8000-0123456789ab")]
    id_message: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMessageSource)]
pub(super) struct Whole {
    id_message: String,
    id_chat: String,
    id_ticket: Option<String>,
    subject: Option<String>,
    /// The whole text, quoted mail and signature included.
    text: String,
    /// The same as HTML, sanitised, if the message has any.
    html: Option<String>,
    /// What else is known of it, in its channel's own words: of a mail, for example, `to`, `cc`, `reply_to_address`,
    /// `flags`.
    #[schema(value_type = Object)]
    extra: Option<Value>,
}

/// A message's whole text, its HTML, and what came with it; of a deleted one only that it was deleted.
#[utoipa::path(
    get, path = "/api/chat/messageSource", tag = "chat", operation_id = "ap_chat_source",
    params(Query),
    responses((status = 200, body = Envelope<Whole>))
)]
pub(super) async fn source(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = asked.fields.need_text("id_message");
    asked.fields.check(INVALID)?;
    let source = chats::source(&mut api.0.db.read().await?, company, &id).await?;
    let source = source.ok_or_else(|| invalid("id_message", unknown("id_message")))?;
    Ok(Answer::ok("Mensaje completo.").with(Whole::from(source)))
}

impl From<Source> for Whole {
    fn from(Source { message, subject, text, html, extra }: Source) -> Self {
        Self {
            id_message: message.id,
            id_chat: message.conversation_id,
            id_ticket: message.ticket_id,
            subject,
            text,
            html,
            extra,
        }
    }
}

//! AP "Obtener mensajes de un chat".

use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{DONE, chat, unknown};
use crate::{
    desk::chats::{self, Line},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, media::File, moment::moment, sending::INVALID},
    },
    store::messages,
};

/// Messages of one answer, at the most and unless the call says otherwise.
const MOST: i64 = 1_000;

#[derive(Debug, ToSchema)]
#[schema(as = ApChatRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct ChatBody {
    id_chat: String,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApChatMessagesRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    id_chat: String,
    /// 1 to 1,000: so many of the latest; 1,000 unless said otherwise.
    quantity_x_page: Option<i64>,
    /// An `id_message` of the chat: those before it.
    before: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatMessages)]
pub(super) struct Messages {
    /// Oldest first.
    messages: Vec<Message>,
    /// Whether there are older ones.
    more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatMessage)]
pub(super) struct Message {
    id_message: String,
    #[schema(examples("Hola"))]
    text: String,
    /// The agent's number or name as its sender gave it, or the customer's id; `null` for a program that named no author.
    #[schema(value_type = Object, examples(7))]
    sender_id: Value,
    sender_name: Option<String>,
    /// Somebody wrote it who is not the chat's customer: who was forwarded a mail of it, for example.
    stranger: bool,
    /// `in` (from the customer) or `out` (from our side).
    direction: String,
    #[serde(rename = "type")]
    kind: String,
    /// Of ours: `queued`, `sending`, `unknown`, `accepted`, `sent`, `delivered`, `read`, `played` or `failed`.
    state: Option<String>,
    /// Why it failed, in Spanish.
    failure_es: Option<String>,
    created: String,
    /// The message that it answers.
    reply_to: Option<String>,
    edited: bool,
    deleted: bool,
    hidden: bool,
    files: Vec<File>,
}

/// The latest messages of a conversation, of both sides, in the order in which they were said.
#[utoipa::path(
    post, path = "/api/chat/getChatMessages", tag = "chat", operation_id = "ap_chat_messages",
    request_body = Body,
    responses((status = 200, body = Envelope<Messages>))
)]
pub(super) async fn messages(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let limit = fields.int_within("quantity_x_page", 1, MOST).unwrap_or(MOST);
    let mut tx = api.0.db.read().await?;
    let found = chat(&mut tx, fields, company).await?;
    let before = match (fields.text("before"), &found) {
        (Some(id), Some(chat)) => {
            let message = messages::find(&mut tx, company, &id).await?;
            let message = message.filter(|message| message.conversation_id == chat.id);
            if message.is_none() {
                fields.complain("before", unknown("before"));
            }
            message
        }
        _ => None,
    };
    fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let limit = usize::try_from(limit).unwrap_or_default();
    let thread = chats::thread(&mut tx, &found.id, before.as_ref(), limit).await?;
    let messages = thread.lines.into_iter().map(|line| Message::of(&api, line)).collect();
    Ok(Answer::success(DONE).with(Messages { messages, more: thread.more }))
}

/// Somebody of ours: a number where the caller gave one.
pub(super) fn person(account: &str) -> Value {
    account.parse::<i64>().map_or_else(|_| json!(account), |id| json!(id))
}

impl Message {
    fn of(api: &Api, Line { message, content, files, reply_to }: Line) -> Self {
        let sender_id = match message.direction.as_str() {
            "in" => json!(message.author_id),
            _ => message.author_account.as_deref().map_or(Value::Null, person),
        };
        let stranger = message.is_strangers();
        Self {
            id_message: message.id,
            text: content,
            sender_id,
            stranger,
            sender_name: message.author_name,
            direction: message.direction,
            kind: message.kind,
            state: message.status,
            failure_es: message.failure,
            created: moment(message.at),
            reply_to,
            edited: message.edited_at.is_some(),
            deleted: message.deleted_at.is_some(),
            hidden: message.hidden_at.is_some(),
            files: files.into_iter().map(|file| File::of(api, file)).collect(),
        }
    }
}

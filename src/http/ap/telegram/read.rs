//! AP "Leer mensajes pendientes de Telegram". What is pending is ours to know: asking Telegram itself would take the
//! messages from whoever brings them in.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{bot, chat_of};
use crate::{
    desk::{
        chats::{self, Arrival},
        reply::ReplyError,
    },
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error,
            media::File,
            moment::moment,
            sending::{INVALID, Names, Work, transact},
        },
    },
    store::Tx,
};

/// Messages of one answer; the next call gives the next ones.
const MOST: usize = 100;

const NAMES: Names =
    Names { to: "bot_token", channel: "bot_token", message: "bot_token", file: "bot_token", target: "bot_token" };

#[derive(Debug, ToSchema)]
#[schema(as = ApTelegramReadRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The bot's token; the company's only active bot unless said.
    bot_token: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApTelegramMessage)]
pub(super) struct Pending {
    /// Telegram's number of the chat, or the conversation's id where the thread is a part of a chat.
    #[schema(examples("123456789"))]
    id_chat: String,
    #[schema(examples("Hola"))]
    message: String,
    id_message: String,
    /// The conversation's id, under which `chat/…` knows it.
    id_conversation: String,
    /// The customer's name.
    name: Option<String>,
    created: String,
    files: Vec<File>,
}

/// Customers' messages that this client was not given yet, in the order of arrival, at most 100 at once. The first
/// call of a client reaches back 24 hours. Each client is given every message once; with `Idempotency-Key` an answer
/// that was lost is given again.
#[utoipa::path(
    post, path = "/api/telegram/readTelegramMessages", tag = "telegram", operation_id = "ap_telegram_read",
    request_body = Body,
    responses((status = 200, body = Envelope<Vec<Pending>>))
)]
pub(super) async fn read(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let row = bot::find(&api, &mut asked.fields, company).await?;
    asked.fields.check(INVALID)?;
    let Some(row) = row else { return Err(Error::Invalid(INVALID, Default::default())) };
    let reading = Reading { channel: row.id, reader: asked.caller.reader() };
    transact(&api, &asked, NAMES, &reading).await
}

struct Reading {
    channel: i64,
    reader: String,
}

impl Work for Reading {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<Answer, ReplyError> {
        let arrivals = chats::arrivals(tx, &api.0.clock, self.channel, &self.reader, MOST).await?;
        let pending: Vec<Pending> = arrivals.into_iter().map(|arrival| Pending::of(api, arrival)).collect();
        Ok(Answer::ok("Mensajes leidos").with(pending))
    }
}

impl Pending {
    fn of(api: &Api, Arrival { line, keys }: Arrival) -> Self {
        Self {
            id_chat: chat_of(&keys, &line.message.conversation_id).to_owned(),
            message: line.content,
            id_message: line.message.id,
            name: line.message.author_name,
            created: moment(line.message.at),
            files: line.files.into_iter().map(|file| File::of(api, file)).collect(),
            id_conversation: line.message.conversation_id,
        }
    }
}

//! What the routes have in common: fields, complaints in the seed's words, and the answer.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    desk::events::broadcast,
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields},
        idempotency::once,
    },
    store::{Tx, clients, users},
};

/// Characters of a message to a channel, of one to a room, and of a title.
pub(super) const MESSAGE: usize = 500;
pub(super) const ROOM_MESSAGE: usize = 1_000;
pub(super) const TITLE: usize = 100;
/// Characters of a channel's or a room's name.
const NAME: usize = 100;
const TYPES: [&str; 4] = ["info", "warning", "error", "success"];

/// A refusal in the seed's form.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 422: what is wrong, all of it.
    Invalid(String),
    Other(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Invalid(_, problems) => {
                let said: Vec<String> = problems.into_values().flatten().collect();
                Self::Invalid(said.join(" "))
            }
            error => Self::Other(error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Invalid(message) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"message": message}))).into_response()
            }
            Self::Other(error) => error.into_response(),
        }
    }
}

/// What was sent where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastSent)]
pub(super) struct Sent {
    #[schema(examples("success"))]
    status: String,
    #[schema(examples("Public message sent"))]
    message: String,
    data: SentData,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastSentData)]
pub(super) struct SentData {
    #[schema(examples("publicchat.general"))]
    channel: String,
    #[schema(examples("MessageSent"))]
    event: String,
    #[schema(examples(json!({"message": "Hola a todos"})))]
    payload: Value,
}

/// That it was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastDone)]
pub(super) struct Done {
    #[schema(examples("success"))]
    status: String,
    /// Missing where only the typing is told.
    #[schema(examples("Mensaje enviado"))]
    message: Option<String>,
}

/// The refusal of a field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastRefusal)]
pub(super) struct RefusalBody {
    #[schema(examples("The message field is required."))]
    message: String,
}

/// A text that must be there, of at most so many characters.
pub(super) fn need(fields: &mut Fields, name: &str, most: usize) -> String {
    let text = fields.need_text_or(name, &format!("The {name} field is required."));
    if text.chars().count() > most {
        fields.complain(name, format!("The {name} field must not be greater than {most} characters."));
    }
    text
}

/// A number that must be there.
pub(super) fn need_id(fields: &mut Fields, name: &str) -> i64 {
    let id = fields.need_int_or(name, &format!("The {name} field is required."));
    if id < 1 && fields.is_fine(name) {
        fields.complain(name, format!("The {name} field must be at least 1."));
    }
    id
}

/// That the person is one of the company's.
pub(super) async fn must_exist(tx: &mut Tx, company: i64, user: i64) -> Result<(), Error> {
    users::find(tx, company, user).await?.map(drop).ok_or(Error::NotFound("El usuario indicado no existe."))
}

/// The name of a channel or a room.
pub(super) fn need_name(fields: &mut Fields, name: &str) -> String {
    let text = need(fields, name, NAME);
    if text.contains(|letter: char| letter == ',' || letter.is_control() || letter.is_whitespace()) {
        fields.complain(name, format!("The {name} field must not contain commas or spaces."));
    }
    text
}

/// A notification's type; `info` unless it is said.
pub(super) fn kind(fields: &mut Fields) -> String {
    let kind = fields.text("type").unwrap_or_else(|| TYPES[0].to_owned());
    if !TYPES.contains(&kind.as_str()) {
        fields.complain("type", "The selected type is invalid.");
    }
    kind
}

/// What is sent, and what is answered.
pub(super) struct Word {
    pub(super) channel: String,
    pub(super) event: &'static str,
    pub(super) payload: Value,
    pub(super) answer: Value,
}

/// Sends a word to its channel; `word` makes it of the company and the caller's name.
///
/// # Errors
/// What was wrong with the request, and those of the database.
pub(super) async fn say(
    api: &Api,
    mut asked: Asked,
    word: impl AsyncFnOnce(&mut Tx, i64, &str) -> Result<Word, Error> + Clone,
) -> Result<Json<Value>, Refusal> {
    let company = asked.company(api, "id_company").await?;
    asked.fields.check("")?;
    let caller = asked.caller;
    let answer = once(api, &asked, async |tx| {
        let name = match caller.user {
            Some(user) => users::find(tx, company, user).await?.map(|user| user.name),
            None => clients::name(tx, caller.client_id).await?,
        };
        let word = word.clone()(tx, company, &name.unwrap_or_default()).await?;
        let now = api.0.clock.now();
        broadcast(tx, now, company, &word.channel, word.event, &word.payload).await?;
        Ok(Answer::ok("").with(word.answer))
    })
    .await?;
    api.0.bell.ring_here();
    Ok(Json(answer.0.data.unwrap_or_default()))
}

/// An answer that says what was sent where.
pub(super) fn sent(message: &str, channel: &str, event: &str, payload: Value) -> Value {
    json!({"status": "success", "message": message, "data": {"channel": channel, "event": event, "payload": payload}})
}

//! Acts become calls, and their results what was sent (telegram.md §6).

use serde_json::{Value, json};

use super::{
    SENDING,
    api::{Api, Parameters, Trouble},
    compose::{self, Draft, Objection},
    file,
    place::{Place, Spot},
};
use crate::{
    json,
    outbound::{
        Act, Address, ErrorClass, Explained, Length, Outbound, OutboundFile, SendError, Sent, StoredFile, unsupported,
    },
    telegram::inbound,
};

/// The longest text that a pressed button can show.
const MAX_CALLBACK: Length = Length::Utf16(200);

/// Brings a message to Telegram.
pub(super) async fn send(api: Api<'_>, message: &Outbound) -> Result<Sent, SendError> {
    match &message.act {
        Act::Reaction { target, emoji } => react(api, &spot(target)?, emoji.as_deref()).await,
        Act::Edit { target, text } => edit(api, &spot(target)?, text).await,
        Act::Delete { target } => delete(api, &spot(target)?).await,
        Act::Read { target } => read(api, &spot(target)?).await,
        Act::Typing { .. } => typing(api, &place(&message.to)?).await,
        Act::AnswerCallback { callback, text } => answer(api, callback, text.as_deref()).await,
        act => post(api, &Draft::new(act)?, message).await,
    }
}

fn place(to: &Address) -> Result<Place, SendError> {
    Place::of(to).ok_or_else(|| NO_CHAT.error("no name of the thread is a Telegram chat"))
}

fn spot(target: &str) -> Result<Spot, SendError> {
    Spot::named(target).ok_or_else(|| NO_TARGET.error("the target is no message of a Telegram chat"))
}

/// A new message. A group that has become a supergroup is followed there, once.
async fn post(api: Api<'_>, draft: &Draft<'_>, message: &Outbound) -> Result<Sent, SendError> {
    let place = place(&message.to)?;
    let answered = message.reply_to.as_deref().and_then(Spot::named);
    match attempt(api, draft, &place, answered.as_ref()).await {
        Err(Trouble::Refused(refusal)) if refusal.migrated_to.is_some_and(|chat| chat != place.chat) => {
            let new = Place::chat(refusal.migrated_to.unwrap_or(place.chat));
            let sent = attempt(api, draft, &new, answered.as_ref()).await;
            sent.map(|sent| Sent { keys: vec![new.key()], ..sent }).map_err(|trouble| trouble.of_send(true))
        }
        outcome => outcome.map_err(|trouble| trouble.of_send(true)),
    }
}

async fn attempt(api: Api<'_>, draft: &Draft<'_>, place: &Place, answered: Option<&Spot>) -> Result<Sent, Trouble> {
    let mut parameters = place.parameters();
    parameters.extend(draft.parameters.clone());
    if let Some(spot) = answered.filter(|spot| spot.is_in(place)) {
        let reply = json!({ "message_id": spot.message, "allow_sending_without_reply": true });
        parameters.insert("reply_parameters".to_owned(), reply);
    }
    match draft.file {
        None => posted(&api.ask(draft.method, parameters).await?, place),
        Some((field, file)) => post_file(api, draft.method, parameters, (field, file), place).await,
    }
}

/// By Telegram's own id if it has the file; if it no longer takes that, once more with the bytes.
async fn post_file(
    api: Api<'_>,
    method: &str,
    parameters: Parameters,
    (field, file): (&str, &OutboundFile),
    place: &Place,
) -> Result<Sent, Trouble> {
    if let Some(id) = &file.platform_id {
        let mut parameters = parameters.clone();
        parameters.insert(field.to_owned(), json!(id));
        match api.ask(method, parameters).await {
            Err(Trouble::Refused(refusal)) if refusal.says(file::FORGOTTEN) => {}
            outcome => return posted(&outcome?, place),
        }
    }
    let result = api.upload(method, parameters, field, file).await?;
    let id = inbound::file_id(&result).map(|id| StoredFile { id: id.to_owned(), keeps: None });
    let sent = posted(&result, place)?;
    Ok(Sent { stored: id.map(|id| (file.sha256.clone(), id)).into_iter().collect(), ..sent })
}

/// The message that was made. A success that does not name it leaves open what was done.
fn posted(result: &Value, place: &Place) -> Result<Sent, Trouble> {
    let message = json::int(result, "message_id").filter(|id| *id != 0).ok_or(Trouble::Silent)?;
    let chat = result.get("chat").and_then(|chat| json::int(chat, "id")).unwrap_or(place.chat);
    let spot = Spot { chat, business: place.business.clone(), message };
    Ok(Sent { refs: vec![spot.name()], ..Sent::default() })
}

/// Calls a method whose success is all that it says; one of `harmless` refusals (lower case) is as good.
async fn act(api: Api<'_>, method: &str, parameters: Value, harmless: &[&str]) -> Result<Sent, Trouble> {
    let parameters = match parameters {
        Value::Object(parameters) => parameters,
        _ => Parameters::new(),
    };
    match api.ask(method, parameters).await {
        Err(Trouble::Refused(refusal)) if refusal.says(harmless) => Ok(Sent::default()),
        outcome => outcome.map(|_| Sent::default()),
    }
}

/// A message's chat and id, as the methods take them that change one.
fn at(spot: &Spot) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.insert("chat_id".to_owned(), json!(spot.chat));
    parameters.insert("message_id".to_owned(), json!(spot.message));
    parameters.extend(spot.business.as_ref().map(|id| ("business_connection_id".to_owned(), json!(id))));
    parameters
}

fn with(mut parameters: Parameters, key: &str, value: Value) -> Value {
    parameters.insert(key.to_owned(), value);
    Value::Object(parameters)
}

/// A bot has one reaction; none takes it back. There are none through a business connection. Telegram knows its
/// reactions without the sign that asks for a coloured picture (`❤`, not `❤️`).
async fn react(api: Api<'_>, spot: &Spot, emoji: Option<&str>) -> Result<Sent, SendError> {
    let emoji = emoji.map(|emoji| emoji.replace('\u{fe0f}', ""));
    let reactions: Vec<Value> = emoji.map(|emoji| json!({ "type": "emoji", "emoji": emoji })).into_iter().collect();
    match spot.business {
        Some(_) => Err(unsupported("a reaction through a business connection")),
        None => act(api, "setMessageReaction", with(at(spot), "reaction", json!(reactions)), &[])
            .await
            .map_err(|trouble| trouble.of_send(true)),
    }
}

/// New words for a text, or for a caption if that is all that the message has.
async fn edit(api: Api<'_>, spot: &Spot, text: &str) -> Result<Sent, SendError> {
    compose::within(SENDING.max_text, text)?;
    const SAME: &[&str] = &["message is not modified"];
    match act(api, "editMessageText", with(at(spot), "text", json!(text)), SAME).await {
        Err(Trouble::Refused(refusal)) if refusal.says(&["there is no text in the message to edit"]) => {
            compose::within(SENDING.max_caption, text)?;
            act(api, "editMessageCaption", with(at(spot), "caption", json!(text)), SAME).await
        }
        outcome => outcome,
    }
    .map_err(|trouble| trouble.of_send(true))
}

/// One that is not there any more is as good as deleted.
async fn delete(api: Api<'_>, spot: &Spot) -> Result<Sent, SendError> {
    let gone: &[&str] = &["message to delete not found"];
    let done = match &spot.business {
        None => act(api, "deleteMessage", Value::Object(at(spot)), gone).await,
        Some(connection) => {
            let parameters = json!({ "business_connection_id": connection, "message_ids": [spot.message] });
            act(api, "deleteBusinessMessages", parameters, gone).await
        }
    };
    done.map_err(|trouble| trouble.of_send(true))
}

/// Only business accounts can mark as read; elsewhere there is nothing to do.
async fn read(api: Api<'_>, spot: &Spot) -> Result<Sent, SendError> {
    match spot.business {
        None => Ok(Sent::default()),
        Some(_) => {
            act(api, "readBusinessMessage", Value::Object(at(spot)), &[]).await.map_err(|trouble| trouble.of_send(true))
        }
    }
}

async fn typing(api: Api<'_>, place: &Place) -> Result<Sent, SendError> {
    let parameters = with(place.parameters(), "action", json!("typing"));
    act(api, "sendChatAction", parameters, &[]).await.map_err(|trouble| trouble.of_send(true))
}

/// A button that was pressed too long ago has stopped waiting by itself.
async fn answer(api: Api<'_>, callback: &str, text: Option<&str>) -> Result<Sent, SendError> {
    let mut parameters = Parameters::from_iter([("callback_query_id".to_owned(), json!(callback))]);
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        compose::within(MAX_CALLBACK, text)?;
        parameters.insert("text".to_owned(), json!(text));
    }
    act(api, "answerCallbackQuery", Value::Object(parameters), &["query is too old"])
        .await
        .map_err(|trouble| trouble.of_send(false))
}

const NO_CHAT: Objection = Objection(
    ErrorClass::Recipient,
    "no_chat",
    Explained {
        es: "Esta conversación no tiene un chat de Telegram. El cliente debe escribir primero al bot.",
        en: "This conversation has no Telegram chat. The customer has to write to the bot first.",
    },
);
const NO_TARGET: Objection = Objection(
    ErrorClass::Content,
    "no_target",
    Explained {
        es: "Telegram no permite hacer esto con ese mensaje.",
        en: "Telegram does not allow this on that message.",
    },
);

//! Pressed buttons.

use serde_json::{Value, json};

use super::{Update, extra, is_true, notice, party, place::Place, present};
use crate::{Body, Content, InboundEvent, Message, json, outbound::Act};

/// The event of a `callback_query`: the customer's answer, in the thread of the message that has the button. A button
/// of an inline message stands in a chat that we do not know, and one in a channel where our answer would be published:
/// they are only recorded, and stop waiting.
pub(super) fn event(update: &Update<'_>) -> InboundEvent {
    let query = update.value;
    let bearer = present(query, "message");
    let place = bearer.and_then(Place::of_message).filter(|place| !place.channel);
    let mut event = notice::event(update);
    let id = query.get("id").and_then(json::id);
    event.dedup.extend(id.iter().map(|id| format!("cb:{id}")));
    match (bearer, place, pressed(query)) {
        (Some(bearer), Some(place), Some(body)) => InboundEvent {
            thread: place.thread(),
            sender: event.sender.or_else(|| place.private.then(|| party::user(bearer.get("chat")?)).flatten()),
            content: Content::Message(Box::new(Message {
                id: id.as_ref().map(|id| format!("cb/{id}")),
                body,
                reply_to: json::int(bearer, "message_id").filter(|id| *id != 0).map(|id| place.message_id(id)),
                extra: extra::object(details(query, bearer)),
                // Until it is answered the customer's button shows that it waits.
                acknowledge: id.map(|callback| Act::AnswerCallback { callback, text: None }),
                ..Message::default()
            })),
            raw: None,
            ..event
        },
        _ => InboundEvent { content: awaited(event.content, id), ..event },
    }
}

/// News for which a button waits.
fn awaited(content: Content, id: Option<String>) -> Content {
    match (content, id) {
        (Content::Notice(notice), Some(callback)) => {
            Content::Awaited { notice, act: Act::AnswerCallback { callback, text: None } }
        }
        (content, _) => content,
    }
}

/// What was pressed: a button with our data, or a game's.
fn pressed(query: &Value) -> Option<Body> {
    let (kind, id) = [("callback", "data"), ("game", "game_short_name")]
        .into_iter()
        .find_map(|(kind, field)| Some((kind, json::str(query, field)?)))?;
    let title = query.get("message").and_then(|bearer| caption(bearer, id));
    Some(Body::Interactive { kind: kind.to_owned(), id: Some(id.to_owned()), title, data: None })
}

/// The text on the button that carries `data`.
fn caption(bearer: &Value, data: &str) -> Option<String> {
    let rows = json::array(bearer.get("reply_markup")?, "inline_keyboard");
    let mut buttons = rows.iter().filter_map(Value::as_array).flatten();
    let button = buttons.find(|button| json::str(button, "callback_data") == Some(data))?;
    json::str(button, "text").map(str::to_owned)
}

fn details(query: &Value, bearer: &Value) -> serde_json::Map<String, Value> {
    let mut extra = extra::copied(query, &["chat_instance", "inline_message_id"]);
    extra.extend(extra::copied(bearer, &["message_id", "business_connection_id"]));
    extra.extend(query.get("id").and_then(json::id).map(|id| ("callback_query_id".to_owned(), json!(id))));
    if present(query, "from").is_some_and(|from| is_true(from, "is_bot")) {
        extra.insert("is_bot".to_owned(), json!(true));
    }
    extra
}

//! What people tell each other.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::told::{
    Done, MESSAGE, ROOM_MESSAGE, Refusal, RefusalBody, Sent, TITLE, Word, kind, must_exist, need, need_id, need_name,
    say, sent,
};
use crate::http::{Api, ap::Asked};

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastPublicRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct PublicMessage {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    /// At most 500 characters.
    #[schema(examples("Hola a todos"))]
    message: String,
    #[schema(examples("general"))]
    channel: String,
}

/// Enviar mensaje publico. Streams that listen to `publicchat.{channel}` hear it.
#[utoipa::path(
    post, path = "/api/broadcast/public-message", tag = "broadcast", operation_id = "broadcast_public_message",
    request_body = PublicMessage,
    responses((status = 200, body = Sent), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn public_message(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, message) = (fields.text("chatId"), need(fields, "message", MESSAGE));
    let channel = format!("publicchat.{}", need_name(fields, "channel"));
    say(&api, asked, async |_, _, user| {
        let payload = json!({"chatId": chat, "message": message, "user": user});
        let answer = sent("Public message sent", &channel, "MessageSent", payload.clone());
        Ok(Word { channel, event: "MessageSent", payload, answer })
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastNotificationRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Notification {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    #[schema(examples(7))]
    user_id: i64,
    /// At most 100 characters.
    #[schema(examples("Aviso"))]
    title: String,
    /// At most 500 characters.
    #[schema(examples("Tienes un nuevo mensaje"))]
    message: String,
    /// `info`, `warning`, `error` or `success`.
    #[serde(rename = "type")]
    #[schema(examples("info"))]
    kind: Option<String>,
}

/// Enviar notificacion privada a usuario. Streams that listen to `privateuser.{user_id}` hear it: that person's own, and
/// those of admins and programs.
#[utoipa::path(
    post, path = "/api/broadcast/private-notification", tag = "broadcast",
    operation_id = "broadcast_private_notification", request_body = Notification,
    responses((status = 200, body = Sent), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn private_notification(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, user) = (fields.text("chatId"), need_id(fields, "user_id"));
    let (title, message) = (need(fields, "title", TITLE), need(fields, "message", MESSAGE));
    let kind = kind(fields);
    say(&api, asked, async |tx, company, _| {
        must_exist(tx, company, user).await?;
        let channel = format!("privateuser.{user}");
        let said = json!({"title": title, "message": message});
        let answer = sent("Private notification sent", &channel, "UserNotification", said);
        let payload = json!({"chatId": chat, "title": title, "message": message, "type": kind});
        Ok(Word { channel, event: "UserNotification", payload, answer })
    })
    .await
}

/// The kinds of channels and events.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = BroadcastChannels)]
pub(super) struct Channels {
    #[schema(examples(json!({"public": ["publicchat.general"], "private": ["privateuser.{userId}"], "presence": []})))]
    channels: Value,
    #[schema(examples(json!(["MessageSent"])))]
    events: [&'static str; 4],
}

/// Obtener canales y eventos disponibles.
#[utoipa::path(
    get, path = "/api/broadcast/channels-info", tag = "broadcast", operation_id = "broadcast_channels_info",
    responses((status = 200, body = Channels))
)]
pub(super) async fn channels_info() -> Json<Channels> {
    Json(Channels {
        channels: json!({
            "public": ["publicchat.general", "publicchat.support", "public.notifications"],
            "private": ["privateuser.{userId}", "client.{customerId}.{userId}"],
            "presence": ["presencechat.{roomId}", "presencewap.{roomId}", "presencesupport.{roomId}"],
        }),
        events: ["MessageSent", "UserNotification", "ClientMessage", "UserTyping"],
    })
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastRoomRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct RoomMessage {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    /// At most 1000 characters.
    #[schema(examples("Hola a la sala"))]
    message: String,
    #[schema(examples("room-1"))]
    room_id: String,
}

/// Enviar mensaje a canal de presencia (usuarios). Streams that listen to `presencechat.{room_id}` hear it.
#[utoipa::path(
    post, path = "/api/broadcast/sendPresenceChannel", tag = "broadcast", operation_id = "broadcast_send_presence",
    request_body = RoomMessage,
    responses((status = 200, body = Done), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn send_presence(State(api): State<Api>, asked: Asked) -> Result<Json<Value>, Refusal> {
    to_room(&api, asked, "presencechat").await
}

/// Enviar mensaje a canal de presencia WAP. Streams that listen to `presencewap.{room_id}` hear it.
#[utoipa::path(
    post, path = "/api/broadcast/sendPresenceWAPChannel", tag = "broadcast",
    operation_id = "broadcast_send_presence_wap", request_body = RoomMessage,
    responses((status = 200, body = Done), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn send_presence_wap(State(api): State<Api>, asked: Asked) -> Result<Json<Value>, Refusal> {
    to_room(&api, asked, "presencewap").await
}

async fn to_room(api: &Api, mut asked: Asked, rooms: &str) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, message) = (fields.text("chatId"), need(fields, "message", ROOM_MESSAGE));
    let channel = format!("{rooms}.{}", need_name(fields, "room_id"));
    say(api, asked, async |_, _, user| {
        let payload = json!({"chatId": chat, "message": message, "user": user});
        let answer = json!({"status": "success", "message": "Mensaje enviado"});
        Ok(Word { channel, event: "MessageSent", payload, answer })
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastTypingRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Typing {
    #[schema(examples("room-1"))]
    room_id: String,
}

/// Indicador de escribiendo en canal de presencia (usuarios): `UserTyping` on `presencechat.{room_id}`.
#[utoipa::path(
    post, path = "/api/broadcast/userPresenceChannelTyping", tag = "broadcast", operation_id = "broadcast_typing",
    request_body = Typing,
    responses((status = 200, body = Done), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn typing(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let channel = format!("presencechat.{}", need_name(&mut asked.fields, "room_id"));
    say(&api, asked, async |_, _, user| {
        let answer = json!({"status": "success"});
        Ok(Word { channel, event: "UserTyping", payload: json!({"user": user}), answer })
    })
    .await
}

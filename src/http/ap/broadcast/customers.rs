//! What people and programs tell customers' own windows.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::told::{
    Done, MESSAGE, ROOM_MESSAGE, Refusal, RefusalBody, Sent, TITLE, Word, kind, must_exist, need, need_id, need_name,
    say, sent,
};
use crate::http::{Api, ap::Asked};

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastCustomerPublicRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct PublicMessage {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    #[schema(examples("cust-55"))]
    customer: String,
    /// At most 500 characters.
    #[schema(examples("Hola cliente"))]
    message: String,
    /// A name that begins with `public`.
    #[schema(examples("public.customer"))]
    channel: String,
}

/// Enviar mensaje publico a clientes. Streams that listen to the channel hear it.
#[utoipa::path(
    post, path = "/api/broadcast/publicCustomer-message", tag = "broadcast",
    operation_id = "broadcast_customer_public_message", request_body = PublicMessage,
    responses((status = 200, body = Sent), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn public_message(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, customer) = (fields.text("chatId"), need(fields, "customer", TITLE));
    let (message, channel) = (need(fields, "message", MESSAGE), need_name(fields, "channel"));
    if !channel.is_empty() && !channel.starts_with("public") {
        fields.complain("channel", "The channel field must start with public.");
    }
    say(&api, asked, async |_, _, _| {
        let said = json!({"customer": customer, "message": message});
        let answer = sent("Public message sent", &channel, "MessageSent", said);
        let payload = json!({"chatId": chat, "customer": customer, "message": message});
        Ok(Word { channel, event: "MessageSent", payload, answer })
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastCustomerNotificationRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Notification {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    #[schema(examples(9))]
    customer_id: i64,
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

/// Enviar notificacion privada a cliente. Streams that listen to `client.{customer_id}.{user_id}` hear it: those of
/// programs and admins, and of that user.
#[utoipa::path(
    post, path = "/api/broadcast/privateCustomer-notification", tag = "broadcast",
    operation_id = "broadcast_customer_private_notification", request_body = Notification,
    responses((status = 200, body = Sent), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn private_notification(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, customer) = (fields.text("chatId"), need_id(fields, "customer_id"));
    let user = need_id(fields, "user_id");
    let (title, message) = (need(fields, "title", TITLE), need(fields, "message", MESSAGE));
    let kind = kind(fields);
    say(&api, asked, async |tx, company, _| {
        must_exist(tx, company, user).await?;
        let channel = format!("client.{customer}.{user}");
        let said = json!({"title": title, "message": message});
        let answer = sent("Private notification sent", &channel, "UserNotification", said);
        let payload = json!({"chatId": chat, "title": title, "message": message, "type": kind});
        Ok(Word { channel, event: "UserNotification", payload, answer })
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastCustomerRoomRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct RoomMessage {
    #[serde(rename = "chatId")]
    #[schema(examples("chat-123"))]
    chat_id: Option<String>,
    #[serde(rename = "customerId")]
    #[schema(examples(9))]
    customer_id: i64,
    /// At most 1000 characters.
    #[schema(examples("Hola cliente"))]
    message: String,
    #[schema(examples("room-1"))]
    room_id: String,
}

/// Enviar mensaje a canal de presencia de cliente. Streams that listen to `presencesupport.{room_id}` hear it.
#[utoipa::path(
    post, path = "/api/broadcast/sendCustomerPresenceChannel", tag = "broadcast",
    operation_id = "broadcast_customer_send_presence", request_body = RoomMessage,
    responses((status = 200, body = Done), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn send_presence(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let fields = &mut asked.fields;
    let (chat, customer) = (fields.text("chatId"), need_id(fields, "customerId"));
    let message = need(fields, "message", ROOM_MESSAGE);
    let channel = format!("presencesupport.{}", need_name(fields, "room_id"));
    say(&api, asked, async |_, _, user| {
        let payload = json!({"chatId": chat, "customerId": customer, "message": message, "user": user});
        let answer = json!({"status": "success", "message": "Mensaje enviado"});
        Ok(Word { channel, event: "ClientMessage", payload, answer })
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = BroadcastCustomerTypingRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Typing {
    #[serde(rename = "customerId")]
    #[schema(examples(9))]
    customer_id: i64,
    #[schema(examples("room-1"))]
    room_id: String,
}

/// Indicador de escribiendo en canal de cliente: `UserTyping` on `presencesupport.{room_id}`.
#[utoipa::path(
    post, path = "/api/broadcast/userPresenceCustomerChannelTyping", tag = "broadcast",
    operation_id = "broadcast_customer_typing", request_body = Typing,
    responses((status = 200, body = Done), (status = 422, body = RefusalBody, description = "What is wrong."))
)]
pub(super) async fn typing(State(api): State<Api>, mut asked: Asked) -> Result<Json<Value>, Refusal> {
    let customer = need_id(&mut asked.fields, "customerId");
    let channel = format!("presencesupport.{}", need_name(&mut asked.fields, "room_id"));
    say(&api, asked, async |_, _, user| {
        let answer = json!({"status": "success"});
        Ok(Word { channel, event: "UserTyping", payload: json!({"customerId": customer, "user": user}), answer })
    })
    .await
}

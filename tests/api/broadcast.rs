//! AP "Broadcast": the seed's examples, and who hears them.

use serde_json::{Value, json};

use super::house::{Credentials, House, START};
use relevo::{
    desk::clients::Role,
    store::{
        events::{self, Cursor},
        users::{self, User},
    },
};

on_both_databases! {
    ap_examples_are_answered_field_by_field
    what_is_wrong_is_said_in_the_seeds_form
    p6_the_same_message_under_a_key_is_sent_once
    p9_a_person_of_another_company_is_missing
}

async fn person(house: &House, company: i64) -> i64 {
    let user = User {
        company_id: company,
        email: "ana@example.org".into(),
        name: "Ana".into(),
        role: "agent".into(),
        capacity: 5,
        active: 1,
        presence_id: 7,
        created_at: START,
        ..User::default()
    };
    house.write(async |tx| users::insert(tx, &user).await.unwrap()).await
}

async fn john(house: &House, company: i64) -> Credentials {
    let add = async |tx: &mut relevo::store::Tx| {
        relevo::desk::clients::add(tx, &house.clock, Some(company), "John Doe", Role::Integration).await.unwrap()
    };
    let new = house.write(add).await;
    Credentials { key: new.key, secret: new.secret }
}

async fn post(house: &House, client: &Credentials, path: &str, body: Value) -> Value {
    let reply = house.post(client, &format!("/api/broadcast/{path}"), &body).await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.json()
}

/// AP seed 001, lines 22 to 1017: every example of the section.
async fn ap_examples_are_answered_field_by_field(house: &House) {
    let tenant = house.tenant().await;
    let john = john(house, tenant.id).await;
    let user = person(house, tenant.id).await;
    let answer = post(
        house,
        &john,
        "public-message",
        json!({"chatId": "\"chat-123\"", "message": "\"Hola a todos\"", "channel": "\"general\""}),
    )
    .await;
    assert_eq!(
        answer,
        json!({
            "status": "success", "message": "Public message sent",
            "data": {
                "channel": "publicchat.general", "event": "MessageSent",
                "payload": {"chatId": "chat-123", "message": "Hola a todos", "user": "John Doe"},
            },
        })
    );
    let notice = json!({"chatId": "chat-123", "user_id": user, "title": "Aviso", "message": "Tienes un nuevo mensaje", "type": "info"});
    assert_eq!(
        post(house, &john, "private-notification", notice).await,
        json!({
            "status": "success", "message": "Private notification sent",
            "data": {
                "channel": format!("privateuser.{user}"), "event": "UserNotification",
                "payload": {"title": "Aviso", "message": "Tienes un nuevo mensaje"},
            },
        })
    );
    let room = json!({"chatId": "chat-123", "message": "Hola a la sala", "room_id": "room-1"});
    let done = json!({"status": "success", "message": "Mensaje enviado"});
    assert_eq!(post(house, &john, "sendPresenceChannel", room.clone()).await, done);
    assert_eq!(post(house, &john, "sendPresenceWAPChannel", room).await, done);
    let typing = json!({"room_id": "room-1"});
    assert_eq!(post(house, &john, "userPresenceChannelTyping", typing).await, json!({"status": "success"}));
    let public =
        json!({"chatId": "chat-123", "customer": "cust-55", "message": "Hola cliente", "channel": "public.customer"});
    assert_eq!(
        post(house, &john, "publicCustomer-message", public).await,
        json!({
            "status": "success", "message": "Public message sent",
            "data": {
                "channel": "public.customer", "event": "MessageSent",
                "payload": {"customer": "cust-55", "message": "Hola cliente"},
            },
        })
    );
    let private = json!({"chatId": "chat-123", "customer_id": 9, "user_id": user, "title": "Aviso", "message": "Tienes un nuevo mensaje", "type": "info"});
    assert_eq!(
        post(house, &john, "privateCustomer-notification", private).await,
        json!({
            "status": "success", "message": "Private notification sent",
            "data": {
                "channel": format!("client.9.{user}"), "event": "UserNotification",
                "payload": {"title": "Aviso", "message": "Tienes un nuevo mensaje"},
            },
        })
    );
    let room = json!({"chatId": "chat-123", "customerId": 9, "message": "Hola cliente", "room_id": "room-1"});
    assert_eq!(post(house, &john, "sendCustomerPresenceChannel", room).await, done);
    let typing = json!({"customerId": 9, "room_id": "room-1"});
    assert_eq!(post(house, &john, "userPresenceCustomerChannelTyping", typing).await, json!({"status": "success"}));
    // The seed's shape, with the names that are used.
    assert_eq!(
        house.body(&john, "/api/broadcast/channels-info").await,
        json!({
            "channels": {
                "public": ["publicchat.general", "publicchat.support", "public.notifications"],
                "private": ["privateuser.{userId}", "client.{customerId}.{userId}"],
                "presence": ["presencechat.{roomId}", "presencewap.{roomId}", "presencesupport.{roomId}"],
            },
            "events": ["MessageSent", "UserNotification", "ClientMessage", "UserTyping"],
        })
    );
    let rows = events::between(
        &mut house.db.read().await.unwrap(),
        tenant.id,
        Cursor::default(),
        Cursor { tx: i64::MAX, id: i64::MAX },
        100,
    )
    .await
    .unwrap();
    let sent: Vec<(&str, &str)> = rows.iter().map(|row| (row.channel.as_deref().unwrap(), row.kind.as_str())).collect();
    assert_eq!(
        sent,
        [
            ("publicchat.general", "MessageSent"),
            (&*format!("privateuser.{user}"), "UserNotification"),
            ("presencechat.room-1", "MessageSent"),
            ("presencewap.room-1", "MessageSent"),
            ("presencechat.room-1", "UserTyping"),
            ("public.customer", "MessageSent"),
            (&*format!("client.9.{user}"), "UserNotification"),
            ("presencesupport.room-1", "ClientMessage"),
            ("presencesupport.room-1", "UserTyping"),
        ]
    );
}

async fn what_is_wrong_is_said_in_the_seeds_form(house: &House) {
    let tenant = house.tenant().await;
    for (path, body, message) in [
        ("public-message", json!({"channel": "general"}), "The message field is required."),
        ("public-message", json!({}), "The channel field is required. The message field is required."),
        (
            "public-message",
            json!({"channel": "a,b", "message": "x"}),
            "The channel field must not contain commas or spaces.",
        ),
        (
            "public-message",
            json!({"channel": "a", "message": "x".repeat(501)}),
            "The message field must not be greater than 500 characters.",
        ),
        (
            "sendPresenceChannel",
            json!({"room_id": "r", "message": "x".repeat(1001)}),
            "The message field must not be greater than 1000 characters.",
        ),
        ("private-notification", json!({"title": "x", "message": "y"}), "The user_id field is required."),
        (
            "private-notification",
            json!({"user_id": 1, "title": "x".repeat(101), "message": "y"}),
            "The title field must not be greater than 100 characters.",
        ),
        (
            "private-notification",
            json!({"user_id": 1, "title": "x", "message": "y", "type": "loud"}),
            "The selected type is invalid.",
        ),
        (
            "publicCustomer-message",
            json!({"customer": "c", "message": "x", "channel": "privateuser.7"}),
            "The channel field must start with public.",
        ),
        (
            "privateCustomer-notification",
            json!({"user_id": 1, "title": "x", "message": "y"}),
            "The customer_id field is required.",
        ),
        (
            "privateCustomer-notification",
            json!({"customer_id": -9, "user_id": 0, "title": "x", "message": "y"}),
            "The customer_id field must be at least 1. The user_id field must be at least 1.",
        ),
        ("userPresenceCustomerChannelTyping", json!({"room_id": "r"}), "The customerId field is required."),
    ] {
        let reply = house.post(&tenant.client, &format!("/api/broadcast/{path}"), &body).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (422, json!({"message": message})), "{path} {body}");
    }
}

async fn p6_the_same_message_under_a_key_is_sent_once(house: &House) {
    let tenant = house.tenant().await;
    let body = json!({"channel": "general", "message": "hola"});
    let first = house.post_as(&tenant.client, "/api/broadcast/public-message", &body, "k").await.json();
    assert_eq!(house.post_as(&tenant.client, "/api/broadcast/public-message", &body, "k").await.json(), first);
    let rows = events::between(
        &mut house.db.read().await.unwrap(),
        tenant.id,
        Cursor::default(),
        Cursor { tx: i64::MAX, id: i64::MAX },
        100,
    )
    .await
    .unwrap();
    assert_eq!(rows.len(), 1);
}

async fn p9_a_person_of_another_company_is_missing(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let stranger = person(house, other.id).await;
    for user in [stranger, 999_999] {
        let body = json!({"customer_id": 9, "user_id": user, "title": "x", "message": "y"});
        for path in ["private-notification", "privateCustomer-notification"] {
            let reply = house.post(&tenant.client, &format!("/api/broadcast/{path}"), &body).await;
            reply.ap_refused(404, "El usuario indicado no existe.", &[]);
        }
    }
}

//! Messages to customers, taken over the API: AP's three ways, compared with the seed field by field, and everything
//! that is refused.

use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::house::{House, Reply, START, Tenant};

use relevo::{
    desk::{clients::Role, routing},
    store::messages,
};

on_both_databases! {
    a_whatsapp_message_is_taken_as_the_seed_shows
    a_telegram_message_is_taken_as_the_seed_shows
    a_chat_message_is_taken_as_the_seed_shows
    everything_that_can_be_said_becomes_messages
    files_come_as_base64_and_as_parts_of_a_form
    p6_a_repeated_call_is_one_message
    what_is_wrong_with_a_message_is_said_at_once
    what_is_wrong_with_a_file_is_said_at_once
    p9_a_foreign_chat_is_answered_exactly_as_a_missing_one
    outside_of_the_window_only_a_template_is_taken
    a_closed_ticket_takes_no_message
    a_reply_answers_a_message_of_its_own_chat
    every_role_may_write_and_nobody_else
    p8_more_people_than_connections_write_at_once
    p8_a_body_that_is_too_large_is_refused
    p8_a_file_of_101_mb_is_refused_and_nothing_is_sent
}

pub(super) const META: &str = "/api/meta/sendMessagesWAP";
pub(super) const TELEGRAM: &str = "/api/telegram/sendTelegramMessage";
pub(super) const CHAT: &str = "/api/chat/sendChatMessage";

pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// A company with a WhatsApp number and a bot, and a customer who wrote to both.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    pub(super) whatsapp: i64,
    pub(super) telegram: i64,
    /// The conversation on WhatsApp.
    pub(super) chat: String,
    /// The conversation on Telegram.
    pub(super) bot_chat: String,
}

pub(super) async fn stage(house: &House) -> Stage {
    let tenant = house.tenant().await;
    let number = tenant.id.to_string().repeat(6);
    let bot = format!("{number}:ABC");
    let whatsapp = house.open_channel(&tenant, "whatsapp", &whatsapp(&number)).await;
    let telegram = house.open_channel(&tenant, "telegram", &[("bot_token", &bot), ("mode", "polling")]).await;
    let (said, asked) = (
        tenant.sends(whatsapp, "p:50688888888", "wamid.1", Vec::new()),
        tenant.says(telegram, "chat:123456789", START, "Hola"),
    );
    house.apply(&[said, asked]).await;
    house.clock.advance(1_000);
    let chats = house.post(&tenant.client, "/api/chat/list", &json!({"paginate": "N"})).await.json();
    let id = |channel: i64| {
        let chats = chats["data"]["data"].as_array().unwrap();
        chats.iter().find(|chat| chat["id_channel"] == channel).unwrap()["id_chat"].as_str().unwrap().to_owned()
    };
    let (chat, bot_chat) = (id(whatsapp), id(telegram));
    Stage { tenant, whatsapp, telegram, chat, bot_chat }
}

fn whatsapp(number: &str) -> [(&str, &str); 4] {
    [("phone_number_id", number), ("app_secret", "x"), ("access_token", "y"), ("waba_id", "77")]
}

impl Stage {
    fn meta(&self, more: Value) -> Value {
        let mut body = json!({"whatsapp_channel": self.whatsapp, "to": "50688888888", "message": "Hola desde Meta"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn chat(&self, more: Value) -> Value {
        let mut body = json!({"id_chat": self.chat, "message": "Hola"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    async fn messages(&self, house: &House) -> i64 {
        messages::count(&mut house.db.read().await.unwrap(), self.tenant.id).await.unwrap()
    }
}

/// Every field of the seed's example is there, of the same type and in the same place.
#[track_caller]
pub(super) fn like(seed: &Value, ours: &Value) {
    match (seed, ours) {
        (Value::Object(seed), Value::Object(ours)) => {
            for (name, value) in seed {
                like(value, ours.get(name).unwrap_or_else(|| panic!("{name} is missing in {ours:?}")));
            }
        }
        (Value::Array(seed), Value::Array(ours)) => {
            assert!(!ours.is_empty(), "nothing like {seed:?}");
            ours.iter().for_each(|item| like(&seed[0], item));
        }
        (seed, ours) => assert_eq!(std::mem::discriminant(seed), std::mem::discriminant(ours), "{seed} and {ours}"),
    }
}

#[track_caller]
pub(super) fn taken(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// It was refused with 422 because of exactly these fields.
#[track_caller]
pub(super) fn refused(reply: &Reply, fields: &[&str]) -> Value {
    assert_eq!(reply.status, 422, "{reply:?}");
    let body = reply.json();
    assert_eq!(
        (&body["status"], &body["message"], &body["code"]),
        (&json!("error"), &json!("Validacion fallida."), &json!(422))
    );
    assert_eq!(body["id_bitacora_log"], reply.log());
    let errors = body["data"]["errors"].as_object().unwrap().clone();
    assert_eq!(errors.keys().map(String::as_str).collect::<Vec<_>>(), fields, "{body}");
    Value::Object(errors)
}

async fn a_whatsapp_message_is_taken_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    // AP "Enviar mensaje WAP", values in quotes as in its example.
    let body = json!({
        "whatsapp_channel": format!("\"{}\"", stage.whatsapp), "to": "\"50688888888\"", "message": "Hola desde Meta",
        "tokenGuest": format!("\"{}\"", stage.chat), "id_bitacora_log": 736_014,
    });
    let reply = house.post(&stage.tenant.client, META, &body).await;
    let body = taken(&reply);
    let seed =
        json!({"data": {}, "status": "ok", "message": "Mensaje Meta Enviado", "code": 200, "id_bitacora_log": 1});
    like(&seed, &body);
    assert_eq!((&body["status"], &body["message"]), (&seed["status"], &seed["message"]));
    assert_eq!(body["id_bitacora_log"], reply.log());
    let data = &body["data"];
    assert_eq!((&data["state"], &data["id_chat"]), (&json!("queued"), &json!(stage.chat)));
    assert_eq!(data["ids"], json!([data["id_message"]]));
    assert!(data["id_ticket"].is_string());
    let channels = house.body(&stage.tenant.client, "/api/meta/getChannelSettingsList").await;
    let seed = json!({
        "data": [{
            "id_channel": 1, "name": "Canal WAP", "uuid": "abc-123", "company": 3, "type": "whatsappfb",
            "channel_status": 1,
        }],
        "status": "ok", "message": "Mensaje Meta Enviado", "code": 200, "id_bitacora_log": 736_014,
    });
    like(&seed, &channels);
    assert_eq!(channels["data"].as_array().unwrap().len(), 1, "no other kind");
    assert_eq!(channels["data"][0]["type"], "whatsappfb");
}

async fn a_telegram_message_is_taken_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    // AP "Enviar mensaje por Telegram".
    let body =
        json!({"id_chat": "\"123456789\"", "message": "Hola desde la API", "id_user": 7, "name_user": "\"Agente 1\""});
    let reply = taken(&house.post(&stage.tenant.client, TELEGRAM, &body).await);
    let seed = json!({
        "status": "ok", "message": "Mensaje enviado",
        "data": {"id_chat": "123456789", "message": "Hola desde la API"}, "code": 200, "id_bitacora_log": 736_014,
    });
    like(&seed, &reply);
    assert_eq!(
        (&reply["data"]["id_chat"], &reply["data"]["message"]),
        (&seed["data"]["id_chat"], &seed["data"]["message"])
    );
    assert_eq!((&reply["status"], &reply["message"]), (&seed["status"], &seed["message"]));
    assert_eq!(reply["data"]["id_conversation"], stage.bot_chat);
    let refusal = refused(
        &house.post(&stage.tenant.client, TELEGRAM, &json!({})).await,
        &["id_chat", "id_user", "message", "name_user"],
    );
    assert_eq!(refusal["id_chat"], json!(["El campo id_chat es obligatorio."]));
    let with = |token: &str| json!({"bot_token": token, "id_chat": stage.bot_chat, "message": "x", "id_user": 7, "name_user": "A"});
    let number = stage.tenant.id.to_string().repeat(6);
    taken(&house.post(&stage.tenant.client, TELEGRAM, &with(&format!("{number}:ABC"))).await);
    for wrong in [format!("{number}:ABD"), number, "1:2".to_owned(), "x".to_owned()] {
        refused(&house.post(&stage.tenant.client, TELEGRAM, &with(&wrong)).await, &["bot_token"]);
    }
    for wrong in ["@ana", "x", "0"] {
        let body = json!({"id_chat": wrong, "message": "x", "id_user": 7, "name_user": "A"});
        refused(&house.post(&stage.tenant.client, TELEGRAM, &body).await, &["id_chat"]);
    }
    let nobody = json!({"id_chat": "5", "message": "x", "id_user": 7, "name_user": "A"});
    refused(&house.post(&stage.tenant.client, TELEGRAM, &nobody).await, &["id_chat"]);
}

async fn a_chat_message_is_taken_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    // AP "Enviar mensaje".
    let seed = json!({
        "data": {"id_message": "msg-2", "id_chat": "chat-123", "message": "Hola, ¿en que puedo ayudarte?", "sender_id": 7},
        "status": "ok", "message": "Mensaje enviado.", "code": 200, "id_bitacora_log": 736_014,
    });
    let body = stage.chat(json!({"message": "Hola, ¿en que puedo ayudarte?", "author": {"id": 7}}));
    let reply = taken(&house.post(&stage.tenant.client, CHAT, &body).await);
    like(&seed, &reply);
    assert_eq!((&reply["status"], &reply["message"]), (&seed["status"], &seed["message"]));
    assert_eq!(reply["data"]["message"], seed["data"]["message"]);
    let errors = refused(
        &house.post(&stage.tenant.client, CHAT, &json!({"id_chat": "chat-123", "message": "x"})).await,
        &["id_chat"],
    );
    assert_eq!(errors["id_chat"], json!(["El id_chat no se encuentra registrado."]));
}

async fn everything_that_can_be_said_becomes_messages(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let rows = json!([{"title": "Planes", "rows": [{"id": "1", "title": "Uno"}]}]);
    for more in [
        json!({"buttons": [{"id": "si", "title": "Sí"}, {"title": "No"}]}),
        json!({"list": {"button": "Ver", "sections": rows}}),
        json!({"message": null, "location": {"latitude": -33.4, "longitude": -70.6, "name": "Casa"}}),
        json!({"message": null, "contacts": [{"name": "Ana", "phones": ["+56912345678"]}]}),
        json!({"message": "", "template": {"name": "hola", "language": "es", "parameters": ["Ana", 7]}}),
    ] {
        let reply = taken(&house.post(client, META, &stage.meta(more.clone())).await);
        assert_eq!(reply["data"]["ids"].as_array().unwrap().len(), 1, "{more}");
    }
    let long = "palabra ".repeat(1_000);
    let reply = taken(&house.post(client, META, &stage.meta(json!({"message": long}))).await);
    assert_eq!(reply["data"]["ids"].as_array().unwrap().len(), 2, "a long text is split");
    let author = json!({"author": {"id": "44", "name": "Marta"}});
    taken(&house.post(client, CHAT, &stage.chat(author)).await);
    let thread = house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": stage.chat})).await.json();
    let last = thread["data"]["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["sender_id"], &last["sender_name"]), (&json!(44), &json!("Marta")));
    for (more, field) in [
        (json!({"location": {"latitude": 1, "longitude": 1}}), "message"),
        (json!({"message": null, "location": {"latitude": 91, "longitude": 1}}), "location"),
        (json!({"message": null, "location": {"latitude": "norte"}}), "location"),
        (json!({"list": {"button": "Ver", "sections": []}}), "list"),
        (json!({"buttons": [{"title": "x".repeat(21)}]}), "buttons"),
        (json!({"buttons": "no"}), "buttons"),
        (json!({"message": null, "contacts": {}}), "contacts"),
        (json!({"message": null, "template": {"name": "x"}}), "template"),
        (json!({"message": null, "contacts": [], "location": {}}), "location"),
    ] {
        refused(&house.post(client, META, &stage.meta(more)).await, &[field]);
    }
}

async fn files_come_as_base64_and_as_parts_of_a_form(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let png = STANDARD.encode(PNG);
    for more in [
        json!({"file": format!("data:image/png;base64,{png}")}),
        json!({"file": format!("\"{png}\""), "message": ""}),
        json!({"files": [{"content": png, "name": "a.png"}]}),
    ] {
        let reply = taken(&house.post(client, META, &stage.meta(more)).await);
        assert_eq!(reply["data"]["ids"].as_array().unwrap().len(), 1, "the text is the caption");
    }
    let form = |boundary: &str| {
        let field = |name: &str, value: &str| {
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
        };
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../año.png\"\r\n\
             content-type: image/png\r\n\r\n"
        );
        let body = [field("id_chat", &stage.chat), field("message", "Mire"), head.into_bytes(), PNG.to_vec()];
        [body.concat(), format!("\r\n--{boundary}--\r\n").into_bytes()].concat()
    };
    let mut ids = Vec::new();
    for boundary in ["one", "two"] {
        let mut request = client.request("POST", CHAT);
        let form_type = format!("multipart/form-data; boundary={boundary}");
        request.headers_mut().insert("content-type", form_type.parse().unwrap());
        request.headers_mut().insert("idempotency-key", "form".parse().unwrap());
        *request.body_mut() = Body::from(form(boundary));
        ids.push(taken(&house.call(request).await)["data"]["id_message"].clone());
    }
    assert_eq!(ids[0], ids[1], "P6: the same form has another boundary every time");
    let thread = house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": stage.chat})).await.json();
    let last = thread["data"]["messages"].as_array().unwrap().last().unwrap().clone();
    let file = &last["files"][0];
    assert_eq!((&last["text"], &file["mime"], &file["size"]), (&json!("Mire"), &json!("image/png"), &json!(PNG.len())));
    assert_eq!(file["file_name"], "año.png");
}

async fn p6_a_repeated_call_is_one_message(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let bot = json!({"id_chat": "123456789", "message": "x", "id_user": 7, "name_user": "A"});
    for (path, body) in [(META, stage.meta(json!({}))), (TELEGRAM, bot), (CHAT, stage.chat(json!({})))] {
        let before = stage.messages(house).await;
        let first = taken(&house.post_as(client, path, &body, path).await);
        let again = taken(&house.post_as(client, path, &body, path).await);
        assert_eq!(first, again, "{path}");
        assert_eq!(stage.messages(house).await, before + 1, "{path}");
        let mut other = body.clone();
        other["message"] = json!("otra cosa");
        assert_eq!(house.post_as(client, path, &other, path).await.status, 409);
        let refused = house.post_as(client, path, &json!({}), "refused").await;
        assert_eq!(refused.status, 422);
        house.clock.advance(1);
    }
    taken(&house.post_as(client, CHAT, &stage.chat(json!({})), "refused").await);
}

async fn what_is_wrong_with_a_message_is_said_at_once(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let before = stage.messages(house).await;
    refused(&house.post(client, META, &json!({})).await, &["message", "to", "whatsapp_channel"]);
    for (more, field) in [
        (json!({"message": "  "}), "message"),
        (json!({"message": "x".repeat(70_000)}), "message"),
        (json!({"message": ["x"]}), "message"),
        (json!({"to": "12"}), "to"),
        (json!({"to": "ana@example.com"}), "to"),
        (json!({"whatsapp_channel": 999_999}), "whatsapp_channel"),
        (json!({"whatsapp_channel": "canal"}), "whatsapp_channel"),
        (json!({"whatsapp_channel": stage.telegram}), "whatsapp_channel"),
        (json!({"tokenGuest": "guest-token"}), "tokenGuest"),
        (json!({"tokenGuest": stage.bot_chat}), "tokenGuest"),
        (json!({"to": "50677777777", "tokenGuest": stage.chat}), "tokenGuest"),
        (json!({"reply_to": "msg-1"}), "reply_to"),
    ] {
        let reply = house.post(client, META, &stage.meta(more.clone())).await;
        if more["message"].is_array() {
            assert_eq!(reply.status, 422);
        } else {
            refused(&reply, &[field]);
        }
    }
    let mut request = client.request("POST", META);
    *request.body_mut() = Body::from("{");
    assert_eq!(house.call(request).await.status, 400);
    assert_eq!(stage.messages(house).await, before, "nothing was written");
}

async fn what_is_wrong_with_a_file_is_said_at_once(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let of = |bytes: &[u8]| STANDARD.encode(bytes);
    let large = [PNG, &vec![0; 6 << 20][..]].concat();
    let html = of(b"<!DOCTYPE html><html><script>alert(1)</script></html>");
    for file in [
        json!("..."),
        json!("data:image/png;base64,%%%"),
        json!("data:image/png,abc"),
        json!(of(&large)),
        json!(of(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0")),
        json!(format!("data:image/png;base64,{html}")),
        json!({"name": "a.png"}),
        json!(7),
    ] {
        let reply = house.post(client, META, &stage.meta(json!({"file": file}))).await;
        refused(&reply, &["file"]);
    }
    let many: Vec<Value> = (0..11).map(|n| json!(of(format!("text {n}").as_bytes()))).collect();
    refused(&house.post(client, META, &stage.meta(json!({"files": many}))).await, &["files"]);
    assert_eq!(stage.messages(house).await, 2);
}

async fn p9_a_foreign_chat_is_answered_exactly_as_a_missing_one(house: &House) {
    let (ours, theirs) = (stage(house).await, stage(house).await);
    let client = &ours.tenant.client;
    let answers = async |path: &str, body: Value| {
        let mut body = house.post(client, path, &body).await.json();
        body["id_bitacora_log"] = Value::Null;
        body
    };
    let nothing = house.clock.id();
    for (path, field, foreign) in [
        (CHAT, "id_chat", json!(theirs.chat)),
        ("/api/chat/getChatMessages", "id_chat", json!(theirs.chat)),
        ("/api/chat/getChatUsers", "id_chat", json!(theirs.chat)),
    ] {
        let ask = |id: Value| json!({field: id, "message": "x"});
        let missing = answers(path, ask(json!(nothing))).await;
        assert_eq!(missing["code"], 422);
        assert_eq!(answers(path, ask(foreign)).await, missing, "{path}");
    }
    let meta = |channel: i64| json!({"whatsapp_channel": channel, "to": "50688888888", "message": "x"});
    assert_eq!(answers(META, meta(theirs.whatsapp)).await, answers(META, meta(999_999)).await);
    let named = |company: i64| json!({"id_company": company, "id_chat": theirs.chat, "message": "x"});
    assert_eq!(answers(CHAT, named(theirs.tenant.id)).await, answers(CHAT, named(999_999)).await);
}

async fn outside_of_the_window_only_a_template_is_taken(house: &House) {
    let stage = stage(house).await;
    house.clock.advance(86_400_000);
    let client = &stage.tenant.client;
    let errors = refused(&house.post(client, META, &stage.meta(json!({}))).await, &["message"]);
    assert!(errors["message"][0].as_str().unwrap().contains("plantilla"), "{errors}");
    refused(&house.post(client, CHAT, &stage.chat(json!({}))).await, &["message"]);
    let new = json!({"whatsapp_channel": stage.whatsapp, "to": "+56 9 1234 5678", "message": "x"});
    refused(&house.post(client, META, &new).await, &["message"]);
    let template = json!({"message": null, "template": {"name": "hola", "language": "es"}});
    taken(&house.post(client, META, &stage.meta(template)).await);
}

async fn a_closed_ticket_takes_no_message(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let reply = taken(&house.post(client, CHAT, &stage.chat(json!({}))).await);
    let ticket = reply["data"]["id_ticket"].as_str().unwrap().to_owned();
    let (clock, company) = (&house.clock, stage.tenant.id);
    house
        .write(async |tx| routing::close(tx, clock, company, &ticket, Some("desiste"), None).await.map(drop).unwrap())
        .await;
    let errors = refused(&house.post(client, CHAT, &stage.chat(json!({}))).await, &["id_chat"]);
    assert!(errors["id_chat"][0].as_str().unwrap().contains("cerrado"));
    refused(&house.post(client, META, &stage.meta(json!({}))).await, &["to"]);
}

async fn a_reply_answers_a_message_of_its_own_chat(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let thread = house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": stage.chat})).await.json();
    let message = thread["data"]["messages"][0]["id_message"].clone();
    taken(&house.post(client, CHAT, &stage.chat(json!({"reply_to": message}))).await);
    let thread = house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": stage.chat})).await.json();
    assert_eq!(thread["data"]["messages"][1]["reply_to"], message);
    let elsewhere = json!({"id_chat": stage.bot_chat, "message": "x", "reply_to": message});
    refused(&house.post(client, CHAT, &elsewhere).await, &["reply_to"]);
}

async fn every_role_may_write_and_nobody_else(house: &House) {
    let stage = stage(house).await;
    for role in Role::ALL {
        let client = house.client(Some(stage.tenant.id), role).await;
        taken(&house.post(&client, CHAT, &stage.chat(json!({}))).await);
    }
    for path in [META, TELEGRAM, CHAT] {
        let reply = house.call(Request::post(path).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (401, json!({"message": "Unauthenticated."})));
    }
    let nobodys = house.client(None, Role::Admin).await;
    refused(&house.post(&nobodys, CHAT, &stage.chat(json!({}))).await, &["id_chat", "id_company"]);
    taken(&house.post(&nobodys, CHAT, &stage.chat(json!({"id_company": stage.tenant.id}))).await);
}

async fn p8_more_people_than_connections_write_at_once(house: &House) {
    let stage = stage(house).await;
    let ana = house.person(&stage.tenant, "ana@empresa.com", Role::Agent).await;
    let body = stage.chat(json!({}));
    let calls = (0..16).map(|_| house.call_as(&ana.token, "POST", CHAT, &body));
    for reply in futures_util::future::join_all(calls).await {
        taken(&reply);
    }
}

async fn p8_a_body_that_is_too_large_is_refused(house: &House) {
    let stage = stage(house).await;
    let mut request = stage.tenant.client.request("POST", "/api/chat/list");
    *request.body_mut() = Body::from(vec![b' '; (16 << 20) + 1]);
    let reply = house.call(request).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (413, &json!(413)));
}

/// A form with a text and a file of so many bytes.
fn form_of(size: usize) -> Vec<u8> {
    let mut form = Vec::with_capacity(size + 1_000);
    form.extend_from_slice(
        b"--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nMire\r\n--b\r\nContent-Disposition: form-data; \
          name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\n",
    );
    form.resize(form.len() + size, b'x');
    form.extend_from_slice(b"\r\n--b--\r\n");
    form
}

async fn p8_a_file_of_101_mb_is_refused_and_nothing_is_sent(house: &House) {
    let stage = stage(house).await;
    let before = stage.messages(house).await;
    let mut send = Vec::new();
    for (size, status) in [(101 << 20, 422), (151 << 20, 413)] {
        let mut request = stage.tenant.client.request("POST", META);
        request.headers_mut().insert("content-type", "multipart/form-data; boundary=b".parse().unwrap());
        *request.body_mut() = Body::from(form_of(size));
        let reply = house.call(request).await;
        assert_eq!(reply.status.as_u16(), status, "{} MiB: {}", size >> 20, reply.json());
        send.push(reply.json());
    }
    let refused = send[0]["data"]["errors"]["file"][0].as_str().unwrap_or_default();
    assert!(refused.contains("100"), "it says how large a file may be: {}", send[0]);
    assert_eq!(stage.messages(house).await, before);
}

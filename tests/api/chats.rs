//! Conversations as agents see them: lists, messages, what waits to be read, and what is done to messages.

use serde_json::{Value, json};

use super::{
    house::{House, START},
    sending::{CHAT, META, like, refused, stage, taken},
};

use relevo::{
    desk::clients::Role,
    store::{
        deliveries,
        tickets::{self, Ticket},
    },
};
use relevo_adapters::{Body, Content, Message};

on_both_databases! {
    chats_are_listed_as_the_seed_shows
    messages_are_listed_as_the_seed_shows
    users_are_listed_as_the_seed_shows
    a_program_that_names_nobody_is_taken_for_nobody
    reading_is_noted_and_told_to_the_platform
    p2_pending_messages_are_given_once_to_each_client
    p5_a_message_tells_its_way
    all_of_a_message_is_to_be_had
    what_a_channel_cannot_do_is_refused
    acts_reach_the_platform
}

const LIST: &str = "/api/chat/list";
const MESSAGES: &str = "/api/chat/getChatMessages";
const READ: &str = "/api/chat/markAsReadMessage";
const PENDING: &str = "/api/telegram/readTelegramMessages";

async fn chats_are_listed_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    // AP "Listar chats", values in quotes as in its example.
    let body = json!({"paginate": "\"N\"", "quantity_x_page": 10, "filters": {"name": "JHON"}, "id_bitacora_log": 1});
    let reply = taken(&house.post(client, LIST, &body).await);
    let seed = json!({
        "data": {"data": [{"id_chat": "chat-123", "name": "Cliente A", "last_message": "Hola", "unread": 2}]},
        "status": "success", "message": "Operacion exitosa", "code": 200, "id_bitacora_log": 736_014,
    });
    like(&seed, &reply);
    assert_eq!((&reply["status"], &reply["message"]), (&seed["status"], &seed["message"]));
    assert_eq!(reply["data"]["data"].as_array().unwrap().len(), 2);
    house.apply(&[stage.tenant.says(stage.telegram, "chat:123456789", START + 5_000, "¿Hay alguien?")]).await;
    let page = |number: i64| json!({"paginate": "S", "quantity_x_page": 1, "page": number});
    let first = taken(&house.post(client, LIST, &page(1)).await)["data"].clone();
    assert_eq!(first["data"][0]["id_chat"], stage.bot_chat, "where something was said last");
    assert_eq!((&first["data"][0]["last_message"], &first["data"][0]["unread"]), (&json!("¿Hay alguien?"), &json!(2)));
    let place =
        |page: &Value| ["current_page", "last_page", "from", "to", "total", "per_page"].map(|it| page[it].clone());
    assert_eq!(place(&first), [1, 2, 1, 1, 2, 1].map(Value::from));
    let second = taken(&house.post(client, LIST, &page(2)).await)["data"].clone();
    assert_eq!(second["data"][0]["id_chat"], stage.chat);
    let marta = house.person(&stage.tenant, "marta@empresa.com", Role::Agent).await;
    house
        .write(async |tx| {
            let ticket = tickets::find_by_number(tx, stage.tenant.id, 1).await.unwrap().unwrap();
            let hers = Ticket { agent_id: Some(marta.id), state: "inProgress".to_owned(), ..ticket };
            tickets::place(tx, &[&hers]).await.unwrap();
        })
        .await;
    let hers = json!({"paginate": "S", "quantity_x_page": 10, "filters": {"name": "MART"}});
    assert_eq!(taken(&house.post(client, LIST, &hers).await)["data"]["total"], 1, "the agent's name counts, too");
    for nobody in ["nobody", "%", "_", "\\"] {
        let body = json!({"paginate": "N", "filters": {"name": nobody}});
        assert_eq!(taken(&house.post(client, LIST, &body).await)["data"]["data"], json!([]), "{nobody}");
    }
    let errors = refused(&house.post(client, LIST, &json!({"paginate": "X"})).await, &["paginate"]);
    assert_eq!(errors["paginate"], json!(["El campo paginate debe ser true o false, o \"S\" o \"N\"."]));
    refused(&house.post(client, LIST, &json!({"quantity_x_page": 101})).await, &["paginate", "quantity_x_page"]);
}

async fn messages_are_listed_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    for text in ["uno", "dos"] {
        taken(
            &house.post(client, CHAT, &json!({"id_chat": stage.bot_chat, "message": text, "author": {"id": 7}})).await,
        );
        house.clock.advance(1);
    }
    let reply = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.bot_chat})).await);
    let seed = json!({
        "data": {"messages": [{"id_message": "msg-1", "text": "Hola"}]},
        "status": "success", "message": "Operacion exitosa", "code": 200, "id_bitacora_log": 736_014,
    });
    like(&seed, &reply);
    let messages = reply["data"]["messages"].as_array().unwrap();
    let texts: Vec<&Value> = messages.iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["Hola", "uno", "dos"]);
    assert_eq!((&messages[1]["sender_id"], &messages[1]["state"]), (&json!(7), &json!("queued")));
    assert_eq!((&messages[0]["direction"], &messages[0]["state"]), (&json!("in"), &Value::Null));
    assert_eq!(messages[0]["created"], "2016-11-29T18:38:32.000Z");
    let body = json!({"id_chat": stage.bot_chat, "quantity_x_page": 1, "before": messages[2]["id_message"]});
    let piece = taken(&house.post(client, MESSAGES, &body).await)["data"].clone();
    assert_eq!((&piece["messages"][0]["text"], &piece["more"]), (&json!("uno"), &json!(true)));
    let errors = refused(&house.post(client, MESSAGES, &json!({})).await, &["id_chat"]);
    assert_eq!(errors["id_chat"], json!(["El campo id_chat es obligatorio."]));
    let body = json!({"id_chat": stage.chat, "before": messages[2]["id_message"]});
    refused(&house.post(client, MESSAGES, &body).await, &["before"]);
}

async fn users_are_listed_as_the_seed_shows(house: &House) {
    let stage = stage(house).await;
    let client = house.client(Some(stage.tenant.id), Role::Agent).await;
    house.person(&stage.tenant, "test@empresa.com", Role::Agent).await;
    house.person(&stage.tenant, "ana@empresa.com", Role::Operator).await;
    let body = json!({"paginate": "N", "filters": {"name": "TES"}});
    let reply = taken(&house.post(&client, "/api/chat/listChatUsers", &body).await);
    like(&json!({"data": {"data": [{"id": 7, "name": "Agente 1"}]}, "status": "success"}), &reply);
    assert_eq!(reply["data"]["data"].as_array().unwrap().len(), 1, "nobody of another name, and no programs");
    assert_eq!(reply["data"]["data"][0]["email"], "test@empresa.com");
    let said = json!({"id_chat": stage.chat, "message": "x", "author": {"id": 7, "name": "test"}});
    taken(&house.post(&client, CHAT, &said).await);
    let reply = taken(&house.post(&client, "/api/chat/getChatUsers", &json!({"id_chat": stage.chat})).await);
    like(&json!({"data": {"users": [{"name": "Agente 1"}]}, "message": "Operacion exitosa", "code": 200}), &reply);
    let users = reply["data"]["users"].as_array().unwrap();
    assert_eq!((&users[0]["name"], &users[0]["role"]), (&json!("Jhon Doe"), &json!("contact")));
    assert_eq!((&users[1]["name"], users[1]["id"].is_i64()), (&json!("test"), true));
}

async fn a_program_that_names_nobody_is_taken_for_nobody(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let ana = house.person(&stage.tenant, "ana@empresa.com", Role::Agent).await;
    let said = json!({"id_chat": stage.chat, "message": "x"});
    assert_eq!(taken(&house.call_as(&ana.token, "POST", CHAT, &said).await)["data"]["sender_id"], ana.id);
    assert_eq!(taken(&house.post(client, CHAT, &said).await)["data"]["sender_id"], Value::Null);
    let said =
        json!({"whatsapp_channel": stage.whatsapp, "to": "50688888888", "message": "x", "tokenGuest": stage.chat});
    taken(&house.post(client, META, &said).await);
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.chat})).await);
    let senders: Vec<_> = thread["data"]["messages"].as_array().unwrap()[1..]
        .iter()
        .map(|message| (message["sender_id"].clone(), message["sender_name"].clone()))
        .collect();
    let program = (Value::Null, json!("test"));
    assert_eq!(senders, [(json!(ana.id), json!("ana")), program.clone(), program]);
    let members = taken(&house.post(client, "/api/chat/getChatUsers", &json!({"id_chat": stage.chat})).await);
    let ids = house.body(client, "/v2/tickets/state/open").await["tickets"].as_array().unwrap().clone();
    let mut authors = Vec::new();
    for id in ids {
        let path = format!("/v2/ticket/{}/messages/", id.as_str().unwrap());
        let said = house.body(client, &path).await["messages"].as_array().unwrap().clone();
        authors.extend(said.iter().map(|message| message["author_id"].as_str().unwrap().to_owned()));
    }
    assert!(authors.contains(&ana.id.to_string()) && authors.iter().all(|author| !author.is_empty()), "{authors:?}");
    let roles: Vec<_> = members["data"]["users"].as_array().unwrap().iter().map(|user| &user["role"]).collect();
    assert_eq!(roles, ["contact", "agent"]);
}

async fn reading_is_noted_and_told_to_the_platform(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.chat})).await);
    let message = thread["data"]["messages"][0]["id_message"].clone();
    let waiting = async || {
        let topic = relevo::domain::send_topic(stage.whatsapp);
        relevo::store::jobs::waiting(&mut house.db.read().await.unwrap(), &topic).await.unwrap()
    };
    let body = json!({"id_message": message, "id_chat": stage.chat});
    for _ in 0..2 {
        let reply = taken(&house.post(client, READ, &body).await);
        let seed = json!({
            "data": {"id_message": "msg-2", "id_chat": "chat-123", "status": "read"},
            "status": "ok", "message": "Mensaje marcado como leido.", "code": 200, "id_bitacora_log": 736_014,
        });
        like(&seed, &reply);
        assert_eq!((&reply["data"]["status"], &reply["message"]), (&seed["data"]["status"], &seed["message"]));
        assert_eq!(waiting().await, 1, "the customer is told once");
    }
    let chats = taken(&house.post(client, LIST, &json!({"paginate": "N"})).await)["data"]["data"].clone();
    let unread = chats.as_array().unwrap().iter().find(|chat| chat["id_chat"] == json!(stage.chat)).unwrap();
    assert_eq!(unread["unread"], 0);
    let errors = refused(
        &house.post(client, READ, &json!({"id_message": "msg-2", "id_chat": stage.chat})).await,
        &["id_message"],
    );
    assert_eq!(errors["id_message"], json!(["El id_message no se encuentra registrado."]));
    refused(
        &house.post(client, READ, &json!({"id_message": message, "id_chat": stage.bot_chat})).await,
        &["id_message"],
    );
}

async fn p2_pending_messages_are_given_once_to_each_client(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let reply = taken(&house.post(client, PENDING, &json!({})).await);
    // AP "Leer mensajes pendientes de Telegram".
    let seed = json!({
        "status": "ok", "message": "Mensajes leidos", "data": [{"id_chat": "123456789", "message": "Hola"}],
        "code": 200, "id_bitacora_log": 736_014,
    });
    like(&seed, &reply);
    assert_eq!(reply["message"], seed["message"]);
    assert_eq!((&reply["data"][0]["id_chat"], &reply["data"][0]["message"]), (&json!("123456789"), &json!("Hola")));
    assert_eq!(taken(&house.post(client, PENDING, &json!({})).await)["data"], json!([]));
    let burst: Vec<_> = (0..150)
        .map(|n| stage.tenant.says(stage.telegram, "chat:123456789", START + 2_000 + n, &format!("{n}")))
        .collect();
    house.apply(&burst).await;
    let mut given = Vec::new();
    for expected in [100, 50, 0] {
        let reply = taken(&house.post(client, PENDING, &json!({})).await);
        let messages = reply["data"].as_array().unwrap();
        assert_eq!(messages.len(), expected);
        given.extend(messages.iter().map(|message| message["message"].as_str().unwrap().parse::<usize>().unwrap()));
    }
    assert!(given.iter().copied().eq(0..150), "each once, in the order of arrival");
    let other = house.client(Some(stage.tenant.id), Role::Integration).await;
    assert_eq!(taken(&house.post(&other, PENDING, &json!({})).await)["data"].as_array().unwrap().len(), 100);
    house.clock.advance(10 * 60_000);
    house.apply(&[stage.tenant.says(stage.telegram, "chat:123456789", START + 9_000, "después")]).await;
    let late = taken(&house.post(client, PENDING, &json!({})).await);
    assert_eq!(late["data"].as_array().unwrap().len(), 1);
    refused(&house.post(client, PENDING, &json!({"bot_token": "1:2"})).await, &["bot_token"]);
    let without = house.tenant().await;
    refused(&house.post(&without.client, PENDING, &json!({})).await, &["bot_token"]);
}

async fn p5_a_message_tells_its_way(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let sent = taken(&house.post(client, CHAT, &json!({"id_chat": stage.chat, "message": "x"})).await);
    let id = sent["data"]["id_message"].as_str().unwrap().to_owned();
    let path = format!("/api/chat/messageStatus?id_message={id}");
    let status = house.body(client, &path).await["data"].clone();
    assert_eq!((&status["state"], &status["id_chat"]), (&json!("queued"), &json!(stage.chat)));
    assert_eq!((&status["attempts"], &status["possible_duplicate"]), (&json!(0), &json!(false)));
    assert_eq!((&status["failure"], &status["hold"]), (&Value::Null, &Value::Null));
    assert_eq!((&status["history"][0]["state"], status["history"].as_array().unwrap().len()), (&json!("queued"), 1));
    let failure =
        json!({"class": "recipient", "code": "131026", "es": "No tiene WhatsApp.", "en": "No.", "detail": "x"});
    house
        .write(async |tx| {
            deliveries::set_status(tx, &id, "failed", Some("No tiene WhatsApp."), START + 1).await.unwrap();
            let text = failure.to_string();
            let change = deliveries::Change {
                tried: true,
                possible_duplicate: true,
                failure: Some(&text),
                ..Default::default()
            };
            deliveries::change(tx, &id, change).await.unwrap();
        })
        .await;
    let status = house.body(client, &path).await["data"].clone();
    assert_eq!((&status["state"], &status["failure"]), (&json!("failed"), &failure));
    assert_eq!((&status["attempts"], &status["possible_duplicate"]), (&json!(1), &json!(true)));
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.chat})).await);
    assert_eq!(thread["data"]["messages"][1]["failure_es"], "No tiene WhatsApp.");
    let foreign = house.tenant().await;
    for (client, path) in [(&foreign.client, path.as_str()), (client, "/api/chat/messageStatus?id_message=x")] {
        let errors = refused(&house.get(client, path).await, &["id_message"]);
        assert_eq!(errors["id_message"], json!(["El id_message no se encuentra registrado."]));
    }
    refused(&house.get(client, "/api/chat/messageStatus").await, &["id_message"]);
}

async fn all_of_a_message_is_to_be_had(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let whole = "¿Llegó?\n\nEl lun, Ida escribió:\n> antes";
    let body = Body::Mail {
        subject: Some("Pedido".into()),
        text: whole.into(),
        visible: "¿Llegó?".into(),
        html: Some("<p>¿Llegó?</p>".into()),
    };
    let extra = json!({"cc": ["leo@example.net"], "flags": {"list": true}});
    let message = Message { id: Some("m1".into()), body, extra: Some(extra.clone()), ..Message::default() };
    let mail = stage.tenant.event(stage.telegram, "chat:7", START, Content::Message(Box::new(message)));
    house.apply(&[mail]).await;
    let chats = taken(&house.post(client, LIST, &json!({"paginate": "N"})).await)["data"]["data"].clone();
    let chat = chats.as_array().unwrap().iter().find(|chat| chat["last_message"] == "¿Llegó?").unwrap();
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": chat["id_chat"]})).await);
    let shown = &thread["data"]["messages"][0];
    assert_eq!((&shown["text"], &shown["stranger"]), (&json!("¿Llegó?"), &json!(false)));
    let path = format!("/api/chat/messageSource?id_message={}", shown["id_message"].as_str().unwrap());
    let source = house.body(client, &path).await["data"].clone();
    assert_eq!([&source["text"], &source["subject"]], [whole, "Pedido"]);
    assert_eq!((&source["html"], &source["extra"]), (&json!("<p>¿Llegó?</p>"), &extra));
    let foreign = house.tenant().await;
    for (client, path) in [(&foreign.client, path.as_str()), (client, "/api/chat/messageSource?id_message=x")] {
        let errors = refused(&house.get(client, path).await, &["id_message"]);
        assert_eq!(errors["id_message"], json!(["El id_message no se encuentra registrado."]));
    }
}

const ACTS: [&str; 5] = ["editMessage", "deleteMessage", "hideMessage", "reactMessage", "privateReply"];

async fn what_a_channel_cannot_do_is_refused(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.chat})).await);
    let message = thread["data"]["messages"][0]["id_message"].clone();
    for act in ["deleteMessage", "hideMessage", "privateReply"] {
        let body = json!({"id_message": message, "message": "x"});
        let errors = refused(&house.post(client, &format!("/api/chat/{act}"), &body).await, &["message"]);
        assert!(errors["message"][0].as_str().unwrap().contains("no permite"), "{errors}");
    }
    let edit = house.post(client, "/api/chat/editMessage", &json!({"id_message": message, "message": "x"})).await;
    refused(&edit, &["id_message"]);
    let foreign = house.tenant().await;
    for act in ACTS {
        let path = format!("/api/chat/{act}");
        let ask = async |id: &Value| {
            let reply = house.post(&foreign.client, &path, &json!({"id_message": id, "message": "x"})).await;
            refused(&reply, &["id_message"])
        };
        assert_eq!(ask(&message).await, ask(&json!(house.clock.id())).await, "{act}");
        assert_eq!(house.post(client, &path, &json!({})).await.status, 422);
    }
    let queued = taken(
        &house
            .post(client, META, &json!({"whatsapp_channel": stage.whatsapp, "to": "50688888888", "message": "x"}))
            .await,
    );
    let body = json!({"id_message": queued["data"]["id_message"], "emoji": "👍"});
    refused(&house.post(client, "/api/chat/reactMessage", &body).await, &["id_message"]);
}

async fn acts_reach_the_platform(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let thread = taken(&house.post(client, MESSAGES, &json!({"id_chat": stage.chat})).await);
    let message = thread["data"]["messages"][0]["id_message"].clone();
    let body = json!({"id_message": message, "emoji": "👍"});
    let first = house.post_as(client, "/api/chat/reactMessage", &body, "k").await;
    let again = house.post_as(client, "/api/chat/reactMessage", &body, "k").await;
    assert_eq!(taken(&first), taken(&again));
    assert_eq!(
        first.json()["data"],
        json!({"id_message": message, "id_chat": stage.chat, "state": "queued", "id_reply": null})
    );
    let reaction = json!({"id_chat": stage.chat, "reaction": {"id_message": message, "emoji": ""}});
    assert_eq!(taken(&house.post(client, CHAT, &reaction).await)["data"]["id_message"], Value::Null);
    let mut tx = house.db.read().await.unwrap();
    let topic = relevo::domain::send_topic(stage.whatsapp);
    assert_eq!(relevo::store::jobs::waiting(&mut tx, &topic).await.unwrap(), 2);
}

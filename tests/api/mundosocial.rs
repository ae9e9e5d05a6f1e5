//! Mundo Social's messages and templates.

use axum::{body::Body, http::Request};
use relevo_adapters::outbound::Failure;
use serde_json::{Value, json};

use relevo::{desk::clients::Role, store::messages};

use super::{
    house::{House, Reply},
    sending::{Stage, stage},
};

on_both_databases! {
    messages_come_and_go_by_ticket
    conversations_and_what_waits_to_be_read
    templates_are_listed_and_open_tickets
    what_is_refused_has_the_seeds_form
}

const SALE: &str = "/api/mundosocial/mensajes/sale";
const TEMPLATES: &str = "/api/mundosocial/plantillawsp";

#[track_caller]
pub(super) fn ok(reply: &Reply) -> Value {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), &body["mensaje"]), (200, &json!("ok")), "{reply:?}");
    body
}

/// It was refused in the nested form; gives what was said.
#[track_caller]
pub(super) fn refused(reply: &Reply) -> String {
    let body = reply.json();
    let text = body["error"]["detalleRespuesta"]["mensaje"].as_str().unwrap_or_default().to_owned();
    let detail = json!({"mensaje": text, "0": ""});
    let error = json!({"codigoRespuesta": 0, "descripcionRespuesta": "Error", "detalleRespuesta": detail});
    assert_eq!((reply.status.as_u16(), body), (400, json!({"error": error, "codigo": 400})));
    text
}

async fn ticket(house: &House, stage: &Stage) -> Value {
    let all = ok(&house.get(&stage.tenant.client, "/api/mundosocial/mensajes/conversaciones").await);
    let found = all["conversaciones"].as_array().unwrap().iter().find(|it| it["conv_id"] == json!(stage.bot_chat));
    found.unwrap().clone()
}

async fn messages_come_and_go_by_ticket(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let ticket = ticket(house, &stage).await;
    for named in [ticket["tick_id"].to_string(), ticket["id_ticket"].as_str().unwrap().to_owned()] {
        let reply = ok(&house.get(client, &format!("/api/mundosocial/mensajes/recibe?tick_id={named}")).await);
        assert_eq!((&reply["tick_id"], &reply["mensajes"][0]["mens_texto"]), (&ticket["tick_id"], &json!("Hola")));
        assert_eq!(reply["mensajes"][0]["clie_id"], ticket["clie_id"]);
        let body = json!({"tick_id": named, "mensaje": "Buenas", "mail": "daniel.bustos@prueba.com"});
        let sent = house.post_as(client, SALE, &body, &named).await;
        let again = house.post_as(client, SALE, &body, &named).await;
        assert_eq!(ok(&sent), ok(&again), "P6");
        let body = sent.json();
        assert_eq!((&body["tick_id"], &body["mens_estado"]), (&ticket["tick_id"], &json!("queued")));
        assert_eq!(body["mens_ids"], json!([body["mens_id"]]));
    }
    house.person(&stage.tenant, "ana@empresa.com", Role::Agent).await;
    for (mail, name) in [("Ana@Empresa.com", "ana"), ("bot@otra.com", "bot@otra.com")] {
        let body = json!({"tick_id": ticket["tick_id"], "mensaje": "Hola", "mail": mail});
        let id = ok(&house.post(client, SALE, &body).await)["mens_id"].as_str().unwrap().to_owned();
        let row = messages::find(&mut house.db.read().await.unwrap(), stage.tenant.id, &id).await.unwrap().unwrap();
        assert_eq!(row.author_name.as_deref(), Some(name));
    }
    let reply =
        ok(&house.get(client, &format!("/api/mundosocial/mensajes/recibe?tick_id={}", ticket["tick_id"])).await);
    assert_eq!(reply["mensajes"].as_array().unwrap().len(), 1, "only the customer's");
}

async fn conversations_and_what_waits_to_be_read(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let path = |query: &str| format!("/api/mundosocial/mensajes/conversaciones?{query}");
    for (query, count) in [
        (String::new(), 2),
        (format!("cuen_id={}", stage.telegram), 1),
        ("nombre=jhon".to_owned(), 2),
        ("clie_id=nobody".to_owned(), 0),
        ("cantidad=1&pagina=2".to_owned(), 1),
    ] {
        let reply = ok(&house.get(client, &path(&query)).await);
        assert_eq!(reply["conversaciones"].as_array().unwrap().len(), count, "{query}");
    }
    // A customer is answered by number, and found by number and by the contact's id.
    let number = ticket(house, &stage).await["clie_id"].clone();
    assert!(number.is_i64(), "{number}");
    let chats = house.post(client, "/api/chat/list", &json!({"paginate": "N"})).await.json()["data"]["data"].clone();
    let chat = chats.as_array().unwrap().iter().find(|chat| chat["id_chat"] == json!(stage.bot_chat)).unwrap().clone();
    for named in [number.to_string(), chat["id_contact"].as_str().unwrap().to_owned()] {
        let reply = ok(&house.get(client, &path(&format!("clie_id={named}&cuen_id={}", stage.telegram))).await);
        assert_eq!(reply["conversaciones"][0]["clie_id"], number, "{named}");
    }
    let waiting = ok(&house.get(client, "/api/mundosocial/mensajes/noleidos").await);
    assert_eq!((&waiting["total"], waiting["noleidos"].as_array().unwrap().len()), (&json!(2), 2));
    let thread = house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": stage.bot_chat})).await.json();
    let read = json!({"id_chat": stage.bot_chat, "id_message": thread["data"]["messages"][0]["id_message"]});
    assert_eq!(house.post(client, "/api/chat/markAsReadMessage", &read).await.status, 200);
    let waiting = ok(&house.get(client, "/api/mundosocial/mensajes/noleidos").await);
    assert_eq!((&waiting["total"], &waiting["noleidos"][0]["conv_id"]), (&json!(1), &json!(stage.chat)));
    let foreign = house.tenant().await.client;
    assert_eq!(ok(&house.get(&foreign, "/api/mundosocial/mensajes/noleidos").await)["total"], 0);
}

async fn templates_are_listed_and_open_tickets(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let template = |id: &str, status: &str| {
        json!({
            "id": id, "name": "hola", "language": "es_CL", "status": status, "category": "UTILITY",
            "components": [{"type": "BODY", "text": "Hola {{1}}"}],
        })
    };
    let listed = format!("{TEMPLATES}?cuen_id={}", stage.whatsapp);
    house.platform.will_fail(Failure::NotSent("away".to_owned()));
    let reply = house.get(client, &listed).await;
    assert_eq!(reply.status, 502, "nobody answers");
    assert!(reply.json()["mensaje"].as_str().unwrap().contains("plataforma"));
    house.platform.will_answer(200, &json!({"data": [template("1", "APPROVED"), template("2", "REJECTED")]}));
    let reply = ok(&house.get(client, &listed).await);
    assert_eq!((&reply["cuen_id"], reply["plantillas"].as_array().unwrap().len()), (&json!(stage.whatsapp), 1));
    assert_eq!(
        (&reply["plantillas"][0]["plan_nombre"], &reply["plantillas"][0]["plan_parametros"]),
        (&json!("hola"), &json!(1))
    );
    let all = ok(&house.get(client, &format!("{listed}&todas=S")).await);
    assert_eq!(all["plantillas"].as_array().unwrap().len(), 2, "and nobody was asked again");
    house.clock.advance(300_000);
    house.platform.will_fail(Failure::NotSent("away".to_owned()));
    assert_eq!(house.get(client, &listed).await.status, 502, "after five minutes somebody is");

    let body = json!({
        "cuen_id": stage.whatsapp, "fono": "+56 9 1234 5678", "plantilla": "hola", "idioma": "es_CL",
        "parametros": ["Ana", 7],
    });
    let opened = house.post_as(client, TEMPLATES, &body, "k").await;
    assert_eq!(ok(&opened), ok(&house.post_as(client, TEMPLATES, &body, "k").await), "P6");
    let opened = opened.json();
    assert_eq!((opened["tick_id"].is_i64(), &opened["number"]), (true, &opened["tick_id"]));
    let status = format!("/api/chat/messageStatus?id_message={}", opened["id_message"].as_str().unwrap());
    assert_eq!(house.body(client, &status).await["data"]["id_ticket"], opened["id_ticket"]);
    let same = json!({"whatsapp_channel": stage.whatsapp, "to": "56912345678", "plantilla": "hola"});
    assert_eq!(ok(&house.post(client, TEMPLATES, &same).await)["tick_id"], opened["tick_id"], "P3: one open ticket");
}

async fn what_is_refused_has_the_seeds_form(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    assert_eq!(
        refused(&house.post(client, SALE, &json!({})).await),
        "El campo mensaje es obligatorio. El campo tick_id es obligatorio."
    );
    let nothing = house.post(client, SALE, &json!({"tick_id": 99_999, "mensaje": "x"})).await;
    assert_eq!(refused(&nothing), "El tick_id no se encuentra registrado.");
    let foreign = house.tenant().await.client;
    let ticket = ticket(house, &stage).await;
    let theirs = house.post(&foreign, SALE, &json!({"tick_id": ticket["id_ticket"], "mensaje": "x"})).await;
    assert_eq!(refused(&theirs), "El tick_id no se encuentra registrado.");
    for (channel, said) in
        [(stage.telegram, "El canal no usa plantillas."), (99_999, "El cuen_id no se encuentra registrado.")]
    {
        assert_eq!(refused(&house.get(client, &format!("{TEMPLATES}?cuen_id={channel}")).await), said);
    }
    let wrong = json!({"cuen_id": stage.whatsapp, "fono": "12", "plantilla": "hola", "parametros": "x"});
    let said = refused(&house.post(client, TEMPLATES, &wrong).await);
    assert!(said.contains("+56 9 1234 5678") && said.contains("parametros"), "{said}");
    let stranger = house.call(Request::get("/api/mundosocial/mensajes/noleidos").body(Body::empty()).unwrap()).await;
    assert_eq!((stranger.status.as_u16(), stranger.json()), (401, json!({"mensaje": "Unauthenticated."})));
    let nowhere = house.get(client, "/api/mundosocial/nada").await;
    assert_eq!((nowhere.status.as_u16(), nowhere.json()), (404, json!({"mensaje": "La ruta no existe."})));
    let mut request = client.request("POST", SALE);
    *request.body_mut() = Body::from("{");
    assert!(refused(&house.call(request).await).contains("JSON"));
}

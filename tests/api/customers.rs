//! Mundo Social's customers (MS "Clientes").

use std::time::Duration;

use futures_util::future::join_all;
use relevo_adapters::{Content, Identity, Message};
use serde_json::{Value, json};

use super::{
    house::{House, START, Tenant},
    mundosocial::{ok, refused},
};
use relevo::{
    desk::{self, clients::Role},
    store::{conversations, customers, tickets},
};

on_both_databases! {
    a_customer_is_kept_and_found_as_the_seed_shows
    an_unknown_rut_is_answered_as_the_seed_shows
    what_is_wrong_with_a_customer_is_said_at_once
    a_rut_is_one_customer_s_however_it_is_written
    a_rut_that_many_add_at_once_is_one_customer_s
    p6_a_repeated_call_adds_one_customer
    customers_become_one_while_they_write
    a_ticket_tells_its_customer_as_the_seed_shows
    p9_another_company_s_customers_and_tickets_are_missing
    every_role_may_look_customers_up
    a_customer_s_number_and_id_name_the_same_conversations
}

pub(super) const CLIENTE: &str = "/api/mundosocial/cliente";

/// MS 6.2.1.
pub(super) fn ejemplo() -> Value {
    json!({
        "clie_rut": "123456785",
        "clie_nombre": "Nombre Ejemplo",
        "clie_apellido1": "Apellido",
        "clie_apellido2": "Apellido",
        "clie_telefono": "900000002",
        "clie_telefono2": "Pendiente",
        "clie_genero": "H",
        "clie_avatar": "Pendiente",
    })
}

/// Daniel writes from his WhatsApp number; gives the channel.
pub(super) async fn daniel_writes(house: &House, tenant: &Tenant) -> i64 {
    let channel = house.channel(tenant, "whatsapp").await;
    let mut event = tenant.event(channel, "p:56900000001", START, Content::Message(Box::new(Message::text("Hola"))));
    let sender = event.event.sender.as_mut().unwrap();
    sender.identities = vec![Identity::new("bsuid", "CL.99"), Identity::new("wa_id", "56900000001")];
    sender.name = Some("Daniel Bustos".into());
    house.apply(&[event]).await;
    channel
}

fn nobody() -> Value {
    json!({"cliente": null, "InfoBeyond": {"dataBu": [], "EsClienteBU": false, "Tipo": "Particular"}})
}

async fn a_customer_is_kept_and_found_as_the_seed_shows(house: &House) {
    let client = house.tenant().await.client;
    let added = ok(&house.post(&client, CLIENTE, &ejemplo()).await);
    assert!(added["clie_id"].is_i64(), "{added}");
    // MS 6.1.2.2, with what MS 6.2.1 says.
    let expected = json!({
        "cliente": {
            "clie_id": added["clie_id"],
            "clie_rut": "123456785",
            "clie_nombre": "Nombre Ejemplo",
            "clie_apellido1": "Apellido",
            "clie_apellido2": "Apellido",
            "clie_telefono": "900000002",
            "ticl_id_tipos_clientes": 2,
            "clie_genero": "H",
            "clie_telefono2": "Pendiente",
            "clie_avatar": "Pendiente",
        },
        "InfoBeyond": {"dataBu": [], "EsClienteBU": false, "Tipo": "Particular"},
    });
    for written in ["123456785", "12.345.678-5", "12345678-5", "12345678", "12.345.678", "%20123456785"] {
        assert_eq!(house.body(&client, &format!("{CLIENTE}?rut={written}")).await, expected, "{written}");
    }
    assert_eq!(added["cliente"], expected["cliente"]);
    assert_eq!(house.send(&client, "GET", CLIENTE, &json!({"rut": 123_456_785})).await.json(), expected, "as a body");
    let mut plain = ejemplo();
    for optional in ["clie_telefono2", "clie_avatar"] {
        plain.as_object_mut().unwrap().remove(optional);
    }
    plain["clie_rut"] = json!("AB-1234");
    ok(&house.post(&client, CLIENTE, &plain).await);
    let found = house.body(&client, &format!("{CLIENTE}?rut=ab1234")).await;
    assert_eq!(found["cliente"]["clie_avatar"], "Pendiente", "a foreign number, and nothing said of the rest");
}

async fn an_unknown_rut_is_answered_as_the_seed_shows(house: &House) {
    let client = house.tenant().await.client;
    for written in ["123456785", "x", "1"] {
        assert_eq!(house.body(&client, &format!("{CLIENTE}?rut={written}")).await, nobody());
    }
    assert_eq!(house.body(&client, &format!("{CLIENTE}?rut=.-")).await, nobody());
    assert_eq!(refused(&house.get(&client, CLIENTE).await), "El campo rut es obligatorio.");
}

async fn what_is_wrong_with_a_customer_is_said_at_once(house: &House) {
    let client = house.tenant().await.client;
    let said = refused(&house.post(&client, CLIENTE, &json!({"ticl_id_tipos_clientes": "x", "clie_rut": "--"})).await);
    for part in [
        "clie_rut debe contener letras o dígitos.",
        "clie_nombre es obligatorio.",
        "clie_apellido1 es obligatorio.",
        "clie_apellido2 es obligatorio.",
        "clie_telefono es obligatorio.",
        "clie_genero es obligatorio.",
        "ticl_id_tipos_clientes debe ser un número entero.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("clie_telefono2") && !said.contains("clie_avatar"), "{said}");
}

async fn a_rut_is_one_customer_s_however_it_is_written(house: &House) {
    let client = house.tenant().await.client;
    let first = ok(&house.post(&client, CLIENTE, &ejemplo()).await)["clie_id"].clone();
    for written in ["123456785", "12.345.678-5", "12345678"] {
        let mut again = ejemplo();
        again["clie_rut"] = json!(written);
        let said = refused(&house.post(&client, CLIENTE, &again).await);
        assert_eq!(said, format!("El clie_rut ya pertenece al cliente con clie_id {first}."), "{written}");
    }
}

async fn a_rut_that_many_add_at_once_is_one_customer_s(house: &House) {
    let client = house.tenant().await.client;
    let ejemplo = ejemplo();
    let replies = join_all((0..8).map(|_| house.post(&client, CLIENTE, &ejemplo))).await;
    let added: Vec<Value> =
        replies.iter().filter(|reply| reply.status == 200).map(|reply| reply.json()["clie_id"].clone()).collect();
    assert_eq!(added.len(), 1, "{replies:?}");
    let known = format!("El clie_rut ya pertenece al cliente con clie_id {}.", added[0]);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(refused(reply), known);
    }
}

async fn p6_a_repeated_call_adds_one_customer(house: &House) {
    let client = house.tenant().await.client;
    let added = ok(&house.post_as(&client, CLIENTE, &ejemplo(), "k").await);
    assert_eq!(ok(&house.post_as(&client, CLIENTE, &ejemplo(), "k").await), added);
}

async fn a_ticket_tells_its_customer_as_the_seed_shows(house: &House) {
    let tenant = house.tenant().await;
    daniel_writes(house, &tenant).await;
    let path = format!("{CLIENTE}/cliente");
    let found = house.body(&tenant.client, &format!("{path}?tick_id=1")).await;
    assert!(found["cliente"]["clie_id"].is_i64(), "{found}");
    // MS 6.3.2.2.
    let expected = json!({
        "cliente": {
            "clie_nombre": "Daniel",
            "clie_apellido1": "Bustos",
            "cana_id_canales": 1,
            "cacl_identificador": "whatsapp:+56900000001",
            "clie_id": found["cliente"]["clie_id"],
        },
    });
    assert_eq!(found, expected);
    assert_eq!(house.send(&tenant.client, "GET", &path, &json!({"tick_id": 1})).await.json(), expected);
    assert_eq!(refused(&house.get(&tenant.client, &path).await), "El campo tick_id es obligatorio.");
    let unknown = house.get(&tenant.client, &format!("{path}?tick_id=99")).await;
    assert_eq!(refused(&unknown), "El tick_id no se encuentra registrado.");
    let page = house.channel(&tenant, "facebook").await;
    let mut event = tenant.says(page, "r:1_2:2_3", START, "¿Precio?");
    event.event.sender = None;
    house.apply(&[event]).await;
    assert_eq!(house.body(&tenant.client, &format!("{path}?tick_id=2")).await, json!({"cliente": null}));
}

async fn p9_another_company_s_customers_and_tickets_are_missing(house: &House) {
    let (ours, theirs) = (house.tenant().await, house.tenant().await);
    let added = ok(&house.post(&theirs.client, CLIENTE, &ejemplo()).await);
    daniel_writes(house, &theirs).await;
    assert_eq!(house.body(&ours.client, &format!("{CLIENTE}?rut=123456785")).await, nobody());
    let foreign = refused(&house.get(&ours.client, &format!("{CLIENTE}/cliente?tick_id=1")).await);
    assert_eq!(foreign, refused(&house.get(&ours.client, &format!("{CLIENTE}/cliente?tick_id=2")).await));
    let own = ok(&house.post(&ours.client, CLIENTE, &ejemplo()).await);
    assert_ne!(own["clie_id"], added["clie_id"], "a RUT is known per company");
    let named = house.get(&ours.client, &format!("{CLIENTE}?rut=123456785&id_company={}", theirs.id)).await;
    assert_eq!((named.status.as_u16(), named.json()), (404, json!({"mensaje": "La empresa indicada no existe."})));
}

async fn every_role_may_look_customers_up(house: &House) {
    let tenant = house.tenant().await;
    for role in Role::ALL {
        let client = house.client(Some(tenant.id), role).await;
        assert_eq!(house.body(&client, &format!("{CLIENTE}?rut=1")).await, nobody(), "{role:?}");
    }
}

async fn a_customer_s_number_and_id_name_the_same_conversations(house: &House) {
    let tenant = house.tenant().await;
    daniel_writes(house, &tenant).await;
    let list = "/api/mundosocial/mensajes/conversaciones";
    let all = ok(&house.get(&tenant.client, list).await);
    let number =
        house.body(&tenant.client, &format!("{CLIENTE}/cliente?tick_id=1")).await["cliente"]["clie_id"].clone();
    assert_eq!(all["conversaciones"][0]["clie_id"], number);
    let chats = house.post(&tenant.client, "/api/chat/list", &json!({"paginate": "N"})).await.json();
    for (named, count) in [
        (number.to_string(), 1),
        (chats["data"]["data"][0]["id_contact"].as_str().unwrap().to_owned(), 1),
        ("99999".to_owned(), 0),
    ] {
        let found = ok(&house.get(&tenant.client, &format!("{list}?clie_id={named}")).await);
        assert_eq!(found["conversaciones"].as_array().unwrap().len(), count, "{named}");
    }
}

async fn customers_become_one_while_they_write(house: &House) {
    let tenant = house.tenant().await;
    daniel_writes(house, &tenant).await;
    let added = ok(&house.post(&tenant.client, CLIENTE, &ejemplo()).await);
    let number = added["clie_id"].as_i64().unwrap();
    let mut tx = house.db.read().await.unwrap();
    let ejemplo = customers::find_by_number(&mut tx, tenant.id, number).await.unwrap().unwrap();
    let ticket = tickets::find_by_number(&mut tx, tenant.id, 1).await.unwrap().unwrap();
    drop(tx);
    // As intake does: the conversation first, then its ticket, then the company.
    let mut tx = house.db.write().await.unwrap();
    conversations::load_for_update(&mut tx, &[&ticket.conversation_id]).await.unwrap();
    let writes = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tickets::load_for_update(&mut tx, &[&ticket.id]).await.expect("no deadlock");
        customers::lock(&mut tx, tenant.id).await.expect("no deadlock");
        tx.commit().await.unwrap();
    };
    let merges = house.write(async |tx| {
        let identity = Identity::new("wa_id", "56900000001");
        desk::customers::bind(tx, &house.clock, &ejemplo, &identity, true, None).await.unwrap()
    });
    let ((), bound) = futures_util::future::join(writes, merges).await;
    assert!(matches!(bound, desk::customers::Bound::Merged(_)), "{bound:?}");
    let ticket = tickets::find_by_number(&mut house.db.read().await.unwrap(), tenant.id, 1).await.unwrap().unwrap();
    assert_eq!(ticket.contact_id.as_deref(), Some(ejemplo.id.as_str()));
}

//! One customer over all channels (MS "Omnicanalidad").

use relevo_adapters::Identity;
use serde_json::{Value, json};

use super::{
    comentfb::told,
    customers::{CLIENTE, daniel_writes, ejemplo},
    house::{House, START, Tenant},
    mundosocial::{ok, refused},
};
use relevo::desk::routing;

on_both_databases! {
    a_company_s_channels_are_listed
    a_customer_s_addresses_and_conversations_are_listed
    a_customer_gets_an_address_and_who_writes_from_it_is_that_customer
    an_address_of_another_is_refused_unless_both_are_one
    customers_with_different_ruts_are_not_joined
    what_is_wrong_with_an_address_is_said_at_once
    open_tickets_of_a_customer_s_account
    tickets_are_related_and_linked_once
    p9_nothing_of_another_company_is_seen_or_linked
}

const CANALES: &str = "/api/mundosocial/omnicanalidad/canales";
const CLIENT: &str = "/api/mundosocial/omnicanalidad/cliente";
const ABIERTOS: &str = "/api/mundosocial/omnicanalidad/abiertos";
const RELACIONADOS: &str = "/api/mundosocial/omnicanalidad/relacionados";
const VINCULAR: &str = "/api/mundosocial/omnicanalidad/vincular";
const TODOS: &str = "/api/mundosocial/omnicanalidad/vinculartodos";

async fn ejemplo_s(house: &House, tenant: &Tenant) -> Value {
    ok(&house.post(&tenant.client, CLIENTE, &ejemplo()).await)["clie_id"].clone()
}

async fn daniel_s(house: &House, tenant: &Tenant) -> Value {
    house.body(&tenant.client, &format!("{CLIENTE}/cliente?tick_id=1")).await["cliente"]["clie_id"].clone()
}

fn numbers(body: &Value) -> Vec<i64> {
    body["tickets"].as_array().unwrap().iter().map(|ticket| ticket["tick_id"].as_i64().unwrap()).collect()
}

async fn a_company_s_channels_are_listed(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let (mail, _) = (house.channel(&tenant, "email").await, house.channel(&other, "telegram").await);
    let listed = ok(&house.get(&tenant.client, CANALES).await);
    let expected = json!([{
        "cana_id": 4, "cana_nombre": "email", "cuen_id": mail, "cuen_identificador": "1",
        "cuen_descripcion": "Super Empresa", "cuen_activa": true,
    }]);
    assert_eq!(listed["canales"], expected);
}

async fn a_customer_s_addresses_and_conversations_are_listed(house: &House) {
    let tenant = house.tenant().await;
    let channel = daniel_writes(house, &tenant).await;
    let daniel = daniel_s(house, &tenant).await;
    let found = ok(&house.get(&tenant.client, &format!("{CLIENT}?clie_id={daniel}")).await);
    let identifiers: Vec<&Value> =
        found["canales"].as_array().unwrap().iter().map(|canal| &canal["cacl_identificador"]).collect();
    assert_eq!(identifiers, [&json!("whatsapp:CL.99"), &json!("whatsapp:+56900000001")]);
    assert_eq!((&found["clie_id"], &found["canales"][0]["cana_id"]), (&daniel, &json!(1)));
    let conversation = &found["conversaciones"][0];
    assert_eq!(
        (&conversation["cuen_id"], &conversation["tick_id"], &conversation["tick_estado"], &conversation["cana_id"]),
        (&json!(channel), &json!(1), &json!("open"), &json!(1))
    );
    assert_eq!(refused(&house.get(&tenant.client, CLIENT).await), "El campo clie_id es obligatorio.");
    for missing in ["99999", "nobody"] {
        let reply = house.get(&tenant.client, &format!("{CLIENT}?clie_id={missing}")).await;
        assert_eq!(refused(&reply), "El clie_id no se encuentra registrado.");
    }
}

async fn a_customer_gets_an_address_and_who_writes_from_it_is_that_customer(house: &House) {
    let tenant = house.tenant().await;
    let ejemplo = ejemplo_s(house, &tenant).await;
    let body = json!({"clie_id": ejemplo, "cana_id": 1, "cacl_identificador": "+56 9 0000 0001"});
    let bound = ok(&house.post_as(&tenant.client, CLIENT, &body, "k").await);
    assert_eq!(ok(&house.post_as(&tenant.client, CLIENT, &body, "k").await), bound, "P6");
    assert_eq!(
        (&bound["resultado"], &bound["cacl_identificador"]),
        (&json!("creado"), &json!("whatsapp:+56900000001"))
    );
    assert_eq!(ok(&house.post(&tenant.client, CLIENT, &body).await)["resultado"], "existente");
    daniel_writes(house, &tenant).await;
    assert_eq!(daniel_s(house, &tenant).await, ejemplo);
    let page = house.channel(&tenant, "facebook").await;
    let body = json!({"clie_id": ejemplo, "cuen_id": page, "cacl_identificador": "777"});
    assert_eq!(ok(&house.post(&tenant.client, CLIENT, &body).await)["cacl_identificador"], "facebook:1/777");
}

async fn an_address_of_another_is_refused_unless_both_are_one(house: &House) {
    let tenant = house.tenant().await;
    daniel_writes(house, &tenant).await;
    let (daniel, ejemplo) = (daniel_s(house, &tenant).await, ejemplo_s(house, &tenant).await);
    let mut body = json!({"clie_id": ejemplo, "cana_id": "whatsapp", "cacl_identificador": "56900000001"});
    let said = refused(&house.post(&tenant.client, CLIENT, &body).await);
    assert!(said.contains(&format!("clie_id {daniel}")) && said.contains("mover"), "{said}");
    assert_eq!(daniel_s(house, &tenant).await, daniel, "nothing was done");
    body["mover"] = json!("S");
    let joined = ok(&house.post(&tenant.client, CLIENT, &body).await);
    assert_eq!((&joined["resultado"], &joined["clie_id_unido"]), (&json!("unido"), &daniel));
    assert_eq!(daniel_s(house, &tenant).await, ejemplo, "the ticket followed");
    let found = ok(&house.get(&tenant.client, &format!("{CLIENT}?clie_id={ejemplo}")).await);
    assert_eq!(found["canales"].as_array().unwrap().len(), 2, "and every address");
    assert_eq!(found["conversaciones"].as_array().unwrap().len(), 1, "and the conversation");
}

async fn customers_with_different_ruts_are_not_joined(house: &House) {
    let tenant = house.tenant().await;
    let first = ejemplo_s(house, &tenant).await;
    let mut other = ejemplo();
    other["clie_rut"] = json!("11111111-1");
    let second = ok(&house.post(&tenant.client, CLIENTE, &other).await)["clie_id"].clone();
    let body =
        |clie_id: &Value| json!({"clie_id": clie_id, "cana_id": 4, "cacl_identificador": "a@b.cl", "mover": "S"});
    ok(&house.post(&tenant.client, CLIENT, &body(&first)).await);
    let said = refused(&house.post(&tenant.client, CLIENT, &body(&second)).await);
    assert_eq!(said, format!("El cliente con clie_id {first} tiene otro RUT: los clientes no se pueden unir."));
}

async fn what_is_wrong_with_an_address_is_said_at_once(house: &House) {
    let tenant = house.tenant().await;
    let ejemplo = ejemplo_s(house, &tenant).await;
    let said = refused(&house.post(&tenant.client, CLIENT, &json!({"mover": "quizás"})).await);
    for part in
        ["cacl_identificador es obligatorio", "cana_id es obligatorio", "clie_id es obligatorio", "mover debe ser"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    for (more, part) in [
        (json!({"cana_id": 3, "cacl_identificador": "x"}), "El cana_id no se encuentra registrado."),
        (json!({"cuen_id": 99_999, "cacl_identificador": "x"}), "El cuen_id no se encuentra registrado."),
        (json!({"cana_id": 1, "cacl_identificador": "x"}), "El cacl_identificador no es una dirección de whatsapp."),
    ] {
        let mut body = json!({"clie_id": ejemplo});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(refused(&house.post(&tenant.client, CLIENT, &body).await), part);
    }
}

async fn open_tickets_of_a_customer_s_account(house: &House) {
    let tenant = house.tenant().await;
    let whatsapp = daniel_writes(house, &tenant).await;
    let daniel = daniel_s(house, &tenant).await;
    let path = |query: &str| format!("{ABIERTOS}?clie_id={daniel}{query}");
    let found = ok(&house.get(&tenant.client, &path("")).await);
    assert_eq!((numbers(&found), &found["tickets"][0]["clie_id"]), (vec![1], &daniel));
    for (query, count) in
        [("&cana_id=1", 1), ("&cana_id=telegram", 0), (&format!("&cuen_id={whatsapp}"), 1), ("&cuen_id=99999", 0)]
    {
        assert_eq!(numbers(&ok(&house.get(&tenant.client, &path(query)).await)).len(), count, "{query}");
    }
    let id = found["tickets"][0]["tick_identificador"].as_str().unwrap().to_owned();
    let close = async |tx: &mut relevo::store::Tx| {
        routing::close(tx, &house.clock, tenant.id, &id, Some("desiste"), None).await.map(drop).unwrap();
    };
    house.write(close).await;
    assert_eq!(numbers(&ok(&house.get(&tenant.client, &path("")).await)), [] as [i64; 0], "it is closed");
    assert_eq!(
        refused(&house.get(&tenant.client, &path("&cana_id=9")).await),
        "El cana_id no se encuentra registrado."
    );
}

async fn tickets_are_related_and_linked_once(house: &House) {
    let tenant = house.tenant().await;
    daniel_writes(house, &tenant).await;
    let telegram = house.channel(&tenant, "telegram").await;
    let mut second = tenant.says(telegram, "2", START + 1, "hola");
    second.event.sender.as_mut().unwrap().identities = vec![Identity::new("telegram", "22")];
    house.apply(&[second, tenant.says(telegram, "3", START + 1, "hola")]).await;
    let (daniel, client) = (daniel_s(house, &tenant).await, &tenant.client);
    let path = format!("{RELACIONADOS}?tick_id=1");
    assert_eq!(numbers(&ok(&house.get(client, &path).await)), [] as [i64; 0]);
    let link = json!({"tick_id": 1, "tick_id_vinculado": 3});
    let linked = ok(&house.post_as(client, VINCULAR, &link, "k").await);
    assert_eq!((&linked["relacionados"], &linked["vinculados"]), (&json!(1), &json!(1)));
    assert_eq!(ok(&house.post_as(client, VINCULAR, &link, "k").await), linked, "P6");
    let back = json!({"tick_id": 3, "tick_id_vinculado": 1});
    assert_eq!(ok(&house.post(client, VINCULAR, &back).await)["vinculados"], 0, "they are, either way round");
    for (ticket, other) in [(1, 3), (3, 1)] {
        let related = ok(&house.get(client, &format!("{RELACIONADOS}?tick_id={ticket}")).await);
        assert_eq!((numbers(&related), &related["tickets"][0]["tick_vinculado"]), (vec![other], &json!(true)));
    }
    let told = told(house, tenant.id, "ticket.linked").await;
    assert_eq!((told.len(), &told[0]["number"], &told[0]["linked"][0]["number"]), (1, &json!(1), &json!(3)));

    // Who wrote the second one turns out to be Daniel, too.
    let merge = json!({"clie_id": daniel, "cana_id": 5, "cacl_identificador": "22", "mover": "S"});
    assert_eq!(ok(&house.post(client, CLIENT, &merge).await)["resultado"], "unido");
    let related = ok(&house.get(client, &path).await);
    assert_eq!(numbers(&related), [3, 2], "the customer's others, and the linked ones");
    let all = ok(&house.post(client, TODOS, &json!({"tick_id": 1})).await);
    assert_eq!((&all["relacionados"], &all["vinculados"]), (&json!(2), &json!(1)));
    assert_eq!(ok(&house.post(client, TODOS, &json!({"tick_id": 1})).await)["vinculados"], 0);
    assert_eq!(self::told(house, tenant.id, "ticket.linked").await.len(), 2);

    let own = refused(&house.post(client, VINCULAR, &json!({"tick_id": 1, "tick_id_vinculado": 1})).await);
    assert_eq!(own, "Un ticket no se puede vincular consigo mismo.");
    let said = refused(&house.post(client, VINCULAR, &json!({"tick_id": 77})).await);
    assert_eq!(said, "El tick_id no se encuentra registrado. El campo tick_id_vinculado es obligatorio.");
    let body = json!({"tick_id": 1, "tick_id_vinculado": 2, "mail": "nadie@prueba.com"});
    assert_eq!(
        refused(&house.post(client, VINCULAR, &body).await),
        "El mail no corresponde a un usuario de la empresa."
    );
}

async fn p9_nothing_of_another_company_is_seen_or_linked(house: &House) {
    let (ours, theirs) = (house.tenant().await, house.tenant().await);
    daniel_writes(house, &theirs).await;
    let daniel = daniel_s(house, &theirs).await;
    let client = &ours.client;
    for path in [format!("{CLIENT}?clie_id={daniel}"), format!("{ABIERTOS}?clie_id={daniel}")] {
        assert_eq!(refused(&house.get(client, &path).await), "El clie_id no se encuentra registrado.");
    }
    let related = house.get(client, &format!("{RELACIONADOS}?tick_id=1")).await;
    assert_eq!(refused(&related), "El tick_id no se encuentra registrado.");
    let telegram = house.channel(&ours, "telegram").await;
    house.apply(&[ours.says(telegram, "1", START, "hola"), ours.says(telegram, "2", START, "hola")]).await;
    let id = relevo::store::tickets::find_by_number(&mut house.db.read().await.unwrap(), theirs.id, 1).await.unwrap();
    let link = json!({"tick_id": 1, "tick_id_vinculado": id.unwrap().id});
    assert_eq!(refused(&house.post(client, VINCULAR, &link).await), "El tick_id_vinculado no se encuentra registrado.");
    let own = ejemplo_s(house, &ours).await;
    let body = json!({"clie_id": own, "cana_id": 1, "cacl_identificador": "56900000001"});
    assert_eq!(ok(&house.post(client, CLIENT, &body).await)["resultado"], "creado", "addresses are known per company");
}

//! Subscriptions, as admins configure them over the API.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::house::{Credentials, House, Tenant};
use crate::relays::receiver::Receiver;
use relevo::{desk::clients::Role, store::subscriptions};

on_both_databases! {
    p9_a_secret_is_shown_once_and_masked_after
    p6_a_subscription_that_is_made_again_under_its_key_is_one_and_shows_no_secret
    a_subscription_is_changed_paused_and_resumed
    p9_only_admins_of_the_company_see_its_subscriptions
    everything_that_is_wrong_is_said_at_once
    p9_urls_that_lead_inside_are_refused
    p8_the_events_that_a_subscription_wants_are_kept_once_each
    a_test_says_whether_the_system_answers
}

const BASE: &str = "/api/admin/subscriptions";

async fn admin(house: &House) -> (Tenant, Credentials) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    (tenant, admin)
}

fn crm() -> Value {
    json!({"kind": "relay", "name": "CRM", "url": "https://crm.example.org/relevo", "events": "ticket.opened, ticket.closed"})
}

async fn store(house: &House, admin: &Credentials, body: &Value) -> Value {
    let reply = house.post(admin, &format!("{BASE}/store"), body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["data"].clone()
}

async fn p9_a_secret_is_shown_once_and_masked_after(house: &House) {
    let (tenant, admin) = admin(house).await;
    let stored = store(house, &admin, &crm()).await;
    let secret = stored["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() >= 38, "{secret}");
    assert_eq!(
        (&stored["company"], &stored["kind"], &stored["subscription_status"]),
        (&tenant.id.into(), &json!("relay"), &json!(1))
    );
    assert_eq!(stored["events"], json!(["ticket.opened", "ticket.closed"]));
    let id = stored["id_subscription"].as_i64().unwrap();
    let list = house.post(&admin, &format!("{BASE}/list"), &json!({})).await.json();
    let show = house.body(&admin, &format!("{BASE}/show?id_subscription={id}")).await;
    assert_eq!(list["data"], json!([show["data"]]));
    assert_eq!(show["data"]["secret"], "****");
    assert_eq!(show["data"]["health"]["healthy"], true);
    let rotated = house.post(&admin, &format!("{BASE}/rotate-secret"), &json!({"id_subscription": id})).await.json();
    let new = rotated["data"]["secret"].as_str().unwrap();
    assert!(new.starts_with("whsec_") && new != secret, "{new}");
    let row = subscriptions::by_id(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
    assert!(!row.secret.contains(&new[6..]) && !format!("{row:?}").contains(&row.secret), "sealed, and not shown");
}

async fn p6_a_subscription_that_is_made_again_under_its_key_is_one_and_shows_no_secret(house: &House) {
    let (_, admin) = admin(house).await;
    let first = house.post_as(&admin, &format!("{BASE}/store"), &crm(), "k1").await.json();
    let again = house.post_as(&admin, &format!("{BASE}/store"), &crm(), "k1").await.json();
    assert!(first["data"]["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&again["data"]["secret"], &again["id_bitacora_log"]), (&json!("****"), &first["id_bitacora_log"]));
    assert_eq!(
        house.post(&admin, &format!("{BASE}/list"), &json!({})).await.json()["data"].as_array().unwrap().len(),
        1
    );
}

async fn a_subscription_is_changed_paused_and_resumed(house: &House) {
    let (_, admin) = admin(house).await;
    let id = store(house, &admin, &crm()).await["id_subscription"].clone();
    let update = json!({"id_subscription": id, "name": "CRM 2", "events": []});
    let updated = house.send(&admin, "PATCH", &format!("{BASE}/update"), &update).await.json();
    assert_eq!((&updated["data"]["name"], &updated["data"]["events"]), (&json!("CRM 2"), &json!([])));
    assert_eq!(updated["data"]["url"], "https://crm.example.org/relevo", "what is not given stays");
    let status = async |status: u8| {
        let body = json!({"id_subscription": id, "subscription_status": status});
        house.send(&admin, "PATCH", &format!("{BASE}/update-status"), &body).await.json()
    };
    for (to, message) in [
        (1, "Sin cambios: la suscripción ya se encuentra en el estado solicitado."),
        (0, "Estado de suscripción actualizado correctamente."),
        (1, "Estado de suscripción actualizado correctamente."),
    ] {
        let answer = status(to).await;
        assert_eq!((&answer["message"], &answer["data"]["subscription_status"]), (&json!(message), &json!(to)));
        assert_eq!(answer["data"]["health"]["healthy"], to == 1);
    }
    let bot = json!({"kind": "bot", "name": "Bot", "url": "https://bot.example.org", "timeout_ms": "60000"});
    let bot = store(house, &admin, &bot).await;
    assert_eq!(
        bot["events"],
        json!(["ticket.bot_assigned", "ticket.bot_released", "message.received", "message.updated"])
    );
    assert_eq!(bot["timeout_ms"], 60_000);
}

async fn p9_only_admins_of_the_company_see_its_subscriptions(house: &House) {
    let (tenant, admin) = admin(house).await;
    let id = store(house, &admin, &crm()).await["id_subscription"].clone();
    let other = house.tenant().await;
    let stranger = house.client(Some(other.id), Role::Admin).await;
    let super_admin = house.client(None, Role::Admin).await;
    let calls = [
        ("GET", "show", json!({"id_subscription": id})),
        ("PATCH", "update", json!({"id_subscription": id, "name": "x"})),
        ("PATCH", "update-status", json!({"id_subscription": id, "subscription_status": 0})),
        ("POST", "rotate-secret", json!({"id_subscription": id})),
        ("POST", "test", json!({"id_subscription": id})),
    ];
    for (method, path, body) in &calls {
        let path = format!("{BASE}/{path}");
        let missing = house.send(&stranger, method, &path, body).await;
        missing.ap_refused(404, "La suscripción indicada no existe.", &[]);
        for role in [Role::Operator, Role::Agent, Role::Integration] {
            let client = house.client(Some(tenant.id), role).await;
            house.send(&client, method, &path, body).await.ap_refused(403, "No tiene permisos para esta acción.", &[]);
        }
        house.send(&super_admin, method, &path, body).await.ap_refused(422, "Errores de validacion.", &["id_company"]);
    }
    assert_eq!(house.post(&stranger, &format!("{BASE}/list"), &json!({})).await.json()["data"], json!([]));
    let named = house.post(&super_admin, &format!("{BASE}/list"), &json!({"id_company": tenant.id})).await.json();
    assert_eq!(named["data"][0]["id_subscription"], id);
    let foreign = house.post(&stranger, &format!("{BASE}/list"), &json!({"id_company": tenant.id})).await;
    foreign.ap_refused(404, "La empresa indicada no existe.", &[]);
}

async fn everything_that_is_wrong_is_said_at_once(house: &House) {
    let (_, admin) = admin(house).await;
    let path = format!("{BASE}/store");
    house.post(&admin, &path, &json!({})).await.ap_refused(422, "Errores de validacion.", &["kind", "name", "url"]);
    let wrong = json!({"kind": [], "name": {}, "url": "x", "events": 5, "timeout_ms": "pronto"});
    let fields = ["events", "kind", "name", "timeout_ms", "url"];
    house.post(&admin, &path, &wrong).await.ap_refused(422, "Errores de validacion.", &fields);
    let mut seen = BTreeSet::new();
    for (field, value) in [("kind", json!("crm")), ("events", json!(["ticket.lost"])), ("timeout_ms", json!(999))] {
        let mut body = crm();
        body[field] = value;
        house.post(&admin, &path, &body).await.ap_refused(422, "Errores de validacion.", &[field]);
        seen.insert(field);
    }
    assert_eq!(seen.len(), 3);
    let path = format!("{BASE}/update-status");
    let body = json!({"id_subscription": "x", "subscription_status": 2});
    let reply = house.send(&admin, "PATCH", &path, &body).await;
    reply.ap_refused(422, "Errores de validacion.", &["id_subscription", "subscription_status"]);
}

async fn p9_urls_that_lead_inside_are_refused(house: &House) {
    let house = House::guarded(house.db.clone());
    let (_, admin) = admin(&house).await;
    let id = store(&house, &admin, &crm()).await["id_subscription"].clone();
    const WEB: &str = "La url debe comenzar con https:// o http://.";
    const CREDENTIALS: &str = "La url no puede llevar usuario ni contraseña.";
    const PRIVATE: &str = "La url no puede ser una dirección privada.";
    for (url, why) in [
        ("ftp://crm.example.org", WEB),
        ("javascript:alert(1)", WEB),
        ("crm.example.org", WEB),
        ("https://u:p@crm.example.org", CREDENTIALS),
        ("http://127.0.0.1:8080/hook", PRIVATE),
        ("https://[::1]/hook", PRIVATE),
        ("http://10.1.2.3/", PRIVATE),
    ] {
        let mut body = crm();
        body["url"] = json!(url);
        let stored = house.post(&admin, &format!("{BASE}/store"), &body).await;
        let update = json!({"id_subscription": id, "url": url});
        let updated = house.send(&admin, "PATCH", &format!("{BASE}/update"), &update).await;
        for reply in [stored, updated] {
            reply.ap_refused(422, "Errores de validacion.", &["url"]);
            assert_eq!(reply.json()["data"]["errors"]["url"], json!([why]), "{url}");
        }
    }
    let list = house.post(&admin, &format!("{BASE}/list"), &json!({})).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["url"], crm()["url"]);
}

async fn p8_the_events_that_a_subscription_wants_are_kept_once_each(house: &House) {
    let (_, admin) = admin(house).await;
    let mut body = crm();
    body["events"] = json!("message.sent,ticket.closed,".repeat(1_000) + "ticket.opened");
    let stored = store(house, &admin, &body).await;
    assert_eq!(stored["events"], json!(["ticket.opened", "ticket.closed", "message.sent"]));
    body["events"] = json!(["ticket.opened", "x".repeat(10_000)]);
    let refused = house.post(&admin, &format!("{BASE}/store"), &body).await;
    refused.ap_refused(422, "Errores de validacion.", &["events"]);
    let why = refused.json()["data"]["errors"]["events"][0].as_str().unwrap().to_owned();
    assert!(why.starts_with("El evento \"xxx") && why.contains("no existe; los eventos son: ticket.opened, "), "{why}");
    assert!(why.len() < 1_000, "{why}");
}

async fn a_test_says_whether_the_system_answers(house: &House) {
    let (_, admin) = admin(house).await;
    let receiver = Receiver::start().await;
    let mut body = crm();
    body["url"] = json!(receiver.url());
    let stored = store(house, &admin, &body).await;
    receiver.knows(stored["secret"].as_str().unwrap().into());
    let id = stored["id_subscription"].clone();
    let test = async || house.post(&admin, &format!("{BASE}/test"), &json!({"id_subscription": id})).await.json();
    house.write(async |tx| subscriptions::failed(tx, id.as_i64().unwrap(), "x", 1).await.unwrap()).await;
    assert_eq!(test().await["data"], json!({"id_subscription": id, "delivered": true, "detail": null}));
    assert_eq!(receiver.taken()[0].body["type"], "subscription.test");
    let shown = house.body(&admin, &format!("{BASE}/show?id_subscription={id}")).await;
    assert_eq!(shown["data"]["health"]["failing_since"], Value::Null, "what gets through ends the failing");
    receiver.answers(500, None);
    let failed = test().await;
    assert_eq!((&failed["data"]["delivered"], &failed["data"]["detail"]), (&json!(false), &json!("answered 500")));
}

//! What every route below `/api/` has in common: envelope, fields, refusals, idempotency.

use axum::body::Body;
use serde_json::{Value, json};

use super::house::{Credentials, House};
use relevo::{desk::clients::Role, store::channels};

on_both_databases! {
    p9_only_an_admin_with_credentials_gets_in
    p10_every_answer_carries_the_number_of_its_record
    a_body_that_cannot_be_read_is_refused_plainly
    values_may_come_as_numbers_as_text_and_in_quotes
    p6_the_same_call_under_a_key_is_done_once
    p6_of_many_calls_under_a_key_at_once_one_is_done
    p6_a_refused_call_may_be_made_again_under_its_key
}

const LIST: &str = "/api/admin/channels/list";
const STORE: &str = "/api/admin/channels/store";

fn bot(company: i64, number: u32) -> Value {
    json!({"id_company": company, "name": "Bot", "type": "telegram", "app": format!("{number}:invented")})
}

async fn channels_of(house: &House, company: i64) -> usize {
    channels::all(&mut house.db.read().await.unwrap(), Some(company)).await.unwrap().len()
}

/// A new channel under a key.
async fn keyed(house: &House, client: &Credentials, key: &str, body: &Value) -> super::house::Reply {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    house.call(client.request_with("POST", STORE, &headers, body.to_string())).await
}

async fn p9_only_an_admin_with_credentials_gets_in(house: &House) {
    let tenant = house.tenant().await;
    let body = json!({"id_company": tenant.id});
    let reply = house.send(&tenant.client.guess("wrong"), "POST", LIST, &body).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (401, json!({"message": "Unauthenticated."})));
    for role in [Role::Operator, Role::Agent, Role::Integration] {
        let client = house.client(Some(tenant.id), role).await;
        let reply = house.send(&client, "POST", LIST, &json!({})).await;
        reply.ap_refused(403, "No tiene permisos para esta acción.", &[]);
    }
    for company in [Some(tenant.id), None] {
        let admin = house.client(company, Role::Admin).await;
        assert_eq!(house.send(&admin, "POST", LIST, &body).await.status, 200);
        house.send(&admin, "POST", LIST, &json!({"id_company": 999_999})).await.ap_refused(
            404,
            "La empresa indicada no existe.",
            &[],
        );
    }
    let other = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let foreign = house.send(&admin, "POST", LIST, &json!({"id_company": other.id})).await;
    foreign.ap_refused(404, "La empresa indicada no existe.", &[]);
}

async fn p10_every_answer_carries_the_number_of_its_record(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let reply = house.send(&admin, "POST", LIST, &json!({"id_company": tenant.id, "id_bitacora_log": 736_014})).await;
    assert_eq!(reply.json()["id_bitacora_log"], reply.log());
    let record = house.record(reply.log()).await.unwrap();
    assert_eq!((record.status, record.company_id, record.path.as_str()), (200, Some(tenant.id), LIST));
    let refused = house.send(&admin, "POST", LIST, &json!({})).await;
    refused.ap_refused(422, "Errores de validacion.", &["id_company"]);
    assert_eq!(house.record(refused.log()).await.unwrap().status, 422);
}

async fn a_body_that_cannot_be_read_is_refused_plainly(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let json_form = ("content-type", "application/json");
    let call =
        async |headers: &[(&str, &str)], body: Body| house.call(admin.request_with("POST", LIST, headers, body)).await;
    call(&[json_form], "{\"id_company\": ".into()).await.ap_refused(
        400,
        "El cuerpo no es JSON válido (línea 1, columna 15).",
        &[],
    );
    call(&[json_form], "[1]".into()).await.ap_refused(400, "El cuerpo debe ser un objeto JSON.", &[]);
    let no_json = "El cuerpo debe ser JSON (Content-Type: application/json).";
    call(&[("content-type", "text/plain")], "{}".into()).await.ap_refused(415, no_json, &[]);
    let long = "El cuerpo de la solicitud supera el máximo de 16 MiB.";
    call(&[json_form], vec![b' '; (16 << 20) + 1].into()).await.ap_refused(413, long, &[]);
    call(&[], Body::empty()).await.ap_refused(422, "Errores de validacion.", &["id_company"]);
    let key = "Idempotency-Key debe tener de 1 a 255 caracteres ASCII.";
    call(&[json_form, ("idempotency-key", "")], "{}".into()).await.ap_refused(400, key, &[]);
}

async fn values_may_come_as_numbers_as_text_and_in_quotes(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    for id in [json!(tenant.id), json!(tenant.id.to_string()), json!(format!("\"{}\"", tenant.id))] {
        let body = json!({"id_company": id, "paginate": "\"S\"", "page": "1", "unknown": {"x": []}, "filters": []});
        assert_eq!(house.send(&admin, "POST", LIST, &body).await.status, 200, "{id}");
    }
    let body =
        json!({"id_company": "x", "paginate": "quizás", "page": 0, "quantity_x_page": 101, "filters": {"name": []}});
    let reply = house.send(&admin, "POST", LIST, &body).await;
    reply.ap_refused(
        422,
        "Errores de validacion.",
        &["filters.name", "id_company", "page", "paginate", "quantity_x_page"],
    );
    let errors = &reply.json()["data"]["errors"];
    assert_eq!(errors["paginate"], json!(["El campo paginate debe ser true o false, o \"S\" o \"N\"."]));

    let stored = house.send(&admin, "POST", STORE, &bot(tenant.id, 5001)).await.json()["data"].clone();
    let (company, channel) = (tenant.id, &stored["id_channel"]);
    let query =
        format!("/api/admin/channels/show?id_company={company}&id_channel=%22{channel}%22&type_channel=telegram");
    assert_eq!(house.get(&admin, &query).await.json()["data"], stored);
    let body = json!({"id_company": company, "id_channel": channel, "type_channel": "\"telegram\""});
    assert_eq!(house.send(&admin, "GET", "/api/admin/channels/show", &body).await.json()["data"], stored);
}

async fn p6_the_same_call_under_a_key_is_done_once(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let first = keyed(house, &admin, "k1", &bot(tenant.id, 6001)).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = keyed(house, &admin, "k1", &bot(tenant.id, 6001)).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()), "the first one's number too");
    assert_ne!(again.log(), first.log());
    assert_eq!(channels_of(house, tenant.id).await, 1);
    // Another request under the key is refused, another client's key is another key.
    let other = keyed(house, &admin, "k1", &bot(tenant.id, 6002)).await;
    other.ap_refused(409, "La Idempotency-Key ya se usó con otra solicitud.", &[]);
    let colleague = house.client(Some(tenant.id), Role::Admin).await;
    assert_eq!(keyed(house, &colleague, "k1", &bot(tenant.id, 6002)).await.status, 200);
    // After a day it is forgotten.
    house.clock.advance(86_400_001);
    assert_eq!(keyed(house, &admin, "k1", &bot(tenant.id, 6003)).await.status, 200);
    assert_eq!(channels_of(house, tenant.id).await, 3);
}

async fn p6_of_many_calls_under_a_key_at_once_one_is_done(house: &House) {
    let tenant = house.tenant().await;
    let admin = house.client(Some(tenant.id), Role::Admin).await;
    let body = bot(tenant.id, 6101);
    let calls = (0..6).map(|_| keyed(house, &admin, "k", &body));
    let replies = futures_util::future::join_all(calls).await;
    let (done, waiting): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert!(!done.is_empty());
    assert!(done.iter().all(|reply| reply.json() == done[0].json()));
    for reply in waiting {
        reply.ap_refused(409, "La misma solicitud todavía se está procesando.", &[]);
        assert_eq!(reply.headers["retry-after"], "2");
    }
    assert_eq!(keyed(house, &admin, "k", &body).await.json(), done[0].json());
    assert_eq!(channels_of(house, tenant.id).await, 1);
}

async fn p6_a_refused_call_may_be_made_again_under_its_key(house: &House) {
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let admin = house.client(None, Role::Admin).await;
    let taken =
        house.send(&admin, "POST", STORE, &bot(other.id, 6201)).await.json()["data"]["id_channel"].as_i64().unwrap();
    let refused = keyed(house, &admin, "k", &bot(tenant.id, 6201)).await;
    refused.ap_refused(422, "Errores de validacion.", &["app"]);
    house.write(async |tx| channels::remove(tx, taken).await.unwrap()).await;
    assert_eq!(keyed(house, &admin, "k", &bot(tenant.id, 6201)).await.status, 200);
}

//! AP "Configurar webhook de Telegram": whatever becomes of it, the webhook that worked before still does.

use relevo_adapters::{WebhookRequest, outbound::Failure};
use serde_json::{Value, json};

use super::house::{Credentials, House, Reply, Tenant};
use relevo::{
    desk::clients::Role,
    directory,
    store::channels::{self, ChannelRow},
};

on_both_databases! {
    a_bot_gets_its_channel_and_its_webhook
    p1_the_old_secret_is_accepted_while_pushes_carry_it
    p1_a_registration_that_fails_leaves_the_present_webhook_as_it_was
    a_bot_that_telegram_does_not_know_leaves_no_channel
    without_an_answer_the_channel_stays
    p6_a_repeated_call_registers_once
    what_is_missing_or_wrong_is_said_before_anybody_is_called
}

const TOKEN: &str = "7001001:AAinvented";

async fn admin(house: &House) -> (Tenant, Credentials) {
    let tenant = house.tenant().await;
    let client = house.client(Some(tenant.id), Role::Admin).await;
    (tenant, client)
}

async fn set(house: &House, client: &Credentials, company: i64, token: &str) -> Reply {
    // The seed's own quotes.
    let body = json!({"bot_token": format!("\"{token}\""), "company": company.to_string(), "name": "\"Bot soporte\""});
    house.send(client, "POST", "/api/telegram/setWebhook", &body).await
}

fn fine(house: &House) {
    house.platform.will_answer(200, &json!({"ok": true, "result": true, "description": "Webhook was set"}));
}

/// The secret that the platform was told last, and the address.
fn told(house: &House) -> (String, String) {
    let (_, body) = house.platform.calls().pop().unwrap();
    (body["secret_token"].as_str().unwrap().to_owned(), body["url"].as_str().unwrap().to_owned())
}

async fn channels_of(house: &House, tenant: &Tenant) -> Vec<ChannelRow> {
    channels::all(&mut house.db.read().await.unwrap(), Some(tenant.id)).await.unwrap()
}

/// Whether a push with this secret is taken.
fn accepts(house: &House, row: &ChannelRow, secret: &str) -> bool {
    let open = directory::open(row, &house.key, &[].into()).unwrap();
    let headers = [("x-telegram-bot-api-secret-token".parse().unwrap(), secret.parse().unwrap())].into_iter().collect();
    open.channel.verify(&WebhookRequest { query: "", headers: &headers, body: &bytes::Bytes::new() }, 0).is_ok()
}

async fn a_bot_gets_its_channel_and_its_webhook(house: &House) {
    let (tenant, client) = admin(house).await;
    fine(house);
    let reply = set(house, &client, tenant.id, TOKEN).await;
    let seed = json!({"status": "ok", "message": "Webhook configurado", "code": 200, "id_bitacora_log": reply.log()});
    assert_eq!(reply.json(), seed);
    let channels = channels_of(house, &tenant).await;
    assert_eq!(channels.len(), 1);
    assert_eq!((channels[0].name.as_str(), channels[0].account.as_str()), ("Bot soporte", "7001001"));
    let (secret, url) = told(house);
    assert_eq!(url, format!("https://relevo.example.org/api/telegram/receive/{}", channels[0].uuid));
    assert!(house.platform.calls()[0].0.ends_with(&format!("/bot{TOKEN}/setWebhook")));
    assert!(accepts(house, &channels[0], &secret));
    assert!(!reply.json().to_string().contains(&secret));
}

async fn p1_the_old_secret_is_accepted_while_pushes_carry_it(house: &House) {
    let (tenant, client) = admin(house).await;
    let mut secrets = Vec::new();
    for _ in 0..3 {
        fine(house);
        assert_eq!(set(house, &client, tenant.id, TOKEN).await.status, 200);
        secrets.push(told(house).0);
    }
    let channels = channels_of(house, &tenant).await;
    assert_eq!(channels.len(), 1);
    let accepted: Vec<bool> = secrets.iter().map(|secret| accepts(house, &channels[0], secret)).collect();
    assert_eq!(accepted, [false, true, true]);
}

async fn p1_a_registration_that_fails_leaves_the_present_webhook_as_it_was(house: &House) {
    let (tenant, client) = admin(house).await;
    fine(house);
    set(house, &client, tenant.id, TOKEN).await;
    let (present, _) = told(house);
    for _ in 0..2 {
        house.platform.will_answer(401, &json!({"ok": false, "error_code": 401, "description": "Unauthorized"}));
        let reply = set(house, &client, tenant.id, "7001001:wrong").await;
        assert_eq!(reply.status, 502);
        let said = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with("No se pudo registrar el webhook. ") && said.contains("Unauthorized"), "{said}");
    }
    let row = channels_of(house, &tenant).await.remove(0);
    assert!(accepts(house, &row, &present));
    let kind = relevo_adapters::kind("telegram").unwrap();
    let settings = directory::settings(&row, kind, &house.key, &[].into()).unwrap();
    assert_eq!(settings.get("bot_token"), Some(TOKEN), "a token that does not work replaces none");
}

async fn a_bot_that_telegram_does_not_know_leaves_no_channel(house: &House) {
    let (tenant, client) = admin(house).await;
    house.platform.will_answer(404, &json!({"ok": false, "error_code": 404, "description": "Not Found"}));
    assert_eq!(set(house, &client, tenant.id, TOKEN).await.status, 502);
    assert_eq!(channels_of(house, &tenant).await, []);
}

async fn without_an_answer_the_channel_stays(house: &House) {
    let (tenant, client) = admin(house).await;
    house.platform.will_fail(Failure::Unknown("timed out".to_owned()));
    assert_eq!(set(house, &client, tenant.id, TOKEN).await.status, 502);
    let row = channels_of(house, &tenant).await.remove(0);
    assert!(accepts(house, &row, &told(house).0), "it may be registered all the same");
    fine(house);
    assert_eq!(set(house, &client, tenant.id, TOKEN).await.status, 200);
}

async fn p6_a_repeated_call_registers_once(house: &House) {
    let (tenant, client) = admin(house).await;
    let body = json!({"bot_token": TOKEN, "company": tenant.id, "name": "Bot"}).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let call =
        async || house.call(client.request_with("POST", "/api/telegram/setWebhook", &headers, body.clone())).await;
    house.platform.will_answer(401, &json!({"ok": false, "error_code": 401, "description": "Unauthorized"}));
    assert_eq!(call().await.status, 502);
    fine(house);
    let first = call().await;
    assert_eq!(first.status, 200, "a refused call may be made again");
    assert_eq!(call().await.json(), first.json());
    assert_eq!(house.platform.calls().len(), 2);
}

async fn what_is_missing_or_wrong_is_said_before_anybody_is_called(house: &House) {
    let ((tenant, client), (other, theirs)) = (admin(house).await, admin(house).await);
    let path = "/api/telegram/setWebhook";
    let empty = house.send(&client, "POST", path, &json!({})).await;
    empty.ap_refused(422, "Validacion fallida.", &["bot_token", "company", "name"]);
    let errors: Value = empty.json()["data"]["errors"].clone();
    assert_eq!(errors["bot_token"], json!(["El campo bot_token es requerido."]));
    set(house, &client, tenant.id, "no token").await.ap_refused(422, "Validacion fallida.", &["bot_token"]);
    set(house, &client, other.id, TOKEN).await.ap_refused(404, "La empresa indicada no existe.", &[]);
    fine(house);
    assert_eq!(set(house, &theirs, other.id, TOKEN).await.status, 200);
    set(house, &client, tenant.id, TOKEN).await.ap_refused(422, "Validacion fallida.", &["bot_token"]);

    for address in ["", "http://relevo.example.org"] {
        let elsewhere = House::at(house.db.clone(), address);
        set(&elsewhere, &client, tenant.id, "7001002:x").await.ap_refused(422, "Validacion fallida.", &["general"]);
        assert_eq!(elsewhere.platform.calls(), []);
    }
    assert_eq!(channels_of(house, &tenant).await, []);
    assert_eq!(house.platform.calls().len(), 1);
}

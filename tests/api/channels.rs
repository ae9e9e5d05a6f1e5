//! AP "SuperAdmin Canales" (`001_05caafc76af2d30f.txt`), example by example: names, types and nesting; and what becomes
//! of the channel.

use serde_json::{Value, json};

use super::{
    house::{Credentials, House, START, Tenant},
    seeds::same_shape,
};
use relevo::{
    desk::clients::Role,
    directory,
    domain::{send_lane, send_topic},
    store::{
        channels, holds,
        jobs::{self, NewJob},
    },
};
use secrecy::ExposeSecret;

on_both_databases! {
    channels_are_listed_as_the_seed_shows
    a_channel_is_added_as_the_seed_shows_p9
    a_channel_is_changed_as_the_seed_shows_p9
    what_was_answered_may_be_given_back
    a_channel_is_found_as_the_seed_shows
    a_channel_is_paused_and_resumed_as_the_seed_shows
    what_waits_for_a_channel_goes_on_when_it_is_mended_p5
    types_that_nobody_can_serve_are_refused_with_those_that_exist
    foreign_channels_are_as_if_they_were_not_p9
    where_a_platform_is_only_the_house_says_p9
}

const SECRETS: [&str; 4] = ["EAAtoken1", "shh-123", "AAinvented", "EAAtoken2"];

/// The seed's channel, after it was added.
fn seed() -> Value {
    json!({
        "id_channel": 9,
        "company": 3,
        "name": "WhatsApp Principal",
        "app": "whatsapp-business",
        "uuid": "c169c38d-a790-4a6f-8da0-6f5e3c2f9c0a",
        "type": "whatsapp",
        "token": "****",
        "channel_status": 1
    })
}

fn envelope(data: Value, message: &str) -> Value {
    json!({"data": data, "status": "ok", "message": message, "code": 200, "id_bitacora_log": 736014})
}

/// Ours has the seed's names and types, its status word, message and code.
#[track_caller]
fn as_the_seed(seed: &Value, ours: &Value) {
    same_shape(seed, ours);
    for name in ["status", "message", "code"] {
        assert_eq!(seed[name], ours[name], "{ours}");
    }
    SECRETS.iter().for_each(|secret| assert!(!ours.to_string().contains(secret), "{ours}"));
}

async fn post(house: &House, client: &Credentials, route: &str, body: Value) -> super::house::Reply {
    let method = match route {
        "update" | "update-status" => "PATCH",
        "show" => "GET",
        _ => "POST",
    };
    house.send(client, method, &format!("/api/admin/channels/{route}"), &body).await
}

fn whatsapp(company: i64, account: &str) -> Value {
    json!({
        "id_company": company, "name": "\"WhatsApp Principal\"", "app": account, "type": "\"whatsappfb\"",
        "token": "\"EAAtoken1\"", "secret_key": "shh-123", "id_bitacora_log": 736014,
    })
}

async fn admin(house: &House) -> (Tenant, Credentials) {
    let tenant = house.tenant().await;
    let client = house.client(Some(tenant.id), Role::Admin).await;
    (tenant, client)
}

async fn added(house: &House, client: &Credentials, body: Value) -> i64 {
    let reply = post(house, client, "store", body).await;
    reply.json()["data"]["id_channel"].as_i64().unwrap_or_else(|| panic!("{reply:?}"))
}

/// A setting as it is stored, in the clear.
async fn setting(house: &House, id: i64, name: &str) -> Option<String> {
    let row = channels::find(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
    let kind = relevo_adapters::kind(&row.kind).unwrap();
    let settings = directory::settings(&row, kind, &house.key, &[].into()).unwrap();
    settings.secret(name).map(|value| value.expose_secret().to_owned())
}

async fn channels_are_listed_as_the_seed_shows(house: &House) {
    let (tenant, client) = admin(house).await;
    let empty = post(house, &client, "list", json!({"id_company": tenant.id})).await.json();
    assert_eq!(
        empty["data"],
        json!({"current_page": 1, "data": [], "from": null, "last_page": 1, "per_page": 10, "to": null, "total": 0})
    );
    for account in ["10001", "10002", "10003"] {
        added(house, &client, whatsapp(tenant.id, account)).await;
    }
    added(
        house,
        &client,
        json!({"id_company": tenant.id, "name": "Ñandú Bot", "app": "7001:AAinvented", "type": "telegram"}),
    )
    .await;

    let page =
        json!({"current_page": 1, "data": [seed()], "from": 1, "last_page": 1, "per_page": 10, "to": 1, "total": 1});
    let body = json!({
        "id_company": tenant.id, "paginate": "\"S\"", "page": 1, "quantity_x_page": 10,
        "filters": {"name": "whatsapp", "type": "whatsappfb", "app_id": "10002"},
    });
    as_the_seed(&envelope(page, "Canales listados correctamente."), &post(house, &client, "list", body).await.json());
    let body = json!({"id_company": tenant.id, "paginate": "N", "filters": {"name": "ñandú"}});
    let all = post(house, &client, "list", body).await.json();
    as_the_seed(&envelope(json!([seed()]), "Canales listados correctamente."), &all);
    assert_eq!(
        (&all["data"][0]["type"], &all["data"][0]["app"]),
        (&json!("telegram"), &json!("7001")),
        "never the token"
    );

    let page = |number: i64| json!({"id_company": tenant.id, "page": number, "quantity_x_page": 3});
    let second = post(house, &client, "list", page(2)).await.json()["data"].clone();
    assert_eq!([&second["from"], &second["to"], &second["last_page"], &second["total"]], [4, 4, 2, 4]);
    let beyond = post(house, &client, "list", page(i64::MAX)).await.json()["data"].clone();
    assert_eq!((&beyond["data"], &beyond["from"]), (&json!([]), &Value::Null));
    let body = json!({"id_company": tenant.id, "filters": {"type": "instagram"}});
    assert_eq!(post(house, &client, "list", body).await.json()["data"]["total"], 0);

    let missing = post(house, &client, "list", json!({})).await;
    missing.ap_refused(422, "Errores de validacion.", &["id_company"]);
    assert_eq!(missing.json()["data"]["errors"]["id_company"], json!(["El id de la empresa es obligatorio."]));
}

async fn a_channel_is_added_as_the_seed_shows_p9(house: &House) {
    let (tenant, client) = admin(house).await;
    let reply = post(house, &client, "store", whatsapp(tenant.id, "10001")).await;
    // The example's message for a new one.
    as_the_seed(&envelope(seed(), "Canal actualizado correctamente."), &reply.json());
    let channel = &reply.json()["data"];
    assert_eq!((&channel["name"], &channel["app"]), (&json!("WhatsApp Principal"), &json!("10001")));
    let id = channel["id_channel"].as_i64().unwrap();
    assert_eq!(setting(house, id, "access_token").await.as_deref(), Some("EAAtoken1"));
    assert_eq!(setting(house, id, "app_secret").await.as_deref(), Some("shh-123"));

    // A bot needs nothing but its token: its webhook's secret is made up.
    let bot = json!({"id_company": tenant.id, "name": "Bot", "app": "\"7001:AAinvented\"", "type": "telegram"});
    let reply = post(house, &client, "store", bot.clone()).await;
    as_the_seed(&envelope(seed(), "Canal actualizado correctamente."), &reply.json());
    let id = reply.json()["data"]["id_channel"].as_i64().unwrap();
    assert_eq!(setting(house, id, "bot_token").await.as_deref(), Some("7001:AAinvented"));
    assert_eq!(setting(house, id, "secret_token").await.unwrap().len(), 43);
    post(house, &client, "store", bot).await.ap_refused(422, "Errores de validacion.", &["app"]);

    // Further settings, by their own names.
    let mail = json!({
        "id_company": tenant.id, "name": "Correo", "app": "soporte@tienda.example", "type": "email",
        "settings": {"webhook_user": "buzon", "webhook_password": "shh-123"},
    });
    let id = added(house, &client, mail).await;
    assert_eq!(setting(house, id, "webhook_password").await.as_deref(), Some("shh-123"));

    let reply =
        post(house, &client, "store", json!({"id_company": tenant.id, "name": "x", "app": "1", "type": "whatsappfb"}))
            .await;
    reply.ap_refused(422, "Errores de validacion.", &["secret_key", "token"]);
    let seed = json!(["El token es obligatorio salvo cuando el tipo es telegram."]);
    assert_eq!(reply.json()["data"]["errors"]["token"], seed);
    let empty = post(house, &client, "store", json!({})).await;
    empty.ap_refused(422, "Errores de validacion.", &["app", "id_company", "name", "token", "type"]);
    let wrong = json!({
        "id_company": tenant.id, "name": "x", "app": "abc", "type": "whatsappfb", "token": "EAAtoken1",
        "settings": {"colour": "blue", "size": []},
    });
    let reply = post(house, &client, "store", wrong).await;
    reply.ap_refused(422, "Errores de validacion.", &["secret_key", "settings.colour", "settings.size"]);
    let wrong = json!({
        "id_company": tenant.id, "app": "nadie", "type": "email",
        "settings": {"webhook_token": "x", "smtp_host": "smtp.tienda.example", "smtp_port": "0", "imap": 1},
    });
    let reply = post(house, &client, "store", wrong).await;
    let fields = ["app", "name", "settings.imap", "settings.smtp_password", "settings.smtp_port"];
    reply.ap_refused(422, "Errores de validacion.", &fields);
    let errors = reply.json()["data"]["errors"].clone();
    assert_eq!(errors["app"], json!(["El valor de app no es válido: debe ser un correo, como soporte@example.org."]));
    let password = "El campo settings.smtp_password es obligatorio, salvo que el servidor esté en esta misma máquina.";
    assert_eq!(errors["settings.smtp_password"], json!([password]));
    let wrong = json!({"id_company": tenant.id, "name": "x", "app": "1", "type": "whatsappfb", "token": "EAAtoken1", "settings": {"colour": "blue"}});
    post(house, &client, "store", wrong).await.ap_refused(
        422,
        "Errores de validacion.",
        &["secret_key", "settings.colour"],
    );
}

async fn a_channel_is_changed_as_the_seed_shows_p9(house: &House) {
    let (tenant, client) = admin(house).await;
    let id = added(house, &client, whatsapp(tenant.id, "10001")).await;
    let mut seed = seed();
    seed["secret_key"] = json!("shh-123");
    seed["additional_app_id"] = json!("app-aux-01");
    let body = json!({
        "id_channel": id, "id_company": tenant.id, "name": "\"WhatsApp Secundario\"", "app": "\"10002\"", "type": "\"whatsappfb\"",
        "token": "\"EAAtoken2\"", "secret_key": "\"shh-123\"", "additional_app_id": "\"20002\"",
    });
    let reply = post(house, &client, "update", body).await;
    as_the_seed(&envelope(seed, "Canal actualizado correctamente."), &reply.json());
    let channel = &reply.json()["data"];
    assert_eq!((&channel["name"], &channel["app"]), (&json!("WhatsApp Secundario"), &json!("10002")));
    assert_eq!((&channel["secret_key"], &channel["additional_app_id"]), (&json!("****"), &json!("20002")));
    assert_eq!(setting(house, id, "access_token").await.as_deref(), Some("EAAtoken2"));
    let row = channels::find(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
    assert_eq!((row.version, row.account.as_str()), (2, "10002"));
    let found = async |account| {
        channels::find_by_account(&mut house.db.read().await.unwrap(), "whatsapp", account).await.unwrap().len()
    };
    assert_eq!((found("10001").await, found("10002").await), (0, 1));

    let nothing = json!({"id_channel": id, "id_company": tenant.id});
    let reply = post(house, &client, "update", nothing).await;
    reply.ap_refused(422, "Parametros invalidos.", &["general"]);
    assert_eq!(reply.json()["data"]["errors"]["general"], json!(["Debe editar al menos un campo."]));
    let missing = "El canal no pertenece al cliente indicado o no existe.";
    post(house, &client, "update", json!({"id_channel": 999, "id_company": tenant.id, "name": "x"})).await.ap_refused(
        404,
        missing,
        &[],
    );
    let other = json!({"id_channel": id, "id_company": tenant.id, "type": "telegram"});
    post(house, &client, "update", other).await.ap_refused(422, "Parametros invalidos.", &["type"]);
    let wrong = json!({"id_channel": id, "id_company": tenant.id, "settings": {"app_secret": null}});
    post(house, &client, "update", wrong).await.ap_refused(422, "Parametros invalidos.", &["secret_key"]);
    let taken = added(house, &client, whatsapp(tenant.id, "10009")).await;
    let body = json!({"id_channel": taken, "id_company": tenant.id, "app": "10002"});
    post(house, &client, "update", body).await.ap_refused(422, "Parametros invalidos.", &["app"]);
    assert_eq!(found("10009").await, 1, "nothing was changed");
}

async fn what_was_answered_may_be_given_back(house: &House) {
    let (tenant, client) = admin(house).await;
    let bot = json!({"id_company": tenant.id, "name": "Bot", "app": "7001:AAinvented", "type": "telegram"});
    for body in [whatsapp(tenant.id, "10001"), bot] {
        let mut channel = post(house, &client, "store", body).await.json()["data"].clone();
        let id = channel["id_channel"].as_i64().unwrap();
        let before = channels::find(&mut house.db.read().await.unwrap(), id).await.unwrap();
        channel["id_company"] = json!(tenant.id);
        let reply = post(house, &client, "update", channel).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(
            channels::find(&mut house.db.read().await.unwrap(), id).await.unwrap(),
            before,
            "nothing is different"
        );
    }
}

async fn a_channel_is_found_as_the_seed_shows(house: &House) {
    let (tenant, client) = admin(house).await;
    let id = added(house, &client, whatsapp(tenant.id, "10001")).await;
    let body = |id: i64, kind: &str| json!({"id_company": tenant.id, "id_channel": id, "type_channel": kind});
    as_the_seed(&envelope(seed(), ""), &post(house, &client, "show", body(id, "\"whatsapp\"")).await.json());
    let missing = "Canal no encontrado para los criterios enviados.";
    for body in [body(999, "whatsapp"), body(id, "telegram"), body(id, "webchat")] {
        post(house, &client, "show", body).await.ap_refused(404, missing, &[]);
    }
    let reply = post(house, &client, "show", json!({"id_company": tenant.id, "type_channel": "whatsapp"})).await;
    reply.ap_refused(422, "Errores de validacion.", &["id_channel"]);
    assert_eq!(reply.json()["data"]["errors"]["id_channel"], json!(["El parametro id_channel es obligatorio."]));
}

async fn a_channel_is_paused_and_resumed_as_the_seed_shows(house: &House) {
    let (tenant, client) = admin(house).await;
    let id = added(house, &client, whatsapp(tenant.id, "10001")).await;
    let switch = async |status: Value| {
        post(house, &client, "update-status", json!({"id_channel": id, "channel_status": status})).await
    };
    let changed = |status: i64| {
        envelope(json!({"id_channel": 9, "channel_status": status}), "Estado de canal actualizado correctamente.")
    };
    for (status, expected) in [(json!(0), 0), (json!("1"), 1)] {
        let reply = switch(status).await.json();
        as_the_seed(&changed(expected), &reply);
        assert_eq!(reply["data"], json!({"id_channel": id, "channel_status": expected}));
        let row = channels::find(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
        assert_eq!(row.active, expected);
    }
    let same = envelope(
        json!({"id_channel": 9, "channel_status": 1}),
        "Sin cambios: el canal ya se encuentra en el estado solicitado.",
    );
    as_the_seed(&same, &switch(json!(1)).await.json());
    for wrong in [json!(2), Value::Null] {
        let reply = switch(wrong).await;
        reply.ap_refused(422, "Errores de validacion.", &["channel_status"]);
        let seed = json!(["El estado debe ser 0 (Inactivo) o 1 (Activo)."]);
        assert_eq!(reply.json()["data"]["errors"]["channel_status"], seed);
    }
    let reply = post(house, &client, "update-status", json!({"id_channel": 999, "channel_status": 1})).await;
    reply.ap_refused(404, "El canal indicado no existe.", &[]);
}

async fn what_waits_for_a_channel_goes_on_when_it_is_mended_p5(house: &House) {
    let (tenant, client) = admin(house).await;
    let id = added(house, &client, whatsapp(tenant.id, "10001")).await;
    let hold = holds::Hold {
        channel_id: id,
        version: 1,
        class: "auth".into(),
        code: "190".into(),
        es: "a".into(),
        en: "b".into(),
        detail: "c".into(),
        since: START,
        until: START + 3_600_000,
        failures: 1,
    };
    let job = NewJob {
        kind: "send".into(),
        lane: send_lane("c1"),
        topic: send_topic(id),
        company_id: Some(tenant.id),
        payload: "{}".into(),
        due_at: START + 3_600_000,
        created_at: START,
    };
    house.write(async |tx| holds::set(tx, &hold).await.unwrap()).await;
    house.write(async |tx| jobs::insert(tx, &[job]).await.unwrap()).await;
    let body = json!({"id_channel": id, "id_company": tenant.id, "token": "EAAtoken2"});
    assert_eq!(post(house, &client, "update", body).await.status, 200);
    let mut tx = house.db.read().await.unwrap();
    assert_eq!(holds::find(&mut tx, id).await.unwrap(), None);
    assert_eq!(jobs::next_due(&mut tx, "send", START).await.unwrap(), Some(START));
}

async fn types_that_nobody_can_serve_are_refused_with_those_that_exist(house: &House) {
    let (tenant, client) = admin(house).await;
    for kind in ["instagram", "messenger", "webchat", "whatsapp", "fax"] {
        let body = json!({"id_company": tenant.id, "name": "x", "app": "1", "type": kind, "token": "t"});
        let reply = post(house, &client, "store", body).await;
        reply.ap_refused(422, "Errores de validacion.", &["type"]);
        let said = reply.json()["data"]["errors"]["type"][0].clone();
        assert_eq!(
            said,
            format!(
                "El tipo {kind} no está disponible; los tipos disponibles son: whatsappfb, telegram, facebook, email."
            )
        );
    }
}

async fn foreign_channels_are_as_if_they_were_not_p9(house: &House) {
    let ((tenant, client), (other, theirs)) = (admin(house).await, admin(house).await);
    let id = added(house, &theirs, whatsapp(other.id, "10001")).await;
    let status = json!({"id_channel": id, "channel_status": 0});
    post(house, &client, "update-status", status.clone()).await.ap_refused(404, "El canal indicado no existe.", &[]);
    for company in [tenant.id, other.id] {
        let body = json!({"id_channel": id, "id_company": company, "name": "x"});
        let missing = "El canal no pertenece al cliente indicado o no existe.";
        post(house, &client, "update", body).await.ap_refused(404, missing, &[]);
        let body = json!({"id_channel": id, "id_company": company, "type_channel": "whatsappfb"});
        let missing = "Canal no encontrado para los criterios enviados.";
        post(house, &client, "show", body).await.ap_refused(404, missing, &[]);
    }
    let everywhere = house.client(None, Role::Admin).await;
    assert_eq!(post(house, &everywhere, "update-status", status).await.status, 200);
}

async fn where_a_platform_is_only_the_house_says_p9(house: &House) {
    let (tenant, client) = admin(house).await;
    for name in ["graph_url", "api_base"] {
        let mut body = whatsapp(tenant.id, "10655509");
        body["settings"] = json!({ name: "http://169.254.169.254/v" });
        post(house, &client, "store", body).await.ap_refused(
            422,
            "Errores de validacion.",
            &[&format!("settings.{name}")],
        );
    }
    let above = house.client(None, Role::Admin).await;
    let mut body = whatsapp(tenant.id, "10655509");
    body["settings"] = json!({"graph_url": "http://127.0.0.1:9/v"});
    let id = added(house, &above, body).await;
    assert_eq!(setting(house, id, "graph_url").await.as_deref(), Some("http://127.0.0.1:9/v"));
}

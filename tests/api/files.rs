//! Files of messages: signed links, credentials, and everybody else.

use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    house::{House, Reply},
    sending::{CHAT, PNG, refused, stage, taken},
};

on_both_databases! {
    p9_a_link_leads_to_its_file_for_an_hour_and_to_nothing_else
    p9_a_filename_is_a_key_of_the_callers_company
}

const HOME: &str = "https://relevo.example.org";

pub(super) async fn anybody(house: &House, path: &str) -> Reply {
    house.call(Request::get(path).body(Body::empty()).unwrap()).await
}

/// A file that was sent: its id and its link's path.
async fn sent(house: &House, client: &super::house::Credentials, chat: &str) -> (String, String) {
    let body = json!({"id_chat": chat, "file": STANDARD.encode(PNG), "file_name": "foto.png"});
    taken(&house.post(client, CHAT, &body).await);
    let thread = taken(&house.post(client, "/api/chat/getChatMessages", &json!({"id_chat": chat})).await);
    let file = &thread["data"]["messages"].as_array().unwrap().last().unwrap()["files"][0];
    (file["id"].as_str().unwrap().to_owned(), local(&file["url"]))
}

/// A link without the house's public address.
#[track_caller]
pub(super) fn local(link: &serde_json::Value) -> String {
    link.as_str().unwrap().strip_prefix(HOME).unwrap().to_owned()
}

async fn p9_a_link_leads_to_its_file_for_an_hour_and_to_nothing_else(house: &House) {
    let stage = stage(house).await;
    let (id, url) = sent(house, &stage.tenant.client, &stage.chat).await;
    assert!(url.starts_with(&format!("/api/meta/getMediaFile?filename={id}.png&expires=")), "{url}");
    for url in [url.clone(), url.replace("/meta/", "/telegram/")] {
        let reply = anybody(house, &url).await;
        assert_eq!((reply.status.as_u16(), &reply.bytes[..]), (200, PNG));
        assert_eq!(
            (&reply.headers["content-type"], &reply.headers["x-content-type-options"]),
            (&"image/png".parse().unwrap(), &"nosniff".parse().unwrap())
        );
    }
    let mut request = Request::get(&url).body(Body::empty()).unwrap();
    request.headers_mut().insert("range", "bytes=1-3".parse().unwrap());
    let part = house.call(request).await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &b"PNG"[..]));
    let (other, _) = sent(house, &stage.tenant.client, &stage.chat).await;
    let longer = url.replace("expires=", "expires=1");
    for wrong in [url.replace(&id, &other), longer, url.replace("signature=", "signature=0"), format!("{url}0")] {
        assert_eq!(anybody(house, &wrong).await.status, 401, "{wrong}");
    }
    house.clock.advance(3_600_000);
    let reply = anybody(house, &url).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (401, json!({"message": "Unauthenticated."})));
}

async fn p9_a_filename_is_a_key_of_the_callers_company(house: &House) {
    let stage = stage(house).await;
    let client = &stage.tenant.client;
    let (id, _) = sent(house, client, &stage.chat).await;
    for name in [id.clone(), format!("{id}.png"), format!("%22{id}.png%22")] {
        let reply = house.get(client, &format!("/api/meta/getMediaFile?filename={name}")).await;
        assert_eq!((reply.status.as_u16(), &reply.bytes[..]), (200, PNG), "{name}");
    }
    // AP "Obtener archivo multimedia de Telegram" has the name in a body.
    for family in ["meta", "telegram"] {
        let named = json!({"filename": format!("{id}.png"), "id_bitacora_log": 736_014});
        let reply = house.send(client, "GET", &format!("/api/{family}/getMediaFile"), &named).await;
        assert_eq!((reply.status.as_u16(), &reply.bytes[..]), (200, PNG), "{family}");
    }
    let missing = json!({"status": "error", "message": "Archivo no encontrado"});
    let foreign = house.tenant().await.client;
    let tricks = [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "photo_12345.jpg",
        "",
        "%2e%2e",
        &format!("{id}/../../x"),
        &format!("{id}.jpg/../{id}"),
        &id.to_uppercase(),
    ]
    .map(str::to_owned);
    let asked = tricks.iter().map(|name| (client, name)).chain([(&foreign, &id)]);
    for (client, name) in asked {
        let reply = house.get(client, &format!("/api/meta/getMediaFile?filename={name}")).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (400, missing.clone()), "{name}");
        let reply = house.get(client, &format!("/api/telegram/getMediaFile?filename={name}")).await;
        refused(&reply, &["filename"]);
    }
    let errors = refused(&house.get(client, "/api/telegram/getMediaFile").await, &["filename"]);
    assert_eq!(errors["filename"], json!(["El campo filename es requerido."]));
    assert_eq!(anybody(house, &format!("/api/meta/getMediaFile?filename={id}")).await.status, 401);
    assert_eq!(anybody(house, "/api/telegram/getMediaFile").await.status, 401);
}

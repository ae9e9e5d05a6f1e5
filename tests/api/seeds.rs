//! PC (`002_2740981caffea5ad.txt`), example by example: the same names, types and nesting.

use std::collections::BTreeSet;

use relevo_adapters::{Attachment, Blob, Content, MediaKind, MediaSource, Message};
use serde_json::{Value, json};

use super::{
    files::{anybody, local},
    house::{House, START},
};
use relevo::{
    clock::Clock,
    desk::routing,
    store::{Tx, channels},
};

/// 2016-12-21 13:17:29.283 UTC, PC's example.
const CLOSED: i64 = 1_482_326_249_283;

/// Both have the same names, types and nesting, and are null in the same places.
#[track_caller]
pub(super) fn same_shape(seed: &Value, ours: &Value) {
    match (seed, ours) {
        (Value::Null, Value::Null) => {}
        (Value::Object(seed), Value::Object(ours)) => {
            let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<String>>();
            assert_eq!(names(seed), names(ours));
            seed.iter().for_each(|(name, value)| same_shape(value, &ours[name]));
        }
        (Value::Array(seed), Value::Array(ours)) => {
            assert_eq!(seed.len(), ours.len());
            seed.iter().zip(ours).for_each(|(seed, ours)| same_shape(seed, ours));
        }
        (Value::Number(seed), Value::Number(ours)) => assert_eq!(seed.is_i64(), ours.is_i64()),
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => {}
        (seed, ours) => panic!("the seed has {seed}, we have {ours}"),
    }
}

on_both_databases! {
    a_ticket_and_its_lists
    the_messages_of_a_ticket
}

async fn a_ticket_and_its_lists(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "facebook").await;
    house.apply(&[tenant.says(channel, "99/7", START, "Hi, I need help configuring with my product.")]).await;
    let id = house.body(&tenant.client, "/v2/tickets/state/open").await["tickets"][0].as_str().unwrap().to_owned();
    let clock = Clock::manual(CLOSED);
    let close = async |tx: &mut Tx| routing::close(tx, &clock, tenant.id, &id, Some("desiste"), None).await.map(drop);
    house.write(close).await.unwrap();

    // PC "Detalle de un ticket".
    let seed = json!({
        "id": "583dcb2855d0a46e438d0206",
        "identifier": "261",
        "created": "2016-11-29T18:38:32",
        "current_assignment": null,
        "is_closed": true,
        "last_author": "Jhon Doe",
        "last_content": "Hi, I need help configuring with my product.",
        "social_network": "facebook",
        "subject": null,
        "updated_time": "2016-12-21T13:17:29.283"
    });
    let detail = house.body(&tenant.client, &format!("/v2/ticket/{id}/")).await;
    same_shape(&seed, &detail);
    for name in ["created", "is_closed", "last_author", "last_content", "social_network", "subject", "updated_time"] {
        assert_eq!(detail[name], seed[name], "{name}");
    }
    assert_eq!((&detail["id"], &detail["identifier"]), (&json!(id), &json!("1")));
    assert_eq!(detail["current_assignment"], Value::Null);

    // PC "Obtener ticket interno desde el id visible por ejecutivos": the section's verb, and its example's.
    for method in ["GET", "POST"] {
        let reply = house.call(tenant.client.request(method, "/v2/ticket/1/by_agent_id/")).await;
        same_shape(&json!({"status": 200, "ticket_id": "5b64e514ed76411a80dd3bed"}), &reply.json());
        assert_eq!(reply.json()["ticket_id"], json!(id));
    }

    // PC "Tickets asociados a un usuario de Facebook"; "Tickets de clientes" has the same example.
    let seed = json!({
        "status": 200,
        "tickets": [{
            "id": "583dcb2855d0a46e438d0206",
            "identifier": 1242,
            "created": "2016-11-29T18:38:32",
            "current_assignment": null,
            "is_closed": true,
            "last_author": "Jhon Doe",
            "last_content": "Hi, I need help configuring with my product.",
            "social_network": "facebook",
            "title": null,
            "updated_time": "2016-12-21T13:17:29.283"
        }]
    });
    let list = house.body(&tenant.client, "/v2/tickets/facebook/?page_id=99&uid=7").await;
    same_shape(&seed, &list);
    assert_eq!(list["tickets"][0]["identifier"], json!(1));

    // PC "Tickets filtrados por estado".
    let list = house.body(&tenant.client, "/v2/tickets/state/closed").await;
    same_shape(&json!({"tickets": ["5cd4afa1071543013a2428de"], "status": 200}), &list);

    // PC "Tickets filtrados por canal y rango de fechas", the last page.
    let seed = json!({
        "tickets": [{
            "status": "Abierto",
            "updated_datetime": "19-04-2019 08:35:52",
            "created_datetime": "18-04-2019 12:24:24",
            "social_network": "email",
            "identifier": 222,
            "id": "5cb8ee660715437c91266e27"
        }],
        "status": 200,
        "number_of_tickets": 1,
        "next_page": null
    });
    let page = house
        .body(&tenant.client, "/v2/tickets/paginated/facebook/?from=29-11-2016&to=29-11-2016%2018%3A38%3A33")
        .await;
    same_shape(&seed, &page);
    let ticket = &page["tickets"][0];
    assert_eq!(page["next_page"], Value::Null);
    assert_eq!(ticket["status"], "Cerrado");
    assert_eq!(ticket["created_datetime"], "29-11-2016 18:38:32");
    assert_eq!(ticket["updated_datetime"], "21-12-2016 13:17:29");
}

async fn the_messages_of_a_ticket(house: &House) {
    let tenant = house.tenant().await;
    let channel = house.channel(&tenant, "telegram").await;
    let picture = Blob::new(&b"a kitten"[..]);
    house.blobs.put(&picture).await.unwrap();
    let attachment = Attachment {
        kind: MediaKind::Image,
        source: MediaSource::Blob { sha256: picture.sha256.clone() },
        mime: Some("image/jpeg".into()),
        file_name: None,
        size: Some(8),
        content_id: None,
        extra: None,
    };
    let echo = Message { attachments: vec![attachment], ..Message::text("Hola Carlos, ¿en qué te podemos ayudar?") };
    let mut echo = tenant.event(channel, "5", 1_417_380_418_000, Content::Echo(Box::new(echo)));
    echo.event.sender = None;
    house
        .apply(&[
            tenant.says(channel, "5", 1_417_373_411_000, "@superempresa hola tengo un problema"),
            tenant.says(channel, "5", 1_417_373_704_000, "@superempresa con uno de sus productos"),
            echo,
        ])
        .await;
    let id = house.body(&tenant.client, "/v2/tickets/state/open").await["tickets"][0].as_str().unwrap().to_owned();

    // PC "Mensajes de un ticket".
    let seed = json!({
        "status": 200,
        "messages": [
            {
                "content": "Hola Carlos, ¿en qué te podemos ayudar?",
                "author_id": "572c2b2z20a9g4201250leb4",
                "author_name": "Super Empresa",
                "author_account": "superempresa",
                "created": "2014-11-30T20:46:58",
                "media": "http://placekitten.com/200/300"
            },
            {
                "content": "@superempresa con uno de sus productos",
                "author_id": "546b9b2720a9f1301050fec3",
                "author_name": "Carlos Palma",
                "author_account": "cpalma",
                "created": "2014-11-30T18:55:04"
            },
            {
                "content": "@superempresa hola tengo un problema",
                "author_id": "546b9b2720a9f1301050fec3",
                "author_name": "Carlos Palma",
                "author_account": "cpalma",
                "created": "2014-11-30T18:50:11"
            }
        ]
    });
    let ours = house.body(&tenant.client, &format!("/v2/ticket/{id}/messages/")).await;
    same_shape(&seed, &ours);
    for (seed, ours) in seed["messages"].as_array().unwrap().iter().zip(ours["messages"].as_array().unwrap()) {
        assert_eq!((&ours["content"], &ours["created"]), (&seed["content"], &seed["created"]));
    }
    let echo = &ours["messages"][0];
    let row = channels::load(&mut house.db.read().await.unwrap(), &[channel]).await.unwrap().remove(0);
    assert_eq!((&echo["author_name"], &echo["author_id"]), (&json!("Super Empresa"), &json!(row.uuid)));
    let media = anybody(house, &local(&echo["media"])).await;
    assert_eq!(media.bytes.as_ref(), b"a kitten");
    assert_eq!(media.headers["content-type"], "image/jpeg");
}

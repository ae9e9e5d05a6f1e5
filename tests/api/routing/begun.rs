//! Tickets that begin with us.

use relevo::{
    desk::reply::{self, Author, NewReply, To},
    store::channels,
};
use relevo_adapters::{
    Identity,
    outbound::{Act, Destination},
};
use serde_json::json;

use super::{
    notices::said,
    scene::{Scene, ok},
};
use crate::api::house::{House, START};

on_both_databases! {
    a_template_to_somebody_new_is_told_and_routed_at_once
    whom_we_wrote_to_first_is_not_told_that_nobody_is_there
}

async fn a_template_to_somebody_new_is_told_and_routed_at_once(house: &House) {
    let mut scene = Scene::open(house).await;
    let number = scene.tenant.id.to_string().repeat(6);
    let settings = [("phone_number_id", &*number), ("app_secret", "x"), ("access_token", "y"), ("waba_id", "77")];
    scene.channel = house.open_channel(&scene.tenant, "whatsapp", &settings).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 1).await;
    for (phone, number, agent, outcome) in
        [("+56 9 1234 5678", 1, Some(eva), "assigned"), ("+56 9 1234 5679", 2, None, "queued")]
    {
        let body = json!({"cuen_id": scene.channel, "fono": phone, "plantilla": "hola", "idioma": "es_CL"});
        assert_eq!(ok(&scene.post("plantillawsp", body).await)["tick_id"], number);
        let ticket = scene.ticket(number).await;
        assert_eq!((ticket.group_id, ticket.agent_id), (Some(group), agent));
        assert_eq!(scene.decisions(number).await.0, [("begun".into(), outcome.into(), agent)]);
        let told = scene.told(number).await;
        let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["ticket.opened", &format!("ticket.{outcome}"), "message.sent"]);
        assert_eq!((told[2].group_id, told[2].agent_id), (Some(group), agent));
    }
}

/// Writes to an address that never wrote; gives what was taken.
async fn we_write(scene: &Scene<'_>, address: &str) -> reply::Queued {
    let destination = Destination {
        keys: Vec::new(),
        identities: vec![Identity::new(Identity::EMAIL, address)],
        account: address.to_owned(),
    };
    let text = "Tenemos novedades.".to_owned();
    let reply = NewReply {
        company: scene.tenant.id,
        to: To::Destination { channel: scene.channel, destination },
        act: Act::Text { text, html: None, subject: None, files: Vec::new(), buttons: Vec::new() },
        reply_to: None,
        author: Author::default(),
        by_house: false,
        log: 1,
    };
    scene.house.write(async |tx| reply::send(tx, &scene.house.clock, reply).await.unwrap()).await
}

async fn whom_we_wrote_to_first_is_not_told_that_nobody_is_there(house: &House) {
    let mut scene = Scene::open(house).await;
    // No window keeps a message of the house from its customers.
    scene.channel = house.channel(&scene.tenant, "email").await;
    house
        .write(async |tx| {
            let mut mailbox = channels::find(tx, scene.channel).await.unwrap().unwrap();
            mailbox.settings = json!({"smtp_host": "smtp.example.org"}).to_string();
            channels::update(tx, &mailbox, std::slice::from_ref(&mailbox.uuid), START).await.unwrap();
        })
        .await;
    scene
        .group_with("Ventas", "auto", |group| {
            // The stories begin on a Tuesday afternoon.
            group.hours = Some(json!({"jueves": ["09:00-18:00"]}).to_string());
            group.closed_message = Some("Estamos cerrados.".to_owned());
        })
        .await;
    we_write(&scene, "ida@cliente.example").await;
    scene.writes("bo").await;
    assert_eq!(scene.decisions(1).await.0, [("begun".into(), "queued".into(), None)]);
    assert_eq!(said(&scene, 1).await, ["Tenemos novedades."]);
    assert_eq!(said(&scene, 2).await, ["Estamos cerrados."], "who wrote himself");
    // By mail nobody is told twice a day.
    house.clock.advance(42 * 3_600_000);
    scene.sweep().await;
    assert_eq!(scene.get("diferencia").await.json()["enviados"], 1, "nobody is there");
    assert_eq!((said(&scene, 1).await.len(), said(&scene, 2).await.len()), (1, 2));
}

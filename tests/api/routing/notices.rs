//! What customers are told by the house: that it is closed, that everybody is busy.

use relevo::store::{
    channels,
    holds::{self, Hold},
    messages,
};
use relevo_adapters::Content;
use serde_json::{Value, json};

use super::scene::{OFFLINE, ONLINE, Scene, ok};
use crate::api::house::{House, START};

on_both_databases! {
    a_closed_group_says_so_once_and_routes_when_it_opens
    who_waits_is_told_once_per_wait_that_everybody_is_busy
    what_the_house_says_is_no_answer_of_the_agent
    what_the_house_cannot_say_holds_nothing_up
    where_nothing_leaves_nobody_is_told
}

const BUSY: &str =
    "En este momento nuestros ejecutivos se encuentran ocupados,en unos minutos un ejecutivo analizara su solicitud.";

/// What our side wrote on a ticket, oldest first.
pub(super) async fn said(scene: &Scene<'_>, number: i64) -> Vec<String> {
    let ticket = scene.ticket(number).await;
    let rows = messages::of_ticket(&mut scene.house.db.read().await.unwrap(), &ticket.id, 100).await.unwrap();
    rows.into_iter().rev().filter(|row| row.direction == "out").map(|row| row.content).collect()
}

async fn a_closed_group_says_so_once_and_routes_when_it_opens(house: &House) {
    let scene = Scene::open(house).await;
    // The stories begin on Tuesday 2016-11-29, 15:38 in Santiago.
    let group = scene
        .group_with("Ventas", "auto", |group| {
            group.hours = Some(json!({"miércoles": ["09:00-18:00"]}).to_string());
            group.closed_message = Some("Estamos cerrados.".to_owned());
        })
        .await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    scene.writes("a").await;
    assert_eq!(said(&scene, 1).await, ["Estamos cerrados."]);
    assert_eq!(scene.owner(1).await, ("open".into(), None));
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions, [("opened".into(), "queued".into(), None)]);
    assert!(why.pasos.iter().any(|step| step.paso == "horario"));
    assert_eq!(scene.ticket(1).await.answered_at, None, "nobody answered yet");
    scene.sweep().await;
    assert_eq!(scene.owner(1).await.1, None);
    house.clock.advance(18 * 3_600_000);
    scene.sweep().await;
    assert_eq!(scene.owner(1).await.1, Some(eva), "Wednesday, 09:38");
    assert_eq!(said(&scene, 1).await.len(), 1);
}

async fn who_waits_is_told_once_per_wait_that_everybody_is_busy(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let own = scene.group_with("Cobranza", "manual", |group| group.busy_message = Some("Un momento.".into())).await;
    for n in 0..60 {
        scene.writes(&format!("c{n}")).await;
    }
    let eva = scene.online("Eva", &[group], 5).await;
    ok(&scene.next("Eva").await);
    ok(&scene.post("cambiargrupo", json!({"tick_id": 2, "grup_id": own})).await);
    // MS "Diferencia", 7.3.2.2.
    let told = async || -> Value { scene.get("diferencia").await.json() };
    assert_eq!(told().await, json!({"enviados": 59, "mensajeEnviado": BUSY}));
    assert_eq!(told().await["enviados"], 0);
    assert!(said(&scene, 1).await.is_empty(), "Eva has it");
    assert_eq!(said(&scene, 2).await, ["Un momento."]);
    assert_eq!(said(&scene, 60).await, [BUSY]);
    // Given back, it waits anew.
    ok(&scene.post("ticket/reasignar", json!({"tick_id": 1})).await);
    scene.is(eva, ONLINE).await;
    assert_eq!(told().await["enviados"], 1);
}

async fn what_the_house_says_is_no_answer_of_the_agent(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene
        .group_with("Ventas", "auto", |group| {
            group.hours = Some(json!({"miércoles": ["09:00-18:00"]}).to_string());
            group.closed_message = Some("Estamos cerrados.".to_owned());
        })
        .await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    house.clock.advance(18 * 3_600_000);
    scene.sweep().await;
    assert_eq!((said(&scene, 1).await, scene.owner(1).await.1), (vec!["Estamos cerrados.".to_owned()], Some(eva)));
    let leo = scene.online("Leo", &[group], 5).await;
    scene.is(eva, OFFLINE).await;
    house.clock.advance(121_000);
    assert_eq!(scene.sweep().await.given_back, 1);
    assert_eq!(scene.owner(1).await.1, Some(leo), "Eva said nothing");
    ok(&scene.post("mensajes/sale", json!({"tick_id": 1, "mensaje": "Buenas", "mail": "leo@prueba.com"})).await);
    scene.is(eva, ONLINE).await;
    scene.is(leo, OFFLINE).await;
    house.clock.advance(121_000);
    assert_eq!(scene.sweep().await.given_back, 0);
    assert_eq!(scene.owner(1).await.1, Some(leo), "Leo answered");
}

async fn what_the_house_cannot_say_holds_nothing_up(house: &House) {
    let mut scene = Scene::open(house).await;
    scene.channel = house.channel(&scene.tenant, "whatsapp").await;
    scene.group("Ventas", "manual").await;
    let closed = scene
        .group_with("Cobranza", "auto", |group| {
            group.hours = Some(json!({"lunes": ["09:00-18:00"]}).to_string());
            group.closed_message = Some("Estamos cerrados.".to_owned());
        })
        .await;
    // One whose window is over, one who blocked us, and one who can be written to.
    scene.writes("a").await;
    house.clock.advance(86_400_000);
    scene.writes("b").await;
    let blocked = Content::ContactBlocked { blocked: true };
    house.apply(&[scene.tenant.event(scene.channel, "b", house.clock.now(), blocked)]).await;
    scene.writes("c").await;
    let told = async || scene.get("diferencia").await.json()["enviados"].clone();
    assert_eq!((told().await, told().await), (json!(1), json!(0)), "each is tried once");
    assert_eq!(said(&scene, 3).await, [BUSY]);
    for number in 1..=3 {
        ok(&scene.post("cambiargrupo", json!({"tick_id": number, "grup_id": closed})).await);
        assert_eq!(scene.ticket(number).await.group_id, Some(closed));
        assert_eq!(scene.decisions(number).await.0[1], ("group".into(), "queued".into(), None));
    }
    assert_eq!(said(&scene, 3).await, [BUSY, "Estamos cerrados."]);
    assert!(said(&scene, 1).await.is_empty() && said(&scene, 2).await.is_empty());
}

async fn where_nothing_leaves_nobody_is_told(house: &House) {
    let mut scene = Scene::open(house).await;
    let fine = scene.channel;
    // A mailbox without a server to send by, a channel that is broken, and one that is paused.
    let mailbox = house.channel(&scene.tenant, "email").await;
    let (broken, paused) =
        (house.channel(&scene.tenant, "telegram").await, house.channel(&scene.tenant, "telegram").await);
    for channel in [mailbox, broken, paused, fine] {
        scene.channel = channel;
        scene.group(&format!("Grupo {channel}"), "manual").await;
        scene.writes(&format!("{channel}")).await;
    }
    let hold = Hold {
        channel_id: broken,
        version: 1,
        class: "auth".to_owned(),
        code: "401".to_owned(),
        es: "Token".to_owned(),
        en: "Token".to_owned(),
        detail: String::new(),
        since: START,
        until: START,
        failures: 1,
    };
    house
        .write(async |tx| {
            holds::set(tx, &hold).await.unwrap();
            channels::set_active(tx, paused, false, START).await.unwrap();
        })
        .await;
    let told = scene.get("diferencia").await.json()["enviados"].clone();
    assert_eq!(told, json!(1));
    for (number, expected) in [(1, &[][..]), (2, &[]), (3, &[]), (4, &[BUSY])] {
        assert_eq!(said(&scene, number).await, expected, "{number}");
    }
}

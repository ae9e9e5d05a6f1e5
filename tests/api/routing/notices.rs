//! What customers are told by the house: that it is closed, that everybody is busy.

use relevo::store::messages;
use serde_json::{Value, json};

use super::scene::{ONLINE, Scene, ok};
use crate::api::house::House;

on_both_databases! {
    a_closed_group_says_so_once_and_routes_when_it_opens
    who_waits_is_told_once_per_wait_that_everybody_is_busy
}

const BUSY: &str =
    "En este momento nuestros ejecutivos se encuentran ocupados,en unos minutos un ejecutivo analizara su solicitud.";

/// What our side wrote on a ticket, oldest first.
async fn said(scene: &Scene<'_>, number: i64) -> Vec<String> {
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

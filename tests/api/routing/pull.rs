//! "Siguiente ticket", and how it is refused.

use serde_json::json;

use super::scene::{LUNCH, ONLINE, Scene, brief, ok};
use crate::api::house::House;

on_both_databases! {
    the_next_ticket_is_the_most_urgent_then_the_longest_waiting
    the_next_ticket_is_of_ones_own_groups
    who_may_not_have_one_is_told_why
    p10_the_next_ticket_is_explained
}

async fn the_next_ticket_is_the_most_urgent_then_the_longest_waiting(house: &House) {
    let scene = Scene::open(house).await;
    let plain = scene.group("Ventas", "manual").await;
    let urgent = scene.group_with("Urgente", "manual", |group| group.priority = 5).await;
    let eva = scene.online("Eva", &[plain, urgent], 9).await;
    for customer in ["a", "b", "c", "d"] {
        scene.writes(customer).await;
    }
    ok(&scene.post("cambiargrupo", json!({"tick_id": 4, "grup_id": urgent})).await);
    for number in [4, 1, 2, 3] {
        let body = ok(&scene.next("Eva").await);
        let ticket = &body["ticket"];
        assert_eq!((&ticket["tick_id"], &ticket["usua_id"]), (&json!(number), &json!(eva)), "{body}");
        assert_eq!(ticket["tick_estado"], "En Progreso");
        assert_eq!(scene.owner(number).await, ("inProgress".into(), Some(eva)));
    }
    let nothing = scene.next("Eva").await;
    assert_eq!(nothing.json(), json!({"mensaje": "No hay tickets en espera en sus grupos.", "ticket": null}));
    assert_eq!(nothing.status, 200);
}

async fn the_next_ticket_is_of_ones_own_groups(house: &House) {
    let scene = Scene::open(house).await;
    scene.group("Ventas", "manual").await;
    let other = scene.group("Cobranza", "manual").await;
    scene.online("Leo", &[other], 9).await;
    scene.writes("a").await;
    assert!(scene.next("Leo").await.json()["ticket"].is_null());
    ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": other})).await);
    assert_eq!(ok(&scene.next("Leo").await)["ticket"]["tick_id"], 1);
}

async fn who_may_not_have_one_is_told_why(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.agent_with("Eva", &[group], 1).await;
    scene.writes("a").await;
    scene.writes("b").await;
    // MS "Buscar Siguiente Ticket", 7.1.2.1.
    assert_eq!(scene.next("Eva").await.json(), json!({"mensaje": "Usuario no se encuentra en línea"}));
    scene.is(eva, LUNCH).await;
    assert_eq!(brief(&scene.next("Eva").await), "Usuario no se encuentra en línea");
    scene.is(eva, ONLINE).await;
    ok(&scene.next("Eva").await);
    assert_eq!(brief(&scene.next("Eva").await), "El usuario ya tiene 1 tickets en curso, su máximo es 1.");
    assert_eq!(scene.owner(2).await, ("open".into(), None));
    let unknown = scene.next("Nadie").await;
    assert_eq!(brief(&unknown), "El mail no corresponde a un usuario de la empresa.");
    let elsewhere = Scene::open(house).await;
    let foreign = elsewhere.next("Eva").await;
    assert_eq!(brief(&foreign), brief(&unknown), "exactly as one who does not exist");
}

async fn p10_the_next_ticket_is_explained(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 1).await;
    scene.writes("a").await;
    ok(&scene.next("Eva").await);
    let body = ok(&scene.get("ticket/asignacion?tick_id=1").await);
    let all = body["decisiones"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0]["causa"], &all[0]["resultado"]), (&json!("opened"), &json!("queued")));
    assert_eq!((&all[1]["causa"], &all[1]["usua_id"]), (&json!("pulled"), &json!(eva)));
    let why = all[1]["explicacion"]["pasos"][1]["texto"].as_str().unwrap();
    assert!(why.starts_with("Eva pidió el siguiente") && why.contains("(1 s)"), "{why}");
}

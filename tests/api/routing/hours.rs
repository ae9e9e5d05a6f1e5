//! Routing goes by the hours that are shown; and what operators change about them has its effect at once.

use relevo::{
    desk::{clients::Role, routing},
    store::{
        groups,
        holidays::{self, HolidayRow},
    },
};
use serde_json::{Value, json};

use super::scene::{Scene, ok};
use crate::api::house::{Credentials, House};

on_both_databases! {
    a_companys_holiday_closes_its_groups
    a_group_without_hours_goes_by_its_departments_while_that_is_active
    hours_reach_over_midnight
    a_holiday_that_cannot_be_read_opens_nothing
    who_may_have_more_gets_what_waits_at_once
    a_group_that_begins_to_give_tickets_out_gives_those_that_wait_at_once
    what_is_changed_in_one_company_moves_nothing_in_another
}

const HOUR_MS: i64 = 3_600_000;

async fn patch(house: &House, client: &Credentials, path: &str, body: Value) {
    let reply = house.send(client, "PATCH", &format!("/api/admin/departments/{path}"), &body).await;
    assert_eq!(reply.status.as_u16(), 200, "{reply:?}");
}

async fn is_shown_open(scene: &Scene<'_>, group: i64) -> bool {
    ok(&scene.get(&format!("horario?grup_id={group}")).await)["horario"]["hora_abierto"].as_bool().unwrap()
}

// The stories begin on Tuesday 2016-11-29, 15:38 in Santiago.

async fn a_companys_holiday_closes_its_groups(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 5).await;
    let day = json!({"feriados": [{"fecha": "29-11-2016", "nombre": "Aniversario"}]});
    ok(&scene.post("horario", day).await);
    scene.writes("a").await;
    assert_eq!((scene.owner(1).await.1, is_shown_open(&scene, group).await), (None, false));
    ok(&scene.post("horario", json!({"feriados": []})).await);
    assert_eq!(scene.owner(1).await.1, Some(eva), "at once");
}

async fn a_group_without_hours_goes_by_its_departments_while_that_is_active(house: &House) {
    let scene = Scene::open(house).await;
    let admin = house.client(Some(scene.tenant.id), Role::Admin).await;
    let hour = json!({"martes_apertura": "08:00", "martes_cierre": "12:00"});
    let body = json!({"company": scene.tenant.id, "department_name": "Soporte", "hour": hour});
    let made = house.post(&admin, "/api/admin/departments/store", &body).await.json();
    let depa = made["data"]["id_department"].as_i64().unwrap();
    let group = scene.group_with("Ventas", "auto", |group| group.department_id = Some(depa)).await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    assert_eq!((scene.owner(1).await.1, is_shown_open(&scene, group).await), (None, false));
    let later = json!({"id_department": depa, "hour": {"martes_apertura": "15:00", "martes_cierre": "16:00"}});
    patch(house, &admin, "update", later).await;
    assert_eq!((scene.owner(1).await.1, is_shown_open(&scene, group).await), (Some(eva), true), "at once");
    patch(house, &admin, "update", json!({"id_department": depa, "hour": hour})).await;
    scene.writes("b").await;
    assert_eq!(scene.owner(2).await.1, None);
    patch(house, &admin, "update-status", json!({"id_department": depa, "status": 0})).await;
    assert_eq!((scene.owner(2).await.1, is_shown_open(&scene, group).await), (Some(eva), true), "it has no hours now");
}

async fn hours_reach_over_midnight(house: &House) {
    let scene = Scene::open(house).await;
    let hours = json!({"martes": ["22:00-06:00"]}).to_string();
    let group = scene.group_with("Ventas", "auto", |group| group.hours = Some(hours)).await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    scene.sweep().await;
    assert_eq!(scene.owner(1).await.1, None, "Tuesday, 15:38");
    house.clock.advance(7 * HOUR_MS);
    scene.sweep().await;
    assert_eq!(scene.owner(1).await.1, Some(eva), "22:38");
    house.clock.advance(7 * HOUR_MS);
    scene.writes("b").await;
    assert_eq!(scene.owner(2).await.1, Some(eva), "Wednesday, 05:38");
    house.clock.advance(HOUR_MS);
    scene.writes("c").await;
    assert_eq!((scene.owner(3).await.1, is_shown_open(&scene, group).await), (None, false), "06:38");
}

async fn a_holiday_that_cannot_be_read_opens_nothing(house: &House) {
    let scene = Scene::open(house).await;
    let hours = json!({"lunes": ["09:00-18:00"]}).to_string();
    let group = scene.group_with("Ventas", "auto", |group| group.hours = Some(hours)).await;
    scene.online("Eva", &[group], 5).await;
    let broken =
        HolidayRow { group_id: None, day: "2016-11-30".to_owned(), name: "Roto".to_owned(), hours: "{".to_owned() };
    house.write(async |tx| holidays::replace(tx, scene.tenant.id, None, &[broken]).await.unwrap()).await;
    scene.writes("a").await;
    assert_eq!((scene.owner(1).await.1, is_shown_open(&scene, group).await), (None, false), "Tuesday");
}

async fn who_may_have_more_gets_what_waits_at_once(house: &House) {
    let scene = Scene::open(house).await;
    let admin = house.client(Some(scene.tenant.id), Role::Admin).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 1).await;
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    assert_eq!(scene.owner(2).await.1, None);
    let body = json!({"usua_id": eva, "usua_capacidad": 2});
    ok(&house.post(&admin, "/api/mundosocial/usuario/update", &body).await);
    assert_eq!((scene.owner(2).await.1, scene.owner(3).await.1), (Some(eva), None));
}

async fn a_group_that_begins_to_give_tickets_out_gives_those_that_wait_at_once(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    assert_eq!(scene.owner(1).await.1, None);
    ok(&scene.post("grupo/update", json!({"grup_id": group, "grup_politica": "auto"})).await);
    assert_eq!(scene.owner(1).await.1, Some(eva));
}

async fn what_is_changed_in_one_company_moves_nothing_in_another(house: &House) {
    let (scene, other) = (Scene::open(house).await, Scene::open(house).await);
    let group = scene.group("Ventas", "manual").await;
    scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    // Behind everybody's back, as time would.
    house
        .write(async |tx| {
            let found = groups::find(tx, scene.tenant.id, group).await.unwrap().unwrap();
            groups::update(tx, &groups::Group { policy: "auto".to_owned(), ..found }, 0).await.unwrap();
        })
        .await;
    let done = routing::refresh(&house.db, &house.clock, other.tenant.id).await.unwrap();
    assert_eq!((done.assigned, scene.owner(1).await.1), (0, None));
    assert_eq!(routing::refresh(&house.db, &house.clock, scene.tenant.id).await.unwrap().assigned, 1);
}

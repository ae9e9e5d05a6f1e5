//! MS "Estado de Conexión".

use relevo::desk::clients::Role;
use serde_json::{Value, json};

use super::scene::{LUNCH, OFFLINE, ONLINE, Scene, mail, nested, ok};
use crate::api::{house::House, people::PASSWORD};

on_both_databases! {
    states_are_listed_and_changed
    who_was_what_and_when_is_remembered
    whoever_logs_out_for_good_is_offline
}

async fn states_are_listed_and_changed(house: &House) {
    let scene = Scene::open(house).await;
    let listed = ok(&scene.get("estadoconexion").await);
    let first = json!({"esta_id": 1, "esta_descripcion": "En línea", "esta_tipo": "online"});
    assert_eq!(listed["estados"][0], first);
    assert_eq!(listed["estados"].as_array().unwrap().len(), 7);
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.agent_with("Eva", &[group], 1).await;
    scene.writes("a").await;
    let changed = ok(&scene.post("estadoconexion", json!({"mail": mail("Eva"), "esta_id": "1"})).await);
    assert_eq!(
        changed,
        json!({
            "mensaje": "ok", "usua_id": eva, "esta_id": 1, "esta_descripcion": "En línea", "esta_tipo": "online",
            "asignados": 1,
        })
    );
    let people = ok(&scene.get("estadoconexion/ejecutivos").await);
    let one = &people["ejecutivos"][0];
    assert_eq!((&one["usua_id"], &one["esta_tipo"], &one["usua_carga"]), (&json!(eva), &json!("online"), &json!(1)));
    let unknown = scene.post("estadoconexion", json!({"mail": mail("Eva"), "esta_id": 99})).await;
    assert_eq!(nested(&unknown), "El estado de conexión no existe.");
    let nobody = scene.post("estadoconexion", json!({"mail": mail("Nadie"), "esta_id": 1})).await;
    assert_eq!(nested(&nobody), "El mail no corresponde a un usuario de la empresa.");
}

async fn who_was_what_and_when_is_remembered(house: &House) {
    let scene = Scene::open(house).await;
    let eva = scene.agent("Eva", &[]).await;
    for state in [ONLINE, LUNCH, OFFLINE] {
        scene.is(eva, state).await;
        house.clock.advance(60_000);
    }
    scene.is(eva, OFFLINE).await;
    scene.is(scene.agent("Leo", &[]).await, ONLINE).await;
    let path = |query: &str| format!("estadoconexion/historial?desde=29-11-2016&hasta=29-11-2016{query}");
    let all = |query: &str| path(&format!("&mail={}{query}", mail("Eva")));
    let count = async |query: &str| ok(&scene.get(&path(query)).await)["historial"].as_array().unwrap().len();
    assert_eq!((count("").await, count(&format!("&usua_id={eva}")).await), (4, 3));
    let reversed = scene.get("estadoconexion/historial?desde=30-11-2016&hasta=29-11-2016").await;
    assert_eq!(nested(&reversed), "El campo hasta debe ser posterior a desde.");
    let body = ok(&scene.get(&all("")).await);
    let spells: Vec<_> = body["historial"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["esta_id"].clone(), it["segundos"].clone()))
        .collect();
    assert_eq!(spells, [(json!(7), json!(60)), (json!(3), json!(60)), (json!(1), json!(60))]);
    assert!(body["historial"][0]["hasta"].is_null() && !body["historial"][1]["hasta"].is_null());
    for wrong in ["12/12/2012", "12-12-12", "10-12", "03-16-2014", "12-10-2018%2010:23", "31-02-2020"] {
        let reply = scene.get(&format!("estadoconexion/historial?desde={wrong}&hasta=30-11-2016")).await;
        assert!(nested(&reply).contains("desde debe ser una fecha real: DD-MM-AAAA"), "{wrong}");
    }
}

async fn whoever_logs_out_for_good_is_offline(house: &House) {
    let scene = Scene::open(house).await;
    let eva = house.person(&scene.tenant, "eva@prueba.com", Role::Agent).await;
    scene.is(eva.id, ONLINE).await;
    let login = json!({"email": eva.email, "password": PASSWORD});
    let reply = house.post(&scene.tenant.client, "/api/auth/login", &login).await;
    let elsewhere = reply.json()["data"]["token"].as_str().unwrap().to_owned();
    let state = async || ok(&scene.get("estadoconexion/ejecutivos").await)["ejecutivos"][0]["esta_id"].clone();
    for (token, expected) in [(&elsewhere, ONLINE), (&eva.token, OFFLINE)] {
        let reply = house.call_as(token, "DELETE", "/api/auth/logout", &Value::Null).await;
        assert_eq!((reply.status.as_u16(), state().await), (200, json!(expected)));
    }
}

//! What is refused, in the words of its family, and without any effect.

use relevo::{
    desk::clients::Role,
    store::{notes, users},
};
use serde_json::{Value, json};

use super::scene::{Scene, brief, mail, nested, ok};
use crate::api::house::House;

on_both_databases! {
    who_may_not_take_a_ticket_is_told_why
    who_is_inactive_gets_no_ticket
    a_closed_ticket_is_neither_moved_nor_ignored
    p9_an_unknown_ticket_and_a_foreign_one_are_the_same
    p9_an_agent_touches_no_other_agents_ticket
}

const UNKNOWN: &str = "El tick_id no se encuentra registrado.";

async fn deactivate(scene: &Scene<'_>, agent: i64) {
    scene
        .house
        .write(async |tx| {
            let mut user = users::find(tx, scene.tenant.id, agent).await.unwrap().unwrap();
            user.active = 0;
            users::update(tx, &user).await.unwrap();
        })
        .await;
}

async fn who_may_not_take_a_ticket_is_told_why(house: &House) {
    let (scene, theirs) = (Scene::open(house).await, Scene::open(house).await);
    let foreign = theirs.writes("x").await.id;
    scene.writes("ungrouped").await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 1).await;
    scene.online("Leo", &[group], 5).await;
    scene.online("Fuera", &[], 5).await;
    let gone = scene.online("Ida", &[group], 5).await;
    deactivate(&scene, gone).await;
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    ok(&scene.next("Eva").await);
    scene.close(4).await;
    for (ticket, name, why) in [
        (json!(3), "Eva", "El usuario ya tiene 1 tickets en curso, su máximo es 1."),
        (json!(3), "Fuera", "El usuario no pertenece al grupo del ticket."),
        (json!(1), "Leo", "El ticket no tiene grupo"),
        (json!(4), "Leo", "El ticket está cerrado."),
        (json!(99), "Leo", UNKNOWN),
        (json!(foreign), "Leo", UNKNOWN),
    ] {
        let body = json!({"auto": "S", "tick_id": ticket, "mail": mail(name)});
        let said = nested(&scene.post("ticket/asignausuario", body).await);
        assert_eq!(said, format!("Error al autoasignar:{why}"), "{name}: {ticket}");
    }
    let body = json!({"auto": "S", "tick_id": 3, "mail": mail("Ida")});
    let said = nested(&scene.post("ticket/asignausuario", body).await);
    assert_eq!(said, "El mail no corresponde a un usuario de la empresa.");
    assert_eq!(scene.given().await, [2], "nothing but what Eva pulled");
    assert_eq!((scene.owner(2).await.1, theirs.owner(1).await), (Some(eva), ("open".into(), None)));
}

async fn who_is_inactive_gets_no_ticket(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    deactivate(&scene, eva).await;
    let said = brief(&scene.post("ticket/asignausuario", json!({"tick_id": 1, "usua_id": eva})).await);
    assert_eq!(said, "Problemas para validar: El usuario está inactivo.");
    assert_eq!(brief(&scene.next("Eva").await), "El mail no corresponde a un usuario de la empresa.");
    assert_eq!(scene.owner(1).await, ("open".into(), None));
}

async fn a_closed_ticket_is_neither_moved_nor_ignored(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let other = scene.group("Cobranza", "manual").await;
    scene.writes("a").await;
    scene.close(1).await;
    for (path, body) in [
        ("cambiargrupo", json!({"tick_id": 1, "grup_id": other})),
        ("ticket/ignorar", json!({"tick_id": 1})),
        ("ticket/reasignar", json!({"tick_id": 1})),
    ] {
        assert_eq!(nested(&scene.post(path, body).await), "El ticket está cerrado.", "{path}");
    }
    let ticket = scene.ticket(1).await;
    assert_eq!((ticket.state.as_str(), ticket.group_id), ("closed", Some(group)));
}

async fn p9_an_unknown_ticket_and_a_foreign_one_are_the_same(house: &House) {
    let (ours, theirs) = (Scene::open(house).await, Scene::open(house).await);
    let group = ours.group("Ventas", "manual").await;
    let eva = ours.online("Eva", &[group], 5).await;
    let foreign = theirs.writes("a").await.id;
    let before = theirs.ticket(1).await;
    for id in ["nada", &foreign] {
        let assign = ours.post("ticket/asignausuario", json!({"tick_id": id, "usua_id": eva})).await;
        assert_eq!(brief(&assign), format!("Problemas para validar: {UNKNOWN}"), "{id}");
        for (path, body) in [
            ("cambiargrupo", json!({"tick_id": id, "grup_id": group})),
            ("ticket/nota", json!({"tick_id": id, "nota": "Llamar."})),
        ] {
            assert_eq!(nested(&ours.post(path, body).await), UNKNOWN, "{path} {id}");
        }
        for path in ["ticket/notas", "ticket/asignacion", "direcciones"] {
            assert_eq!(nested(&ours.get(&format!("{path}?tick_id={id}")).await), UNKNOWN, "{path} {id}");
        }
        for act in ["close", "reassign"] {
            let reply = house.post(&ours.tenant.client, &format!("/v2/ticket/{id}/{act}/"), &json!({})).await;
            reply.refused(404, "Ticket not found");
        }
        let possible = house.get(&ours.tenant.client, &format!("/v2/ticket/{id}/get_possible_agent/")).await;
        possible.refused(404, "Ticket not found");
    }
    assert_eq!(theirs.ticket(1).await, before);
}

async fn p9_an_agent_touches_no_other_agents_ticket(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = house.person(&scene.tenant, "eva@prueba.com", Role::Agent).await;
    let leo = house.person(&scene.tenant, "leo@prueba.com", Role::Agent).await;
    house
        .write(async |tx| {
            for user in [eva.id, leo.id] {
                relevo::store::groups::add_member(tx, group, user).await.unwrap();
            }
        })
        .await;
    for customer in ["1001/777", "b"] {
        scene.writes(customer).await;
    }
    let call = async |token: &str, path: &str, body: Value| {
        let method = if body.is_null() { "GET" } else { "POST" };
        house.call_as(token, method, &format!("/api/mundosocial/{path}"), &body).await
    };
    ok(&call(&eva.token, "estadoconexion", json!({"esta_id": 1})).await);
    for number in [1, 2] {
        ok(&call(&eva.token, "ticket/asignausuario", json!({"auto": "S", "tick_id": number})).await);
    }
    ok(&call(&eva.token, "ticket/cerrar", json!({"tick_id": 2})).await);
    let before = (scene.ticket(1).await, scene.ticket(2).await);
    let other = before.1.contact_id.clone().unwrap();
    for (path, body) in [
        ("cambiargrupo", json!({"tick_id": 1, "grup_id": group})),
        ("ticket/reabrir", json!({"tick_id": 2})),
        ("ticket/nota", json!({"tick_id": 1, "nota": "Llamar."})),
        ("omnicanalidad/vincular", json!({"tick_id": 1, "tick_id_vinculado": 2})),
        ("omnicanalidad/vinculartodos", json!({"tick_id": 1})),
        (
            "omnicanalidad/cliente",
            json!({"clie_id": other, "cana_id": 2, "cacl_identificador": "1001/777", "mover": "S"}),
        ),
    ] {
        let reply = call(&leo.token, path, body).await;
        let others = json!({"mensaje": "El ticket lo atiende otro ejecutivo."});
        assert_eq!((reply.status.as_u16(), reply.json()), (403, others), "{path}");
    }
    // What everybody reads.
    for number in [1, 2] {
        for path in ["ticket/notas", "ticket/asignacion"] {
            ok(&call(&leo.token, &format!("{path}?tick_id={number}"), Value::Null).await);
        }
    }
    let path = format!("/v2/ticket/{}/reassign/", before.0.id);
    house.call_as(&leo.token, "POST", &path, &json!({})).await.refused(403, "Another agent has this ticket");
    // Nobody has this one, but it waits elsewhere.
    let max = house.person(&scene.tenant, "max@prueba.com", Role::Agent).await;
    let third = scene.writes("c").await;
    for act in ["close", "reassign"] {
        let path = format!("/v2/ticket/{}/{act}/", third.id);
        let reply = house.call_as(&max.token, "POST", &path, &json!({})).await;
        reply.refused(403, "The ticket waits in no group of yours");
    }
    let reply = call(&max.token, "ticket/cerrar", json!({"tick_id": 3})).await;
    let elsewhere = json!({"mensaje": "El ticket no espera en ninguno de sus grupos."});
    assert_eq!((reply.status.as_u16(), reply.json()), (403, elsewhere));
    assert_eq!(scene.ticket(3).await, third);
    // Nor does anybody touch his own in another's name.
    for (path, body) in [
        ("ticket/cerrar", json!({"tick_id": 1, "mail": "leo@prueba.com"})),
        ("ticket/nota", json!({"tick_id": 1, "nota": "Llamar.", "mail": "leo@prueba.com"})),
        ("cambiargrupo", json!({"tick_id": 1, "grup_id": group, "mail": "leo@prueba.com"})),
        ("ticket/reasignar", json!({"tick_id": 1, "usua_id": leo.id})),
    ] {
        let reply = call(&eva.token, path, body).await;
        let himself = json!({"mensaje": "Un ejecutivo solo puede actuar como sí mismo."});
        assert_eq!((reply.status.as_u16(), reply.json()), (403, himself), "{path}");
    }
    assert_eq!((scene.ticket(1).await, scene.ticket(2).await), before);
    assert!(notes::of_ticket(&mut house.db.read().await.unwrap(), &before.0.id, 10).await.unwrap().is_empty());
    // Nor in the name of nobody.
    for path in ["cambiargrupo", "ticket/reasignar"] {
        let body = json!({"tick_id": 1, "grup_id": group, "mail": "nadie@prueba.com"});
        assert_eq!(
            nested(&scene.post(path, body).await),
            "El mail no corresponde a un usuario de la empresa.",
            "{path}"
        );
    }
    let own = json!({"clie_id": other, "cana_id": 2, "cacl_identificador": "1001/777", "mover": "S"});
    assert_eq!(ok(&call(&eva.token, "omnicanalidad/cliente", own).await)["resultado"], "unido", "hers she may");
}

//! What people do: assign, take, give away, move, close, ignore, reopen, note.

use serde_json::json;

use relevo::{
    desk::{clients::Role, routing},
    domain::routing::Verdict,
};

use super::scene::{OFFLINE, ONLINE, Scene, brief, mail, nested, ok};
use crate::api::house::House;

on_both_databases! {
    a_ticket_is_assigned_to_whom_somebody_names
    who_cannot_be_assigned_is_refused_with_the_reason
    an_agent_takes_a_ticket_if_its_group_allows_it
    a_reassigned_ticket_goes_to_somebody_else
    a_possible_agent_is_named_without_any_effect
    a_possible_agent_is_who_a_reassignment_chooses
    who_serves_the_new_group_too_keeps_the_ticket
    a_full_owner_keeps_a_ticket_that_moves_to_a_group_of_his
    a_ticket_is_closed_once_and_reopened
    an_ignored_ticket_waits_for_nobody
    notes_are_kept
    p9_a_foreign_ticket_is_answered_exactly_as_a_missing_one
    only_the_seeds_people_are_listed
    p9_an_agent_acts_as_himself_alone
    p9_an_agent_who_names_himself_takes_only_what_he_may
    p9_what_was_given_away_meanwhile_is_touched_no_more
    what_is_configured_has_its_effect_at_once
    a_deleted_groups_tickets_are_routed_again
}

async fn a_ticket_is_assigned_to_whom_somebody_names(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 1).await;
    let leo = scene.online("Leo", &[group], 1).await;
    scene.writes("a").await;
    for (user, number) in [(eva, 1), (leo, 1), (leo, 1)] {
        let body = ok(&scene.post("ticket/asignausuario", json!({"tick_id": number, "usua_id": user})).await);
        assert_eq!(body["ticket"]["usua_id"], user);
        assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(user)));
    }
    let (decisions, _) = scene.decisions(1).await;
    assert_eq!(decisions.len(), 3, "to give it to its owner is no decision");
    let detail = house.body(&scene.tenant.client, &format!("/v2/ticket/{}/", scene.ticket(1).await.id)).await;
    // PC "Detalle de un ticket".
    assert_eq!(detail["current_assignment"], json!({"cmid": leo, "name": "Leo", "email": "leo@prueba.com"}));
}

async fn who_cannot_be_assigned_is_refused_with_the_reason(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.agent_with("Eva", &[group], 1).await;
    let out = scene.online("Fuera", &[], 1).await;
    scene.writes("a").await;
    scene.writes("b").await;
    let assign = async |ticket: i64, user: i64| {
        brief(&scene.post("ticket/asignausuario", json!({"tick_id": ticket, "usua_id": user})).await)
    };
    // MS "Asignar Usuario a Ticket", 1.2.2.1.
    assert_eq!(assign(1, eva).await, "Problemas para validar: Usuario no se encuentra en línea");
    assert_eq!(assign(1, out).await, "Problemas para validar: El usuario no pertenece al grupo del ticket.");
    assert_eq!(assign(1, 999_999).await, "Problemas para validar: El usuario no se encuentra registrado.");
    assert_eq!(assign(99, eva).await, "Problemas para validar: El tick_id no se encuentra registrado.");
    scene.is(eva, ONLINE).await;
    ok(&scene.post("ticket/asignausuario", json!({"tick_id": "1", "usua_id": eva.to_string()})).await);
    assert_eq!(assign(2, eva).await, "Problemas para validar: El usuario ya tiene 1 tickets en curso, su máximo es 1.");
    scene.close(1).await;
    assert_eq!(assign(1, eva).await, "Problemas para validar: El ticket está cerrado.");
    let missing = brief(&scene.post("ticket/asignausuario", json!({})).await);
    assert!(missing.contains("tick_id") && missing.contains("usua_id"), "{missing}");
    let reply = scene.post("ticket/asignausuario", json!({"tick_id": 2, "usua_id": "x"})).await;
    assert!(brief(&reply).contains("usua_id debe ser un número"), "{reply:?}");
}

async fn an_agent_takes_a_ticket_if_its_group_allows_it(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let strict = scene.group_with("Cobranza", "manual", |group| group.self_assign = 0).await;
    let eva = scene.online("Eva", &[group, strict], 9).await;
    scene.online("Leo", &[group], 9).await;
    scene.writes("a").await;
    scene.writes("b").await;
    let take = |number: i64, name: &str| json!({"auto": "S", "tick_id": number, "mail": mail(name)});
    let body = ok(&scene.post("ticket/asignausuario", take(1, "Eva")).await);
    assert_eq!((&body["ticket"]["tick_id"], &body["ticket"]["usua_id"]), (&json!(1), &json!(eva)));
    let taken = nested(&scene.post("ticket/asignausuario", take(1, "Leo")).await);
    assert_eq!(taken, "Error al autoasignar:El ticket ya lo atiende Eva");
    ok(&scene.post("cambiargrupo", json!({"tick_id": 2, "grup_id": strict})).await);
    // MS "Autoasignación", 2.1.2.1, field by field.
    let reply = scene.post("ticket/asignausuario", take(2, "Eva")).await;
    assert_eq!(
        reply.json(),
        json!({
            "error": {
                "codigoRespuesta": 0,
                "descripcionRespuesta": "Error",
                "detalleRespuesta": {
                    "mensaje": "Error al autoasignar:El grupo asignado al ticket no permite la auto asignación",
                    "0": ""
                }
            },
            "codigo": 400
        })
    );
    scene.is(eva, OFFLINE).await;
    scene.writes("c").await;
    let offline = nested(&scene.post("ticket/asignausuario", take(3, "Eva")).await);
    assert_eq!(offline, "Error al autoasignar:Usuario no se encuentra en línea");
}

async fn a_reassigned_ticket_goes_to_somebody_else(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 2).await;
    let ticket = scene.writes("a").await;
    assert_eq!(ticket.agent_id, Some(eva));
    let path = format!("/v2/ticket/{}/reassign/", ticket.id);
    let reply = house.post(&scene.tenant.client, &path, &json!({})).await;
    // PC "Reasignar ticket".
    assert_eq!(reply.json(), json!({"status": 200, "message": "Ok"}));
    assert_eq!(scene.owner(1).await, ("open".into(), None), "there is nobody else");
    scene.sweep().await;
    assert_eq!(scene.owner(1).await.1, None, "it does not go back by itself");
    let leo = scene.online("Leo", &[group], 2).await;
    assert_eq!(scene.owner(1).await.1, Some(leo));
    ok(&scene.post("ticket/reasignar", json!({"tick_id": 1})).await);
    assert_eq!(scene.owner(1).await.1, Some(eva), "another wait");
    let missing = house.post(&scene.tenant.client, "/v2/ticket/nada/reassign/", &json!({})).await;
    missing.refused(404, "Ticket not found");
    scene.close(1).await;
    house.post(&scene.tenant.client, &path, &json!({})).await.refused(409, "The ticket is closed");
}

async fn a_possible_agent_is_named_without_any_effect(house: &House) {
    let scene = Scene::open(house).await;
    let ticket = scene.writes("a").await;
    let path = format!("/v2/ticket/{}/get_possible_agent/", ticket.id);
    let possible = async || house.body(&scene.tenant.client, &path).await["assignation"].clone();
    assert_eq!(possible().await, json!({"cm": null, "reason": "The ticket's channel has no group"}));
    let group = scene.group("Ventas", "manual").await;
    assert_eq!(possible().await, json!({"cm": null, "reason": "The ticket's group has no agents"}));
    let eva = scene.agent_with("Eva", &[group], 0).await;
    assert_eq!(possible().await, json!({"cm": null, "reason": "No agent of the ticket's group is online"}));
    scene.is(eva, ONLINE).await;
    assert_eq!(possible().await, json!({"cm": null, "reason": "Every agent who is online is at capacity"}));
    let leo = scene.online("Leo", &[group], 1).await;
    // PC "AssignationResponse".
    let reason = "Assigned because of workload: fewest tickets in hand";
    assert_eq!(
        house.body(&scene.tenant.client, &path).await,
        json!({"status": 200, "assignation": {"cm": leo, "reason": reason}})
    );
    assert_eq!(scene.owner(1).await, ("open".into(), None));
    scene.close(1).await;
    assert_eq!(possible().await, json!({"cm": null, "reason": "The ticket is closed"}));
    house.get(&scene.tenant.client, "/v2/ticket/1/get_possible_agent/").await.refused(404, "Ticket not found");
}

async fn a_possible_agent_is_who_a_reassignment_chooses(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 5).await;
    let ticket = scene.writes("a").await;
    let possible = async || {
        let path = format!("/v2/ticket/{}/get_possible_agent/", ticket.id);
        house.body(&scene.tenant.client, &path).await["assignation"].clone()
    };
    let reassign = async || {
        ok(&scene.post("ticket/reasignar", json!({"tick_id": 1})).await);
        scene.owner(1).await.1
    };
    // Eva had it before Leo has it, and has more in hand than Mia.
    scene.close(1).await;
    scene.is(eva, OFFLINE).await;
    let leo = scene.online("Leo", &[group], 5).await;
    ok(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await);
    let before = scene.ticket(1).await;
    assert_eq!((before.agent_id, before.previous_agent_id), (Some(leo), Some(eva)));
    let mia = scene.online("Mia", &[group], 5).await;
    scene.is(eva, ONLINE).await;
    assert_eq!((scene.writes("b").await.agent_id, scene.writes("c").await.agent_id), (Some(mia), Some(eva)));
    scene.close(2).await;
    let reason = "Assigned because of workload: fewest tickets in hand";
    assert_eq!(possible().await, json!({"cm": mia, "reason": reason}), "who had it before is as good as others");
    assert_eq!(reassign().await, Some(mia));
    assert_eq!(possible().await["cm"], leo, "not Mia, who has it");
    assert_eq!(reassign().await, Some(leo));
    for agent in [eva, mia] {
        scene.is(agent, OFFLINE).await;
    }
    assert!(possible().await["cm"].is_null());
    assert_eq!(reassign().await, None);
    assert!(possible().await["cm"].is_null(), "Leo is not to get it back");
    scene.sweep().await;
    assert_eq!(scene.owner(1).await, ("open".into(), None));
}

async fn a_full_owner_keeps_a_ticket_that_moves_to_a_group_of_his(house: &House) {
    let scene = Scene::open(house).await;
    let first = scene.group("Ventas", "auto").await;
    let second = scene.group("Cobranza", "auto").await;
    let third = scene.group("Soporte", "auto").await;
    let eva = scene.online("Eva", &[first, second], 1).await;
    scene.writes("a").await;
    let leo = scene.online("Leo", &[second, third], 5).await;
    let moves = async |group: i64| {
        ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": group})).await);
        let ticket = scene.ticket(1).await;
        (ticket.group_id, ticket.agent_id)
    };
    assert_eq!(moves(second).await, (Some(second), Some(eva)), "her only slot is this ticket's own");
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions[1], ("group".into(), "assigned".into(), Some(eva)));
    assert_eq!(why.considerados[0].veredicto, Verdict::Previous);
    assert_eq!(moves(third).await, (Some(third), Some(leo)), "a group that she does not serve");
}

async fn a_ticket_is_closed_once_and_reopened(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 1).await;
    let ticket = scene.writes("a").await;
    ok(&scene.next("Eva").await);
    let close = json!({"tick_id": 1, "motivo": "desiste", "mail": mail("Eva")});
    let body = ok(&scene.post("ticket/cerrar", close).await);
    assert_eq!(
        (&body["ticket"]["tick_estado"], &body["ticket"]["tick_motivo"]),
        (&json!("Cerrado"), &json!("desiste"))
    );
    let closed = scene.ticket(1).await;
    assert_eq!((closed.closed_by, closed.closed_at), (Some(eva), Some(house.clock.now())));
    house.clock.advance(5_000);
    let path = format!("/v2/ticket/{}/close/", ticket.id);
    // PC "Cerrar ticket".
    assert_eq!(
        house.post(&scene.tenant.client, &path, &json!({})).await.json(),
        json!({"status": 200, "message": "Ok"})
    );
    assert_eq!(scene.ticket(1).await.closed_at, closed.closed_at, "it stays as it was");
    let long = json!({"tick_id": 1, "motivo": "x".repeat(101)});
    assert_eq!(nested(&scene.post("ticket/cerrar", long).await), "El motivo no debe superar 100 caracteres.");
    // A new ticket of the same customer stands in the way (P3).
    scene.writes("a").await;
    let refused = nested(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await);
    assert_eq!(refused, "El cliente ya tiene otro ticket abierto en esta conversación (número 2).");
    scene.close(2).await;
    ok(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await);
    assert_eq!(nested(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await), "El ticket no está cerrado.");
    scene.writes("a").await;
    assert_eq!(scene.ticket(1).await.updated_at, house.clock.now() - 1_000, "what comes now goes to the reopened one");
}

async fn an_ignored_ticket_waits_for_nobody(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    scene.online("Eva", &[group], 1).await;
    scene.writes("a").await;
    let body = ok(&scene.post("ticket/ignorar", json!({"tick_id": 1})).await);
    assert_eq!(body["ticket"]["tick_estado"], "Ignorado");
    assert!(scene.next("Eva").await.json()["ticket"].is_null());
    scene.writes("a").await;
    assert_eq!(scene.owner(1).await, ("ignored".into(), None));
    let refused = scene.post("ticket/reasignar", json!({"tick_id": 1})).await;
    assert_eq!(nested(&refused), "El ticket está ignorado: reábralo primero.");
    let path = format!("/v2/ticket/{}/reassign/", scene.ticket(1).await.id);
    let refused = house.post(&scene.tenant.client, &path, &json!({})).await;
    refused.refused(409, "The ticket is ignored: reopen it first");
    assert_eq!(scene.owner(1).await, ("ignored".into(), None));
    ok(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await);
    assert_eq!(ok(&scene.next("Eva").await)["ticket"]["tick_id"], 1);
}

async fn notes_are_kept(house: &House) {
    let scene = Scene::open(house).await;
    let eva = scene.agent("Eva", &[]).await;
    scene.writes("a").await;
    let note = json!({"tick_id": 1, "nota": " Llamar el lunes. ", "mail": mail("Eva")});
    let added = ok(&scene.post("ticket/nota", note).await);
    let listed = ok(&scene.get("ticket/notas?tick_id=1").await);
    let note = &listed["notas"][0];
    assert_eq!((&note["nota_id"], &note["nota_texto"]), (&added["nota_id"], &json!("Llamar el lunes.")));
    assert_eq!(note["usua_id"], eva);
    assert_eq!(nested(&scene.post("ticket/nota", json!({"tick_id": 1, "nota": " "})).await), "La nota está vacía.");
    let missing = nested(&scene.post("ticket/nota", json!({"tick_id": 1.0})).await);
    assert_eq!(missing, "El campo nota es obligatorio.");
}

async fn p9_a_foreign_ticket_is_answered_exactly_as_a_missing_one(house: &House) {
    let (ours, theirs) = (Scene::open(house).await, Scene::open(house).await);
    let group = ours.group("Ventas", "manual").await;
    let theirs_ticket = theirs.writes("a").await;
    ours.writes("a").await;
    for path in ["ticket/cerrar", "ticket/ignorar", "ticket/reabrir", "ticket/reasignar"] {
        let missing = ours.post(path, json!({"tick_id": "nada"})).await;
        let foreign = ours.post(path, json!({"tick_id": theirs_ticket.id})).await;
        assert_eq!((foreign.status, foreign.json()), (missing.status, missing.json()), "{path}");
        assert_eq!(nested(&foreign), "El tick_id no se encuentra registrado.");
    }
    let foreign = theirs.post("cambiargrupo", json!({"tick_id": 1, "grup_id": group})).await;
    assert_eq!(nested(&foreign), "El grup_id no se encuentra registrado o está inactivo.");
    assert_eq!(theirs.owner(1).await, ("open".into(), None));
    let other = house.client(Some(ours.tenant.id), Role::Agent).await;
    assert_eq!(house.get(&other, "/api/mundosocial/diferencia").await.status, 403, "a program of the role agent");
}

async fn only_the_seeds_people_are_listed(house: &House) {
    let scene = Scene::open(house).await;
    let empty = ok(&scene.get("direcciones").await);
    // MS "Listar Usuarios", 1.1.2.2.
    assert_eq!(empty, json!({"mensaje": "ok", "direcciones": []}));
    let group = scene.group("Ventas", "manual").await;
    let eva = scene.online("Eva", &[group], 3).await;
    scene.agent("Leo", &[]).await;
    scene.writes("a").await;
    ok(&scene.next("Eva").await);
    let all = ok(&scene.get("direcciones").await);
    assert_eq!(all["direcciones"].as_array().unwrap().len(), 2);
    let members = ok(&scene.get("direcciones?tick_id=1").await);
    let one = json!({
        "usua_id": eva, "usua_nombre": "Eva", "usua_mail": "eva@prueba.com", "esta_id": 1, "esta_descripcion": "En línea",
        "usua_carga": 1, "usua_capacidad": 3,
    });
    assert_eq!(members["direcciones"], json!([one]));
}

async fn p9_an_agent_acts_as_himself_alone(house: &House) {
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
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    let call = async |token: &str, path: &str, body: serde_json::Value| {
        let method = if body.is_null() { "GET" } else { "POST" };
        house.call_as(token, method, &format!("/api/mundosocial/{path}"), &body).await
    };
    ok(&call(&eva.token, "estadoconexion", json!({"esta_id": 1})).await);
    ok(&call(&leo.token, "estadoconexion", json!({"esta_id": 1, "mail": "leo@prueba.com"})).await);
    let got = ok(&call(&eva.token, "siguienteticket", json!({})).await);
    assert_eq!((&got["ticket"]["tick_id"], &got["ticket"]["usua_id"]), (&json!(1), &json!(eva.id)), "who names nobody");
    let himself = json!({"mensaje": "Un ejecutivo solo puede actuar como sí mismo."});
    for (path, body) in [
        ("siguienteticket", json!({"mail": "leo@prueba.com"})),
        ("estadoconexion", json!({"esta_id": 7, "mail": "leo@prueba.com"})),
        ("ticket/asignausuario", json!({"tick_id": 2, "usua_id": leo.id})),
        ("ticket/asignausuario", json!({"auto": "S", "tick_id": 2, "mail": "leo@prueba.com"})),
    ] {
        let reply = call(&eva.token, path, body).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (403, himself.clone()), "{path}");
    }
    let others = json!({"mensaje": "El ticket lo atiende otro ejecutivo."});
    for path in ["ticket/cerrar", "ticket/reasignar", "ticket/ignorar"] {
        let reply = call(&leo.token, path, json!({"tick_id": 1})).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (403, others.clone()), "{path}");
    }
    let id = scene.ticket(1).await.id;
    let reply = house.call_as(&leo.token, "POST", &format!("/v2/ticket/{id}/close/"), &json!({})).await;
    reply.refused(403, "Another agent has this ticket");
    ok(&call(&leo.token, "ticket/asignausuario", json!({"auto": "S", "tick_id": 2})).await);
    ok(&call(&eva.token, "ticket/cerrar", json!({"tick_id": 1})).await);
    assert_eq!(scene.ticket(1).await.closed_by, Some(eva.id));
    assert_eq!(call(&eva.token, "diferencia", serde_json::Value::Null).await.status, 403);
    assert_eq!(scene.owner(2).await.1, Some(leo.id));
}

async fn p9_an_agent_who_names_himself_takes_only_what_he_may(house: &House) {
    let scene = Scene::open(house).await;
    let open = scene.group("Ventas", "manual").await;
    let strict = scene.group_with("Cobranza", "manual", |group| group.self_assign = 0).await;
    let leo = scene.online("Leo", &[open], 9).await;
    let eva = house.person(&scene.tenant, "eva@prueba.com", Role::Agent).await;
    house
        .write(async |tx| {
            for group in [open, strict] {
                relevo::store::groups::add_member(tx, group, eva.id).await.unwrap();
            }
        })
        .await;
    scene.is(eva.id, super::scene::ONLINE).await;
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    ok(&scene.post("ticket/asignausuario", json!({"tick_id": 1, "usua_id": leo})).await);
    ok(&scene.post("cambiargrupo", json!({"tick_id": 2, "grup_id": strict})).await);
    let take = async |number: i64| {
        let body = json!({"tick_id": number, "usua_id": eva.id});
        house.call_as(&eva.token, "POST", "/api/mundosocial/ticket/asignausuario", &body).await
    };
    assert_eq!(nested(&take(1).await), "Error al autoasignar:El ticket ya lo atiende Leo");
    let forbidden = "Error al autoasignar:El grupo asignado al ticket no permite la auto asignación";
    assert_eq!(nested(&take(2).await), forbidden);
    for _ in 0..2 {
        assert_eq!(ok(&take(3).await)["ticket"]["usua_id"], eva.id, "again it changes nothing");
    }
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (Some(leo), None));
}

async fn p9_what_was_given_away_meanwhile_is_touched_no_more(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let leo = scene.online("Leo", &[group], 9).await;
    let eva = house.person(&scene.tenant, "eva@prueba.com", Role::Agent).await;
    house.write(async |tx| relevo::store::groups::add_member(tx, group, eva.id).await.unwrap()).await;
    scene.is(eva.id, super::scene::ONLINE).await;
    let id = scene.writes("a").await.id;
    let give = async |user: i64| {
        let mut tx = house.db.write().await.unwrap();
        routing::assign(&mut tx, &house.clock, scene.tenant.id, "1", user).await.unwrap();
        tx
    };
    for (path, body) in [
        ("/api/mundosocial/ticket/cerrar".to_owned(), json!({"tick_id": 1})),
        ("/api/mundosocial/ticket/ignorar".to_owned(), json!({"tick_id": 1})),
        ("/api/mundosocial/ticket/reasignar".to_owned(), json!({"tick_id": 1})),
        ("/api/mundosocial/ticket/nota".to_owned(), json!({"tick_id": 1, "nota": "Es mío."})),
        ("/api/mundosocial/cambiargrupo".to_owned(), json!({"tick_id": 1, "grup_id": group})),
        (format!("/v2/ticket/{id}/close/"), json!({})),
        (format!("/v2/ticket/{id}/reassign/"), json!({})),
    ] {
        give(eva.id).await.commit().await.unwrap();
        // It is being given to Leo when Eva's call comes in.
        let giving = give(leo).await;
        let given = async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            giving.commit().await.unwrap();
        };
        let (reply, ()) = tokio::join!(house.call_as(&eva.token, "POST", &path, &body), given);
        assert_eq!(reply.status, 403, "{path}: {reply:?}");
        assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(leo)), "{path}");
    }
}

async fn a_deleted_groups_tickets_are_routed_again(house: &House) {
    let scene = Scene::open(house).await;
    let first = scene.group("Ventas", "manual").await;
    let second = scene.group("Cobranza", "auto").await;
    let eva = scene.online("Eva", &[first], 5).await;
    for customer in ["a", "b"] {
        scene.writes(customer).await;
    }
    ok(&scene.next("Eva").await);
    let leo = scene.online("Leo", &[second], 5).await;
    let body = ok(&scene.post("grupo/delete", json!({"grup_id": first})).await);
    assert_eq!((&body["tick_en_espera"], &body["tick_en_proceso"]), (&json!(1), &json!(1)));
    assert_eq!(scene.owner(1).await.1, Some(eva), "who has it keeps it");
    let moved = scene.ticket(2).await;
    assert_eq!((moved.group_id, moved.agent_id), (Some(second), Some(leo)));
    assert_eq!(scene.decisions(2).await.0[1], ("group".into(), "assigned".into(), Some(leo)));
    // One that is switched off gives its tickets up.
    scene.is(leo, OFFLINE).await;
    scene.writes("c").await;
    let third = scene.group("Otros", "manual").await;
    ok(&scene.post("grupo/update", json!({"grup_id": second, "grup_activo": "N"})).await);
    assert_eq!(scene.ticket(3).await.group_id, Some(third));
}

async fn what_is_configured_has_its_effect_at_once(house: &House) {
    let scene = Scene::open(house).await;
    for customer in ["a", "b"] {
        scene.writes(customer).await;
    }
    let eva = scene.online("Eva", &[], 1).await;
    let group = ok(&scene.post("grupo", json!({"grup_nombre": "Ventas"})).await)["grupo"]["grup_id"].clone();
    ok(&scene.post("canalgrupo", json!({"grup_id": group, "cuen_id": scene.channel, "cagr_usa_bot": false})).await);
    assert_eq!(json!(scene.ticket(1).await.group_id), group, "linked: it waits there");
    assert_eq!(scene.owner(1).await.1, None);
    ok(&scene.post("grupousuario", json!({"usua_id": eva, "grupos": [group]})).await);
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (Some(eva), None), "a member: up to the capacity");
}

async fn who_serves_the_new_group_too_keeps_the_ticket(house: &House) {
    let scene = Scene::open(house).await;
    let (from, to) = (scene.group("Ventas", "manual").await, scene.group("Soporte", "manual").await);
    let other = scene.group("Cobranza", "manual").await;
    let eva = scene.online("Eva", &[from, to], 1).await;
    scene.writes("a").await;
    scene.writes("b").await;
    ok(&scene.next("Eva").await);
    // She has as many as she may, this one among them: nobody takes its place.
    ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": to})).await);
    assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(eva)));
    assert_eq!(scene.ticket(1).await.group_id, Some(to));
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions.last(), Some(&("group".into(), "assigned".into(), Some(eva))));
    assert_eq!(why.pasos.last().unwrap().texto, "Eva también atiende ese grupo y lo conserva.");
    let kinds: Vec<String> = scene.told(1).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.last().map(String::as_str), Some("ticket.group_changed"));
    assert!(!kinds.contains(&"ticket.unassigned".to_owned()), "{kinds:?}");
    // A group that she does not serve takes it from her.
    ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": other})).await);
    assert_eq!(scene.owner(1).await, ("open".into(), None));
    // Who is not there keeps nothing.
    ok(&scene.next("Eva").await);
    scene.is(eva, OFFLINE).await;
    ok(&scene.post("cambiargrupo", json!({"tick_id": 2, "grup_id": to})).await);
    assert_eq!(scene.owner(2).await, ("open".into(), None));
}

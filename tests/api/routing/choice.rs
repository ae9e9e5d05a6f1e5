//! Who gets a ticket when it opens, and what becomes of those that wait.

use relevo::domain::routing::Verdict;

use super::scene::{LUNCH, OFFLINE, ONLINE, Scene};
use crate::api::house::House;

on_both_databases! {
    without_a_group_a_ticket_waits_for_operators_until_there_is_one
    an_automatic_group_gives_to_the_least_loaded_and_explains_it
    nobody_online_means_waiting_until_somebody_comes
    who_has_a_free_slot_gets_the_longest_waiting_first
    a_new_ticket_does_not_overtake_one_that_waits
    what_waits_is_shared_out_among_those_who_have_room
    a_reopened_ticket_goes_to_whoever_had_it
    a_manual_group_waits_to_be_asked
    an_agent_who_is_gone_gives_back_what_is_unanswered
    higher_priority_goes_first
    a_batch_is_shared_out
    what_one_transaction_cannot_give_is_given_oldest_first_and_not_overtaken
    who_serves_several_groups_gets_what_waits_longest
    a_ticket_that_only_its_former_owner_could_take_says_so
}

async fn without_a_group_a_ticket_waits_for_operators_until_there_is_one(house: &House) {
    let scene = Scene::open(house).await;
    scene.writes("ana").await;
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions, [("opened".into(), "ungrouped".into(), None)]);
    assert_eq!(why.pasos[1].paso, "grupo");
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 2).await;
    assert_eq!(scene.owner(1).await, ("open".into(), None), "the link is seen by the sweep");
    scene.sweep().await;
    assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(eva)));
}

async fn an_automatic_group_gives_to_the_least_loaded_and_explains_it(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 2).await;
    let leo = scene.online("Leo", &[group], 2).await;
    let mia = scene.agent("Mia", &[group]).await;
    let other = scene.online("Otro", &[], 2).await;
    let mut got = Vec::new();
    for customer in ["a", "b", "c", "d", "e"] {
        got.push(scene.writes(customer).await.agent_id);
    }
    assert_eq!(got, [Some(eva), Some(leo), Some(eva), Some(leo), None], "in turn, and never above the capacity");
    let (decisions, why) = scene.decisions(3).await;
    assert_eq!(decisions, [("opened".into(), "assigned".into(), Some(eva))]);
    let said: Vec<_> = why.considerados.iter().map(|it| (it.usua_id, it.carga, it.veredicto)).collect();
    assert_eq!(
        said,
        [(eva, Some(1), Verdict::LeastLoaded), (leo, Some(1), Verdict::MoreRecent), (mia, None, Verdict::Offline)]
    );
    assert!(why.considerados.iter().all(|it| it.usua_id != other), "no member");
    let (decisions, why) = scene.decisions(5).await;
    assert_eq!(decisions, [("opened".into(), "queued".into(), None)]);
    assert_eq!(why.considerados.iter().filter(|it| it.veredicto == Verdict::Full).count(), 2);
    assert!(scene.ticket(5).await.waiting_since.is_some());
}

async fn nobody_online_means_waiting_until_somebody_comes(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.agent_with("Eva", &[group], 2).await;
    for customer in ["a", "b", "c"] {
        assert_eq!(scene.writes(customer).await.agent_id, None);
    }
    scene.is(eva, LUNCH).await;
    assert_eq!(scene.owner(1).await, ("open".into(), None), "who is away gets none");
    scene.is(eva, ONLINE).await;
    assert_eq!(scene.owner(1).await.1, Some(eva));
    assert_eq!(scene.owner(2).await.1, Some(eva));
    assert_eq!(scene.owner(3).await.1, None, "the capacity is full");
    let (decisions, _) = scene.decisions(1).await;
    assert_eq!(decisions[1], ("presence".into(), "assigned".into(), Some(eva)));
}

async fn who_has_a_free_slot_gets_the_longest_waiting_first(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 1).await;
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    scene.close(1).await;
    assert_eq!((scene.owner(2).await.1, scene.owner(3).await.1), (Some(eva), None));
    assert_eq!(scene.decisions(2).await.0[1], ("slot".into(), "assigned".into(), Some(eva)));
    assert_eq!(scene.owner(1).await, ("closed".into(), Some(eva)), "it stays named on what it closed");
}

async fn a_new_ticket_does_not_overtake_one_that_waits(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 1).await;
    scene.writes("a").await;
    scene.writes("b").await;
    enlarge(house, &[eva], 2).await;
    scene.writes("c").await;
    assert_eq!((scene.owner(2).await.1, scene.owner(3).await.1), (Some(eva), None));
}

async fn what_waits_is_shared_out_among_those_who_have_room(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let mut agents = Vec::new();
    for name in ["Eva", "Leo"] {
        agents.push(scene.online(name, &[group], 1).await);
    }
    for customer in ["a", "b", "c", "d", "e", "f", "g"] {
        scene.writes(customer).await;
    }
    enlarge(house, &agents, 3).await;
    scene.sweep().await;
    for number in 1..=6 {
        assert_eq!(scene.owner(number).await.0, "inProgress", "{number}: both have room for three");
    }
    assert_eq!(scene.owner(7).await, ("open".into(), None));
    assert_eq!(scene.decisions(3).await.0[1].0, "sweep");
    enlarge(house, &agents, 4).await;
    scene.writes("h").await;
    assert_eq!((scene.owner(7).await.0, scene.owner(8).await.0), ("inProgress".into(), "inProgress".into()));
}

/// Slots that nobody noticed yet.
async fn enlarge(house: &House, agents: &[i64], capacity: i64) {
    let enlarge = "UPDATE users SET capacity = $2 WHERE id = $1";
    for agent in agents {
        match &house.db {
            relevo::store::Db::Sqlite { writer, .. } => {
                sqlx::query(enlarge).bind(agent).bind(capacity).execute(writer).await.map(drop).unwrap();
            }
            relevo::store::Db::Postgres(pool) => {
                sqlx::query(enlarge).bind(agent).bind(capacity).execute(pool).await.map(drop).unwrap();
            }
        }
    }
}

async fn a_reopened_ticket_goes_to_whoever_had_it(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    let leo = scene.online("Leo", &[group], 5).await;
    scene.writes("b").await;
    assert_eq!(scene.owner(2).await.1, Some(leo));
    scene.close(1).await;
    let body = serde_json::json!({"tick_id": 1});
    super::scene::ok(&scene.post("ticket/reabrir", body).await);
    assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(eva)));
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions[1], ("reopened".into(), "assigned".into(), Some(eva)));
    assert_eq!(why.considerados[0].veredicto, Verdict::Previous);
    scene.close(2).await;
    scene.is(leo, OFFLINE).await;
    super::scene::ok(&scene.post("ticket/reabrir", serde_json::json!({"tick_id": 2})).await);
    assert_eq!(scene.owner(2).await.1, Some(eva), "whoever is there, if he is not");
}

async fn a_manual_group_waits_to_be_asked(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    scene.sweep().await;
    assert_eq!(scene.owner(1).await, ("open".into(), None));
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions, [("opened".into(), "queued".into(), None)], "a sweep that changes nothing notes nothing");
    assert_eq!(why.pasos.last().unwrap().paso, "politica");
}

async fn an_agent_who_is_gone_gives_back_what_is_unanswered(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    scene.writes("b").await;
    let answered = scene.ticket(2).await;
    let answer = serde_json::json!({"tick_id": 2, "mensaje": "Buenas", "mail": "eva@prueba.com"});
    super::scene::ok(&scene.post("mensajes/sale", answer).await);
    let leo = scene.online("Leo", &[group], 5).await;
    scene.is(eva, OFFLINE).await;
    house.clock.advance(119_000);
    assert_eq!(scene.sweep().await.given_back, 0, "within the grace");
    house.clock.advance(2_000);
    assert_eq!(scene.sweep().await.given_back, 1);
    assert_eq!(scene.owner(1).await.1, Some(leo));
    assert_eq!(scene.owner(2).await.1, Some(eva), "we had the last word");
    assert_eq!(scene.decisions(1).await.0[1], ("agent_gone".into(), "assigned".into(), Some(leo)));
    assert!(answered.answered_at.is_none() && scene.ticket(2).await.answered_at.is_some());
}

async fn higher_priority_goes_first(house: &House) {
    let scene = Scene::open(house).await;
    let plain = scene.group("Ventas", "auto").await;
    let urgent = scene.group_with("Urgente", "auto", |group| group.priority = 9).await;
    for customer in ["a", "b", "c"] {
        scene.writes(customer).await;
    }
    let body = serde_json::json!({"tick_id": 3, "grup_id": urgent});
    super::scene::ok(&scene.post("cambiargrupo", body).await);
    assert_eq!(scene.ticket(3).await.priority, 9);
    let eva = scene.online("Eva", &[plain, urgent], 2).await;
    assert_eq!(scene.owner(3).await.1, Some(eva));
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (Some(eva), None));
}

async fn a_batch_is_shared_out(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 3).await;
    let leo = scene.online("Leo", &[group], 2).await;
    let now = house.clock.now();
    let events: Vec<_> = (0..7).map(|n| scene.tenant.says(scene.channel, &format!("c{n}"), now + n, "Hola")).collect();
    house.apply(&events).await;
    let mut got = Vec::new();
    for number in 1..=7 {
        got.push(scene.owner(number).await.1);
    }
    assert_eq!(got, [Some(eva), Some(leo), Some(eva), Some(leo), Some(eva), None, None]);
}

async fn what_one_transaction_cannot_give_is_given_oldest_first_and_not_overtaken(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let agents = [scene.online("Eva", &[group], 0).await, scene.online("Leo", &[group], 0).await];
    let now = house.clock.now();
    let events: Vec<_> =
        (0..250).map(|n| scene.tenant.says(scene.channel, &format!("c{n}"), now + n, "Hola")).collect();
    house.apply(&events).await;
    house.clock.advance(1_000);
    // Room for more than is looked at in one transaction.
    enlarge(house, &agents, 120).await;
    scene.writes("late").await;
    let given = scene.given().await;
    assert!((100..240).contains(&given.len()), "one transaction's: {}", given.len());
    assert!(given.iter().zip(1..).all(|(given, number)| *given == number), "the oldest: {given:?}");
    let (decisions, why) = scene.decisions(251).await;
    assert_eq!(decisions, [("opened".into(), "queued".into(), None)]);
    assert!(why.pasos.last().unwrap().texto.starts_with("Otros esperan desde antes"), "{why:?}");
    scene.sweep().await;
    assert_eq!(scene.given().await, (1..=240).collect::<Vec<i64>>(), "all who fit, in one sweep");
    let people = scene.get("estadoconexion/ejecutivos").await.json();
    for one in people["ejecutivos"].as_array().unwrap() {
        assert_eq!(one["usua_carga"], 120, "{one}");
    }
}

async fn who_serves_several_groups_gets_what_waits_longest(house: &House) {
    let scene = Scene::open(house).await;
    let first = scene.group("Ventas", "auto").await;
    let second = scene.group("Cobranza", "auto").await;
    scene.writes("a").await;
    super::scene::ok(&scene.post("cambiargrupo", serde_json::json!({"tick_id": 1, "grup_id": second})).await);
    scene.writes("b").await;
    let eva = scene.online("Eva", &[], 1).await;
    // Her groups are filled together: the second one's ticket waits longer.
    let member = serde_json::json!({"usua_id": eva, "grupos": [first, second]});
    super::scene::ok(&scene.post("grupousuario", member).await);
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (Some(eva), None));
}

async fn a_ticket_that_only_its_former_owner_could_take_says_so(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    super::scene::ok(&scene.post("ticket/reasignar", serde_json::json!({"tick_id": 1})).await);
    let (decisions, why) = scene.decisions(1).await;
    assert_eq!(decisions[1], ("reassigned".into(), "queued".into(), None));
    assert_eq!(why.pasos.last().unwrap().texto, "No hay otro ejecutivo en línea: el ticket espera.");
}

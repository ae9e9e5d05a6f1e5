//! Many at once: each ticket is given once, nobody gets more than may be.

use std::{collections::BTreeMap, sync::Arc};

use relevo::{
    desk::{
        intake,
        routing::{self, RoutingError},
    },
    store::StoreError,
};
use serde_json::json;
use tokio::task::JoinSet;

use super::scene::{Scene, ok};
use crate::api::house::House;

on_both_databases! {
    agents_who_pull_at_once_get_different_tickets
    agents_who_take_the_same_ticket_at_once_are_one
    customers_who_write_at_once_fill_nobody_above_the_capacity
}

async fn agents_who_pull_at_once_get_different_tickets(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let mut agents = Vec::new();
    for n in 0..8 {
        agents.push(scene.online(&format!("A{n}"), &[group], 5).await);
    }
    let now = house.clock.now();
    let events: Vec<_> = (0..60).map(|n| scene.tenant.says(scene.channel, &format!("c{n}"), now + n, "Hola")).collect();
    house.apply(&events).await;
    let mut pulling = JoinSet::new();
    for agent in agents {
        let (db, clock, company) = (house.db.clone(), house.clock.clone(), scene.tenant.id);
        pulling.spawn(async move {
            let mut got = Vec::new();
            loop {
                let mut tx = db.write().await.unwrap();
                match routing::next(&mut tx, &clock, company, agent).await {
                    Ok((ticket, _)) => {
                        tx.commit().await.unwrap();
                        got.push(ticket.number);
                    }
                    Err(RoutingError::Full(load, capacity)) => {
                        assert_eq!((load, capacity), (5, 5));
                        return (agent, got);
                    }
                    Err(RoutingError::Store(StoreError::Conflict)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let got: BTreeMap<i64, Vec<i64>> = pulling.join_all().await.into_iter().collect();
    let mut all: Vec<i64> = got.values().flatten().copied().collect();
    assert!(got.values().all(|own| own.len() == 5 && own.is_sorted()), "{got:?}");
    all.sort_unstable();
    assert_eq!(all, (1..=40).collect::<Vec<i64>>(), "the forty that waited longest, each once");
}

async fn agents_who_take_the_same_ticket_at_once_are_one(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let mut agents = Vec::new();
    for n in 0..6 {
        agents.push(scene.online(&format!("A{n}"), &[group], 5).await);
    }
    scene.writes("a").await;
    let mut taking = JoinSet::new();
    for agent in agents {
        let (db, clock, company) = (house.db.clone(), house.clock.clone(), scene.tenant.id);
        taking.spawn(async move {
            loop {
                let mut tx = db.write().await.unwrap();
                match routing::self_assign(&mut tx, &clock, company, "1", agent).await {
                    Ok(_) => {
                        tx.commit().await.unwrap();
                        return true;
                    }
                    Err(RoutingError::Taken(_)) => return false,
                    Err(RoutingError::Store(StoreError::Conflict)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    assert_eq!(taking.join_all().await.into_iter().filter(|took| *took).count(), 1);
}

async fn customers_who_write_at_once_fill_nobody_above_the_capacity(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    for n in 0..4 {
        scene.online(&format!("A{n}"), &[group], 3).await;
    }
    let scene = Arc::new((scene.tenant, scene.channel));
    let mut writing = JoinSet::new();
    for n in 0..30 {
        let (db, clock) = (house.db.clone(), house.clock.clone());
        let event = scene.0.says(scene.1, &format!("c{n}"), clock.now(), "Hola");
        writing.spawn(async move {
            loop {
                let mut tx = db.write().await.unwrap();
                match intake::apply(&mut tx, &clock, std::slice::from_ref(&event)).await {
                    Ok(_) => return tx.commit().await.unwrap(),
                    Err(error) if error.is_conflict() => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    writing.join_all().await;
    let people = house.body(&scene.0.client, "/api/mundosocial/estadoconexion/ejecutivos").await;
    let loads: Vec<_> = people["ejecutivos"].as_array().unwrap().iter().map(|it| it["usua_carga"].clone()).collect();
    assert_eq!(loads, vec![json!(3); 4], "all are full, none is fuller");
    let open = house.body(&scene.0.client, "/v2/tickets/state/open").await;
    assert_eq!(open["tickets"].as_array().unwrap().len(), 18);
    _ = ok;
}

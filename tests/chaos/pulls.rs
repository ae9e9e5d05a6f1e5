//! Fifty agents ask four processes for the next ticket until all have as many as may be.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use relevo::{
    clock::Clock,
    store::{
        groups::{self, Group},
        tickets::{self, Ticket},
        users::{self, User},
    },
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Backend, DatabaseKind, Program, QueueKind, Relevo, run};

const AGENTS: i64 = 50;
const TICKETS: i64 = 5_000;
/// All agents together take all but five hundred.
const CAPACITY: i64 = 90;

#[test]
fn each_ticket_is_given_once_and_nobody_gets_more_than_may_be() {
    run(DatabaseKind::Postgres, QueueKind::Table, async |backend| crowd(backend).await);
}

async fn crowd(backend: &Backend) {
    // A second installation in one process changes nothing.
    _ = rustls::crypto::ring::default_provider().install_default();
    let relevo = Relevo::on(backend);
    let company = relevo.json(&["company", "add", "Tienda"]).await["id"].as_i64().expect("an id");
    let client = relevo.json(&["client", "add", "--company", &company.to_string(), "--role", "integration"]).await;
    let named = |name: &str| client[name].as_str().unwrap_or_else(|| panic!("no {name} in {client}")).to_owned();
    let (key, secret) = (named("client_key"), named("client_secret"));
    seed(backend, company).await;
    let mut processes: Vec<Program> =
        (0..4).map(|_| relevo.start(&["serve", "--json", "--roles", "gateway"])).collect();
    let mut gateways = Vec::new();
    for process in &mut processes {
        gateways.push(process.address().await);
    }
    let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
    let gateways = Arc::new(gateways);
    let mut pulling = JoinSet::new();
    for agent in 0..AGENTS {
        let (http, gateways, key, secret) = (http.clone(), Arc::clone(&gateways), key.clone(), secret.clone());
        pulling.spawn(async move {
            let mut got = Vec::new();
            for turn in 0_usize.. {
                let gateway = gateways[(turn + usize::try_from(agent).expect("a few")) % gateways.len()];
                let asked = http
                    .post(format!("http://{gateway}/api/mundosocial/siguienteticket"))
                    .header("X-User-Consumo", &key)
                    .header("X-User-Secret", &secret)
                    .header("content-type", "application/json")
                    .body(json!({"mail": format!("a{agent}@prueba.com")}).to_string());
                let answer = asked.send().await.expect("an answer");
                let status = answer.status().as_u16();
                let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
                match status {
                    200 => got.push(body["ticket"]["tick_id"].as_i64().unwrap_or_else(|| panic!("none: {body}"))),
                    // Others were first again and again.
                    503 => {}
                    400 => {
                        let full = format!("El usuario ya tiene {CAPACITY} tickets en curso, su máximo es {CAPACITY}.");
                        assert_eq!(body, json!({"mensaje": full}));
                        break;
                    }
                    _ => panic!("{status}: {body}"),
                }
            }
            (agent, got)
        });
    }
    let got: BTreeMap<i64, Vec<i64>> = pulling.join_all().await.into_iter().collect();
    for (agent, own) in &got {
        assert_eq!(i64::try_from(own.len()).expect("a few"), CAPACITY, "agent {agent}");
    }
    let mut all: Vec<i64> = got.into_values().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=AGENTS * CAPACITY).collect::<Vec<i64>>(), "those that waited longest, each once");
    for process in &mut processes {
        process.terminate();
    }
    for process in processes {
        process.end().await;
    }
}

async fn seed(backend: &Backend, company: i64) {
    let clock = Clock::real();
    let now = clock.now();
    let mut tx = backend.db.write().await.expect("a transaction");
    let group = Group {
        company_id: company,
        name: "Ventas".to_owned(),
        policy: "manual".to_owned(),
        self_assign: 1,
        timezone: "UTC".to_owned(),
        active: 1,
        ..Group::default()
    };
    let group = groups::insert(&mut tx, &group).await.expect("a group");
    for agent in 0..AGENTS {
        let user = User {
            company_id: company,
            email: format!("a{agent}@prueba.com"),
            name: format!("A{agent}"),
            role: "agent".to_owned(),
            capacity: CAPACITY,
            active: 1,
            // Online.
            presence_id: 1,
            presence_at: now,
            ..User::default()
        };
        let user = users::insert(&mut tx, &user).await.expect("an agent");
        groups::add_member(&mut tx, group, user).await.expect("a member");
    }
    let tickets: Vec<Ticket> = (1..=TICKETS)
        .map(|number| Ticket {
            id: clock.id(),
            company_id: company,
            number,
            channel_id: 1,
            kind: "telegram".to_owned(),
            conversation_id: format!("c{number}"),
            state: "open".to_owned(),
            group_id: Some(group),
            waiting_since: Some(now + number),
            created_at: now,
            updated_at: now,
            ..Ticket::default()
        })
        .collect();
    tickets::save(&mut tx, &tickets.iter().collect::<Vec<_>>()).await.expect("tickets");
    tx.commit().await.expect("committed");
}

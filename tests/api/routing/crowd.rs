//! Many at once: each ticket is given once, nobody gets more than may be.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use futures_util::future::{join, join_all};
use relevo::{
    clock::Clock,
    desk::{
        intake, presence,
        routing::{self, RoutingError},
    },
    domain::Envelope,
    store::{self, Db, StoreError, Tx},
};
use serde_json::json;
use tokio::task::JoinSet;

use super::scene::{OFFLINE, ONLINE, Scene};
use crate::{
    api::house::House,
    support::{DatabaseKind, QueueKind, run, until},
};

on_both_databases! {
    agents_who_pull_at_once_get_different_tickets
    agents_who_take_the_same_ticket_at_once_are_one
    customers_who_write_at_once_fill_nobody_above_the_capacity
    agents_who_come_and_go_and_pull_meanwhile_are_filled_to_the_capacity
    p3_a_reopening_and_a_new_message_at_once_leave_one_open_ticket
}

/// Applies what a customer wrote, again while another transaction is first.
async fn apply(db: &Db, clock: &Clock, event: &Envelope) {
    loop {
        let mut tx = db.write().await.unwrap();
        match intake::apply(&mut tx, clock, std::slice::from_ref(event)).await {
            Ok(_) => return tx.commit().await.unwrap(),
            Err(error) if error.is_conflict() => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Does something, again while another transaction is first; gives whether it was not refused.
async fn act(
    db: &Db,
    may_refuse: fn(&RoutingError) -> bool,
    work: impl AsyncFn(&mut Tx) -> Result<(), RoutingError>,
) -> bool {
    loop {
        let mut tx = db.write().await.unwrap();
        match work(&mut tx).await {
            Ok(()) => {
                tx.commit().await.unwrap();
                return true;
            }
            Err(RoutingError::Store(StoreError::Conflict)) => {}
            Err(error) => {
                assert!(may_refuse(&error), "{error:?}");
                return false;
            }
        }
    }
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
            let (mut got, mut conflicts) = (Vec::new(), 0);
            loop {
                let mut tx = db.write().await.unwrap();
                match routing::next(&mut tx, &clock, company, agent).await {
                    Ok((ticket, _)) => {
                        tx.commit().await.unwrap();
                        got.push(ticket.number);
                    }
                    Err(RoutingError::Full(load, capacity)) => {
                        assert_eq!((load, capacity), (5, 5));
                        return (agent, got, conflicts);
                    }
                    Err(RoutingError::Store(StoreError::Conflict)) => conflicts += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let got = pulling.join_all().await;
    // What a transaction held and let go is given later than what others found behind it.
    let in_order = got.iter().all(|(_, _, conflicts)| *conflicts == 0);
    let got: BTreeMap<i64, Vec<i64>> = got.into_iter().map(|(agent, own, _)| (agent, own)).collect();
    let mut all: Vec<i64> = got.values().flatten().copied().collect();
    assert!(got.values().all(|own| own.len() == 5 && (own.is_sorted() || !in_order)), "{got:?}");
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
        writing.spawn(async move { apply(&db, &clock, &event).await });
    }
    writing.join_all().await;
    let people = house.body(&scene.0.client, "/api/mundosocial/estadoconexion/ejecutivos").await;
    let loads: Vec<_> = people["ejecutivos"].as_array().unwrap().iter().map(|it| it["usua_carga"].clone()).collect();
    assert_eq!(loads, vec![json!(3); 4], "all are full, none is fuller");
    let open = house.body(&scene.0.client, "/v2/tickets/state/open").await;
    assert_eq!(open["tickets"].as_array().unwrap().len(), 18);
}

async fn agents_who_come_and_go_and_pull_meanwhile_are_filled_to_the_capacity(house: &House) {
    let mut scene = Scene::open(house).await;
    let (mut channels, mut groups) = (Vec::new(), Vec::new());
    for (name, policy) in [("Ventas", "auto"), ("Cobranza", "auto"), ("Soporte", "manual")] {
        scene.channel = house.channel(&scene.tenant, "telegram").await;
        channels.push(scene.channel);
        groups.push(scene.group(name, policy).await);
    }
    let mut agents = Vec::new();
    for n in 0..6 {
        agents.push(scene.agent_with(&format!("A{n}"), &groups, 3).await);
    }
    let (db, clock, company) = (&house.db, &house.clock, scene.tenant.id);
    let writing = (0..45).map(|n| {
        let event = scene.tenant.says(channels[n % 3], &format!("c{n}"), clock.now(), "Hola");
        async move { apply(db, clock, &event).await }
    });
    let working = agents.iter().map(async |agent| {
        for turn in 0..9 {
            let state = if turn % 2 == 0 { ONLINE } else { OFFLINE };
            let shows = async |tx: &mut Tx| presence::set(tx, clock, company, *agent, state, None).await.map(drop);
            act(db, |_| false, shows).await;
            let pulls = async |tx: &mut Tx| routing::next(tx, clock, company, *agent).await.map(drop);
            let may_refuse = |error: &RoutingError| {
                matches!(error, RoutingError::NotOnline | RoutingError::Full(..) | RoutingError::NothingWaits)
            };
            act(db, may_refuse, pulls).await;
        }
    });
    join(join_all(writing), join_all(working)).await;
    scene.sweep().await;
    let people = house.body(&scene.tenant.client, "/api/mundosocial/estadoconexion/ejecutivos").await;
    let loads: Vec<_> = people["ejecutivos"].as_array().unwrap().iter().map(|it| it["usua_carga"].clone()).collect();
    assert_eq!(loads, vec![json!(3); 6], "all are online and full, none is fuller");
}

/// The same at the very moment; only a server has several transactions that write at once.
#[test]
fn who_comes_online_while_a_group_is_filled_gets_no_more_than_may_be() {
    run(DatabaseKind::Postgres, QueueKind::Table, async |backend| {
        who_comes_online_meanwhile(&House::over(backend).await).await;
    });
}

async fn who_comes_online_meanwhile(house: &House) {
    let mut scene = Scene::open(house).await;
    let here = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[here], 1).await;
    let ticket = scene.writes("a").await;
    scene.channel = house.channel(&scene.tenant, "telegram").await;
    let there = scene.group("Cobranza", "auto").await;
    let leo = scene.agent_with("Leo", &[here, there], 1).await;
    let (db, clock, company) = (&house.db, &house.clock, scene.tenant.id);
    // Eva is held, and what is taken from her waits to be given,
    let mut holding = db.write().await.unwrap();
    store::routing::lock_agent(&mut holding, company, eva).await.unwrap();
    let is_done = Cell::new(false);
    let filling = async {
        act(db, |_| false, async |tx| routing::reassign(tx, clock, company, &ticket.id).await.map(drop)).await;
        is_done.set(true);
    };
    let meanwhile = async {
        until("the filling waits for Eva", async || waits(db, "SELECT%group_members%").await).await;
        // while Leo comes online and is being given another ticket.
        scene.is(leo, ONLINE).await;
        let event = scene.tenant.says(scene.channel, "b", clock.now(), "Hola");
        let mut giving = db.write().await.unwrap();
        intake::apply(&mut giving, clock, &[event]).await.unwrap();
        holding.commit().await.unwrap();
        until("the filling goes on", async || is_done.get() || waits(db, "UPDATE users%").await).await;
        giving.commit().await.unwrap();
    };
    join(filling, meanwhile).await;
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (None, Some(leo)), "he has room for one");
}

/// Whether a query like this waits for another transaction.
async fn waits(db: &Db, query: &str) -> bool {
    let Db::Postgres(pool) = db else { panic!("no server") };
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1";
    let (count,): (i64,) = sqlx::query_as(sql).bind(query).fetch_one(pool).await.unwrap();
    count > 0
}

async fn p3_a_reopening_and_a_new_message_at_once_leave_one_open_ticket(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    scene.online("Eva", &[group], 100).await;
    let mut closed = Vec::new();
    for n in 0..20 {
        let ticket = scene.writes(&format!("c{n}")).await;
        scene.close(ticket.number).await;
        closed.push(ticket);
    }
    let (db, clock, company) = (&house.db, &house.clock, scene.tenant.id);
    let racing = closed.iter().enumerate().map(|(n, ticket)| {
        let event = scene.tenant.says(scene.channel, &format!("c{n}"), clock.now(), "Otra cosa");
        async move {
            let reopens = async |tx: &mut Tx| routing::reopen(tx, clock, company, &ticket.id).await.map(drop);
            let may_refuse = |error: &RoutingError| matches!(error, RoutingError::AnotherOpen(_));
            let (reopened, ()) = join(act(db, may_refuse, reopens), apply(db, clock, &event)).await;
            reopened
        }
    });
    let reopened = join_all(racing).await;
    let tickets = scene.tickets().await;
    for (ticket, reopened) in closed.iter().zip(reopened) {
        let open: Vec<_> = tickets
            .iter()
            .filter(|it| it.conversation_id == ticket.conversation_id && it.state != "closed")
            .map(|it| (it.number == ticket.number, it.last_content.as_deref()))
            .collect();
        assert_eq!(open, [(reopened, Some("Otra cosa"))], "the reopened one, or a new one; it has the message");
    }
}

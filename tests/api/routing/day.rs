//! A day at the desk: shifts, breaks, a bot that fails at noon; at its end the report adds up.

use std::collections::BTreeMap;

use relevo::{
    desk::routing::{self, RoutingError},
    store::{
        presence,
        subscriptions::{self, Subscription},
    },
};
use serde_json::{Value, json};

use super::scene::{LUNCH, OFFLINE, ONLINE, Scene, ok};
use crate::api::house::House;

on_both_databases! {
    p10_a_day_of_shifts_breaks_and_a_bot_outage_adds_up
}

/// Customers of the day, who come in its minutes.
const CUSTOMERS: usize = 4_000;
const MINUTES: usize = 480;
/// Minutes that are lived through at once.
const STEP: usize = 12;
/// In two shifts.
const AGENTS: usize = 32;
const CAPACITY: i64 = 40;

/// Numbers that are as good as random, and the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

async fn p10_a_day_of_shifts_breaks_and_a_bot_outage_adds_up(house: &House) {
    let scene = Scene::open(house).await;
    let company = scene.tenant.id;
    let auto = scene.group("Ventas", "auto").await;
    let manual = scene.group("Cobranza", "manual").await;
    use_bot(&scene).await;
    let bot = bot(&scene).await;
    let mut agents = Vec::new();
    for n in 0..AGENTS {
        let groups: &[i64] = if n % 4 == 0 { &[auto, manual] } else { &[auto] };
        agents.push(scene.agent_with(&format!("A{n}"), groups, CAPACITY).await);
    }
    let (mut chance, mut written, mut state) = (Chance(7), 0, BTreeMap::new());
    for minute in (0..MINUTES).step_by(STEP) {
        // Two shifts that overlap, and breaks.
        for (n, agent) in agents.iter().enumerate() {
            let begins = if n < AGENTS / 2 { 0 } else { 200 };
            let wanted = match minute {
                _ if minute < begins || minute >= begins + 270 => OFFLINE,
                _ if (minute + n * 13) % 180 < 20 => LUNCH,
                _ => ONLINE,
            };
            if state.insert(*agent, wanted) != Some(wanted) {
                scene.is(*agent, wanted).await;
            }
        }
        let wanted = CUSTOMERS * (minute + STEP) / MINUTES;
        let now = house.clock.now();
        let events: Vec<_> =
            (written..wanted).map(|n| scene.tenant.says(scene.channel, &format!("c{n}"), now, "Hola")).collect();
        written = wanted;
        if !events.is_empty() {
            house.apply(&events).await;
        }
        if minute == 240 || minute == 300 {
            bot_fails(&scene, bot, minute == 240).await;
        }
        work(&scene, &agents, manual, &mut chance).await;
        if minute % 24 == 0 {
            nobody_is_above_the_capacity_or_waits_in_vain(&scene, auto).await;
        }
        house.clock.advance(60_000 * i64::try_from(STEP).unwrap());
    }
    the_report_adds_up(&scene, company).await;
}

/// What bots and agents do in a step.
async fn work(scene: &Scene<'_>, agents: &[i64], manual: i64, chance: &mut Chance) {
    let (clock, company) = (&scene.house.clock, scene.tenant.id);
    let with_bot = ids(scene, "bot_id IS NOT NULL").await;
    for ticket in with_bot.iter().take(6) {
        // The bot hands some over, and is done with others.
        match chance.below(3) {
            0 => {
                act(scene, async |tx| {
                    routing::close(tx, clock, company, ticket, Some("solo_informacion"), None).await.map(drop)
                })
                .await
            }
            1 => {
                act(scene, async |tx| routing::move_to_group(tx, clock, company, ticket, manual).await.map(drop)).await
            }
            _ => {}
        }
    }
    let in_hand = ids(scene, "state = 'inProgress'").await;
    for ticket in &in_hand {
        match chance.below(100) {
            0 => {
                act(scene, async |tx| routing::close(tx, clock, company, ticket, Some("desiste"), None).await.map(drop))
                    .await
            }
            1 if chance.below(6) == 0 => {
                act(scene, async |tx| routing::reassign(tx, clock, company, ticket).await.map(drop)).await
            }
            _ => {}
        }
    }
    for agent in agents.iter().step_by(4) {
        if chance.below(3) == 0 {
            let mut tx = scene.house.db.write().await.unwrap();
            match routing::next(&mut tx, clock, company, *agent).await {
                Ok(_) => tx.commit().await.unwrap(),
                Err(RoutingError::NotOnline | RoutingError::Full(..) | RoutingError::NothingWaits) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

async fn act(scene: &Scene<'_>, work: impl AsyncFnOnce(&mut relevo::store::Tx) -> Result<(), RoutingError>) {
    scene.house.write(async |tx| work(tx).await.unwrap()).await;
}

async fn ids(scene: &Scene<'_>, condition: &'static str) -> Vec<String> {
    let sql = match condition {
        "bot_id IS NOT NULL" => "SELECT id FROM tickets WHERE company_id = $1 AND bot_id IS NOT NULL ORDER BY id",
        _ => "SELECT id FROM tickets WHERE company_id = $1 AND state = 'inProgress' ORDER BY id",
    };
    let rows: Vec<(String,)> = match &scene.house.db {
        relevo::store::Db::Sqlite { readers, .. } => sqlx::query_as(sql).bind(scene.tenant.id).fetch_all(readers).await,
        relevo::store::Db::Postgres(pool) => sqlx::query_as(sql).bind(scene.tenant.id).fetch_all(pool).await,
    }
    .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

async fn use_bot(scene: &Scene<'_>) {
    let (channel, company) = (scene.channel, scene.tenant.id);
    let now = scene.house.clock.now();
    scene
        .house
        .write(async |tx| {
            relevo::store::links::set_uses_bot(tx, company, channel, true, now).await.map(drop).unwrap();
        })
        .await;
}

async fn bot(scene: &Scene<'_>) -> i64 {
    let row = Subscription {
        company_id: scene.tenant.id,
        kind: "bot".to_owned(),
        name: "Bot".to_owned(),
        url: "https://bot.example.org".to_owned(),
        secret: "sealed".to_owned(),
        events: "[]".to_owned(),
        timeout_ms: 5 * 60_000,
        active: 1,
        ..Subscription::default()
    };
    scene.house.write(async |tx| subscriptions::insert(tx, &row).await.unwrap()).await
}

async fn bot_fails(scene: &Scene<'_>, bot: i64, fails: bool) {
    let now = scene.house.clock.now();
    scene
        .house
        .write(async |tx| match fails {
            true => {
                for _ in 0..3 {
                    subscriptions::failed(tx, bot, "sin respuesta", now).await.unwrap();
                }
            }
            false => subscriptions::succeeded(tx, bot, now).await.unwrap(),
        })
        .await;
}

/// After a sweep; but those who are not to get a ticket may have room.
async fn nobody_is_above_the_capacity_or_waits_in_vain(scene: &Scene<'_>, auto: i64) {
    scene.sweep().await;
    let people = presence::now(&mut scene.house.db.read().await.unwrap(), scene.tenant.id, 100).await.unwrap();
    assert!(people.len() == AGENTS && people.iter().all(|one| one.load <= CAPACITY), "{people:?}");
    let in_vain = "SELECT t.number FROM tickets t WHERE t.group_id = $1 AND t.state = 'open' AND t.agent_id IS NULL \
                   AND t.bot_id IS NULL AND EXISTS (SELECT 1 FROM group_members m \
                   JOIN users u ON u.id = m.user_id AND u.active = 1 AND u.id <> coalesce(t.excluded_agent_id, 0) \
                   JOIN presence_states p ON p.id = u.presence_id AND p.kind = 'online' WHERE m.group_id = t.group_id \
                   AND u.capacity > (SELECT count(*) FROM tickets h WHERE h.agent_id = u.id AND h.state = 'inProgress'))";
    let waiting: Vec<(i64,)> = match &scene.house.db {
        relevo::store::Db::Sqlite { readers, .. } => sqlx::query_as(in_vain).bind(auto).fetch_all(readers).await,
        relevo::store::Db::Postgres(pool) => sqlx::query_as(in_vain).bind(auto).fetch_all(pool).await,
    }
    .unwrap();
    assert_eq!(waiting, [], "they wait although somebody has room: {people:?}");
}

fn sum(all: &Value, pointer: &str) -> i64 {
    all.as_array().unwrap().iter().map(|one| one.pointer(pointer).unwrap().as_i64().unwrap()).sum()
}

async fn the_report_adds_up(scene: &Scene<'_>, company: i64) {
    let report = ok(&scene.get("reporte?desde=29-11-2016&hasta=30-11-2016&zona=UTC").await);
    let total = &report["total"];
    assert_eq!(total["tickets"], CUSTOMERS);
    for of in ["canales", "grupos", "ejecutivos"] {
        for state in ["tickets", "abiertos", "en_progreso", "cerrados", "ignorados"] {
            assert_eq!(json!(sum(&report[of], &format!("/{state}"))), total[state], "{of} {state}");
        }
    }
    assert_eq!(json!(sum(&total["dias"], "/tickets")), total["tickets"], "two days of the calendar");
    let mut states = BTreeMap::new();
    for state in ["open", "inProgress", "closed", "ignored"] {
        let body = scene.house.body(&scene.tenant.client, &format!("/v2/tickets/state/{state}")).await;
        states.insert(state, body["tickets"].as_array().unwrap().len());
    }
    assert_eq!(states.values().sum::<usize>(), CUSTOMERS);
    assert_eq!(
        (json!(states["open"]), json!(states["closed"])),
        (total["abiertos"].clone(), total["cerrados"].clone())
    );
    assert!(states["closed"] > CUSTOMERS / 16, "it was a day of work: {states:?}");
    // Every ticket can say why it is where it is.
    let unexplained = "SELECT count(*) FROM tickets t WHERE t.company_id = $1 \
                       AND NOT EXISTS (SELECT 1 FROM ticket_routings r WHERE r.ticket_id = t.id)";
    let twice = "SELECT count(*) FROM tickets WHERE company_id = $1 AND state = 'inProgress' AND (agent_id IS NULL OR bot_id IS NOT NULL)";
    for sql in [unexplained, twice] {
        let (count,): (i64,) = match &scene.house.db {
            relevo::store::Db::Sqlite { readers, .. } => sqlx::query_as(sql).bind(company).fetch_one(readers).await,
            relevo::store::Db::Postgres(pool) => sqlx::query_as(sql).bind(company).fetch_one(pool).await,
        }
        .unwrap();
        assert_eq!(count, 0, "{sql}");
    }
    let causes = "SELECT DISTINCT cause FROM ticket_routings";
    let seen: Vec<(String,)> = match &scene.house.db {
        relevo::store::Db::Sqlite { readers, .. } => sqlx::query_as(causes).fetch_all(readers).await,
        relevo::store::Db::Postgres(pool) => sqlx::query_as(causes).fetch_all(pool).await,
    }
    .unwrap();
    for cause in ["opened", "presence", "slot", "group", "reassigned", "bot_failed", "pulled"] {
        assert!(seen.iter().any(|(seen,)| seen == cause), "nothing was {cause}: {seen:?}");
    }
}

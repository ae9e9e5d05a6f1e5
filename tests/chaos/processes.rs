//! SIGKILL, at any moment, of any process.

use std::sync::atomic::Ordering;

use super::{Chance, house::House};
use crate::support::{Backend, Relevo, for_each_backend};

/// How many times something is killed while the platforms post.
const BLOWS: u32 = 8;

/// Kills processes while the platforms post, starts others in their place, and looks whether everything is there.
async fn survives(backend: &Backend, seed: u64, roles: &[&'static str]) {
    let mut chance = Chance(seed);
    let mut house = House::open(backend, Relevo::on(backend), roles).await;
    let mut customers = house.platforms.begin(seed);
    for _ in 0..BLOWS {
        let moment = 5 + chance.below(40) as usize;
        house.more("accepted", moment, |platforms| platforms.tally.accepted.load(Ordering::Relaxed)).await;
        strike(&mut house, &mut chance).await;
    }
    house.platforms.enough();
    let mut sent = Vec::new();
    while let Some(customer) = customers.join_next().await {
        sent.push(customer.expect("a customer wrote to the end"));
    }
    // Once more while the last messages are being applied.
    strike(&mut house, &mut chance).await;
    house.assert_everything_is_there_once(&sent).await;
    house.platforms.tally.assert_clean();
    assert!(house.platforms.tally.unreachable.load(Ordering::Relaxed) > 0, "no platform noticed anything");
}

/// Kills one or two processes at the same moment and starts the same roles again.
async fn strike(house: &mut House<'_>, chance: &mut Chance) {
    let mut fallen = Vec::new();
    for _ in 0..=chance.below(2) {
        if !house.processes.is_empty() {
            let victim = chance.below(u32::try_from(house.processes.len()).expect("a few"));
            let (roles, process) = house.processes.remove(victim as usize);
            process.kill();
            fallen.push(roles);
        }
    }
    for roles in fallen {
        let process = house.serve(roles);
        house.processes.push((roles, process));
    }
    house.introduce().await;
}

for_each_backend! {
    sigkill_of_gateways_and_workers_loses_and_doubles_nothing_p1_p2_p3_p4: |backend| {
        survives(backend, 1, &["gateway", "gateway", "worker", "worker"]).await;
    }

    sigkill_of_the_only_process_loses_and_doubles_nothing_p1_p2_p3_p4: |backend| {
        survives(backend, 2, &["gateway,worker"]).await;
    }
}

//! SIGKILL of the dispatcher while events are relayed (P1, P2).

use std::collections::BTreeMap;

use relevo::{
    clock::Clock,
    desk::events::tell,
    domain::{Event, EventKind},
};
use serde_json::json;

use crate::{
    relays::receiver::Receiver,
    support::{Backend, Relevo, for_each_database, until},
};

const BLOWS: u64 = 3;
/// Events that are told before each blow.
const EACH: u64 = 4;

async fn say(backend: &Backend, company: i64, n: u64) {
    let event = Event {
        company,
        kind: EventKind::PresenceChanged,
        ticket: None,
        group: None,
        agent: None,
        data: json!({"n": n}),
    };
    let mut tx = backend.db.write().await.expect("a transaction");
    tell(&mut tx, Clock::real().now(), &[event]).await.expect("told");
    tx.commit().await.expect("committed");
}

for_each_database! {
    p1_p2_events_arrive_in_order_under_one_id_however_often_the_dispatcher_is_killed: |backend| {
        let relevo = Relevo::on(backend)
            .with("DISPATCH__LEASE_SECONDS", "1")
            .with("DISPATCH__POLL_MILLISECONDS", "50")
            .with("DISPATCH__RETRY_BASE_SECONDS", "1")
            .with("RELAY__ALLOW_PRIVATE_ADDRESSES", "true");
        let serve = || relevo.start(&["serve", "--json", "--roles", "dispatcher"]);
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].as_i64().expect("an id");
        let receiver = Receiver::start().await;
        let (id, url) = (company.to_string(), receiver.url());
        let add = ["subscription", "add", "relay", "--company", &id, "--name", "CRM", "--url", &url];
        receiver.knows(relevo.json(&add).await["secret"].as_str().expect("a secret").into());
        for blow in 0..BLOWS {
            receiver.hangs();
            for n in blow * EACH..(blow + 1) * EACH {
                say(backend, company, n).await;
            }
            let before = receiver.held().len();
            let dispatcher = serve();
            until("a call is held", async || receiver.held().len() > before).await;
            // It never hears what became of the call.
            dispatcher.kill();
            receiver.wakes();
            let dispatcher = serve();
            let last = json!((blow + 1) * EACH - 1);
            until("the last has arrived", async || receiver.taken().iter().any(|taken| taken.body["data"]["n"] == last)).await;
            // It may not have noted the last one yet.
            dispatcher.kill();
        }
        let mut ids: BTreeMap<u64, String> = BTreeMap::new();
        let mut order = Vec::new();
        for taken in receiver.taken() {
            let n = taken.body["data"]["n"].as_u64().expect("its number");
            let known = ids.entry(n).or_insert_with(|| {
                order.push(n);
                taken.id.clone()
            });
            assert_eq!(*known, taken.id, "the same event");
        }
        assert_eq!(order, (0..BLOWS * EACH).collect::<Vec<_>>());
        let distinct: std::collections::BTreeSet<&String> = ids.values().collect();
        assert_eq!(distinct.len(), order.len());
        assert!(receiver.held().iter().all(|held| distinct.contains(held)), "what was held came under its own id");
    }
}

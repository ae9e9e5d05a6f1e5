//! A backlog of 50,000 events: the workers against one raw three-statement transaction per event.

use std::time::Instant;

use relevo::{
    app::{App, Foundation, Role},
    store::messages,
};

use crate::{
    accept, bare,
    load::{self, request, webhook},
    support::Backend,
};

const EVENTS: usize = 50_000;
const CUSTOMERS: usize = 5_000;

pub(crate) async fn run(backend: &Backend) {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    let (db, company) = (base.db.clone(), accept::channel(&base).await);
    let gateway = App::start(base.clone(), &[Role::Gateway].into()).await.expect("a gateway");
    let requests = (0..EVENTS).map(|n| request("/webhooks/meta", &webhook("drain", n, CUSTOMERS))).collect();
    load::send_all(gateway.address().expect("an address"), requests).await;

    let url = backend.environment().into_iter().find(|(key, _)| key == "RELEVO__DATABASE__URL").expect("a URL").1;
    let before = bare::transactions(&url, EVENTS / 5).await;
    let start = Instant::now();
    let worker = App::start(base, &[Role::Worker].into()).await.expect("a worker");
    let mut done = 0;
    while done < EVENTS as i64 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let mut tx = db.read().await.expect("a transaction");
        done = messages::count(&mut tx, company).await.expect("a count");
    }
    let relevo = EVENTS as f64 / start.elapsed().as_secs_f64();
    let after = bare::transactions(&url, EVENTS / 5).await;
    let bare = f64::midpoint(before, after);
    eprintln!(
        "drain: relevo {relevo:.0}/s of {EVENTS} events; bare three-statement transactions {before:.0}/s before, \
         {after:.0}/s after; ratio {:.2} (wanted: at least 1)",
        relevo / bare
    );
    worker.shutdown().await;
    gateway.shutdown().await;
}

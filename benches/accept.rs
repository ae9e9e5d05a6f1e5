//! Webhooks per second: the gateway against a bare handler, in turn, in one run.

use relevo::{
    app::{App, Foundation, Role},
    desk::channels::{self, NewChannel},
    store::companies,
};

use crate::{
    bare,
    load::{self, PHONE, SECRET, request, webhook},
    median,
    support::Backend,
};

const ROUNDS: usize = 5;
const REQUESTS: usize = 15_000;
const CUSTOMERS: usize = 2_000;

/// The company and its WhatsApp channel.
pub(crate) async fn channel(base: &Foundation) -> i64 {
    let mut tx = base.db.write().await.expect("a transaction");
    let company = companies::insert(&mut tx, "Banco de pruebas", base.clock.now()).await.expect("a company");
    let settings = [("phone_number_id", PHONE), ("app_secret", SECRET)];
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let new = NewChannel { company, kind: "whatsapp", name: "bench", settings, reopen_within_ms: None };
    channels::add(&mut tx, &base.clock, &base.key, new).await.expect("a channel");
    tx.commit().await.expect("committed");
    company
}

pub(crate) async fn run(backend: &Backend) {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    channel(&base).await;
    let app = App::start(base, &[Role::Gateway].into()).await.expect("a gateway");
    let ours = app.address().expect("an address");
    let theirs = bare::serve(backend.broker().0).await;
    let make = |path: &str, round: usize| {
        (0..REQUESTS).map(|n| request(path, &webhook(&format!("{path}{round}"), n, CUSTOMERS))).collect::<Vec<_>>()
    };
    let bytes = webhook("x", 1, CUSTOMERS).len();
    eprintln!(
        "accept: {REQUESTS} webhooks of {bytes} bytes a round, {} connections, {ROUNDS} rounds",
        load::CONNECTIONS
    );
    let (mut rates, mut bare_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // One round of each that does not count.
    for round in 0..=ROUNDS {
        let bare = load::send_all(theirs, make("/bare", round)).await;
        let relevo = load::send_all(ours, make("/webhooks/meta", round)).await;
        if round > 0 {
            eprintln!(
                "  round {round}: bare {:.0}/s p50 {:.1?} p99 {:.1?} | relevo {:.0}/s p50 {:.1?} p99 {:.1?} | ratio {:.2}",
                bare.per_second,
                bare.p50,
                bare.p99,
                relevo.per_second,
                relevo.p50,
                relevo.p99,
                relevo.per_second / bare.per_second
            );
            rates.push(relevo.per_second);
            bare_rates.push(bare.per_second);
            ratios.push(relevo.per_second / bare.per_second);
        }
    }
    eprintln!(
        "accept: median relevo {:.0}/s, bare {:.0}/s, ratio {:.2} (wanted: at least 0.60)",
        median(rates),
        median(bare_rates),
        median(ratios)
    );
    app.shutdown().await;
}

//! Sends per second: a backlog for two WhatsApp numbers leaves through one dispatcher to a platform that answers at once.

use std::time::Instant;

use relevo::{
    app::{App, Foundation, Role},
    clock::Clock,
    demo::platforms::{Graph, Rules, Template},
    desk::{
        channels::{self, NewChannel},
        reply::{self, Author, NewReply, To},
    },
    directory::Found,
    domain::SEND,
    store::{companies, jobs},
};
use relevo_adapters::outbound::Act;

use crate::{
    load::{PHONE, SECRET},
    support::Backend,
};

/// To each channel; each message in a conversation of its own.
const MESSAGES: usize = 2_000;
/// Replies that are written in one transaction.
const AT_ONCE: usize = 100;
/// The second of our numbers.
const OTHER_PHONE: &str = "10655502";
const TOKEN: &str = "EAAbench";
const BUSINESS: &str = "2001";

pub(crate) async fn run(backend: &Backend) {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    let graph = Graph::start(Rules::instant()).await.expect("a pretend Graph API");
    graph.add_number(PHONE, BUSINESS, TOKEN);
    graph.add_template(BUSINESS, Template::approved("aviso", "es", "Su pedido va en camino"));
    graph.add_number(OTHER_PHONE, BUSINESS, TOKEN);
    let company = company(&base).await;
    let template =
        Act::Template { name: "aviso".to_owned(), language: "es".to_owned(), parameters: Vec::new(), components: None };
    for phone in [PHONE, OTHER_PHONE] {
        let channel = whatsapp(&base, company, phone, &graph.url()).await;
        write(&base, company, channel, |n| format!("+4915{n:08}"), &template).await;
    }

    let start = Instant::now();
    let app = App::start(base.clone(), &[Role::Dispatcher].into()).await.expect("a dispatcher");
    while waiting(&base).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let elapsed = start.elapsed();
    let done = usize::try_from(graph.done()).expect("a few");
    assert_eq!(done, 2 * MESSAGES, "each was sent once");
    eprintln!(
        "sends: {done} messages of {done} conversations on two channels in {elapsed:.1?}: {:.0}/s on {}",
        done as f64 / elapsed.as_secs_f64(),
        base.db.describe(),
    );
    app.shutdown().await;
}

pub(crate) async fn company(base: &Foundation) -> i64 {
    let mut tx = base.db.write().await.expect("a transaction");
    let company = companies::insert(&mut tx, "Banco de pruebas", base.clock.now()).await.expect("a company");
    tx.commit().await.expect("committed");
    company
}

/// A WhatsApp number at this Graph API, as fast as a setting allows.
pub(crate) async fn whatsapp(base: &Foundation, company: i64, phone: &str, graph_url: &str) -> i64 {
    let settings = [
        ("phone_number_id", phone),
        ("waba_id", BUSINESS),
        ("app_secret", SECRET),
        ("access_token", TOKEN),
        ("graph_url", graph_url),
        ("sends_per_second", "1000"),
    ];
    channel(base, company, "whatsapp", &settings).await
}

/// The access token and the account of [`whatsapp`].
pub(crate) const ACCOUNT: (&str, &str) = (BUSINESS, TOKEN);

async fn channel(base: &Foundation, company: i64, kind: &str, settings: &[(&str, &str)]) -> i64 {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let new = NewChannel { company, kind, name: "bench", settings, reopen_within_ms: None };
    let mut tx = base.db.write().await.expect("a transaction");
    let view = channels::add(&mut tx, &base.clock, &base.key, new).await.expect("a channel");
    tx.commit().await.expect("committed");
    view.id_channel
}

/// Writes to everybody on a channel; `account` says who they are.
async fn write(base: &Foundation, company: i64, channel: i64, account: impl Fn(usize) -> String, act: &Act) {
    let Found::Open(open) = base.directory().by_name(&channel.to_string()).await.expect("the channel") else {
        panic!("the channel cannot be opened");
    };
    let outlet = open.channel.outlet().expect("it sends");
    let everybody: Vec<usize> = (0..MESSAGES).collect();
    for some in everybody.chunks(AT_ONCE) {
        let mut tx = base.db.write().await.expect("a transaction");
        for n in some {
            let destination = outlet.destination(&account(*n)).expect("an account");
            let new = new_reply(&base.clock, company, To::Destination { channel, destination }, act.clone());
            reply::send(&mut tx, &base.clock, new).await.expect("it is taken");
        }
        tx.commit().await.expect("committed");
    }
}

pub(crate) fn new_reply(clock: &Clock, company: i64, to: To, act: Act) -> NewReply {
    NewReply { company, to, act, reply_to: None, author: Author::default(), by_house: false, log: clock.log_id() }
}

/// How many sends are not done.
async fn waiting(base: &Foundation) -> i64 {
    let mut tx = base.db.read().await.expect("a transaction");
    let counts = jobs::counts(&mut tx).await.expect("counts");
    counts.iter().filter(|(kind, ..)| kind == SEND).map(|(.., count)| count).sum()
}

//! The promises under load and trouble.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use relevo::{
    app::{App, Foundation, Role},
    config::Config,
    store::Tx,
};

use super::house::{APP_SECRET, House, start, text, update, whatsapp};
use crate::support::{Backend, Proxy, for_each_backend, until};

const T: i64 = 1_780_000_000;

/// A shuffle that is the same in every run.
fn shuffled<T>(mut items: Vec<T>) -> Vec<T> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
    items
}

/// A gateway whose durable home can be taken away: a server behind a relay, or the embedded file behind a lock.
enum Outage<'a> {
    Relay(Proxy),
    Lock(&'a Backend, Option<Tx>),
}

impl<'a> Outage<'a> {
    async fn prepare(backend: &'a Backend) -> (Config, Self) {
        let mut environment = backend.environment();
        environment.push(("RELEVO__QUEUE__CONFIRM_SECONDS".into(), "2".into()));
        let keys = ["RELEVO__QUEUE__URL", "RELEVO__DATABASE__URL"];
        let outside =
            keys.into_iter().find_map(|key| environment.iter().position(|(name, url)| name == key && !url.is_empty()));
        let outage = match outside {
            None => Self::Lock(backend, None),
            Some(place) => {
                let mut url: reqwest::Url = environment[place].1.parse().expect("a URL");
                let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
                let proxy = Proxy::start(target).await;
                url.set_port(Some(proxy.address.port())).expect("a URL with a port");
                environment[place].1 = url.into();
                Self::Relay(proxy)
            }
        };
        (Config::load(None, environment).expect("valid settings"), outage)
    }

    async fn begin(&mut self) {
        match self {
            Self::Relay(proxy) => proxy.cut(),
            Self::Lock(backend, tx) => *tx = Some(backend.open().await.write().await.expect("the write lock")),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Relay(proxy) => proxy.restore(),
            Self::Lock(_, tx) => *tx = None,
        }
    }
}

for_each_backend! {
    five_hundred_events_shuffled_and_doubled_through_two_of_everything_p1_p2_p3_p4: |backend| {
        // Given two gateways and two workers,
        let house = House::open_many(backend, 2).await;
        // when 25 customers' 20 messages each come in concurrently, out of order and twice,
        let events = (0..25_u32).flat_map(|user| (0..20_i64).map(move |n| (user, n)));
        let twice: Vec<(u32, i64)> = events.clone().chain(events).collect();
        let answers: Vec<u16> = stream::iter(shuffled(twice).into_iter().enumerate())
            .map(|(place, (user, n))| {
                let house = &house;
                async move {
                    let id = format!("{user}-{n}");
                    match user % 2 {
                        0 => {
                            let body = whatsapp(vec![text(&id, user, T + n, &id)]).to_string().into_bytes();
                            house.meta_raw(place % 2, body, APP_SECRET).await.status().as_u16()
                        }
                        _ => {
                            let (user, number) = (i64::from(user), i64::from(user) * 100 + n);
                            house.telegram(place % 2, &update(number, user, n + 1, T + n, &id)).await.as_u16()
                        }
                    }
                }
            })
            .buffer_unordered(32)
            .collect()
            .await;
        assert!(answers.iter().all(|status| *status == 200));
        // then there are exactly 25 tickets with 20 messages each, in the order in which they were written.
        let tickets = house.tickets_after(500).await;
        assert_eq!(tickets.len(), 25);
        let mut seen = BTreeMap::new();
        for ticket in &tickets {
            let contents = house.contents(ticket).await;
            let user = contents[0].split('-').next().expect("a user").to_owned();
            let expected: Vec<String> = (0..20).map(|n| format!("{user}-{n}")).collect();
            assert_eq!(contents, expected);
            assert_eq!(ticket.last_content.as_deref(), Some(format!("{user}-19").as_str()));
            seen.insert(user, ticket.number);
        }
        assert_eq!(seen.len(), 25);
        assert_eq!(house.dead().await, 0);
        house.close().await;
    }

    messages_of_one_second_keep_the_order_of_their_arrival_p4: |backend| {
        let house = House::open(backend).await;
        for n in 0..40 {
            assert_eq!(house.meta(&whatsapp(vec![text(&n.to_string(), 1, T, &n.to_string())])).await, 200);
        }
        let tickets = house.tickets_after(40).await;
        assert_eq!(house.contents(&tickets[0]).await, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
        house.close().await;
    }

    while_nothing_is_durable_the_answer_is_503_and_then_nothing_is_lost_p1: |backend| {
        // Given a gateway whose durable home can be taken away,
        let mut house = House::open(backend).await;
        let (config, mut outage) = Outage::prepare(backend).await;
        let base = Foundation::open(config).await.expect("the foundation");
        house.apps.push(App::start(base, &[Role::Gateway].into()).await.expect("a gateway"));
        let post = async |house: &House, n: i64| {
            let body = whatsapp(vec![text(&n.to_string(), 1, T + n, &n.to_string())]).to_string().into_bytes();
            house.meta_raw(1, body, APP_SECRET).await
        };
        assert_eq!(post(&house, 0).await.status(), 200);
        // when it is away, webhooks are answered 503 with Retry-After,
        outage.begin().await;
        for answer in futures_util::future::join_all((1..4).map(|n| post(&house, n))).await {
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
        }
        // and when it is back, the platform's retries come in, without a restart.
        outage.end();
        for n in 1..4 {
            until("the gateway has healed", async || post(&house, n).await.status() == 200).await;
        }
        let tickets = house.tickets_after(4).await;
        assert_eq!(house.contents(&tickets[0]).await, ["0", "1", "2", "3"]);
        house.close().await;
    }

    a_worker_that_starts_later_finds_what_was_accepted_p1: |backend| {
        let mut house = House::open(backend).await;
        // Given only a gateway,
        let gateway = start(backend, &[Role::Gateway]).await;
        let first = std::mem::replace(&mut house.apps, vec![gateway]);
        for app in first {
            app.shutdown().await;
        }
        for n in 0..20 {
            assert_eq!(house.meta(&whatsapp(vec![text(&n.to_string(), 1, T + n, &n.to_string())])).await, 200);
        }
        // when a worker starts, then everything is there.
        house.apps.push(start(backend, &[Role::Worker]).await);
        let tickets = house.tickets_after(20).await;
        assert_eq!(house.contents(&tickets[0]).await, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
        house.close().await;
    }
}

//! The queue's contract: the table and RabbitMQ, each beside either database.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use relevo::{
    queue::{Consumer, Delivery, Depth, Item, Queue, QueueError},
    store::dead_letters,
};
use tokio::time::{Instant, timeout};

use crate::support::{PATIENCE, for_each_backend, until};

/// Long enough for an item that should not come to come.
const NOTHING: Duration = Duration::from_millis(400);
/// Longer than a process that says nothing any more keeps its partitions.
const LEASE_MS: i64 = 6_000;

fn item(route: &str, body: impl ToString) -> Item {
    Item { route: route.to_owned(), body: body.to_string(), attempt: 0 }
}

fn numbered(route: &str, count: usize) -> Vec<Item> {
    (0..count).map(|n| item(route, n)).collect()
}

fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.item.body.as_str()).collect()
}

/// The next items, at most `max`, however often the backend has to be asked.
async fn next(consumer: &mut Consumer, max: usize) -> Vec<Delivery> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match tokio::time::timeout_at(deadline, consumer.next(max)).await {
            Ok(Ok(deliveries)) => return deliveries,
            Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(_) => panic!("waited in vain for an item"),
        }
    }
}

/// The next `count` items.
async fn take(consumer: &mut Consumer, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        deliveries.extend(next(consumer, count - deliveries.len()).await);
    }
    deliveries
}

async fn nothing_comes(consumer: &mut Consumer) {
    match timeout(NOTHING, consumer.next(10)).await {
        Err(_) => {}
        Ok(Ok(deliveries)) => panic!("{:?} came", bodies(&deliveries)),
        Ok(Err(error)) => panic!("{error}"),
    }
}

async fn publish(queue: &Queue, items: Vec<Item>) {
    queue.publish(items).await.expect("published");
}

/// Consumes every partition of `queues` at once and acknowledges, until the consumers together have seen `count`
/// different items; gives each consumer's items in its order.
async fn drain(queues: &[&Queue], count: usize) -> Vec<Vec<Item>> {
    let (send, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = Vec::new();
    for queue in queues {
        for partition in 0..queue.partitions() {
            let mut consumer = queue.consumer(partition, 50);
            let (send, worker) = (send.clone(), tasks.len());
            tasks.push(tokio::spawn(async move {
                loop {
                    let deliveries = next_or_wait(&mut consumer).await;
                    deliveries.iter().for_each(|delivery| _ = send.send((worker, delivery.item.clone())));
                    // What was not acknowledged in time comes again, which the count below allows.
                    _ = Delivery::ack_all(deliveries).await;
                }
            }));
        }
    }
    let mut by_worker = vec![Vec::new(); tasks.len()];
    let mut different = BTreeSet::new();
    while different.len() < count {
        let (worker, item): (usize, Item) =
            timeout(PATIENCE, seen.recv()).await.expect("waited in vain for an item").expect("the consumers run");
        different.insert((item.route.clone(), item.body.clone()));
        by_worker[worker].push(item);
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    for task in tasks {
        _ = task.await;
    }
    by_worker
}

/// As [`next`], but for as long as its task lives.
async fn next_or_wait(consumer: &mut Consumer) -> Vec<Delivery> {
    loop {
        match consumer.next(20).await {
            Ok(deliveries) => return deliveries,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Each route's bodies, as numbers, in the order in which a consumer saw them first.
fn by_route(items: &[Item]) -> BTreeMap<&str, Vec<usize>> {
    let mut routes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for item in items {
        let (number, seen) = (item.body.parse().expect("a number"), routes.entry(&item.route).or_default());
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    routes
}

async fn depth(queue: &Queue) -> Depth {
    queue.depth().await.expect("the depth")
}

for_each_backend! {
    p1_an_acknowledged_item_is_gone_for_good: |backend| {
        let queue = backend.queue(1).await;
        let sent = Item { route: "7:u:José".to_owned(), body: "{\"text\":\"¿qué tal?\\n\"}".to_owned(), attempt: 2 };
        publish(&queue, vec![sent.clone()]).await;

        let mut consumer = queue.consumer(0, 10);
        let mut deliveries = take(&mut consumer, 1).await;
        let delivery = deliveries.remove(0);
        assert_eq!(delivery.item, sent);
        delivery.ack().await.expect("acknowledged");

        nothing_comes(&mut consumer).await;
        consumer.close().await;
        nothing_comes(&mut queue.consumer(0, 10)).await;
    }

    p4_items_of_a_route_keep_their_order_across_partitions: |backend| {
        let queue = backend.queue(8).await;
        let routes: Vec<String> = (0..20).map(|n| format!("1:u:{n}")).collect();
        for n in 0..10 {
            publish(&queue, routes.iter().map(|route| item(route, n)).collect()).await;
        }

        let seen = drain(&[&queue], 200).await;
        assert!(seen.iter().filter(|items| !items.is_empty()).count() > 1, "the routes spread");
        for items in &seen {
            for (route, numbers) in by_route(items) {
                assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "{route}");
            }
        }
    }

    p1_what_a_consumer_did_not_acknowledge_comes_again_in_order_once_it_is_closed: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 5)).await;
        let mut consumer = queue.consumer(0, 10);
        let mut held = take(&mut consumer, 4).await;
        held.remove(1).ack().await.expect("acknowledged");
        consumer.close().await;

        let again = take(&mut queue.consumer(0, 10), 4).await;
        assert_eq!(bodies(&again), ["0", "2", "3", "4"]);
        drop(held);
    }

    p1_what_a_consumer_did_not_acknowledge_comes_again_once_it_is_dropped: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 3)).await;
        let mut consumer = queue.consumer(0, 10);
        drop((take(&mut consumer, 2).await, consumer));
        let again = take(&mut queue.consumer(0, 10), 3).await;
        assert_eq!(bodies(&again), ["0", "1", "2"]);
    }

    p1_items_outlive_the_process_that_held_them: |backend| {
        // A runtime that is torn down ends as a killed process does: nobody says anything more.
        let process = tokio::runtime::Runtime::new().expect("a runtime");
        let held = tokio::task::block_in_place(|| {
            process.block_on(async {
                let queue = backend.queue(1).await;
                publish(&queue, numbered("r", 3)).await;
                let mut consumer = queue.consumer(0, 10);
                (take(&mut consumer, 2).await, consumer)
            })
        });
        process.shutdown_background();
        std::mem::forget(held);
        backend.clock.advance(LEASE_MS);

        let after = backend.queue(1).await;
        let again = take(&mut after.consumer(0, 10), 3).await;
        assert_eq!(bodies(&again), ["0", "1", "2"]);
    }

    p4_a_released_item_comes_again_before_its_followers: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 6)).await;
        let mut consumer = queue.consumer(0, 10);
        let held = take(&mut consumer, 3).await;
        for delivery in held {
            delivery.release().await.expect("released");
        }
        assert_eq!(bodies(&take(&mut consumer, 6).await), ["0", "1", "2", "3", "4", "5"]);
    }

    p1_an_item_dropped_unsettled_comes_again_in_its_place: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 3)).await;
        let mut consumer = queue.consumer(0, 10);
        let mut held = take(&mut consumer, 2).await;
        drop(held.remove(0));
        let again = take(&mut consumer, 2).await;
        assert_eq!(bodies(&again), ["0", "2"]);
        let all = held.into_iter().chain(again).collect();
        Delivery::ack_all(all).await.expect("acknowledged");
        until("nothing is left", async || depth(&queue).await.ready == 0).await;
    }

    p1_items_acknowledged_in_any_order_are_gone_and_the_others_come_again: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 12)).await;
        let mut consumer = queue.consumer(0, 20);
        let mut held: BTreeMap<usize, Delivery> = take(&mut consumer, 12).await.into_iter().enumerate().collect();
        for group in [vec![7], vec![1, 0], vec![9, 3, 2], vec![11], vec![4, 5]] {
            let group: Vec<Delivery> = group.iter().filter_map(|n| held.remove(n)).collect();
            Delivery::ack_all(group).await.expect("acknowledged");
        }
        consumer.close().await;
        let mut consumer = queue.consumer(0, 20);
        let again = take(&mut consumer, 3).await;
        assert_eq!(bodies(&again), ["6", "8", "10"]);
        Delivery::ack_all(again).await.expect("acknowledged");
        nothing_comes(&mut consumer).await;
    }

    an_item_is_tried_again_at_its_time_and_not_before: |backend| {
        let queue = backend.queue(1).await;
        let clock = &backend.clock;
        publish(&queue, vec![item("r", "first"), item("r", "second")]).await;
        let mut consumer = queue.consumer(0, 10);
        let mut held = take(&mut consumer, 2).await;
        let when = clock.now() + 60_000;
        held.remove(0).retry_at(when, "the platform is busy", clock).await.expect("delayed");
        held.remove(0).ack().await.expect("acknowledged");

        until("it is delayed", async || depth(&queue).await == Depth { ready: 0, delayed: 1, dead: 0 }).await;
        clock.advance(59_999);
        assert_eq!(queue.publish_due(clock.now()).await.expect("nothing to do"), 0);
        nothing_comes(&mut consumer).await;
        clock.advance(1);
        assert_eq!(queue.publish_due(clock.now()).await.expect("published"), 1);
        assert_eq!(queue.publish_due(clock.now()).await.expect("nothing more"), 0);

        let again = take(&mut consumer, 1).await;
        assert_eq!(again[0].item, Item { attempt: 1, ..item("r", "first") });
        assert_eq!(depth(&queue).await.delayed, 0);
    }

    p7_a_dead_letter_is_kept_with_its_reason_and_body_and_does_not_come_again: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, vec![item("1:u:9", "{\"bad\":true}"), item("1:u:9", "good")]).await;
        let mut consumer = queue.consumer(0, 10);
        let mut held = take(&mut consumer, 2).await;
        held.remove(0).dead_letter("no such channel", Some(42), &backend.clock).await.expect("kept");
        held.remove(0).ack().await.expect("acknowledged");

        nothing_comes(&mut consumer).await;
        until("it is counted", async || depth(&queue).await == Depth { ready: 0, delayed: 0, dead: 1 }).await;
        let mut tx = backend.db.read().await.expect("a transaction");
        let letters = dead_letters::list(&mut tx, 10).await.expect("the letters");
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!((letter.kind.as_str(), letter.reason.as_str()), (dead_letters::EVENT, "no such channel"));
        assert_eq!((letter.route.as_str(), letter.body.as_slice()), ("1:u:9", b"{\"bad\":true}".as_slice()));
        assert_eq!((letter.channel_id, letter.attempt, letter.created_at), (Some(42), 1, backend.clock.now()));
    }

    the_depth_counts_what_waits_and_what_is_in_hand: |backend| {
        let queue = backend.queue(4).await;
        assert_eq!(depth(&queue).await, Depth::default());
        publish(&queue, (0..30).map(|n| item(&format!("r{n}"), n)).collect()).await;
        until("all wait", async || depth(&queue).await.ready == 30).await;

        let mut consumers: Vec<Consumer> = (0..4).map(|partition| queue.consumer(partition, 5)).collect();
        let mut held = Vec::new();
        for consumer in &mut consumers {
            held.extend(next(consumer, 2).await);
        }
        until("what is in hand counts", async || {
            for consumer in &mut consumers {
                // Whatever is on its way arrives.
                held.extend(timeout(NOTHING / 8, consumer.next(1)).await.into_iter().flatten().flatten());
            }
            depth(&queue).await.ready == 30
        })
        .await;
        let count = i64::try_from(held.len()).expect("few");
        Delivery::ack_all(held).await.expect("acknowledged");
        until("what is done does not", async || depth(&queue).await.ready == 30 - count).await;
    }

    p8_a_consumer_holds_no_more_than_its_prefetch: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 10)).await;
        let mut consumer = queue.consumer(0, 3);
        let mut held = take(&mut consumer, 3).await;
        nothing_comes(&mut consumer).await;
        held.remove(0).ack().await.expect("acknowledged");
        let more = next(&mut consumer, 10).await;
        assert_eq!(bodies(&more), ["3"]);
    }

    p8_no_more_comes_at_once_than_was_asked_for: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 10)).await;
        let mut consumer = queue.consumer(0, 10);
        let mut held = Vec::new();
        while held.len() < 10 {
            let some = next(&mut consumer, 4).await;
            assert!((1..=4).contains(&some.len()));
            held.extend(some);
        }
        assert_eq!(bodies(&held), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }

    p1_a_thousand_items_in_one_publish_all_come_in_order: |backend| {
        let queue = backend.queue(1).await;
        publish(&queue, numbered("r", 1000)).await;
        let mut consumer = queue.consumer(0, 100);
        let mut numbers = Vec::new();
        while numbers.len() < 1000 {
            let deliveries = next(&mut consumer, 256).await;
            numbers.extend(deliveries.iter().map(|delivery| delivery.item.body.parse::<usize>().expect("a number")));
            Delivery::ack_all(deliveries).await.expect("acknowledged");
        }
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    }

    p1_p4_many_publishers_at_once_lose_nothing_and_keep_each_route_s_order: |backend| {
        let queue = backend.queue(4).await;
        let publishers: Vec<_> = (0..64)
            .map(|publisher| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    for n in 0..50 {
                        publish(&queue, vec![item(&format!("r{publisher}"), n)]).await;
                    }
                })
            })
            .collect();
        for publisher in publishers {
            publisher.await.expect("all were published");
        }

        let seen = drain(&[&queue], 64 * 50).await;
        let routes: Vec<_> = seen.iter().flat_map(|items| by_route(items)).collect();
        assert_eq!(routes.len(), 64);
        for (route, numbers) in routes {
            assert_eq!(numbers, (0..50).collect::<Vec<_>>(), "{route}");
        }
    }

    p2_p4_two_processes_share_the_work_and_neither_disturbs_the_other: |backend| {
        let (one, other) = (backend.queue(4).await, backend.queue(4).await);
        let routes: Vec<String> = (0..16).map(|n| format!("r{n}")).collect();
        let publisher = tokio::spawn({
            let (one, other, routes) = (one.clone(), other.clone(), routes.clone());
            async move {
                for n in 0..40 {
                    let queue = if n % 2 == 0 { &one } else { &other };
                    publish(queue, routes.iter().map(|route| item(route, n)).collect()).await;
                }
            }
        });
        let seen = drain(&[&one, &other], 16 * 40).await;
        publisher.await.expect("all were published");

        // On a hand-over an item may come twice, and then from the last one that was not settled on.
        for (route, numbers) in seen.iter().flat_map(|items| by_route(items)) {
            assert!(numbers.is_sorted(), "{route}: {numbers:?}");
        }
        let worked: usize = seen.iter().map(Vec::len).sum();
        assert!(worked <= 16 * 40 + 50 * 4, "{worked} items worked for {}", 16 * 40);
    }

    p1_a_wait_that_is_given_up_loses_nothing: |backend| {
        let queue = backend.queue(1).await;
        let publisher = tokio::spawn({
            let queue = queue.clone();
            async move {
                for n in 0..200 {
                    publish(&queue, vec![item("r", n)]).await;
                }
            }
        });
        let mut consumer = queue.consumer(0, 50);
        let (mut numbers, mut patience) = (Vec::new(), 0);
        let deadline = Instant::now() + PATIENCE;
        while numbers.len() < 200 {
            assert!(Instant::now() < deadline, "waited in vain: {numbers:?}");
            // Given up at every point there is, also before it has begun; sometimes long enough to get there.
            patience = (patience + 1) % 40;
            let waited = timeout(Duration::from_micros(patience * 1000), consumer.next(7)).await;
            let deliveries: Vec<Delivery> = waited.into_iter().flatten().flatten().collect();
            numbers.extend(deliveries.iter().map(|delivery| delivery.item.body.parse::<usize>().expect("a number")));
            Delivery::ack_all(deliveries).await.expect("acknowledged");
        }
        publisher.await.expect("all were published");
        assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    }

    a_closed_queue_says_so: |backend| {
        let queue = backend.queue(1).await;
        queue.ping().await.expect("it could take work");
        publish(&queue, numbered("r", 1)).await;
        queue.close().await;
        let refused = queue.publish(numbered("r", 1)).await;
        assert!(matches!(refused, Err(QueueError::Closed)), "{refused:?}");
    }
}

/// Stories that need a server to lose, and so not SQLite.
mod outage {
    use super::*;
    use crate::support::{Backend, DatabaseKind, QueueKind, run};

    /// Given a queue that works, when its server is gone, then publishers are told so soon; and when it is back, then
    /// publishers and consumers go on by themselves and nothing that was accepted is lost.
    async fn p1_story(backend: &Backend) {
        let (queue, proxy) = backend.queue_behind_proxy(2).await;
        let mut consumers = [queue.consumer(0, 10), queue.consumer(1, 10)];
        publish(&queue, vec![item("a", 1), item("b", 2)]).await;
        let mut held = Vec::new();
        for consumer in &mut consumers {
            held.extend(timeout(Duration::from_secs(2), consumer.next(10)).await.into_iter().flatten().flatten());
        }
        assert!(!held.is_empty());

        proxy.cut();
        let asked = Instant::now();
        until("a publisher is told", async || queue.publish(vec![item("lost", 0)]).await.is_err()).await;
        assert!(queue.publish(vec![item("lost", 0)]).await.is_err());
        assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?}", asked.elapsed());
        let late = Delivery::ack_all(held).await;
        assert!(late.is_err(), "what cannot be acknowledged comes again");

        proxy.restore();
        backend.clock.advance(LEASE_MS);
        until("it takes work again", async || queue.publish(vec![item("a", 3), item("b", 4)]).await.is_ok()).await;
        let mut seen = BTreeSet::new();
        until("everything came", async || {
            for consumer in &mut consumers {
                let asked = timeout(NOTHING, consumer.next(10)).await;
                let deliveries: Vec<Delivery> = asked.into_iter().flatten().flatten().collect();
                seen.extend(deliveries.iter().map(|delivery| delivery.item.body.clone()));
                _ = Delivery::ack_all(deliveries).await;
            }
            ["1", "2", "3", "4"].iter().all(|body| seen.contains(*body))
        })
        .await;
    }

    #[test]
    fn p1_postgres_table() {
        run(DatabaseKind::Postgres, QueueKind::Table, p1_story);
    }

    #[test]
    fn p1_sqlite_rabbit() {
        run(DatabaseKind::Sqlite, QueueKind::Rabbit, p1_story);
    }

    #[test]
    fn p1_postgres_rabbit() {
        run(DatabaseKind::Postgres, QueueKind::Rabbit, p1_story);
    }
}

/// What only a broker can do to us.
mod rabbit {
    use lapin::{
        BasicProperties, Channel, Connection, ConnectionProperties,
        options::{BasicPublishOptions, QueueDeleteOptions},
        types::{AMQPValue, FieldTable},
    };
    use relevo::queue::{RabbitQueue, RabbitSettings};

    use super::*;
    use crate::support::{Backend, DatabaseKind, QueueKind, run};

    async fn stranger(backend: &Backend) -> (Connection, Channel, String) {
        let (url, prefix) = backend.broker();
        let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        (connection, channel, format!("{prefix}.inbound.0"))
    }

    #[test]
    fn p7_a_stranger_s_message_reaches_the_worker_and_blocks_nobody() {
        run(DatabaseKind::Sqlite, QueueKind::Rabbit, async |backend| {
            let queue = backend.queue(1).await;
            let (_connection, channel, name) = stranger(backend).await;
            let mut headers = FieldTable::default();
            headers.insert("x-relevo-route".into(), AMQPValue::LongInt(7));
            headers.insert("x-relevo-attempt".into(), AMQPValue::LongString("many".into()));
            for properties in [BasicProperties::default(), BasicProperties::default().with_headers(headers)] {
                channel
                    .basic_publish(
                        "".into(),
                        name.as_str().into(),
                        BasicPublishOptions::default(),
                        b"\xfehi\0",
                        properties,
                    )
                    .await
                    .expect("sent");
            }
            let mut consumer = queue.consumer(0, 10);
            let mut held = take(&mut consumer, 2).await;
            assert!(held.iter().all(|delivery| delivery.item == item("", "\u{fffd}hi\u{fffd}")));
            held.remove(0).dead_letter("not ours", None, &backend.clock).await.expect("kept");
            held.remove(0).retry_at(0, "who knows", &backend.clock).await.expect("delayed");
            publish(&queue, vec![item("r", "ours")]).await;
            assert_eq!(bodies(&take(&mut consumer, 1).await), ["ours"]);
        });
    }

    #[test]
    fn p1_a_queue_that_an_operator_deleted_is_an_error_and_then_there_again() {
        run(DatabaseKind::Sqlite, QueueKind::Rabbit, async |backend| {
            let queue = backend.queue(2).await;
            let mut consumer = queue.consumer(0, 10);
            publish(&queue, (0..20).map(|n| item(&format!("r{n}"), n)).collect()).await;
            let before = next(&mut consumer, 20).await;
            Delivery::ack_all(before).await.expect("acknowledged");
            let (_connection, channel, name) = stranger(backend).await;
            let deleted = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await;
            deleted.expect("deleted");

            let again = || (0..20).map(|n| item(&format!("r{n}"), n + 100)).collect::<Vec<_>>();
            until("it is there again", async || queue.publish(again()).await.is_ok()).await;
            let after = next(&mut consumer, 20).await;
            assert!(after.iter().any(|delivery| delivery.item.body.len() == 3));
        });
    }

    #[test]
    fn p1_a_publish_into_a_missing_queue_is_never_called_durable() {
        run(DatabaseKind::Sqlite, QueueKind::Rabbit, async |backend| {
            let queue = backend.queue(1).await;
            let (_connection, channel, name) = stranger(backend).await;
            for round in 0..10 {
                channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.expect("deleted");
                let publishers: Vec<_> = (0..32)
                    .map(|n| {
                        let queue = queue.clone();
                        tokio::spawn(async move {
                            let body = format!("{round}-{n}");
                            queue.publish(vec![item("r", &body)]).await.is_ok().then_some(body)
                        })
                    })
                    .collect();
                let mut durable = BTreeSet::new();
                for publisher in publishers {
                    durable.extend(publisher.await.expect("it answers"));
                }
                until("it works again", async || queue.publish(vec![item("r", "last")]).await.is_ok()).await;
                let mut consumer = queue.consumer(0, 100);
                while !durable.is_empty() {
                    let deliveries = next(&mut consumer, 100).await;
                    deliveries.iter().for_each(|delivery| _ = durable.remove(&delivery.item.body));
                    Delivery::ack_all(deliveries).await.expect("acknowledged");
                }
                consumer.close().await;
            }
        });
    }

    #[test]
    fn p9_a_broker_that_cannot_be_reached_is_an_error_at_once_that_names_no_credentials() {
        run(DatabaseKind::Sqlite, QueueKind::Rabbit, async |backend| {
            let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
            for url in [format!("amqp://user:hunter2@{port}/x"), "amqp://user:hunter2@[".to_owned()] {
                let settings = RabbitSettings {
                    url: url.into(),
                    prefix: "relevo".to_owned(),
                    partitions: 1,
                    confirm: Duration::from_secs(5),
                };
                let queue = RabbitQueue::new(backend.db.clone(), settings);
                assert!(!queue.connected(NOTHING).await);
                let queue = Queue::Rabbit(queue);
                let asked = Instant::now();
                let refused = queue.publish(vec![item("r", 1)]).await.expect_err("nobody is there").to_string();
                assert!(asked.elapsed() < NOTHING, "{:?}", asked.elapsed());
                let ping = queue.ping().await.expect_err("nobody is there").to_string();
                for message in [refused, ping, format!("{queue:?}")] {
                    assert!(!message.contains("hunter2"), "{message}");
                }
                queue.close().await;
            }
        });
    }
}

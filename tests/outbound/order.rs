//! Order and pace (P4, P8).

use std::time::Duration;

use relevo::demo::platforms::{Fault, Trouble};

use super::house::{Outside, Plan, say};
use crate::{
    stories::house::update,
    support::{Backend, DatabaseKind, QueueKind, for_each_database, run, until_within},
};

for_each_database! {
    p4_replies_leave_in_the_order_written_whatever_goes_wrong: |backend| {
        let outside = Outside::open_as(backend, Plan { dispatchers: 2, ..Plan::default() }).await;
        let conversations = [outside.telegram_customer(42).await, outside.telegram_customer(43).await];
        outside.bot.make_trouble(Trouble::times(4, Fault::Fail { status: 502, body: "bad gateway".into() }).to("42"));
        let mut last = Vec::new();
        for conversation in &conversations {
            for n in 0..6 {
                last.push(outside.reply(conversation, &format!("parte {n}")).await);
            }
        }
        for message in [&last[5], &last[11]] {
            outside.reaches(message, "sent").await;
        }
        for chat in ["42", "43"] {
            let said: Vec<String> =
                outside.bot.ledger().into_iter().filter(|entry| entry.recipient == chat).filter_map(|entry| entry.text).collect();
            assert_eq!(said, (0..6).map(|n| format!("parte {n}")).collect::<Vec<_>>(), "chat {chat}");
        }
        outside.close().await;
    }

    a_long_text_leaves_in_parts_one_after_the_other: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(42).await;
        let words = (0..1_500).map(|n| format!("palabra{n}")).collect::<Vec<_>>().join(" ");
        let queued = outside
            .try_reply(relevo::desk::reply::To::Conversation(conversation), say(&words))
            .await
            .expect("taken");
        assert!(queued.messages.len() > 3);
        outside.reaches(queued.messages.last().unwrap(), "sent").await;
        let said: Vec<String> = outside.bot.ledger().into_iter().filter_map(|entry| entry.text).collect();
        assert_eq!(said.join(" "), words);
        outside.close().await;
    }
}

/// A thousand customers wait for one bot, which enforces Telegram's limits: 40 seconds' worth of sends.
async fn burst(backend: &Backend) {
    const CUSTOMERS: i64 = 1_000;
    let outside = Outside::open_as(backend, Plan { dispatchers: 2, ..Plan::default() }).await;
    let other = outside.facebook_customer("901").await;
    for user in 0..CUSTOMERS {
        outside.bot.customer_wrote(1_000 + user, 7);
        let status = outside.house.telegram(0, &update(user, 1_000 + user, 7, outside.now(), "hola")).await;
        assert_eq!(status, 200);
    }
    outside.house.settled().await;
    let mut messages = Vec::new();
    for user in 0..CUSTOMERS {
        let conversation = outside.conversation("telegram", &format!("chat:{}", 1_000 + user)).await;
        messages.push(outside.reply(&conversation, "aviso").await);
    }
    let quick = outside.reply(&other, "hola").await;
    outside.reaches(&quick, "sent").await;
    let done = async || outside.bot.done() >= CUSTOMERS.unsigned_abs();
    until_within(Duration::from_secs(120), "all are sent", done).await;
    let mut again = 0;
    for message in &messages {
        let trail = outside.reaches(message, "sent").await;
        again += trail.delivery.expect("its delivery").attempts - 1;
    }
    // A machine that stands still for a moment makes up for it at once, and the platform sees more in a second than left
    // in one. Without a pace nearly all would be refused.
    assert!(again <= CUSTOMERS / 100, "{again} were told to wait");
    assert_eq!(outside.bot.done(), CUSTOMERS.unsigned_abs());
    outside.close().await;
}

#[test]
fn p8_a_burst_of_a_thousand_to_one_bot_goes_out_at_the_platforms_pace() {
    run(DatabaseKind::Postgres, QueueKind::Table, burst);
}

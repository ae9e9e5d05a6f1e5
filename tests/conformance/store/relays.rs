//! Subscriptions, and the relay jobs that events make for them.

use relevo::{
    desk::{
        events::tell,
        subscriptions::{Bot, bot_of, tickets_of_failed_bots},
    },
    domain::{Event, EventKind},
    store::{
        Tx, companies, jobs, relays,
        subscriptions::{self, Subscription},
        tickets::{self, Ticket},
    },
};
use serde_json::{Value, json};

use super::{NASTY, NOW, commit, read, write};
use crate::support::for_each_database;

fn subscription(company: i64, kind: &str, events: &str) -> Subscription {
    Subscription {
        company_id: company,
        kind: kind.to_owned(),
        name: NASTY.to_owned(),
        url: "https://crm.example.org/hook".to_owned(),
        secret: "sealed".to_owned(),
        events: events.to_owned(),
        timeout_ms: 300_000,
        active: 1,
        created_at: NOW,
        updated_at: NOW,
        ..Subscription::default()
    }
}

async fn add(tx: &mut Tx, subscription: &Subscription) -> i64 {
    subscriptions::insert(tx, subscription).await.expect("added")
}

fn ticket(id: &str, company: i64, bot: Option<i64>, until: i64) -> Ticket {
    Ticket {
        id: id.to_owned(),
        company_id: company,
        number: id.len() as i64,
        channel_id: 7,
        kind: "telegram".to_owned(),
        conversation_id: format!("c-{id}"),
        state: "open".to_owned(),
        bot_id: bot,
        bot_until: bot.map(|_| until),
        created_at: NOW,
        updated_at: NOW,
        ..Ticket::default()
    }
}

async fn save(tx: &mut Tx, rows: &[Ticket]) {
    tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
}

fn event(company: i64, kind: EventKind, ticket: Option<&str>, data: Value) -> Event {
    Event { company, kind, ticket: ticket.map(str::to_owned), group: None, agent: None, data }
}

/// Lanes of the jobs that wait, in the order in which they were added.
async fn lanes(tx: &mut Tx) -> Vec<String> {
    let mut jobs = jobs::list(tx, "ready", 100).await.expect("asked");
    jobs.reverse();
    jobs.into_iter().map(|job| job.lane).collect()
}

for_each_database! {
    every_subscription_that_wants_an_event_gets_a_job_in_its_own_lane: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let other = companies::insert(&mut tx, "Dos", NOW).await.expect("added");
        let all = add(&mut tx, &subscription(company, "relay", "[]")).await;
        let closed = add(&mut tx, &subscription(company, "relay", r#"["ticket.closed","ticket.noted"]"#)).await;
        add(&mut tx, &Subscription { active: 0, ..subscription(company, "relay", "[]") }).await;
        let foreign = add(&mut tx, &subscription(other, "relay", "[]")).await;
        save(&mut tx, &[ticket("t", company, None, 0)]).await;
        let told = tell(&mut tx, NOW, &[
            event(company, EventKind::TicketOpened, Some("t"), json!({"text": NASTY})),
            event(company, EventKind::TicketClosed, Some("t"), json!({})),
            event(company, EventKind::PresenceChanged, None, json!({})),
        ]).await.expect("told");
        assert_eq!(told, 4);
        assert_eq!(tell(&mut tx, NOW, &[]).await.expect("told"), 0);
        tell(&mut tx, NOW, &[event(other, EventKind::TicketOpened, None, json!({}))]).await.expect("told");
        let (all, closed) = (format!("relay:{all}"), format!("relay:{closed}"));
        let foreign = format!("relay:{foreign}");
        assert_eq!(lanes(&mut tx).await, [&all, &all, &closed, &all, &foreign].map(String::as_str));
        let found = jobs::list(&mut tx, "ready", 1).await.expect("asked").remove(0);
        let payload: relevo::domain::RelayJob = serde_json::from_str(&found.payload).expect("a relay");
        assert_eq!(relevo::domain::relay_lane(payload.subscription), found.lane);
        assert_eq!(relevo::domain::relay_topic(payload.subscription), found.topic);
        assert_eq!((found.kind.as_str(), found.company_id, found.due_at), ("relay", Some(other), NOW));
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        assert_eq!(jobs::next_due(&mut tx, "relay", NOW).await.expect("asked"), None, "their lanes are not open yet");
        assert!(relays::has_waiting(&mut tx).await.expect("asked"));
        assert_eq!(relays::open_lanes(&mut tx).await.expect("opened"), 3);
        assert!(!relays::has_waiting(&mut tx).await.expect("asked"));
        assert_eq!(relays::open_lanes(&mut tx).await.expect("opened"), 0, "they are open");
        let claimed = jobs::claim(&mut tx, "relay", "me", NOW, NOW + 1_000, 10).await.expect("claimed");
        assert_eq!(claimed.len(), 3, "one of each lane");
        commit(tx).await;
    }

    a_bot_hears_of_its_own_tickets_alone_and_each_keeps_its_order: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let bot = add(&mut tx, &subscription(company, "bot",
            r#"["ticket.bot_assigned","message.received","ticket.bot_released"]"#)).await;
        let second = add(&mut tx, &subscription(company, "bot", "[]")).await;
        save(&mut tx, &[ticket("a", company, Some(bot), NOW), ticket("b7", company, None, 0)]).await;
        let told = tell(&mut tx, NOW, &[
            event(company, EventKind::TicketOpened, Some("a"), json!({})),
            event(company, EventKind::TicketBotAssigned, Some("a"), json!({"bot_id": bot})),
            event(company, EventKind::MessageReceived, Some("a"), json!({})),
            event(company, EventKind::MessageReceived, Some("b7"), json!({})),
            event(company, EventKind::TicketBotReleased, Some("b7"), json!({"bot_id": bot})),
            event(company, EventKind::TicketBotReleased, Some("b7"), json!({"bot_id": second})),
            event(company, EventKind::PresenceChanged, None, json!({})),
        ]).await.expect("told");
        assert_eq!(told, 4);
        assert_eq!(lanes(&mut tx).await, [
            format!("relay:{bot}:a"), format!("relay:{bot}:a"), format!("relay:{bot}:7"), format!("relay:{second}:7"),
        ]);
        assert_eq!(relays::open_lanes(&mut tx).await.expect("opened"), 3);
        let claimed = jobs::claim(&mut tx, "relay", "me", NOW, NOW + 1_000, 10).await.expect("claimed");
        assert_eq!(claimed.len(), 3);
        commit(tx).await;
    }

    the_bot_of_a_company_is_its_first_healthy_one: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let other = companies::insert(&mut tx, "Dos", NOW).await.expect("added");
        add(&mut tx, &subscription(company, "relay", "[]")).await;
        assert_eq!(bot_of(&mut tx, company, NOW).await.expect("asked"), None);
        let first = add(&mut tx, &Subscription { timeout_ms: 60_000, ..subscription(company, "bot", "[]") }).await;
        let second = add(&mut tx, &subscription(company, "bot", "[]")).await;
        let bot = |id, timeout_ms| Some(Bot { id, timeout_ms });
        assert_eq!(bot_of(&mut tx, company, NOW).await.expect("asked"), bot(first, 60_000));
        assert_eq!(bot_of(&mut tx, other, NOW).await.expect("asked"), None);
        subscriptions::failed(&mut tx, first, NASTY, NOW).await.expect("noted");
        assert_eq!(bot_of(&mut tx, company, NOW + 60_000).await.expect("asked"), bot(first, 60_000));
        assert_eq!(bot_of(&mut tx, company, NOW + 60_001).await.expect("asked"), bot(second, 300_000));
        for _ in 0..2 {
            subscriptions::failed(&mut tx, first, NASTY, NOW + 1).await.expect("noted");
        }
        assert_eq!(bot_of(&mut tx, company, NOW + 1).await.expect("asked"), bot(second, 300_000), "three in a row");
        subscriptions::set_active(&mut tx, second, false, NOW).await.expect("paused");
        assert_eq!(bot_of(&mut tx, company, NOW + 1).await.expect("asked"), None);
        let row = subscriptions::find(&mut tx, company, first).await.expect("asked").expect("found");
        assert_eq!((row.failures, row.failing_since, row.last_error.as_deref()), (3, Some(NOW), Some(NASTY)));
        subscriptions::succeeded(&mut tx, first, NOW + 2).await.expect("noted");
        assert_eq!(bot_of(&mut tx, company, NOW + 2).await.expect("asked"), bot(first, 60_000));
        let row = subscriptions::find(&mut tx, company, first).await.expect("asked").expect("found");
        assert_eq!((row.failures, row.failing_since, row.last_success_at), (0, None, Some(NOW + 2)));
        commit(tx).await;
    }

    tickets_leave_a_bot_that_fails_is_paused_is_gone_or_has_had_them_long_enough: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let well = add(&mut tx, &subscription(company, "bot", "[]")).await;
        let ill = add(&mut tx, &subscription(company, "bot", "[]")).await;
        let paused = add(&mut tx, &Subscription { active: 0, ..subscription(company, "bot", "[]") }).await;
        for _ in 0..3 {
            subscriptions::failed(&mut tx, ill, "x", NOW).await.expect("noted");
        }
        save(&mut tx, &[
            ticket("1", company, Some(well), NOW + 1),
            ticket("22", company, Some(well), NOW),
            ticket("333", company, Some(ill), NOW + 2),
            ticket("4444", company, Some(paused), NOW + 3),
            ticket("55555", company, Some(paused + 100), NOW + 4),
            ticket("666666", company, None, 0),
            Ticket { state: "closed".to_owned(), ..ticket("7777777", company, Some(paused), 0) },
        ]).await;
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        assert_eq!(tickets_of_failed_bots(&mut tx, NOW, 10).await.expect("asked"), ["22", "333", "4444", "55555"]);
        assert_eq!(tickets_of_failed_bots(&mut tx, NOW, 2).await.expect("asked"), ["22", "333"]);
    }

    old_relays_are_given_up_together_and_forgotten_in_the_end: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let id = add(&mut tx, &subscription(company, "relay", "[]")).await;
        for at in [NOW, NOW + 1, NOW + 2] {
            tell(&mut tx, at, &[event(company, EventKind::PresenceChanged, None, json!({}))]).await.expect("told");
        }
        let lane = format!("relay:{id}");
        assert_eq!(relays::bury_old(&mut tx, &lane, NOW + 2, NASTY, NOW + 9).await.expect("buried"), 2);
        let dead = jobs::list(&mut tx, "dead", 10).await.expect("asked");
        assert_eq!(dead.iter().map(|job| job.last_error.as_deref()).collect::<Vec<_>>(), [Some(NASTY); 2]);
        assert_eq!(relays::forget(&mut tx, NOW + 9, 10).await.expect("forgotten"), 0);
        assert_eq!(relays::forget(&mut tx, NOW + 10, 1).await.expect("forgotten"), 1);
        assert_eq!(relays::forget(&mut tx, NOW + 10, 10).await.expect("forgotten"), 1);
        assert_eq!(lanes(&mut tx).await, [lane]);
        commit(tx).await;
    }
}

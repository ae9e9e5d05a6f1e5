//! Events, the places among them, and what people look at first.

use relevo::{
    desk::events::{broadcast, tell, tell_messages},
    domain::{Event, EventKind},
    store::{
        Db, Tx, companies,
        events::{self, Cursor, EventRow},
        groups::{self, Group},
        messages::{self, MessageRow},
        overview, stream_tickets,
        tickets::{self, Ticket},
        users::{self, User},
    },
};
use serde_json::{Value, json};

use super::{NASTY, NOW, commit, read, write};
use crate::support::{for_each_database, until};

const END: Cursor = Cursor { tx: i64::MAX, id: i64::MAX };

async fn say(tx: &mut Tx, company: i64, n: i64) {
    let data = json!({"n": n, "text": NASTY});
    let event =
        Event { company, kind: EventKind::TicketNoted, ticket: Some("t".into()), group: Some(3), agent: Some(4), data };
    tell(tx, NOW + n, &[event]).await.expect("told");
}

fn numbers(rows: &[EventRow]) -> Vec<i64> {
    let number =
        |row: &EventRow| serde_json::from_str::<Value>(&row.data).expect("JSON")["n"].as_i64().expect("a number");
    rows.iter().map(number).collect()
}

/// Waits until so many events can be read: the server's other databases may have transactions open, too.
async fn seen(db: &Db, from: Cursor, count: usize) {
    until("they can be read", async || {
        events::after(&mut read(db).await, from, 100).await.expect("asked").len() == count
    })
    .await;
}

for_each_database! {
    events_are_kept_whole_and_read_in_order_from_any_place: |backend| {
        let before = events::now(&mut read(&backend.db).await).await.expect("asked");
        for n in 1..=3 {
            let mut tx = write(&backend.db).await;
            say(&mut tx, 1, n * 10).await;
            say(&mut tx, 2, n * 10 + 1).await;
            commit(tx).await;
        }
        seen(&backend.db, before, 6).await;
        let mut tx = read(&backend.db).await;
        let all = events::after(&mut tx, before, 100).await.expect("asked");
        assert_eq!(numbers(&all), [10, 11, 20, 21, 30, 31]);
        let first = &all[0];
        assert_eq!((first.kind.as_str(), first.ticket_id.as_deref(), first.group_id, first.agent_id, first.at),
            ("ticket.noted", Some("t"), Some(3), Some(4), NOW + 10));
        assert_eq!(serde_json::from_str::<Value>(&first.data).expect("JSON")["text"], NASTY);
        assert_eq!(events::find(&mut tx, first.id).await.expect("asked").as_ref(), Some(first));
        assert_eq!(numbers(&events::after(&mut tx, all[1].place(), 2).await.expect("asked")), [20, 21]);
        let own = events::between(&mut tx, 1, all[0].place(), all[4].place(), 10).await.expect("asked");
        assert_eq!(numbers(&own), [20, 30]);
        assert_eq!(numbers(&events::between(&mut tx, 1, Cursor::default(), END, 1).await.expect("asked")), [10]);
        let now = events::now(&mut tx).await.expect("asked");
        assert!(now >= all[5].place() && now >= before);
        assert!(events::after(&mut tx, now, 10).await.expect("asked").is_empty());
        let text = all[2].place().to_string();
        assert_eq!(text.parse::<Cursor>(), Ok(all[2].place()));
    }

    nobody_reads_beyond_a_transaction_that_is_still_open: |backend| {
        if !backend.db.can_notify() {
            // One writer at a time: nothing is told beside it.
            return;
        }
        let before = events::now(&mut read(&backend.db).await).await.expect("asked");
        let mut slow = write(&backend.db).await;
        say(&mut slow, 1, 1).await;
        let mut quick = write(&backend.db).await;
        say(&mut quick, 1, 2).await;
        commit(quick).await;
        assert!(events::after(&mut read(&backend.db).await, before, 10).await.expect("asked").is_empty());
        let place = events::now(&mut read(&backend.db).await).await.expect("asked");
        commit(slow).await;
        seen(&backend.db, before, 2).await;
        let rows = events::after(&mut read(&backend.db).await, before, 10).await.expect("asked");
        assert_eq!(numbers(&rows), [1, 2]);
        assert!(place < rows[0].place(), "a place that was taken meanwhile is before both");
    }

    what_was_forgotten_is_remembered_as_a_place: |backend| {
        let mut tx = write(&backend.db).await;
        for n in 1..=3 {
            say(&mut tx, 1, n).await;
        }
        assert_eq!(events::forgotten(&mut tx).await.expect("asked"), Cursor::default());
        let all = events::between(&mut tx, 1, Cursor::default(), END, 10).await.expect("asked");
        assert_eq!(events::prune(&mut tx, NOW + 3, 1).await.expect("pruned"), 1);
        assert_eq!(events::prune(&mut tx, NOW + 3, 10).await.expect("pruned"), 1);
        assert_eq!(events::prune(&mut tx, NOW + 3, 10).await.expect("pruned"), 0);
        assert_eq!(events::forgotten(&mut tx).await.expect("asked"), all[1].place());
        assert_eq!(numbers(&events::between(&mut tx, 1, Cursor::default(), END, 10).await.expect("asked")), [3]);
        commit(tx).await;
    }

    what_is_broadcast_is_on_its_channel_and_relayed_to_nobody: |backend| {
        let mut tx = write(&backend.db).await;
        broadcast(&mut tx, NOW, 1, "publicchat.x", "MessageSent", &json!({"message": NASTY})).await.expect("sent");
        let rows = events::between(&mut tx, 1, Cursor::default(), END, 10).await.expect("asked");
        assert_eq!((rows[0].channel.as_deref(), rows[0].kind.as_str()), (Some("publicchat.x"), "MessageSent"));
        let jobs = relevo::store::jobs::list(&mut tx, "ready", 10).await.expect("asked");
        assert!(jobs.is_empty(), "{jobs:?}");
        commit(tx).await;
    }

    messages_are_told_with_their_tickets: |backend| {
        let mut tx = write(&backend.db).await;
        let ticket = Ticket { id: "t".into(), company_id: 1, number: 9, kind: "telegram".into(), conversation_id: "c".into(),
            state: "open".into(), group_id: Some(3), agent_id: Some(4), ..Ticket::default() };
        tickets::save(&mut tx, &[&ticket]).await.expect("saved");
        let message = |id: &str, ticket: Option<&str>| MessageRow {
            id: id.into(), company_id: 1, channel_id: 7, conversation_id: "c".into(), ticket_id: ticket.map(Into::into),
            direction: "out".into(), origin: "agent".into(), kind: "text".into(), content: NASTY.into(), body: "{}".into(),
            extra: None, raw: None, reply_to: None, author_id: None, author_name: None, author_account: None, at: NOW,
            received_at: NOW, log_id: 1, status: Some("sent".into()), status_at: None, failure: None, edited_at: None,
            deleted_at: None, hidden_at: None, visibility_at: None,
        };
        messages::insert(&mut tx, &[&message("m1", Some("t")), &message("m2", None)]).await.expect("added");
        tell_messages(&mut tx, NOW, EventKind::MessageStatus, &["m2", "m1", "none"]).await.expect("told");
        tell_messages(&mut tx, NOW, EventKind::MessageStatus, &[]).await.expect("told");
        let rows = events::between(&mut tx, 1, Cursor::default(), END, 10).await.expect("asked");
        let told: Vec<(Option<&str>, Option<i64>, Option<i64>)> =
            rows.iter().map(|row| (row.ticket_id.as_deref(), row.group_id, row.agent_id)).collect();
        assert_eq!(told, [(None, None, None), (Some("t"), Some(3), Some(4))], "in the order in which they were given");
        let data: Value = serde_json::from_str(&rows[1].data).expect("JSON");
        assert_eq!((&data["id_mensaje"], &data["mens_estado"], &data["contenido"], &data["tick_id"], &data["canal"]),
            (&json!("m1"), &json!("sent"), &json!(NASTY), &json!(9), &json!("telegram")));
        commit(tx).await;
    }

    p9_a_stream_ticket_is_taken_once_and_in_time: |backend| {
        let mut tx = write(&backend.db).await;
        for (hash, until) in [("a", NOW + 1), ("b", NOW), ("c", NOW)] {
            stream_tickets::insert(&mut tx, hash, NASTY, until).await.expect("added");
        }
        assert!(stream_tickets::exists(&mut tx, "a").await.expect("asked"));
        assert_eq!(stream_tickets::take(&mut tx, "a", NOW).await.expect("taken").as_deref(), Some(NASTY));
        assert!(!stream_tickets::exists(&mut tx, "a").await.expect("asked"));
        for hash in ["a", "b", "none"] {
            assert_eq!(stream_tickets::take(&mut tx, hash, NOW).await.expect("taken"), None, "{hash}");
        }
        stream_tickets::prune(&mut tx, NOW).await.expect("pruned");
        assert_eq!(stream_tickets::take(&mut tx, "c", NOW - 1).await.expect("taken"), None);
        commit(tx).await;
    }

    an_overview_counts_what_is_not_closed: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let group = |position: i64| Group { company_id: company, name: NASTY.into(), policy: "auto".into(), position, active: 1, ..Group::default() };
        let second = groups::insert(&mut tx, &group(2)).await.expect("added");
        let first = groups::insert(&mut tx, &group(1)).await.expect("added");
        let user = User { company_id: company, email: "a".into(), name: "Ana".into(), role: "agent".into(), capacity: 5, active: 1, presence_id: 2, presence_at: NOW, ..User::default() };
        let ana = users::insert(&mut tx, &user).await.expect("added");
        users::insert(&mut tx, &User { email: "b".into(), active: 0, ..user }).await.expect("added");
        groups::add_member(&mut tx, second, ana).await.expect("added");
        let ticket = |n: i64, state: &str, group: i64, agent: Option<i64>, bot: Option<i64>| Ticket {
            id: format!("t{n}"), company_id: company, number: n, kind: "telegram".into(), conversation_id: format!("c{n}"),
            state: state.into(), group_id: Some(group), agent_id: agent, bot_id: bot, assigned_at: Some(NOW - n), ..Ticket::default()
        };
        let rows = [ticket(1, "open", first, None, None), ticket(2, "open", first, None, Some(1)),
            ticket(3, "inProgress", second, Some(ana), None), ticket(4, "inProgress", second, Some(ana), None),
            ticket(5, "closed", second, Some(ana), None), ticket(6, "open", second + 100, None, None)];
        tickets::save(&mut tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        let counts = |rows: Vec<overview::GroupCount>| -> Vec<(i64, i64, i64, i64)> {
            rows.iter().map(|row| (row.id, row.queued, row.with_bot, row.in_progress)).collect()
        };
        let all = overview::groups(&mut tx, company, None).await.expect("asked");
        assert_eq!(counts(all), [(first, 1, 1, 0), (second, 0, 0, 2)]);
        assert_eq!(counts(overview::groups(&mut tx, company, Some(ana)).await.expect("asked")), [(second, 0, 0, 2)]);
        let agents = overview::agents(&mut tx, company, None).await.expect("asked");
        assert_eq!(agents.len(), 1, "those who are active");
        assert_eq!(overview::agents(&mut tx, company, Some(ana)).await.expect("asked"), agents);
        assert_eq!(overview::agents(&mut tx, company, Some(ana + 100)).await.expect("asked"), []);
        assert_eq!((agents[0].in_progress, agents[0].kind.as_deref(), agents[0].presence_at), (2, Some("away"), NOW));
        let own = overview::own_tickets(&mut tx, company, ana).await.expect("asked");
        assert_eq!(own.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(overview::groups_of(&mut tx, ana).await.expect("asked"), [second]);
    }
}

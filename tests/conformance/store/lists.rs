//! Lists of tickets with everything that a row shows.

use relevo::store::{
    Tx,
    contacts::{self, Contact},
    groups::{self, Group},
    lists::{self, Filter, Listed, Queue},
    tickets::{self, Ticket},
};

use super::{NASTY, NOW, write};
use crate::support::for_each_database;

fn ticket(number: i64) -> Ticket {
    Ticket {
        id: format!("t{number:02}"),
        company_id: 1,
        number,
        channel_id: 7,
        kind: "whatsapp".to_owned(),
        conversation_id: format!("c{number}"),
        contact_id: Some("ana".to_owned()),
        state: "open".to_owned(),
        subject: Some(NASTY.to_owned()),
        waiting_since: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
        ..Ticket::default()
    }
}

async fn save(tx: &mut Tx, rows: &[Ticket]) {
    tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
}

fn numbers(rows: &[Listed]) -> Vec<i64> {
    rows.iter().map(|row| row.number).collect()
}

fn all() -> Filter<'static> {
    Filter { company: 1, from: i64::MIN, to: i64::MAX, after: (i64::MAX, ""), ..Filter::default() }
}

for_each_database! {
    every_filter_alone_and_all_together_find_the_same_ticket: |backend| {
        let mut tx = write(&backend.db).await;
        let wanted = Ticket {
            state: "inProgress".to_owned(), agent_id: Some(5), group_id: Some(3), channel_id: 8, kind: "email".to_owned(),
            contact_id: Some("eva".to_owned()), last_content: Some("50% de A_B".to_owned()), created_at: NOW + 5, ..ticket(2)
        };
        save(&mut tx, &[ticket(1), wanted, Ticket { company_id: 2, ..ticket(3) }]).await;
        let one = Filter {
            from: NOW + 5, to: NOW + 6, text: "50% de a_", state: "inProgress", kind: "email", channel: 8, group: 3, agent: 5,
            contact: "eva", ..all()
        };
        for filter in [
            one,
            Filter { from: NOW + 1, ..all() },
            Filter { text: "a_b", ..all() },
            Filter { state: "inProgress", ..all() },
            Filter { kind: "email", ..all() },
            Filter { channel: 8, ..all() },
            Filter { group: 3, ..all() },
            Filter { agent: 5, ..all() },
            Filter { contact: "eva", ..all() },
        ] {
            assert_eq!(numbers(&lists::list(&mut tx, filter, 10).await.expect("asked")), [2], "{filter:?}");
            let others = Filter { company: 2, ..filter };
            assert_eq!(numbers(&lists::list(&mut tx, others, 10).await.expect("asked")), [] as [i64; 0], "P9 {filter:?}");
        }
        for wrong in [
            Filter { to: NOW + 5, ..one }, Filter { text: "axb", ..one }, Filter { state: "open", ..one },
            Filter { kind: "whatsapp", ..one }, Filter { channel: 7, ..one }, Filter { group: 4, ..one },
            Filter { agent: 6, ..one }, Filter { contact: "ana", ..one }, Filter { after: (NOW + 5, "t02"), ..one },
        ] {
            assert_eq!(numbers(&lists::list(&mut tx, wrong, 10).await.expect("asked")), [] as [i64; 0], "{wrong:?}");
        }
        assert_eq!(numbers(&lists::list(&mut tx, all(), 10).await.expect("asked")), [2, 1]);
        assert_eq!(numbers(&lists::list(&mut tx, all(), 1).await.expect("asked")), [2]);
        assert_eq!(numbers(&lists::list(&mut tx, Filter { after: (NOW + 5, "t02"), ..all() }, 9).await.expect("asked")), [1]);
        assert_eq!(numbers(&lists::list(&mut tx, Filter { text: "drop table", ..all() }, 9).await.expect("asked")), [2, 1]);
    }

    a_part_is_found_in_capitals_and_small_letters_alike: |backend| {
        let mut tx = write(&backend.db).await;
        let name = |id: &str, name: &str| Contact {
            id: id.to_owned(), company_id: 1, name: Some(name.to_owned()), account: None, language: None, created_at: NOW,
            updated_at: NOW,
        };
        contacts::save(&mut tx, &[&name("angela", "Ángela Núñez"), &name("ivan", "ИВАН")]).await.expect("saved");
        let said = |number, said: &str| Ticket { subject: None, last_content: Some(said.to_owned()), ..ticket(number) };
        save(&mut tx, &[
            Ticket { contact_id: Some("angela".to_owned()), subject: None, ..ticket(1) },
            Ticket { contact_id: Some("ivan".to_owned()), subject: None, ..ticket(2) },
            said(3, "[^a-z]* \\d ] ?"),
            said(4, "straße 100%"),
        ]).await;
        let found = async |tx: &mut Tx, text: &str| {
            numbers(&lists::list(tx, Filter { text, ..all() }, 10).await.expect("asked"))
        };
        for (text, expected) in [
            ("ángela", 1), ("ÁNGELA", 1), ("nÚñEZ", 1), ("ángela núñez", 1), ("иван", 2), ("Иван", 2), ("[^A-", 3), ("^", 3),
            ("z]*", 3), ("\\d", 3), ("\\", 3), ("]", 3), ("[", 3), ("-", 3), ("?", 3), ("STRAß", 4), ("%", 4),
        ] {
            assert_eq!(found(&mut tx, text).await, [expected], "{text}");
        }
        for text in ["angela", "*x", "a.z", "_", "x".repeat(20_000).as_str()] {
            assert_eq!(found(&mut tx, text).await, [] as [i64; 0], "{text}");
        }
    }

    the_queue_goes_by_priority_then_by_waiting_then_by_id: |backend| {
        let mut tx = write(&backend.db).await;
        let group = Group { company_id: 1, name: NASTY.to_owned(), policy: "auto".to_owned(), timezone: "UTC".to_owned(), ..Group::default() };
        relevo::store::companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let group = groups::insert(&mut tx, &group).await.expect("added");
        save(&mut tx, &[
            ticket(1),
            Ticket { priority: -1, waiting_since: Some(1), ..ticket(2) },
            Ticket { priority: 9, waiting_since: Some(NOW + 9), group_id: Some(group), ..ticket(3) },
            Ticket { waiting_since: Some(NOW - 1), group_id: Some(group), channel_id: 8, ..ticket(4) },
            ticket(5),
            Ticket { bot_id: Some(1), ..ticket(6) },
            Ticket { state: "inProgress".to_owned(), agent_id: Some(1), ..ticket(7) },
            Ticket { company_id: 2, ..ticket(8) },
        ]).await;
        let any = Queue { company: 1, group: 0, agent: 0, channel: 0, after: None };
        let rows = lists::queue(&mut tx, any, 10).await.expect("asked");
        assert_eq!(numbers(&rows), [3, 4, 1, 5, 2]);
        assert_eq!(rows[0].group_name.as_deref(), Some(NASTY));
        for (queue, expected) in [
            (Queue { group, ..any }, vec![3, 4]),
            (Queue { channel: 8, ..any }, vec![4]),
            (Queue { agent: 1, ..any }, vec![]),
            (Queue { after: Some((0, NOW, "t01")), ..any }, vec![5, 2]),
            (Queue { after: Some((9, NOW + 9, "t03")), group, ..any }, vec![4]),
            (Queue { company: 2, group, ..any }, vec![]),
        ] {
            assert_eq!(numbers(&lists::queue(&mut tx, queue, 10).await.expect("asked")), expected, "{queue:?}");
        }
    }

    what_an_agent_has_and_had_and_what_belongs_to_a_ticket: |backend| {
        let mut tx = write(&backend.db).await;
        let closed = |number, at| Ticket { state: "closed".to_owned(), closed_by: Some(5), closed_at: Some(at), ..ticket(number) };
        save(&mut tx, &[
            Ticket { state: "inProgress".to_owned(), agent_id: Some(5), ..ticket(1) },
            Ticket { state: "inProgress".to_owned(), agent_id: Some(6), contact_id: None, ..ticket(2) },
            closed(3, NOW + 2),
            Ticket { agent_id: Some(5), closed_by: Some(6), ..closed(4, NOW + 1) },
            Ticket { contact_id: Some("eva".to_owned()), ..ticket(5) },
            Ticket { company_id: 2, ..ticket(6) },
        ]).await;
        let start = (i64::MAX, "");
        assert_eq!(numbers(&lists::in_hand(&mut tx, 1, 5, start, 9).await.expect("asked")), [1]);
        assert_eq!(numbers(&lists::in_hand(&mut tx, 1, 5, (NOW, "t01"), 9).await.expect("asked")), [] as [i64; 0]);
        assert_eq!(numbers(&lists::closed_of(&mut tx, 1, 5, start, 9).await.expect("asked")), [3, 4]);
        assert_eq!(numbers(&lists::closed_of(&mut tx, 1, 5, (NOW + 2, "t03"), 9).await.expect("asked")), [4]);
        assert_eq!(numbers(&lists::closed_of(&mut tx, 2, 5, start, 9).await.expect("asked")), [] as [i64; 0]);
        let of_agent = async |tx: &mut Tx, agent| numbers(&lists::list(tx, Filter { agent, ..all() }, 9).await.expect("asked"));
        assert_eq!(of_agent(&mut tx, 5).await, [4, 3, 1], "who closed a ticket for its owner is not who had it");
        assert_eq!(of_agent(&mut tx, 6).await, [2]);
        let unsettled = async |tx: &mut Tx, kind, channel| {
            numbers(&lists::unsettled(tx, 1, "ana", kind, channel, 9).await.expect("asked"))
        };
        assert_eq!(unsettled(&mut tx, "", 0).await, [1]);
        assert_eq!(unsettled(&mut tx, "whatsapp", 7).await, [1]);
        assert_eq!(unsettled(&mut tx, "email", 0).await, [] as [i64; 0]);
        relevo::store::ticket_links::insert(&mut tx, 1, "t01", &["t02"], None, NOW).await.expect("linked");
        let related = async |tx: &mut Tx, ticket, contact| {
            numbers(&lists::related(tx, 1, ticket, contact, 9).await.expect("asked"))
        };
        assert_eq!(related(&mut tx, "t01", "ana").await, [4, 3, 2]);
        assert_eq!(related(&mut tx, "t02", "").await, [1]);
        assert_eq!(related(&mut tx, "t05", "eva").await, [] as [i64; 0]);
    }
}

//! Tickets, and the lists of them.

use std::time::Duration;

use relevo::store::{
    Tx,
    contacts::{self, Contact, IdentityRow},
    tickets::{self, Page, Ticket},
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::for_each_database;

/// A closed one, of a conversation of its own.
fn ticket(number: i64, created_at: i64) -> Ticket {
    Ticket {
        id: format!("t{number:02}"),
        company_id: 1,
        number,
        channel_id: 7,
        kind: "whatsapp".to_owned(),
        conversation_id: format!("c{number}"),
        contact_id: Some("ana".to_owned()),
        state: "closed".to_owned(),
        subject: Some(NASTY.to_owned()),
        last_author: Some("Ana".to_owned()),
        last_content: Some(NASTY.to_owned()),
        last_message_at: Some(created_at),
        last_message_id: Some(format!("m{number}")),
        created_at,
        updated_at: created_at,
        ..Ticket::default()
    }
}

fn open(number: i64, conversation: &str) -> Ticket {
    Ticket { state: "open".to_owned(), conversation_id: conversation.to_owned(), ..ticket(number, NOW) }
}

async fn save(tx: &mut Tx, rows: &[Ticket]) {
    tickets::save(tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
}

async fn close(tx: &mut Tx, row: Ticket) {
    tickets::place(tx, &[&Ticket { state: "closed".to_owned(), ..row }]).await.expect("placed");
}

fn numbers(rows: &[Ticket]) -> Vec<i64> {
    rows.iter().map(|row| row.number).collect()
}

for_each_database! {
    tickets_keep_every_field_and_are_brought_up_to_date: |backend| {
        let mut tx = write(&backend.db).await;
        let first = open(1, "c1");
        save(&mut tx, &[first.clone(), ticket(2, NOW)]).await;
        let changed = Ticket {
            contact_id: None,
            state: "inProgress".to_owned(),
            subject: None,
            last_author: None,
            last_content: None,
            last_message_at: None,
            last_message_id: None,
            waiting_since: Some(NOW + 1),
            close_reason: Some(NASTY.to_owned()),
            closed_at: Some(NOW + 2),
            reopened: 3,
            updated_at: NOW + 4,
            ..first.clone()
        };
        save(&mut tx, &[Ticket { number: 99, created_at: 0, ..changed.clone() }]).await;
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        let found = tickets::find(&mut tx, 1, "t01").await.expect("asked");
        assert_eq!(found, Some(changed.clone()), "number and creation stay");
        assert_eq!(tickets::find_by_number(&mut tx, 1, 1).await.expect("asked"), Some(changed));
    }

    p9_a_ticket_is_seen_by_its_company_alone: |backend| {
        let mut tx = write(&backend.db).await;
        save(&mut tx, &[ticket(1, NOW)]).await;
        assert_eq!(tickets::find(&mut tx, 2, "t01").await.expect("asked"), None);
        assert_eq!(tickets::find_by_number(&mut tx, 2, 1).await.expect("asked"), None);
        assert_eq!(tickets::ids_by_state(&mut tx, 2, "closed", 10).await.expect("asked"), [] as [String; 0]);
        assert_eq!(tickets::counts(&mut tx, 2).await.expect("asked"), []);
    }

    p3_a_conversation_has_one_ticket_that_is_not_closed: |backend| {
        let mut tx = write(&backend.db).await;
        save(&mut tx, &[open(1, "c"), Ticket { conversation_id: "c".to_owned(), ..ticket(2, NOW) }]).await;
        commit(tx).await;
        for state in ["open", "inProgress", "ignored"] {
            let mut tx = write(&backend.db).await;
            let second = Ticket { state: state.to_owned(), ..open(3, "c") };
            let saved = tickets::save(&mut tx, &[&second]).await;
            assert!(is_duplicate(&saved), "{state}: {saved:?}");
        }
        let mut tx = write(&backend.db).await;
        close(&mut tx, open(1, "c")).await;
        save(&mut tx, &[open(3, "c")]).await;
    }

    p3_of_many_transactions_that_open_a_ticket_one_wins: |backend| {
        let openers: Vec<_> = (0..8)
            .map(|n| {
                let db = backend.db.clone();
                tokio::spawn(async move {
                    let mut tx = write(&db).await;
                    let saved = tickets::save(&mut tx, &[&open(n, "c")]).await;
                    match saved {
                        Ok(()) => commit(tx).await,
                        Err(_) => assert!(is_duplicate(&saved), "{saved:?}"),
                    }
                    saved.is_ok()
                })
            })
            .collect();
        let mut won = 0;
        for opener in openers {
            won += usize::from(opener.await.expect("it ran"));
        }
        assert_eq!(won, 1);
    }

    a_ticket_number_is_one_ticket_s_within_a_company: |backend| {
        let mut tx = write(&backend.db).await;
        save(&mut tx, &[ticket(1, NOW), Ticket { id: "other".to_owned(), company_id: 2, ..ticket(1, NOW) }]).await;
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        let second = Ticket { id: "second".to_owned(), ..ticket(1, NOW) };
        assert!(is_duplicate(&tickets::save(&mut tx, &[&second]).await));
    }

    a_ticket_that_is_loaded_for_update_waits_for_the_other_transaction: |backend| {
        let mut tx = write(&backend.db).await;
        save(&mut tx, &[open(1, "c1"), open(2, "c2")]).await;
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        let mut loaded = tickets::load_for_update(&mut tx, &["t02", "t01", "nothing"]).await.expect("loaded");
        loaded.sort_by_key(|row| row.number);
        assert_eq!(loaded, [open(1, "c1"), open(2, "c2")]);

        let db = backend.db.clone();
        let mut other = tokio::spawn(async move {
            let mut tx = write(&db).await;
            tickets::load_for_update(&mut tx, &["t01"]).await.expect("loaded").remove(0).state
        });
        let early = tokio::time::timeout(Duration::from_millis(200), &mut other).await;
        assert!(early.is_err(), "it did not wait: {early:?}");
        close(&mut tx, open(1, "c1")).await;
        commit(tx).await;
        assert_eq!(other.await.expect("it ran"), "closed");
    }

    tickets_are_found_by_state_newest_first_and_counted: |backend| {
        let mut tx = write(&backend.db).await;
        save(&mut tx, &[open(1, "a"), open(2, "b"), ticket(3, NOW), Ticket { created_at: NOW + 1, ..open(4, "d") }]).await;
        assert_eq!(tickets::ids_by_state(&mut tx, 1, "open", 10).await.expect("asked"), ["t04", "t02", "t01"]);
        assert_eq!(tickets::ids_by_state(&mut tx, 1, "open", 1).await.expect("asked"), ["t04"]);
        let counts = tickets::counts(&mut tx, 1).await.expect("asked");
        assert_eq!(counts, [("closed".to_owned(), 1), ("open".to_owned(), 3)]);
    }

    tickets_are_found_by_national_id_and_by_address_newest_first: |backend| {
        let contact = |id: &str, company_id| Contact {
            id: id.to_owned(),
            company_id,
            name: None,
            account: None,
            language: None,
            created_at: NOW,
            updated_at: NOW,
        };
        let mut tx = write(&backend.db).await;
        contacts::save(&mut tx, &[&contact("ana", 1), &contact("eva", 1), &contact("foreign", 2)]).await.expect("saved");
        for id in ["ana", "foreign"] {
            contacts::set_country_id(&mut tx, id, "12345678K").await.expect("set");
        }
        let identity = |company_id, value: &str, contact: &str| IdentityRow {
            company_id,
            scheme: "email".to_owned(),
            value: value.to_owned(),
            contact_id: contact.to_owned(),
        };
        let rows = [identity(1, "ana@x.cl", "ana"), identity(1, "eva@x.cl", "eva"), identity(2, "ana@x.cl", "foreign")];
        contacts::insert_identities(&mut tx, &rows, NOW).await.expect("added");
        let of = |number, contact: &str, company_id| Ticket {
            contact_id: Some(contact.to_owned()),
            company_id,
            ..ticket(number, NOW + number)
        };
        save(&mut tx, &[of(1, "ana", 1), of(2, "ana", 1), of(3, "eva", 1), of(4, "foreign", 2)]).await;

        let by_id = async |tx: &mut Tx, company, id, limit| {
            numbers(&tickets::by_country_id(tx, company, id, limit).await.expect("asked"))
        };
        assert_eq!(by_id(&mut tx, 1, "12345678K", 10).await, [2, 1]);
        assert_eq!(by_id(&mut tx, 1, "12345678K", 1).await, [2]);
        assert_eq!(by_id(&mut tx, 2, "12345678K", 10).await, [4]);
        assert_eq!(by_id(&mut tx, 1, "1", 10).await, [] as [i64; 0]);
        let by_address = async |tx: &mut Tx, company, value, limit| {
            numbers(&tickets::by_identity(tx, company, "email", value, limit).await.expect("asked"))
        };
        assert_eq!(by_address(&mut tx, 1, "ana@x.cl", 10).await, [2, 1]);
        assert_eq!(by_address(&mut tx, 1, "eva@x.cl", 10).await, [3]);
        assert_eq!(by_address(&mut tx, 2, "ana@x.cl", 1).await, [4]);
        assert_eq!(by_address(&mut tx, 2, "eva@x.cl", 1).await, [] as [i64; 0]);
    }

    pages_do_not_move_when_tickets_arrive_and_lose_none_of_one_moment: |backend| {
        let mut tx = write(&backend.db).await;
        // Four of them in the same millisecond.
        let times = [NOW, NOW + 1, NOW + 1, NOW + 1, NOW + 1, NOW + 2, NOW + 9];
        let rows: Vec<Ticket> = (1..).zip(times).map(|(number, at)| ticket(number, at)).collect();
        save(&mut tx, &rows).await;
        save(&mut tx, &[Ticket { kind: "email".to_owned(), ..ticket(50, NOW) }]).await;
        save(&mut tx, &[Ticket { company_id: 2, ..ticket(51, NOW) }]).await;

        let mut seen = Vec::new();
        let mut start: Option<(i64, String)> = None;
        loop {
            let page = Page {
                company: 1,
                kind: "whatsapp",
                from: NOW,
                to: NOW + 9,
                start: start.as_ref().map(|(at, id)| (*at, id.as_str())),
                limit: 3,
            };
            // One more than is shown: where the next page starts.
            let mut rows = tickets::page(&mut tx, page).await.expect("asked");
            start = (rows.len() == 3).then(|| rows.pop()).flatten().map(|next| (next.created_at, next.id));
            seen.extend(numbers(&rows));
            let late = ticket(60 + i64::try_from(seen.len()).expect("few"), NOW + 8);
            save(&mut tx, &[late]).await;
            if start.is_none() {
                break;
            }
        }
        assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
    }
}

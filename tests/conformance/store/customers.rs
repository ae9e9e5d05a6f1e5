//! Customers as agents know them, links of tickets, and threads that get their author later.

use relevo::store::{
    Tx,
    channels::{self, ChannelRow},
    companies,
    contacts::{self, IdentityRow, Merge},
    conversations::{self, Conversation, KeyRow},
    customers::{self, Customer},
    rebinds, ticket_links,
    tickets::{self, Ticket},
};

use super::{NASTY, NOW, commit, read, write};
use crate::support::for_each_database;

fn customer(id: &str, country_id: Option<&str>) -> Customer {
    Customer {
        id: id.to_owned(),
        company_id: 1,
        country_id: country_id.map(str::to_owned),
        name: Some(NASTY.to_owned()),
        given_name: Some("Nombre Ejemplo".to_owned()),
        family_name: Some("Sepúlveda".to_owned()),
        family_name2: None,
        phone: Some("900000002".to_owned()),
        phone2: None,
        gender: Some("H".to_owned()),
        avatar: Some(NASTY.to_owned()),
        kind: Some(2),
        created_at: NOW,
        ..Customer::default()
    }
}

fn identity(value: &str, contact: &str) -> IdentityRow {
    IdentityRow { company_id: 1, scheme: "email".to_owned(), value: value.to_owned(), contact_id: contact.to_owned() }
}

async fn found(tx: &mut Tx, id: &str) -> Customer {
    customers::find(tx, 1, id).await.expect("asked").expect("found")
}

for_each_database! {
    customers_keep_every_field_and_get_a_number_of_their_own: |backend| {
        let mut tx = write(&backend.db).await;
        customers::insert(&mut tx, &customer("a", Some("123456785"))).await.expect("added");
        customers::insert(&mut tx, &Customer { kind: None, ..customer("b", None) }).await.expect("added");
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        let (a, b) = (found(&mut tx, "a").await, found(&mut tx, "b").await);
        assert!(a.number > 0 && b.number > a.number, "{} {}", a.number, b.number);
        assert_eq!(a, Customer { number: a.number, ..customer("a", Some("123456785")) });
        assert_eq!(b, Customer { number: b.number, kind: None, ..customer("b", None) });
        assert_eq!(customers::find_by_number(&mut tx, 1, a.number).await.expect("asked"), Some(a.clone()));
        assert_eq!(customers::find_by_number(&mut tx, 2, a.number).await.expect("asked"), None, "P9");
        assert_eq!(customers::find(&mut tx, 2, "a").await.expect("asked"), None, "P9");
        assert_eq!(customers::find_by_number(&mut tx, 1, 0).await.expect("asked"), None);
    }

    the_first_number_that_anybody_has_finds_who_was_known_first: |backend| {
        let mut tx = write(&backend.db).await;
        for (id, country_id) in [("a", "12345678"), ("b", "123456785"), ("c", "123456785")] {
            customers::insert(&mut tx, &customer(id, Some(country_id))).await.expect("added");
        }
        let by = async |tx: &mut Tx, company, ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            customers::find_by_country_ids(tx, company, &ids).await.expect("asked").map(|found| found.id)
        };
        assert_eq!(by(&mut tx, 1, &["123456785", "12345678"]).await.as_deref(), Some("b"));
        assert_eq!(by(&mut tx, 1, &["nobody", "12345678"]).await.as_deref(), Some("a"));
        assert_eq!(by(&mut tx, 1, &[]).await, None);
        assert_eq!(by(&mut tx, 2, &["123456785"]).await, None, "P9");
    }

    who_turns_out_to_be_another_brings_everything_along: |backend| {
        let mut tx = write(&backend.db).await;
        let plain = Customer {
            id: "new".to_owned(), company_id: 1, given_name: Some("Fer".to_owned()), created_at: NOW, ..Customer::default()
        };
        customers::insert(&mut tx, &plain).await.expect("added");
        customers::insert(&mut tx, &customer("old", Some("123456785"))).await.expect("added");
        contacts::insert_identities(&mut tx, &[identity("a@x.cl", "old"), identity("b@x.cl", "old")], NOW).await.expect("added");
        contacts::merge(&mut tx, &[Merge { o: "old".to_owned(), n: "new".to_owned() }]).await.expect("merged");
        let merged = found(&mut tx, "new").await;
        let expected = Customer {
            id: "new".to_owned(), number: merged.number, name: None, given_name: Some("Fer".to_owned()),
            ..customer("old", Some("123456785"))
        };
        assert_eq!(merged, expected, "what was known stays");
        assert_eq!(found(&mut tx, "old").await.country_id, None, "nobody finds it");
        let values: Vec<String> =
            customers::identities(&mut tx, "new").await.expect("asked").into_iter().map(|row| row.value).collect();
        assert_eq!(values, ["a@x.cl", "b@x.cl"]);
        assert_eq!(customers::identities(&mut tx, "old").await.expect("asked"), []);
    }

    links_are_pairs_either_way_round: |backend| {
        let mut tx = write(&backend.db).await;
        let link = async |tx: &mut Tx, ticket: &str, others: &[&str]| {
            ticket_links::insert(tx, 1, ticket, others, Some(7), NOW).await.expect("linked")
        };
        assert_eq!(link(&mut tx, "m", &["z", "a"]).await, 2);
        assert_eq!(link(&mut tx, "a", &["m", "a", "b"]).await, 1, "one is known, and nothing is linked with itself");
        assert_eq!(link(&mut tx, "a", &[]).await, 0);
        assert_eq!(ticket_links::of_ticket(&mut tx, "m").await.expect("asked"), ["a", "z"]);
        assert_eq!(ticket_links::of_ticket(&mut tx, "a").await.expect("asked"), ["b", "m"]);
        assert_eq!(ticket_links::of_ticket(&mut tx, "nothing").await.expect("asked"), [] as [String; 0]);
    }

    a_thread_without_an_author_gets_one: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let channel = ChannelRow {
            id: 0, uuid: "u".to_owned(), company_id: company, kind: "facebook".to_owned(), name: "Page".to_owned(),
            account: "1".to_owned(), settings: "{}".to_owned(), secrets: "{}".to_owned(), active: 1, reopen_within_ms: 0,
            version: 1, last_event_at: None, last_error: None, last_error_at: None, created_at: NOW,
        };
        let channel = channels::insert(&mut tx, &channel, &["1".to_owned()]).await.expect("added");
        let conversation = |id: &str, contact: Option<&str>| Conversation {
            id: id.to_owned(), company_id: company, channel_id: channel, contact_id: contact.map(str::to_owned),
            ticket_id: None, subject: None, blocked_at: None, last_inbound_at: None, created_at: NOW,
        };
        conversations::save(&mut tx, &[&conversation("c1", None), &conversation("c2", Some("eva"))]).await.expect("saved");
        let key = KeyRow { channel_id: channel, key: NASTY.to_owned(), conversation_id: "c1".to_owned() };
        conversations::insert_keys(&mut tx, std::slice::from_ref(&key), NOW).await.expect("added");
        let names = ["x".to_owned(), NASTY.to_owned()];
        assert_eq!(rebinds::named(&mut tx, company, "facebook", &names).await.expect("asked"), [key]);
        assert_eq!(rebinds::named(&mut tx, company, "telegram", &names).await.expect("asked"), []);
        assert_eq!(rebinds::named(&mut tx, company + 1, "facebook", &names).await.expect("asked"), [], "P9");

        let ticket = |id: &str, conversation: &str, contact: Option<&str>| Ticket {
            id: id.to_owned(), company_id: company, number: NOW - i64::try_from(id.len()).expect("short"),
            channel_id: channel, conversation_id: conversation.to_owned(), contact_id: contact.map(str::to_owned),
            state: "closed".to_owned(), ..Ticket::default()
        };
        tickets::save(&mut tx, &[&ticket("t", "c1", None), &ticket("tt", "c2", Some("eva"))]).await.expect("saved");
        for conversation in ["c1", "c2"] {
            rebinds::set_author(&mut tx, conversation, "ana").await.expect("set");
        }
        for (ticket, contact) in [("t", "ana"), ("tt", "eva")] {
            let found = tickets::find(&mut tx, company, ticket).await.expect("asked").expect("found");
            assert_eq!(found.contact_id.as_deref(), Some(contact));
        }
        let loaded = conversations::load(&mut tx, &["c1"]).await.expect("asked");
        assert_eq!(loaded[0].contact_id.as_deref(), Some("ana"));
        let threads = customers::threads(&mut tx, "ana", 10).await.expect("asked");
        assert_eq!((threads.len(), threads[0].kind.as_str(), threads[0].number), (1, "facebook", None));
        customers::lock(&mut tx, company).await.expect("locked");
    }
}

//! Companies, API clients, contacts and their addresses, conversations and their names.

use std::collections::BTreeSet;

use relevo::store::{
    clients, companies,
    contacts::{self, Address, Contact, IdentityRow},
    conversations::{self, Conversation, KeyRow, Name},
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::for_each_database;

fn contact(id: &str, name: Option<&str>) -> Contact {
    Contact {
        id: id.to_owned(),
        company_id: 1,
        name: name.map(str::to_owned),
        account: None,
        language: Some("es".to_owned()),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn identity(company: i64, value: &str, contact: &str) -> IdentityRow {
    IdentityRow {
        company_id: company,
        scheme: "wa".to_owned(),
        value: value.to_owned(),
        contact_id: contact.to_owned(),
    }
}

fn conversation(id: &str) -> Conversation {
    Conversation {
        id: id.to_owned(),
        company_id: 1,
        channel_id: 7,
        contact_id: None,
        ticket_id: None,
        subject: Some(NASTY.to_owned()),
        blocked_at: None,
        last_inbound_at: Some(NOW),
        created_at: NOW,
    }
}

fn key(channel: i64, key: &str, conversation: &str) -> KeyRow {
    KeyRow { channel_id: channel, key: key.to_owned(), conversation_id: conversation.to_owned() }
}

for_each_database! {
    companies_are_added_and_found: |backend| {
        let mut tx = write(&backend.db).await;
        let first = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let second = companies::insert(&mut tx, NASTY, NOW + 1).await.expect("added");
        commit(tx).await;
        let mut tx = read(&backend.db).await;
        let found = companies::find(&mut tx, second).await.expect("asked").expect("found");
        assert_eq!((found.name.as_str(), found.created_at), (NASTY, NOW + 1));
        assert_eq!(companies::find(&mut tx, second + 100).await.expect("asked"), None);
        let all = companies::all(&mut tx).await.expect("asked");
        assert_eq!(all.iter().map(|company| company.id).collect::<Vec<_>>(), [first, second]);
    }

    ticket_numbers_have_no_gaps_and_no_doubles_under_concurrency: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        commit(tx).await;
        let takers: Vec<_> = (0..20)
            .map(|taker| {
                let db = backend.db.clone();
                tokio::spawn(async move {
                    let mut tx = write(&db).await;
                    let first = companies::take_ticket_numbers(&mut tx, company, 3).await.expect("taken");
                    // A transaction that does not happen takes nothing.
                    if taker % 4 == 0 {
                        drop(tx);
                        return None;
                    }
                    commit(tx).await;
                    Some(first)
                })
            })
            .collect();
        let mut numbers = BTreeSet::new();
        for taker in takers {
            if let Some(first) = taker.await.expect("it ran") {
                (first..first + 3).for_each(|number| assert!(numbers.insert(number), "{number} twice"));
            }
        }
        assert_eq!(numbers, (1..=45).collect());
    }

    p9_a_client_is_found_by_its_key_alone_and_a_key_is_one_client_s: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let mut client = clients::ApiClient {
            id: 0,
            company_id: Some(company),
            name: "CRM".to_owned(),
            client_key: "key".to_owned(),
            secret_hash: "$argon2id$".to_owned(),
            role: "operator".to_owned(),
        };
        client.id = clients::insert(&mut tx, &client, NOW).await.expect("added");
        let root = clients::ApiClient { company_id: None, client_key: "root".to_owned(), ..client.clone() };
        clients::insert(&mut tx, &root, NOW).await.expect("added");
        commit(tx).await;

        let mut tx = read(&backend.db).await;
        assert_eq!(clients::find(&mut tx, "key").await.expect("asked"), Some(client.clone()));
        assert_eq!(clients::find(&mut tx, "KEY").await.expect("asked"), None);
        assert_eq!(clients::find(&mut tx, "root").await.expect("asked").and_then(|client| client.company_id), None);
        drop(tx);
        let mut tx = write(&backend.db).await;
        assert!(is_duplicate(&clients::insert(&mut tx, &client, NOW).await));
    }

    p9_a_revoked_client_is_found_by_nobody_but_stays_in_the_list: |backend| {
        let mut tx = write(&backend.db).await;
        let client = clients::ApiClient {
            id: 0,
            company_id: None,
            name: NASTY.to_owned(),
            client_key: "key".to_owned(),
            secret_hash: "x".to_owned(),
            role: "admin".to_owned(),
        };
        let id = clients::insert(&mut tx, &client, NOW).await.expect("added");
        assert!(clients::revoke(&mut tx, id, NOW + 1).await.expect("revoked"));
        assert!(!clients::revoke(&mut tx, id, NOW + 2).await.expect("asked"));
        assert!(!clients::revoke(&mut tx, 999, NOW).await.expect("asked"));
        assert_eq!(clients::find(&mut tx, "key").await.expect("asked"), None);
        let listed = clients::all(&mut tx).await.expect("asked");
        assert_eq!((listed.len(), listed[0].id, listed[0].revoked_at), (1, id, Some(NOW + 1)));
        assert_eq!((listed[0].name.as_str(), listed[0].created_at), (NASTY, NOW));
    }

    contacts_are_saved_again_and_found_by_their_addresses: |backend| {
        let (ana, eva) = (contact("ana", None), contact("eva", Some(NASTY)));
        let mut tx = write(&backend.db).await;
        contacts::save(&mut tx, &[&ana, &eva]).await.expect("saved");
        let rows = [identity(1, "34600", "ana"), identity(1, NASTY, "eva"), identity(2, "34600", "eva")];
        assert_eq!(contacts::insert_identities(&mut tx, &rows, NOW).await.expect("added"), 3);
        let again = [identity(1, "34600", "eva"), identity(1, "34601", "eva")];
        assert_eq!(contacts::insert_identities(&mut tx, &again, NOW).await.expect("added"), 1);
        commit(tx).await;

        let renamed = Contact {
            name: Some("Ana".to_owned()),
            account: Some("@ana".to_owned()),
            created_at: 0,
            updated_at: NOW + 5,
            ..ana
        };
        let mut tx = write(&backend.db).await;
        contacts::save(&mut tx, &[&renamed]).await.expect("saved");
        contacts::set_country_id(&mut tx, "ana", "12345678K").await.expect("set");
        commit(tx).await;

        let mut tx = read(&backend.db).await;
        let loaded = contacts::load(&mut tx, &["ana", "nobody"]).await.expect("asked");
        assert_eq!(loaded, [Contact { created_at: NOW, ..renamed }], "the first creation stays");
        let address = |c, v| Address { c, s: "wa", v };
        let asked = [address(1, "34600"), address(1, NASTY), address(1, "34999"), address(2, "34600")];
        let mut found = contacts::find(&mut tx, &asked).await.expect("asked");
        found.sort_by(|a, b| (a.company_id, &a.contact_id).cmp(&(b.company_id, &b.contact_id)));
        assert_eq!(found, [identity(1, "34600", "ana"), identity(1, NASTY, "eva"), identity(2, "34600", "eva")]);
        assert_eq!(contacts::find(&mut tx, &[]).await.expect("asked"), []);
    }

    an_address_is_taken_from_its_contact_and_only_within_its_company: |backend| {
        let mut tx = write(&backend.db).await;
        let rows = [identity(1, "34600", "ana"), identity(2, "34600", "eva")];
        contacts::insert_identities(&mut tx, &rows, NOW).await.expect("added");
        let unknown = identity(1, "0", "bea");
        contacts::delete_identities(&mut tx, &[identity(1, "34600", "ana"), unknown]).await.expect("taken");
        let asked = [Address { c: 1, s: "wa", v: "34600" }, Address { c: 2, s: "wa", v: "34600" }];
        assert_eq!(contacts::find(&mut tx, &asked).await.expect("asked"), [identity(2, "34600", "eva")]);
    }

    conversations_are_saved_again_and_found_by_their_names: |backend| {
        let first = conversation("c1");
        let mut tx = write(&backend.db).await;
        conversations::save(&mut tx, &[&first, &conversation("c2")]).await.expect("saved");
        let keys = [key(7, "u:1", "c1"), key(7, NASTY, "c2"), key(8, "u:1", "c2")];
        assert_eq!(conversations::insert_keys(&mut tx, &keys, 5).await.expect("added"), 3);
        let again = [key(7, "u:1", "c2"), key(7, "u:2", "c2")];
        assert_eq!(conversations::insert_keys(&mut tx, &again, 6).await.expect("added"), 1);
        let changed = Conversation {
            contact_id: Some("ana".to_owned()),
            ticket_id: Some("t1".to_owned()),
            subject: None,
            blocked_at: Some(NOW + 1),
            last_inbound_at: Some(NOW + 2),
            created_at: 0,
            ..first
        };
        conversations::save(&mut tx, &[&changed]).await.expect("saved");
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        let loaded = conversations::load(&mut tx, &["c1"]).await.expect("asked");
        assert_eq!(loaded, [Conversation { created_at: NOW, ..changed }]);
        let name = |c, k| Name { c, k };
        let asked = [name(7, "u:1"), name(7, NASTY), name(7, "u:9"), name(9, "u:1")];
        let mut found = conversations::find_keys(&mut tx, &asked).await.expect("asked");
        found.sort_by(|a, b| a.conversation_id.cmp(&b.conversation_id));
        assert_eq!(found, [key(7, "u:1", "c1"), key(7, NASTY, "c2")]);

        conversations::move_keys(&mut tx, &[key(7, "u:1", "c2"), key(7, "u:9", "c2")], 7).await.expect("moved");
        let found = conversations::find_keys(&mut tx, &[name(7, "u:1"), name(7, "u:9")]).await.expect("asked");
        assert_eq!(found, [key(7, "u:1", "c2")]);
    }
}

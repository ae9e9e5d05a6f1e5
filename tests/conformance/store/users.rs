//! People, their tokens, and what lets them set a new password.

use relevo::store::{
    companies, presence, tokens,
    users::{self, Filter, User},
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::{Backend, for_each_database};

fn person(company: i64, email: &str) -> User {
    User {
        company_id: company,
        email: email.to_owned(),
        name: NASTY.to_owned(),
        code: Some("C".to_owned()),
        phone: None,
        role: "agent".to_owned(),
        password_hash: Some("$argon2id$1".to_owned()),
        pin_hash: Some("$argon2id$2".to_owned()),
        device_id: Some("99".to_owned()),
        capacity: 5,
        active: 1,
        presence_id: 7,
        presence_at: NOW,
        picture_sha256: Some("ab".to_owned()),
        picture_mime: Some("image/png".to_owned()),
        created_at: NOW,
        updated_at: NOW,
        ..User::default()
    }
}

async fn add(backend: &Backend, email: &str) -> User {
    let mut tx = write(&backend.db).await;
    let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
    let mut user = person(company, email);
    user.id = users::insert(&mut tx, &user).await.expect("added");
    commit(tx).await;
    user
}

for_each_database! {
    a_person_is_kept_whole_and_once_by_company_and_address: |backend| {
        let user = add(backend, "ana@empresa.com").await;
        let mut tx = read(&backend.db).await;
        let company = user.company_id;
        assert_eq!(users::find(&mut tx, company, user.id).await.expect("asked").as_ref(), Some(&user));
        assert_eq!(users::find(&mut tx, company + 1, user.id).await.expect("asked"), None);
        assert_eq!(users::find_anywhere(&mut tx, user.id).await.expect("asked").as_ref(), Some(&user));
        assert_eq!(users::find_by_email(&mut tx, company, "ana@empresa.com").await.expect("asked").as_ref(), Some(&user));
        assert_eq!(users::find_by_email(&mut tx, company + 1, "ana@empresa.com").await.expect("asked"), None);
        drop(tx);
        let mut tx = write(&backend.db).await;
        assert!(is_duplicate(&users::insert(&mut tx, &person(company, "ana@empresa.com")).await));
        drop(tx);
        let other = add(backend, "ana@empresa.com").await;
        assert_ne!(other.company_id, company, "another company may have the same address");
        assert!(!format!("{user:?}").contains("argon2id"));
    }

    what_can_be_changed_of_a_person_is_changed_and_nothing_else: |backend| {
        let user = add(backend, "ana@empresa.com").await;
        let mut tx = write(&backend.db).await;
        let changed = User {
            email: "eva@empresa.com".to_owned(), name: "Eva".to_owned(), code: None, phone: Some(NASTY.to_owned()),
            role: "admin".to_owned(), password_hash: None, pin_hash: None, device_id: None, department_id: Some(4),
            capacity: 9, active: 0, picture_sha256: None, picture_mime: None, updated_at: NOW + 1, ..user.clone()
        };
        let others = User { company_id: 0, presence_id: 1, presence_at: 0, created_at: 0, ..changed.clone() };
        users::update(&mut tx, &others).await.expect("changed");
        assert_eq!(users::lock(&mut tx, user.id).await.expect("asked"), Some(changed.clone()));
        let online = presence::Change { company: user.company_id, user: user.id, state: 1, kind: "online", by: None, at: NOW + 2 };
        assert!(presence::set(&mut tx, online).await.expect("changed"));
        assert!(!presence::set(&mut tx, presence::Change { at: NOW + 3, ..online }).await.expect("asked"));
        commit(tx).await;
        let found = users::find_anywhere(&mut read(&backend.db).await, user.id).await.expect("asked");
        assert_eq!(found, Some(User { presence_id: 1, presence_at: NOW + 2, ..changed }));
    }

    people_are_found_by_parts_and_counted: |backend| {
        let user = add(backend, "a_b@empresa.com").await;
        let other = add(backend, "axb@empresa.com").await;
        let mut tx = read(&backend.db).await;
        for (filter, count) in [
            (Filter::default(), 2),
            (Filter { company: user.company_id, ..Filter::default() }, 1),
            (Filter { email: "a_b".to_owned(), ..Filter::default() }, 1),
            (Filter { email: "%".to_owned(), ..Filter::default() }, 0),
            (Filter { name: "drop table".to_owned(), ..Filter::default() }, 2),
            (Filter { name: "\\ \\n".to_owned(), ..Filter::default() }, 2),
            (Filter { name: "QUÉ".to_owned(), ..Filter::default() }, 2),
            (Filter { name: "que".to_owned(), ..Filter::default() }, 0),
            (Filter { phone: "1".to_owned(), ..Filter::default() }, 0),
            (Filter { role: "agent".to_owned(), company_name: "un".to_owned(), ..Filter::default() }, 2),
            (Filter { role: "agen".to_owned(), ..Filter::default() }, 0),
            (Filter { active: Some(true), ..Filter::default() }, 2),
            (Filter { active: Some(false), ..Filter::default() }, 0),
        ] {
            assert_eq!(users::count(&mut tx, &filter).await.expect("asked"), count, "{filter:?}");
            assert_eq!(users::list(&mut tx, &filter, 10, 0).await.expect("asked").len() as i64, count, "{filter:?}");
        }
        let second = users::list(&mut tx, &Filter::default(), 1, 1).await.expect("asked");
        assert_eq!(second, [other], "of one name the older first");
        assert!(!users::has_department(&mut tx, user.company_id, 1).await.expect("asked"));
    }

    p9_a_token_holds_until_it_expires_or_ends: |backend| {
        let user = add(backend, "ana@empresa.com").await;
        let mut tx = write(&backend.db).await;
        for hash in ["one", "two", "three"] {
            tokens::insert(&mut tx, user.id, hash, NOW, NOW + 10).await.expect("added");
        }
        let found = tokens::find(&mut tx, "one", NOW + 9).await.expect("asked").expect("it holds");
        assert_eq!((found.user_id, found.company_id, found.role.as_str()), (user.id, user.company_id, "agent"));
        assert_eq!(tokens::find(&mut tx, "one", NOW + 10).await.expect("asked"), None);
        assert_eq!(tokens::find(&mut tx, "four", NOW).await.expect("asked"), None);
        assert!(tokens::revoke(&mut tx, found.id, NOW).await.expect("ended"));
        assert!(!tokens::revoke(&mut tx, found.id, NOW).await.expect("it had"));
        assert_eq!(tokens::find(&mut tx, "one", NOW).await.expect("asked"), None);
        assert!(tokens::find(&mut tx, "two", NOW).await.expect("asked").is_some(), "others go on");
        users::update(&mut tx, &User { active: 0, ..user.clone() }).await.expect("changed");
        assert_eq!(tokens::find(&mut tx, "two", NOW).await.expect("asked"), None, "nobody who may not work");
        users::update(&mut tx, &user).await.expect("changed");
        tokens::revoke_all(&mut tx, user.id + 1, NOW).await.expect("nothing to do");
        assert!(tokens::find(&mut tx, "two", NOW).await.expect("asked").is_some());
        tokens::revoke_all(&mut tx, user.id, NOW).await.expect("ended");
        for hash in ["two", "three"] {
            assert_eq!(tokens::find(&mut tx, hash, NOW).await.expect("asked"), None);
        }
    }

    p9_a_new_password_is_set_once_by_the_latest_token: |backend| {
        let user = add(backend, "ana@empresa.com").await;
        let mut tx = write(&backend.db).await;
        tokens::put_reset(&mut tx, user.id, "old", NOW + 10).await.expect("added");
        tokens::put_reset(&mut tx, user.id, "new", NOW + 10).await.expect("added");
        assert_eq!(tokens::find_reset(&mut tx, "old", NOW).await.expect("asked"), None);
        assert_eq!(tokens::find_reset(&mut tx, "new", NOW + 9).await.expect("asked"), Some(user.id));
        assert_eq!(tokens::find_reset(&mut tx, "new", NOW + 10).await.expect("asked"), None);
        assert!(!tokens::take_reset(&mut tx, "new", NOW + 10).await.expect("too late"));
        assert!(tokens::take_reset(&mut tx, "new", NOW + 9).await.expect("taken"));
        assert!(!tokens::take_reset(&mut tx, "new", NOW + 9).await.expect("it was"));
        tokens::put_reset(&mut tx, user.id, "next", NOW + 10).await.expect("added");
        tokens::drop_resets(&mut tx, user.id).await.expect("ended");
        assert_eq!(tokens::find_reset(&mut tx, "next", NOW).await.expect("asked"), None);
    }

    p8_what_expired_is_forgotten: |backend| {
        let user = add(backend, "ana@empresa.com").await;
        let mut tx = write(&backend.db).await;
        tokens::insert(&mut tx, user.id, "short", NOW, NOW + 1).await.expect("added");
        tokens::insert(&mut tx, user.id, "long", NOW, NOW + 10).await.expect("added");
        tokens::put_reset(&mut tx, user.id, "reset", NOW + 1).await.expect("added");
        tokens::prune(&mut tx, NOW + 1).await.expect("forgotten");
        // As of a time when all of them held.
        assert_eq!(tokens::find(&mut tx, "short", NOW).await.expect("asked"), None);
        assert_eq!(tokens::find_reset(&mut tx, "reset", NOW).await.expect("asked"), None);
        assert!(tokens::find(&mut tx, "long", NOW).await.expect("asked").is_some());
    }
}

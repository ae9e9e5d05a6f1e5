//! Configured channels, their accounts, cursors and news.

use relevo::store::{
    Tx,
    channels::{self, ChannelEvent, ChannelRow, UnknownAccount},
    companies,
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::for_each_database;

fn channel(company: i64, uuid: &str, account: &str) -> ChannelRow {
    ChannelRow {
        id: 0,
        uuid: uuid.to_owned(),
        company_id: company,
        kind: "whatsapp".to_owned(),
        name: NASTY.to_owned(),
        account: account.to_owned(),
        settings: "{\"a\":\"b\"}".to_owned(),
        secrets: "{}".to_owned(),
        active: 1,
        reopen_within_ms: 86_400_000,
        version: 1,
        last_event_at: None,
        last_error: None,
        last_error_at: None,
        created_at: NOW,
    }
}

/// A channel with `accounts`, the first of them its own, as it is then stored.
async fn add(tx: &mut Tx, company: i64, uuid: &str, accounts: &[&str]) -> ChannelRow {
    let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let mut row = channel(company, uuid, &accounts[0]);
    row.id = channels::insert(tx, &row, &accounts).await.expect("added");
    row
}

fn ids(rows: &[ChannelRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

for_each_database! {
    channels_are_found_by_id_uuid_account_and_company: |backend| {
        let mut tx = write(&backend.db).await;
        let (uno, dos) = (
            companies::insert(&mut tx, "Uno", NOW).await.expect("added"),
            companies::insert(&mut tx, "Dos", NOW).await.expect("added"),
        );
        let first = add(&mut tx, uno, "u1", &["acc1", "shared"]).await;
        let second = add(&mut tx, dos, "u2", &["acc2", "shared"]).await;
        commit(tx).await;

        let mut tx = read(&backend.db).await;
        assert_eq!(channels::find(&mut tx, first.id).await.expect("asked"), Some(first.clone()));
        assert_eq!(channels::find(&mut tx, 999).await.expect("asked"), None);
        assert_eq!(channels::find_by_uuid(&mut tx, "u2").await.expect("asked"), Some(second.clone()));
        let by_account = async |tx: &mut Tx, kind, account| {
            ids(&channels::find_by_account(tx, kind, account).await.expect("asked"))
        };
        assert_eq!(by_account(&mut tx, "whatsapp", "acc1").await, [first.id]);
        assert_eq!(by_account(&mut tx, "whatsapp", "shared").await, [first.id, second.id]);
        assert_eq!(by_account(&mut tx, "facebook", "acc1").await, [] as [i64; 0]);
        assert_eq!(ids(&channels::all(&mut tx, None).await.expect("asked")), [first.id, second.id]);
        assert_eq!(channels::all(&mut tx, Some(dos)).await.expect("asked"), std::slice::from_ref(&second));
        let loaded = channels::load(&mut tx, &[second.id, 999]).await.expect("asked");
        assert_eq!(loaded, [second]);
    }

    an_account_belongs_to_one_channel: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        add(&mut tx, company, "u1", &["acc1"]).await;
        commit(tx).await;
        for (uuid, account) in [("u2", "acc1"), ("u1", "acc2")] {
            let mut tx = write(&backend.db).await;
            let added = channels::insert(&mut tx, &channel(company, uuid, account), &[account.to_owned()]).await;
            assert!(is_duplicate(&added), "{added:?}");
        }
        let mut tx = write(&backend.db).await;
        assert_eq!(channels::all(&mut tx, None).await.expect("asked").len(), 1, "nothing is left of the others");
    }

    a_change_gives_a_channel_new_accounts_and_the_next_version: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let row = add(&mut tx, company, "u1", &["acc1", "shared"]).await;
        let other = add(&mut tx, company, "u2", &["acc2"]).await;
        let stamp = channels::stamp(&mut tx).await.expect("a stamp");
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        assert_eq!(channels::lock(&mut tx, row.id).await.expect("asked"), Some(row.clone()));
        assert_eq!(channels::lock(&mut tx, 999).await.expect("asked"), None);
        let after = ChannelRow {
            name: "Otro".to_owned(),
            account: "acc3".to_owned(),
            settings: "{}".to_owned(),
            secrets: NASTY.to_owned(),
            reopen_within_ms: 7,
            version: 2,
            ..row.clone()
        };
        channels::update(&mut tx, &after, &["acc3".to_owned()], NOW + 1).await.expect("changed");
        assert_eq!(channels::find(&mut tx, row.id).await.expect("asked"), Some(after));
        assert_ne!(channels::stamp(&mut tx).await.expect("a stamp"), stamp);
        for (account, count) in [("acc1", 0), ("shared", 0), ("acc3", 1)] {
            let found = channels::find_by_account(&mut tx, "whatsapp", account).await.expect("asked");
            assert_eq!(found.len(), count, "{account}");
        }
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        let taken = channels::update(&mut tx, &row, &["acc2".to_owned()], NOW).await;
        assert!(is_duplicate(&taken), "{taken:?}");
        drop(tx);
        let mut tx = write(&backend.db).await;
        channels::set_active(&mut tx, other.id, false, NOW + 2).await.expect("paused");
        let paused = channels::find(&mut tx, other.id).await.expect("asked").expect("found");
        assert_eq!((paused.active, paused.version), (0, 2));
    }

    a_channel_that_is_removed_is_not_taken_for_the_next_one: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let row = add(&mut tx, company, "u1", &["acc1"]).await;
        let stamp = channels::stamp(&mut tx).await.expect("a stamp");
        channels::remove(&mut tx, row.id).await.expect("removed");
        assert_eq!(channels::all(&mut tx, None).await.expect("asked"), []);
        assert_eq!(channels::accounts(&mut tx).await.expect("asked"), []);
        let next = add(&mut tx, company, "u1", &["acc1"]).await;
        assert_ne!(next.id, row.id);
        assert_ne!(channels::stamp(&mut tx).await.expect("a stamp"), stamp);
    }

    p10_a_channel_shows_its_last_event_and_its_last_error: |backend| {
        let mut tx = write(&backend.db).await;
        let company = companies::insert(&mut tx, "Uno", NOW).await.expect("added");
        let before = channels::stamp(&mut tx).await.expect("a stamp");
        let row = add(&mut tx, company, "u1", &["acc1"]).await;
        assert_ne!(channels::stamp(&mut tx).await.expect("a stamp"), before);
        let other = add(&mut tx, company, "u2", &["acc2"]).await;
        channels::touch(&mut tx, &[row.id], NOW + 1).await.expect("noted");
        channels::set_error(&mut tx, row.id, Some(NASTY), NOW + 2).await.expect("noted");
        let shown = channels::find(&mut tx, row.id).await.expect("asked").expect("found");
        assert_eq!(shown.last_event_at, Some(NOW + 1));
        assert_eq!((shown.last_error.as_deref(), shown.last_error_at), (Some(NASTY), Some(NOW + 2)));
        channels::set_error(&mut tx, row.id, None, NOW + 3).await.expect("noted");
        let shown = channels::find(&mut tx, row.id).await.expect("asked").expect("found");
        assert_eq!(shown.last_error, None);
        assert_eq!(channels::find(&mut tx, other.id).await.expect("asked"), Some(other));
    }

    a_cursor_moves: |backend| {
        let mut tx = write(&backend.db).await;
        assert_eq!(channels::cursor(&mut tx, 1, "offset").await.expect("asked"), None);
        for value in ["1", NASTY] {
            channels::set_cursor(&mut tx, 1, "offset", value, NOW).await.expect("moved");
            assert_eq!(channels::cursor(&mut tx, 1, "offset").await.expect("asked").as_deref(), Some(value));
        }
        assert_eq!(channels::cursor(&mut tx, 1, "uid").await.expect("asked"), None);
        assert_eq!(channels::cursor(&mut tx, 2, "offset").await.expect("asked"), None);
    }

    news_of_a_channel_come_newest_first: |backend| {
        let event = |id: &str, channel_id| ChannelEvent {
            id: id.to_owned(),
            channel_id,
            kind: "template".to_owned(),
            text: Some(NASTY.to_owned()),
            raw: None,
            at: NOW,
            log_id: i64::MAX,
        };
        let mut tx = write(&backend.db).await;
        let news = [event("1", 1), event("2", 1), event("3", 2), event("4", 1)];
        channels::insert_events(&mut tx, &news).await.expect("added");
        let latest = channels::events(&mut tx, 1, 2).await.expect("asked");
        assert_eq!(latest, [event("4", 1), event("2", 1)]);
    }

    p10_an_unknown_account_is_news_once_a_day: |backend| {
        let mut tx = write(&backend.db).await;
        let mut news = Vec::new();
        for (account, day, at) in [("a", "2026-11-23", 1), ("a", "2026-11-23", 2), ("a", "2026-11-24", 3), ("b", "2026-11-23", 4)] {
            news.push(channels::note_unknown(&mut tx, "facebook", account, day, at).await.expect("noted"));
        }
        assert_eq!(news, [true, false, true, true]);
        let unknown = channels::unknown(&mut tx, 2).await.expect("asked");
        let row = |account: &str, day: &str, first_at| UnknownAccount {
            kind: "facebook".to_owned(),
            account: account.to_owned(),
            day: day.to_owned(),
            first_at,
        };
        assert_eq!(unknown, [row("b", "2026-11-23", 4), row("a", "2026-11-24", 3)]);
    }
}

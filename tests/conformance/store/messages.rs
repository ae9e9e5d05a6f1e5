//! Messages and everything that hangs on one, and what waits for one.

use relevo::store::{
    messages::{self, AttachmentRow, MessageRow, ReactionRow, ReceiptRow, RefRow, RevisionRow},
    parked::{self, ParkedEvent, Target},
};

use super::{NASTY, NOW, commit, is_duplicate, read, write};
use crate::support::for_each_database;

pub(super) fn message(id: &str, at: i64) -> MessageRow {
    MessageRow {
        id: id.to_owned(),
        company_id: 1,
        channel_id: 7,
        conversation_id: "c1".to_owned(),
        ticket_id: Some("t1".to_owned()),
        direction: "in".to_owned(),
        origin: "contact".to_owned(),
        kind: "text".to_owned(),
        content: NASTY.to_owned(),
        body: serde_json::json!({ "text": NASTY }).to_string(),
        extra: None,
        raw: Some("{}".to_owned()),
        reply_to: None,
        author_id: Some("ana".to_owned()),
        author_name: Some("Ana".to_owned()),
        author_account: None,
        at,
        received_at: NOW,
        log_id: (1 << 53) - 1,
        status: None,
        status_at: None,
        failure: None,
        edited_at: None,
        deleted_at: None,
        hidden_at: None,
        visibility_at: None,
    }
}

fn name(channel: i64, name: &str, message: &str) -> RefRow {
    RefRow { channel_id: channel, name: name.to_owned(), message_id: message.to_owned() }
}

fn parked_event(id: &str, channel: i64, target: &str, at: i64) -> ParkedEvent {
    ParkedEvent {
        id: id.to_owned(),
        channel_id: channel,
        target: target.to_owned(),
        event: serde_json::json!({ "x": NASTY }).to_string(),
        parked_at: at,
    }
}

fn ids(rows: &[MessageRow]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

for_each_database! {
    messages_keep_every_field_and_are_brought_up_to_date: |backend| {
        let first = message("m1", NOW);
        let second = MessageRow { status: Some("sent".to_owned()), status_at: Some(i64::MAX), ..message("m2", NOW) };
        let mut tx = write(&backend.db).await;
        messages::insert(&mut tx, &[&first, &second]).await.expect("added");
        commit(tx).await;

        let mut tx = write(&backend.db).await;
        let mut loaded = messages::load_for_update(&mut tx, &["m2", "m1", "nothing"]).await.expect("asked");
        loaded.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(loaded, [first.clone(), second.clone()]);
        let edited = MessageRow {
            kind: "image".to_owned(),
            content: "new".to_owned(),
            body: "{}".to_owned(),
            status: Some("read".to_owned()),
            status_at: Some(NOW + 1),
            failure: Some(NASTY.to_owned()),
            edited_at: Some(NOW + 2),
            deleted_at: Some(NOW + 3),
            hidden_at: Some(NOW + 4),
            visibility_at: Some(NOW + 4),
            ..first
        };
        messages::update(&mut tx, &[&edited]).await.expect("updated");
        commit(tx).await;

        let mut tx = read(&backend.db).await;
        let mut all = messages::of_ticket(&mut tx, "t1", 10).await.expect("asked");
        all.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(all, [edited, second]);
        assert_eq!(messages::count(&mut tx, 1).await.expect("asked"), 2);
        assert_eq!(messages::count(&mut tx, 2).await.expect("asked"), 0);
    }

    p2_a_message_cannot_be_added_twice: |backend| {
        let mut tx = write(&backend.db).await;
        messages::insert(&mut tx, &[&message("m1", NOW)]).await.expect("added");
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        assert!(is_duplicate(&messages::insert(&mut tx, &[&message("m2", NOW), &message("m1", NOW)]).await));
        drop(tx);
        let mut tx = read(&backend.db).await;
        assert_eq!(messages::count(&mut tx, 1).await.expect("asked"), 1, "all or nothing");
    }

    p4_a_ticket_s_messages_come_by_the_platform_s_time_then_by_arrival: |backend| {
        let mut tx = write(&backend.db).await;
        let elsewhere = MessageRow { ticket_id: None, ..message("m9", NOW) };
        let rows = [message("m1", NOW + 1), message("m2", NOW), message("m3", NOW + 1), message("m4", NOW + 2), elsewhere];
        messages::insert(&mut tx, &rows.iter().collect::<Vec<_>>()).await.expect("added");
        assert_eq!(ids(&messages::of_ticket(&mut tx, "t1", 10).await.expect("asked")), ["m4", "m3", "m1", "m2"]);
        assert_eq!(ids(&messages::of_ticket(&mut tx, "t1", 2).await.expect("asked")), ["m4", "m3"]);
    }

    p2_a_platform_s_name_of_a_message_is_one_message_s: |backend| {
        let mut tx = write(&backend.db).await;
        let names = [name(7, "wamid.1", "m1"), name(8, "wamid.1", "m2"), name(7, NASTY, "m3")];
        assert_eq!(messages::insert_refs(&mut tx, &names).await.expect("added"), 3);
        let again = [name(7, "wamid.1", "m9"), name(7, "wamid.2", "m9")];
        assert_eq!(messages::insert_refs(&mut tx, &again).await.expect("added"), 1);
        let target = |c, r| Target { c, r };
        let asked = [target(7, "wamid.1"), target(7, NASTY), target(9, "wamid.1")];
        let mut found = messages::find_refs(&mut tx, &asked).await.expect("asked");
        found.sort_by(|a, b| a.message_id.cmp(&b.message_id));
        assert_eq!(found, [name(7, "wamid.1", "m1"), name(7, NASTY, "m3")]);
    }

    attachments_hang_on_their_message_in_order: |backend| {
        let attachment = |id: &str, message: &str, size| AttachmentRow {
            id: id.to_owned(),
            message_id: message.to_owned(),
            channel_id: 7,
            kind: "image".to_owned(),
            source: "{\"id\":\"x\"}".to_owned(),
            state: "pending".to_owned(),
            mime: Some("image/jpeg".to_owned()),
            file_name: Some(NASTY.to_owned()),
            size,
            sha256: None,
            content_id: None,
            extra: None,
            created_at: NOW,
        };
        let rows = [attachment("a3", "m1", None), attachment("a1", "m1", Some(i64::MAX)), attachment("a2", "m2", Some(0))];
        let mut tx = write(&backend.db).await;
        messages::insert_attachments(&mut tx, &rows).await.expect("added");
        let [third, first, second] = rows;
        let found = messages::attachments(&mut tx, &["m2", "m1", "m3"]).await.expect("asked");
        assert_eq!(found, [first, third, second]);

        let [stored, gone] = [&found[0], &found[1]].map(Clone::clone);
        let sha256 = Some("ab".repeat(32));
        let stored = AttachmentRow { state: "stored".to_owned(), kind: "document".to_owned(), sha256, ..stored };
        let gone = AttachmentRow { state: "unavailable".to_owned(), source: NASTY.to_owned(), mime: None, ..gone };
        for row in [&stored, &gone] {
            assert!(messages::set_attachment(&mut tx, row).await.expect("asked"));
            assert_eq!(messages::attachment(&mut tx, &row.id).await.expect("asked").as_ref(), Some(row));
            assert!(!messages::set_attachment(&mut tx, row).await.expect("asked"), "it is settled once");
        }
        assert_eq!(messages::attachment(&mut tx, "a9").await.expect("asked"), None);
    }

    revisions_are_kept_oldest_first: |backend| {
        let revision = |id: &str| RevisionRow {
            id: id.to_owned(),
            message_id: "m1".to_owned(),
            content: NASTY.to_owned(),
            body: "{}".to_owned(),
            at: NOW,
        };
        let mut tx = write(&backend.db).await;
        messages::insert_revisions(&mut tx, &[revision("r2"), revision("r1")]).await.expect("added");
        let found = messages::revisions(&mut tx, "m1").await.expect("asked");
        assert_eq!(found, [revision("r1"), revision("r2")]);
        assert_eq!(messages::revisions(&mut tx, "m2").await.expect("asked"), []);
    }

    a_reaction_is_its_author_s_latest_and_may_be_taken_back: |backend| {
        let reaction = |author: &str, emoji: &str, at| ReactionRow {
            message_id: "m1".to_owned(),
            author: author.to_owned(),
            emoji: emoji.to_owned(),
            at,
        };
        let mut tx = write(&backend.db).await;
        let first = [reaction("ana", "👍", 10), reaction("eva", "❤️", 11)];
        messages::save_reactions(&mut tx, &first).await.expect("saved");
        messages::save_reactions(&mut tx, &[reaction("ana", "😀", 12), reaction("eva", "😡", 5)]).await.expect("saved");
        let found = messages::reactions(&mut tx, "m1").await.expect("asked");
        assert_eq!(found, [reaction("eva", "❤️", 11), reaction("ana", "😀", 12)], "an older one changes nothing");
        messages::save_reactions(&mut tx, &[reaction("ana", "", 13)]).await.expect("saved");
        assert_eq!(messages::reactions(&mut tx, "m1").await.expect("asked"), [reaction("eva", "❤️", 11)]);
    }

    p5_the_first_receipt_of_a_kind_stays: |backend| {
        let receipt = |status: &str, participant: &str, at| ReceiptRow {
            message_id: "m1".to_owned(),
            status: status.to_owned(),
            participant: participant.to_owned(),
            at,
            error: Some(serde_json::json!({ "e": NASTY }).to_string()),
            data: None,
        };
        let mut tx = write(&backend.db).await;
        let first = [receipt("read", "", 12), receipt("sent", "", 10), receipt("read", "p1", 11)];
        messages::insert_receipts(&mut tx, &first).await.expect("added");
        messages::insert_receipts(&mut tx, &[receipt("sent", "", 99), receipt("delivered", "", 11)]).await.expect("added");
        let found = messages::receipts(&mut tx, "m1").await.expect("asked");
        let expected =
            [receipt("sent", "", 10), receipt("delivered", "", 11), receipt("read", "p1", 11), receipt("read", "", 12)];
        assert_eq!(found, expected);
    }

    p5_what_came_before_its_message_is_taken_once_it_is_there_in_order: |backend| {
        let mut tx = write(&backend.db).await;
        let events = [
            parked_event("2", 7, "wamid.1", NOW),
            parked_event("1", 7, "wamid.1", NOW),
            parked_event("3", 8, "wamid.1", NOW),
            parked_event("4", 7, NASTY, NOW),
        ];
        parked::insert(&mut tx, &events).await.expect("parked");
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        let taken = parked::take(&mut tx, &[Target { c: 7, r: "wamid.1" }, Target { c: 7, r: NASTY }]).await.expect("taken");
        let [second, first, _, fourth] = events;
        assert_eq!(taken, [first, second, fourth]);
        commit(tx).await;
        let mut tx = write(&backend.db).await;
        assert_eq!(parked::take(&mut tx, &[Target { c: 7, r: "wamid.1" }]).await.expect("taken"), []);
        assert_eq!(parked::take(&mut tx, &[]).await.expect("taken"), []);
    }

    p5_what_missed_its_message_by_a_moment_is_found_later: |backend| {
        let mut tx = write(&backend.db).await;
        let events = [parked_event("1", 7, "a", NOW), parked_event("2", 7, "b", NOW), parked_event("3", 7, "a", NOW)];
        parked::insert(&mut tx, &events).await.expect("parked");
        assert_eq!(parked::take_ready(&mut tx, 10).await.expect("taken"), []);
        messages::insert_refs(&mut tx, &[name(7, "a", "m1"), name(8, "b", "m2")]).await.expect("added");
        assert_eq!(parked::take_ready(&mut tx, 1).await.expect("taken").len(), 1);
        assert_eq!(parked::take_ready(&mut tx, 10).await.expect("taken").len(), 1);
        assert_eq!(parked::take_ready(&mut tx, 10).await.expect("taken"), []);
    }

    parked_events_are_dropped_by_age: |backend| {
        let mut tx = write(&backend.db).await;
        let events = [parked_event("1", 7, "a", NOW - 1), parked_event("2", 7, "a", NOW)];
        parked::insert(&mut tx, &events).await.expect("parked");
        assert_eq!(parked::prune(&mut tx, NOW).await.expect("pruned"), 1);
        let left = parked::take(&mut tx, &[Target { c: 7, r: "a" }]).await.expect("taken");
        assert_eq!(left, [events[1].clone()]);
    }
}

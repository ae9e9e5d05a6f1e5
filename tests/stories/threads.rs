//! Which ticket a message goes to, and what later events do to it (DESIGN §5).

use relevo::{
    clock::Clock,
    desk::routing,
    store::{conversations, messages, tickets},
};
use serde_json::{Value, json};

use super::house::{House, PAGE, PHONE, comment, feed, text, update, whatsapp};
use crate::support::for_each_backend;

const T: i64 = 1_780_000_000;

/// A copy of `value` with the fields of `over`.
fn with(mut value: Value, over: Value) -> Value {
    if let (Some(fields), Value::Object(over)) = (value.as_object_mut(), over) {
        fields.extend(over);
    }
    value
}

async fn close(house: &House, ticket: &tickets::Ticket, at: i64) {
    let mut tx = house.base().db.write().await.expect("a transaction");
    let clock = Clock::manual(at);
    routing::close(&mut tx, &clock, house.company, &ticket.id, Some("solo_informacion"), None).await.expect("closed");
    tx.commit().await.expect("committed");
}

for_each_backend! {
    a_message_joins_reopens_or_opens: |backend| {
        let house = House::open(backend).await;
        let say = async |id: &str, body: &str| {
            assert_eq!(house.meta(&whatsapp(vec![text(id, 1, T, body)])).await, 200);
        };
        // Given an open ticket, a message joins it;
        say("1", "uno").await;
        house.tickets_after(1).await;
        say("2", "dos").await;
        let ticket = house.tickets_after(2).await.pop().expect("a ticket");
        // given one that closed a moment ago, a message reopens it;
        close(&house, &ticket, house.base().clock.now()).await;
        say("3", "tres").await;
        let tickets = house.tickets_after(3).await;
        assert_eq!((tickets.len(), tickets[0].state.as_str(), tickets[0].reopened), (1, "open", 1));
        assert_eq!(tickets[0].close_reason, None);
        // given one that closed long ago, a message opens the next.
        close(&house, &ticket, house.base().clock.now() - 2 * 86_400_000).await;
        say("4", "cuatro").await;
        let tickets = house.tickets_after(4).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(house.contents(&tickets[0]).await, ["uno", "dos", "tres"]);
        assert_eq!(house.contents(&tickets[1]).await, ["cuatro"]);
        assert_eq!(tickets[0].contact_id, tickets[1].contact_id);
        house.close().await;
    }

    an_album_of_ten_photos_is_one_message_p3: |backend| {
        let house = House::open_many(backend, 2).await;
        let photo = |n: i64| {
            let mut update = update(100 + n, 4401, 20 + n, T, "");
            let message = update["message"].as_object_mut().expect("a message");
            message.remove("text");
            message.insert("media_group_id".into(), json!("g1"));
            message.insert("photo".into(), json!([{"file_id": format!("F{n}"), "file_unique_id": format!("u{n}"),
                "width": 90, "height": 60, "file_size": 1200}]));
            if n == 0 {
                message.insert("caption".into(), json!("mis fotos"));
            }
            update
        };
        // When ten photos of an album come in through two gateways at once,
        let photos: Vec<Value> = (0..10).map(photo).collect();
        let answers = futures_util::future::join_all(
            photos.iter().enumerate().map(|(n, update)| house.telegram(n % 2, update)),
        ).await;
        assert!(answers.iter().all(|status| *status == 200));
        // then they are one message of one ticket, with ten files and the caption.
        let tickets = house.tickets_after(1).await;
        assert_eq!(tickets.len(), 1);
        let found = house.messages(&tickets[0]).await;
        assert_eq!(found[0].content, "mis fotos");
        let mut tx = house.base().db.read().await.expect("a transaction");
        let files = messages::attachments(&mut tx, &[&found[0].id]).await.expect("attachments");
        drop(tx);
        assert_eq!(files.len(), 10);
        assert!(files.iter().all(|file| file.state == "pending"));
        house.close().await;
    }

    edits_reactions_and_deletions_find_their_message_in_any_order_p5: |backend| {
        let house = House::open(backend).await;
        // When an edit, a reaction and a removal come before the comment they are about,
        let edited = with(comment("901", "777", T, "corregido"), json!({"verb": "edited"}));
        assert_eq!(house.meta(&feed(&edited)).await, 200);
        let reaction = json!({"item": "reaction", "verb": "add", "reaction_type": "love", "post_id": "1001_555",
            "parent_id": "1001_555", "comment_id": "555_901", "from": {"id": "778", "name": "Eva"}, "created_time": T + 5});
        assert_eq!(house.meta(&feed(&reaction)).await, 200);
        let removed = json!({"item": "comment", "verb": "remove", "comment_id": "555_902", "post_id": "1001_555",
            "parent_id": "1001_555", "from": {"id": "777", "name": "Cleo"}, "created_time": T + 9});
        assert_eq!(house.meta(&feed(&removed)).await, 200);
        house.settled().await;
        assert_eq!(house.tickets_after(0).await.len(), 0, "none of these opens a ticket");
        // and then the comments come,
        assert_eq!(house.meta(&feed(&comment("901", "777", T, "original"))).await, 200);
        assert_eq!(house.meta(&feed(&comment("902", "777", T + 1, "borrado"))).await, 200);
        // then each finds its own.
        let tickets = house.tickets_after(2).await;
        assert_eq!(tickets.len(), 1);
        let found = house.messages(&tickets[0]).await;
        assert_eq!(found[0].content, "corregido");
        assert!(found[0].edited_at.is_some() && found[0].deleted_at.is_none());
        assert!(found[1].deleted_at.is_some());
        let mut tx = house.base().db.read().await.expect("a transaction");
        let before = messages::revisions(&mut tx, &found[0].id).await.expect("revisions");
        assert_eq!(before.iter().map(|revision| revision.content.as_str()).collect::<Vec<_>>(), ["original"]);
        let reactions = messages::reactions(&mut tx, &found[0].id).await.expect("reactions");
        assert_eq!(reactions.iter().map(|reaction| reaction.emoji.as_str()).collect::<Vec<_>>(), ["❤️"]);
        drop(tx);
        house.close().await;
    }

    a_ticket_shows_what_came_last_though_an_older_message_of_the_same_second_changes: |backend| {
        let house = House::open(backend).await;
        // Given two messages of one second, of which the first is edited,
        assert_eq!(house.telegram(0, &update(1, 4401, 11, T, "uno")).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.telegram(0, &update(2, 4401, 12, T, "dos")).await, 200);
        house.tickets_after(2).await;
        let message = with(update(3, 4401, 11, T, "uno y medio")["message"].clone(), json!({"edit_date": T + 5}));
        assert_eq!(house.telegram(0, &json!({"update_id": 3, "edited_message": message})).await, 200);
        // and a comment that the Page answers in the same second, and that then goes,
        assert_eq!(house.meta(&feed(&comment("901", "777", T, "precio?"))).await, 200);
        house.tickets_after(3).await;
        let ours = json!({"parent_id": "555_901", "from": {"id": PAGE, "name": "Canal"}});
        assert_eq!(house.meta(&feed(&with(comment("902", PAGE, T, "10 euros"), ours))).await, 200);
        house.tickets_after(4).await;
        let removed = json!({"verb": "remove", "created_time": T + 9});
        assert_eq!(house.meta(&feed(&with(comment("901", "777", T, "precio?"), removed))).await, 200);
        // then the tickets show what came last;
        let tickets = house.tickets_after(4).await;
        let shown = |index: usize| tickets[index].last_content.as_deref();
        assert_eq!((tickets.len(), shown(0), shown(1)), (2, Some("dos"), Some("10 euros")));
        assert_eq!(tickets[1].last_author.as_deref(), Some("Canal facebook"));
        assert_eq!(house.contents(&tickets[0]).await, ["uno y medio", "dos"]);
        assert!(house.messages(&tickets[1]).await[0].deleted_at.is_some());
        // and what becomes of that, they show.
        let message = with(update(4, 4401, 12, T, "dos y medio")["message"].clone(), json!({"edit_date": T + 6}));
        assert_eq!(house.telegram(0, &json!({"update_id": 4, "edited_message": message})).await, 200);
        assert_eq!(house.tickets_after(4).await[0].last_content.as_deref(), Some("dos y medio"));
        house.close().await;
    }

    receipts_are_monotone_and_wait_for_their_message_p5: |backend| {
        let house = House::open(backend).await;
        let status = |state: &str, at: i64| json!({"object": "whatsapp_business_account", "entry": [{"id": "2001", "changes": [
            {"field": "messages", "value": {"messaging_product": "whatsapp",
             "metadata": {"display_phone_number": "49", "phone_number_id": PHONE},
             "statuses": [{"id": "wamid.OUT", "status": state, "timestamp": at.to_string(), "recipient_id": "49151000001"}]}}]}]});
        // When the customer has read a message of which nothing is known yet,
        assert_eq!(house.meta(&status("read", T + 9)).await, 200);
        house.settled().await;
        // and then it turns out that staff wrote it in the app, and its other states arrive late,
        let echo = json!({"object": "whatsapp_business_account", "entry": [{"id": "2001", "changes": [
            {"field": "smb_message_echoes", "value": {"messaging_product": "whatsapp",
             "metadata": {"display_phone_number": "49", "phone_number_id": PHONE},
             "message_echoes": [{"from": "4930111222", "to": "49151000001", "id": "wamid.OUT", "timestamp": T.to_string(),
                                 "type": "text", "text": {"body": "Ya va en camino"}}]}}]}]});
        assert_eq!(house.meta(&echo).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.meta(&status("sent", T + 1)).await, 200);
        assert_eq!(house.meta(&status("delivered", T + 2)).await, 200);
        assert_eq!(house.meta(&whatsapp(vec![text("1", 1, T + 20, "gracias")])).await, 200);
        let tickets = house.tickets_after(2).await;
        // then the message is read, whatever came later; and staff's message opened no ticket, the customer's did.
        let mut tx = house.base().db.read().await.expect("a transaction");
        let keys = [conversations::Name { c: house.channels["whatsapp"].id_channel, k: "p:49151000001" }];
        assert_eq!(conversations::find_keys(&mut tx, &keys).await.expect("keys").len(), 1);
        let target = [relevo::store::parked::Target { c: house.channels["whatsapp"].id_channel, r: "wamid.OUT" }];
        let id = messages::find_refs(&mut tx, &target).await.expect("refs").pop().expect("the echo").message_id;
        let out = messages::load_for_update(&mut tx, &[&id]).await.expect("rows").pop().expect("the echo");
        let states: Vec<String> =
            messages::receipts(&mut tx, &id).await.expect("receipts").into_iter().map(|receipt| receipt.status).collect();
        drop(tx);
        assert_eq!((out.direction.as_str(), out.status.as_deref(), out.ticket_id), ("out", Some("read"), None));
        assert_eq!(states, ["sent", "delivered", "read"]);
        assert_eq!(tickets.len(), 1);
        assert_eq!(house.contents(&tickets[0]).await, ["gracias"]);
        house.close().await;
    }

    a_customer_stays_one_person_under_many_addresses: |backend| {
        let house = House::open(backend).await;
        let from = |id: &str, wa: Option<&str>, user: Option<&str>| {
            let mut message = json!({"id": format!("wamid.{id}"), "timestamp": T.to_string(), "type": "text",
                "text": {"body": id}});
            if let Some(wa) = wa {
                message["from"] = json!(wa);
            }
            if let Some(user) = user {
                message["from_user_id"] = json!(user);
            }
            whatsapp(vec![message])
        };
        // Given a customer who writes with his number, then with both names, then with his user id alone,
        let mut seen = 0;
        for (id, wa, user) in [("1", Some("49151"), None), ("2", Some("49151"), Some("DE.7")), ("3", None, Some("DE.7"))] {
            assert_eq!(house.meta(&from(id, wa, user)).await, 200);
            seen += 1;
            house.tickets_after(seen).await;
        }
        // who then changes his number, and writes from the new one,
        let change = whatsapp(vec![json!({"from": "49151", "id": "wamid.S", "timestamp": T.to_string(), "type": "system",
            "system": {"type": "user_changed_number", "body": "cambio", "wa_id": "49199", "user_id": "DE.8",
                       "previous_user_id": "DE.7"}})]);
        assert_eq!(house.meta(&change).await, 200);
        house.tickets_after(4).await;
        assert_eq!(house.meta(&from("4", Some("49199"), Some("DE.8"))).await, 200);
        // then all of it is one ticket, and the change is noted in it.
        let tickets = house.tickets_after(5).await;
        assert_eq!(tickets.len(), 1);
        let contents = house.contents(&tickets[0]).await;
        assert_eq!(contents.len(), 5);
        assert_eq!(contents.last().map(String::as_str), Some("4"));
        house.close().await;
    }

    a_mail_thread_is_one_ticket_and_a_stranger_with_its_number_is_not_believed: |backend| {
        let house = House::open(backend).await;
        let mail = |from: &str, id: &str, headers: &str, subject: &str, body: &str| format!(
            "From: {from}\r\nTo: soporte@tienda.example\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n{headers}\
             Content-Type: text/plain\r\n\r\n{body}\r\n");
        assert_eq!(house.mail(mail("dora@example.net", "a@x", "", "Pedido", "uno")).await, 200);
        house.tickets_after(1).await;
        // A reply is found by its references,
        let references = "In-Reply-To: <a@x>\r\nReferences: <a@x>\r\n";
        assert_eq!(house.mail(mail("dora@example.net", "b@x", references, "Re: Pedido", "dos")).await, 200);
        house.tickets_after(2).await;
        // a new mail of the same sender by the number in its subject,
        assert_eq!(house.mail(mail("dora@example.net", "c@x", "", "Re: Pedido [#1]", "tres")).await, 200);
        house.tickets_after(3).await;
        // but a stranger's is not,
        assert_eq!(house.mail(mail("eve@example.net", "d@x", "", "Re: Pedido [#1]", "cuatro")).await, 200);
        house.tickets_after(4).await;
        // and an automatic answer is shown, but opens and reopens nothing.
        let auto = format!("{references}Auto-Submitted: auto-replied\r\n");
        assert_eq!(house.mail(mail("dora@example.net", "e@x", &auto, "Fuera de la oficina", "vuelvo el lunes")).await, 200);
        let tickets = house.tickets_after(5).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(house.contents(&tickets[0]).await.len(), 4);
        assert_eq!(tickets[0].last_content.as_deref(), Some("tres"));
        assert_eq!(house.contents(&tickets[1]).await, ["cuatro"]);
        house.close().await;
    }

    two_customers_who_answer_the_same_unknown_mail_do_not_share_a_ticket: |backend| {
        let house = House::open(backend).await;
        let mail = |from: &str, id: &str, subject: &str, reference: &str, body: &str| format!(
            "From: {from}\r\nTo: soporte@tienda.example\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\
             In-Reply-To: <{reference}>\r\nContent-Type: text/plain\r\n\r\n{body}\r\n");
        assert_eq!(house.mail(mail("dora@example.net", "a@x", "Re: Oferta", "oferta@elsewhere", "uno")).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.mail(mail("eve@example.net", "b@x", "Re: Oferta", "oferta@elsewhere", "dos")).await, 200);
        house.tickets_after(2).await;
        // The same customer again, about the same mail, goes on in her own;
        assert_eq!(house.mail(mail("dora@example.net", "c@x", "Re: Oferta", "oferta@elsewhere", "tres")).await, 200);
        house.tickets_after(3).await;
        // and a mailer that gives two mails one id loses neither.
        assert_eq!(house.mail(mail("dora@example.net", "c@x", "Re: Oferta", "a@x", "cuatro")).await, 200);
        let tickets = house.tickets_after(4).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(house.contents(&tickets[0]).await, ["uno", "tres", "cuatro"]);
        assert_eq!(house.contents(&tickets[1]).await, ["dos"]);
        house.close().await;
    }

    an_edit_may_bring_a_file_and_says_nothing_about_an_albums_caption: |backend| {
        let house = House::open(backend).await;
        let photo = |id: i64, message: i64, file: &str, over: Value| {
            let mut update = update(id, 4401, message, T + message, "");
            update["message"].as_object_mut().expect("a message").remove("text");
            update["message"]["photo"] = json!([{"file_id": file, "file_unique_id": file, "width": 9, "height": 6}]);
            update["message"] = with(update["message"].clone(), over);
            update
        };
        let edited = |mut update: Value| {
            update["edited_message"] = with(update["message"].clone(), json!({"edit_date": T + 99}));
            update.as_object_mut().expect("an update").remove("message");
            update
        };
        // Given a photo with a caption, and an album whose first picture has one,
        assert_eq!(house.telegram(0, &photo(1, 1, "A", json!({"caption": "mira"}))).await, 200);
        assert_eq!(house.telegram(0, &photo(2, 2, "B", json!({"caption": "mis fotos", "media_group_id": "g"}))).await, 200);
        assert_eq!(house.telegram(0, &photo(3, 3, "C", json!({"media_group_id": "g"}))).await, 200);
        let tickets = house.tickets_after(2).await;
        // when the photo is replaced, and the album's other picture is edited without words,
        assert_eq!(house.telegram(0, &edited(photo(4, 1, "D", json!({"caption": "mira"})))).await, 200);
        assert_eq!(house.telegram(0, &edited(photo(5, 3, "C", json!({"media_group_id": "g"})))).await, 200);
        house.settled().await;
        // then the new file is there beside the old one, and the caption stays.
        let found = house.messages(&tickets[0]).await;
        assert_eq!(found.iter().map(|message| message.content.as_str()).collect::<Vec<_>>(), ["mira", "mis fotos"]);
        let mut tx = house.base().db.read().await.expect("a transaction");
        let count = async |tx: &mut relevo::store::Tx, id: &str| messages::attachments(tx, &[id]).await.expect("files").len();
        assert_eq!((count(&mut tx, &found[0].id).await, count(&mut tx, &found[1].id).await), (2, 2));
        drop(tx);
        house.close().await;
    }

    a_customer_who_was_known_twice_becomes_one: |backend| {
        let house = House::open(backend).await;
        let from = |id: &str, who: Value| {
            let message = json!({"id": format!("wamid.{id}"), "timestamp": T.to_string(), "type": "text", "text": {"body": id}});
            whatsapp(vec![with(message, who)])
        };
        // Given one customer known by her number and one known by a user id,
        assert_eq!(house.meta(&from("1", json!({"from": "49151"}))).await, 200);
        assert_eq!(house.meta(&from("2", json!({"from_user_id": "DE.7"}))).await, 200);
        let tickets = house.tickets_after(2).await;
        assert_ne!(tickets[0].contact_id, tickets[1].contact_id);
        // when a message names both, then they are one person, with all her tickets.
        assert_eq!(house.meta(&from("3", json!({"from": "49151", "from_user_id": "DE.7"}))).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(tickets[0].contact_id, tickets[1].contact_id);
        house.close().await;
    }

    a_group_that_migrates_stays_one_thread: |backend| {
        let house = House::open(backend).await;
        let in_group = |id: i64, chat: i64, message: i64, over: Value| {
            let mut update = update(id, 4401, message, T + id, "hola");
            update["message"]["chat"] = json!({"id": chat, "type": "group", "title": "Ventas"});
            let merged = with(update["message"].clone(), over);
            update["message"] = merged;
            update
        };
        assert_eq!(house.telegram(0, &in_group(1, -777, 1, json!({}))).await, 200);
        house.tickets_after(1).await;
        let mut moved = in_group(2, -777, 2, json!({"migrate_to_chat_id": -1_001_234}));
        moved["message"].as_object_mut().expect("a message").remove("text");
        assert_eq!(house.telegram(0, &moved).await, 200);
        house.settled().await;
        assert_eq!(house.telegram(0, &in_group(3, -1_001_234, 1, json!({"text": "seguimos"}))).await, 200);
        let tickets = house.tickets_after(2).await;
        assert_eq!(tickets.len(), 1);
        assert_eq!(house.contents(&tickets[0]).await, ["hola", "seguimos"]);
        house.close().await;
    }
}

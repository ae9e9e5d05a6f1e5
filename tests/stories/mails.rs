//! What becomes of mails: whose they are, what they may do to a thread, and what may be said to their senders.

use relevo::store::{
    channels, conversations,
    groups::{self, Group},
};
use relevo_adapters::email::reply_address;
use serde_json::json;

use super::house::{House, update};
use crate::support::for_each_backend;

/// A mail with these header lines.
fn mail(headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("To: soporte@tienda.example\r\n{headers}Content-Type: text/plain\r\n\r\n{body}\r\n")
}

for_each_backend! {
    p1_the_same_message_id_of_two_senders_joins_nobody_and_loses_nothing: |backend| {
        let house = House::open(backend).await;
        let ana = ["From: ana@example.net", "Subject: Pedido", "Message-ID: <1@localhost>"];
        let bea = ["From: bea@example.org", "Subject: Factura", "Message-ID: <1@localhost>"];
        let again = ["From: bea@example.org", "Subject: Re: Factura", "Message-ID: <2@localhost>",
            "In-Reply-To: <1@localhost>"];
        // When two customers' machines give their mails the same id, each has a ticket,
        assert_eq!(house.mail(mail(&ana, "uno")).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.mail(mail(&bea, "dos")).await, 200);
        house.tickets_after(2).await;
        // and who names that id means the own mail.
        assert_eq!(house.mail(mail(&again, "tres")).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(house.contents(&tickets[0]).await, ["uno"]);
        assert_eq!(house.contents(&tickets[1]).await, ["dos", "tres"]);
        // The same words, too, are another mail of another sender, and of another date;
        let thanks = |from: &str, date: &str| mail(&[&format!("From: {from}"), &format!("Date: {date}"),
            "Subject: Escaneado", "Message-ID: <0@printer>"], "Gracias");
        let (monday, tuesday) = ("Mon, 01 Jun 2026 10:00:00 +0000", "Tue, 02 Jun 2026 10:00:00 +0000");
        for (count, from, date) in [(4, "cleo@example.net", monday), (5, "dan@example.net", monday),
                                    (6, "dan@example.net", tuesday)] {
            assert_eq!(house.mail(thanks(from, date)).await, 200);
            house.tickets_after(count).await;
        }
        // but the same mail by another way is that mail.
        let by_another_way = format!("X-Forwarded-For: buzon\r\n{}", thanks("dan@example.net", monday));
        assert_eq!(house.mail(by_another_way).await, 200);
        let tickets = house.tickets_after(6).await;
        assert_eq!(tickets.len(), 4);
        assert_eq!(house.contents(&tickets[2]).await, ["Gracias"]);
        assert_eq!(house.contents(&tickets[3]).await, ["Gracias", "Gracias"]);
        house.close().await;
    }

    p2_one_mail_to_two_threads_is_two_and_a_stranger_with_a_token_is_marked: |backend| {
        let house = House::open(backend).await;
        let ida = |id: &str| mail(&["From: ida@example.net", "Subject: Pedido", &format!("Message-ID: <{id}>")], id);
        assert_eq!(house.mail(ida("a@x")).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.mail(ida("b@x")).await, 200);
        let threads: Vec<String> = house.tickets_after(2).await.into_iter().map(|ticket| ticket.conversation_id).collect();
        // When she writes one mail to both threads' addresses, each gets it, and gets it once,
        let token = |thread: &str| reply_address(thread, "soporte@tienda.example", &"reply-key".into()).expect("an address");
        let copy = |thread: &str| mail(&[&format!("Delivered-To: {}", token(thread)), "From: ida@example.net",
            "Subject: Los dos", "Message-ID: <c@x>"], "a los dos");
        for thread in [&threads[0], &threads[1], &threads[1]] {
            assert_eq!(house.mail(copy(thread)).await, 200);
            house.settled().await;
        }
        let tickets = house.tickets_after(4).await;
        assert_eq!(house.contents(&tickets[0]).await, ["a@x", "a los dos"]);
        assert_eq!(house.contents(&tickets[1]).await, ["b@x", "a los dos"]);
        // and when somebody writes to whom she forwarded such an address, that is to be seen.
        let stranger = mail(&[&format!("Delivered-To: {}", token(&threads[0])), "From: leo@example.org",
            "Subject: Re: Pedido", "Message-ID: <d@x>"], "soy otro");
        assert_eq!(house.mail(stranger).await, 200);
        let tickets = house.tickets_after(5).await;
        let marks: Vec<bool> = house.messages(&tickets[0]).await.iter().map(|message| message.is_strangers()).collect();
        assert_eq!(marks, [false, false, true]);
        house.close().await;
    }

    a_customer_whose_mail_asks_for_it_is_told_nothing_and_nobody_twice_a_day: |backend| {
        // Given a group that is never open,
        let house = House::open(backend).await;
        closed_group(&house, &["email", "telegram"]).await;
        let asks = |from: &str, headers: &[&str]| {
            mail(&[&[from, "Subject: Pedido"], headers].concat(), "¿Llegó?")
        };
        let ida = "From: ida@example.net";
        // when mails come that no machine may answer, none does;
        for (count, from, headers) in [
            (1, "From: noreply@example.net", ["Message-ID: <1@x>"].as_slice()),
            (2, ida, &["Return-Path: <>", "Message-ID: <2@x>"]),
            (3, ida, &["List-Id: <l.example.net>", "Message-ID: <3@x>"]),
            (4, ida, &["X-Auto-Response-Suppress: All", "Message-ID: <4@x>"]),
        ] {
            assert_eq!(house.mail(asks(from, headers)).await, 200);
            house.tickets_after(count).await;
        }
        // when a person writes, he is told, but not in every thread that he, or his machine, begins;
        assert_eq!(house.mail(asks("From: leo@example.net", &["Message-ID: <5@x>"])).await, 200);
        house.tickets_after(6).await;
        assert_eq!(house.mail(asks("From: leo@example.net", &["Message-ID: <6@x>"])).await, 200);
        house.tickets_after(7).await;
        // and elsewhere everybody is told.
        assert_eq!(house.telegram(0, &update(1, 4401, 1, 1_780_000_000, "hola")).await, 200);
        let tickets = house.tickets_after(9).await;
        for (ticket, said) in tickets.iter().zip([1, 1, 1, 1, 2, 1, 2]) {
            assert_eq!(house.contents(ticket).await.len(), said, "ticket {}", ticket.number);
        }
        house.close().await;
    }

    p10_a_complaint_and_a_delay_leave_a_trace_and_who_writes_has_blocked_nobody: |backend| {
        let house = House::open(backend).await;
        let report = |id: &str, kind: &str, part: &str| format!(
            "From: mailer-daemon@mx.example.net\r\nTo: soporte@tienda.example\r\nMessage-ID: <{id}>\r\n\
             Content-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
             x\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n{part}\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
             Message-ID: <a@x>\r\nTo: ida@example.net\r\n\r\n--b--\r\n");
        // A mail that is known under the name that the reports give,
        assert_eq!(house.mail(mail(&["From: ida@example.net", "Message-ID: <a@x>"], "hola")).await, 200);
        house.tickets_after(1).await;
        let complaint = report("r1@x", "feedback-report", "Feedback-Type: abuse\r\nOriginal-Rcpt-To: ida@example.net");
        let delay = report("r2@x", "delivery-status", "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822;\
            ida@example.net\r\nAction: delayed\r\nStatus: 4.4.1");
        assert_eq!(house.mail(complaint).await, 200);
        assert_eq!(house.mail(delay).await, 200);
        house.settled().await;
        let mut tx = house.base().db.read().await.expect("a transaction");
        let events = channels::events(&mut tx, house.channels["email"].id_channel, 10).await.expect("events");
        drop(tx);
        let mut kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["complaint", "delayed"]);
        assert!(events.iter().all(|event| event.raw.is_some()), "{events:?}");
        // A customer who blocked the bot, and then writes all the same:
        assert_eq!(house.telegram(0, &update(1, 4401, 1, 1_780_000_000, "hola")).await, 200);
        let ticket = house.tickets_after(2).await.pop().expect("a ticket");
        let member = |status: &str| json!({"status": status, "user": {"id": 70001, "is_bot": true, "first_name": "bot"}});
        let kicked = json!({"update_id": 2, "my_chat_member": {"chat": {"id": 4401, "type": "private", "first_name": "Bo"},
            "from": {"id": 4401, "is_bot": false, "first_name": "Bo"}, "date": 1_780_000_010,
            "old_chat_member": member("member"), "new_chat_member": member("kicked")}});
        assert_eq!(house.telegram(0, &kicked).await, 200);
        house.settled().await;
        let blocked = async || {
            let mut tx = house.base().db.read().await.expect("a transaction");
            let found = conversations::load(&mut tx, &[&ticket.conversation_id]).await.expect("conversations");
            found[0].blocked_at.is_some()
        };
        assert!(blocked().await);
        assert_eq!(house.telegram(0, &update(3, 4401, 2, 1_780_000_005, "antes")).await, 200);
        house.tickets_after(3).await;
        assert!(blocked().await, "this was said before");
        assert_eq!(house.telegram(0, &update(4, 4401, 3, 1_780_000_020, "después")).await, 200);
        house.tickets_after(4).await;
        assert!(!blocked().await);
        house.close().await;
    }
}

/// A group of these channels that is never open.
async fn closed_group(house: &House, kinds: &[&str]) {
    let mut tx = house.base().db.write().await.expect("a transaction");
    let group = Group {
        company_id: house.company,
        name: "Ventas".to_owned(),
        policy: "auto".to_owned(),
        timezone: "UTC".to_owned(),
        hours: Some("{}".to_owned()),
        closed_message: Some("Estamos cerrados.".to_owned()),
        active: 1,
        ..Group::default()
    };
    let group = groups::insert(&mut tx, &group).await.expect("a group");
    for kind in kinds {
        let channel = house.channels[kind].id_channel;
        groups::link_channel(&mut tx, house.company, channel, group, false, 1).await.expect("a link");
    }
    tx.commit().await.expect("committed");
}

//! No silent double send (P6): what happens when nobody knows whether a send succeeded.

use std::time::Duration;

use relevo::demo::platforms::{Fault, Progress, SmtpFault, Stage, Trouble};

use super::house::{Outside, Plan};
use crate::{stories::house::APP_SECRET, support::for_each_database};

for_each_database! {
    p6_whatsapp_s_report_under_our_mark_settles_an_unknown_send_without_a_second_one: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        outside.graph.make_trouble(Trouble::once(Fault::LoseAnswer).on("messages"));
        let message = outside.reply(&conversation, "una sola vez").await;
        outside.reaches(&message, "unknown").await;
        let wamid = outside.graph.ledger()[0].id.clone().expect("it was done");
        assert_eq!(outside.graph.report(&wamid, "delivered").await.unwrap(), 200);
        let trail = outside.reaches(&message, "delivered").await;
        assert_eq!(trail.delivery.unwrap().possible_duplicate, 0);
        let next = outside.reply(&conversation, "después").await;
        // The lane is free as soon as the report is seen: the next one needs no patience.
        outside.reaches(&next, "accepted").await;
        assert_eq!(outside.graph.ledger().iter().filter(|entry| entry.text.as_deref() == Some("una sola vez")).count(), 1);
        outside.close().await;
    }

    p6_facebook_is_asked_before_another_try: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.facebook_customer("901").await;
        outside.graph.make_trouble(Trouble::once(Fault::LoseAnswer));
        let message = outside.reply(&conversation, "una sola vez").await;
        let trail = outside.reaches(&message, "sent").await;
        assert_eq!(trail.delivery.unwrap().possible_duplicate, 0);
        assert!(outside.history(&message).await.contains(&"unknown".to_owned()));
        assert_eq!(outside.graph.ledger().iter().filter(|entry| entry.text.as_deref() == Some("una sola vez")).count(), 1);

        outside.graph.make_trouble(Trouble::once(Fault::DropBefore));
        let other = outside.reply(&conversation, "esta no llegó").await;
        outside.reaches(&other, "sent").await;
        assert_eq!(outside.graph.ledger().iter().filter(|entry| entry.text.as_deref() == Some("esta no llegó")).count(), 1);
        outside.close().await;
    }

    p6_our_own_comment_reported_before_its_send_is_recorded_is_one_message: |backend| {
        let outside = Outside::open(backend).await;
        outside.graph.report_to(&outside.house.url(0, "/webhooks/meta"), APP_SECRET, Progress::Sent);
        let conversation = outside.facebook_customer("901").await;
        outside.graph.make_trouble(Trouble::once(Fault::LoseAnswer));
        let message = outside.reply(&conversation, "respuesta").await;
        outside.reaches(&message, "sent").await;
        outside.graph.settled().await;
        let tickets = outside.house.tickets_after(2).await;
        assert_eq!(outside.house.contents(&tickets[0]).await, ["¿precio?", "respuesta"]);
        outside.close().await;
    }

    p6_a_mail_without_an_answer_is_sent_again_under_the_same_id_and_flagged: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.mail_customer("ida@cliente.example").await;
        outside.smtp.make_trouble(Stage::AfterDot, SmtpFault::TakeAndDrop, Some(1));
        let message = outside.reply(&conversation, "hola").await;
        let trail = outside.reaches(&message, "sent").await;
        assert_eq!(trail.delivery.unwrap().possible_duplicate, 1);
        let mails = outside.smtp.ledger();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
        outside.close().await;
    }

    p5_a_bounce_and_an_answer_find_a_mail_whose_send_had_no_answer: |backend| {
        let patient = Plan { configure: |config| config.dispatch.retry_base = Duration::from_secs(3_600), ..Plan::default() };
        let outside = Outside::open_as(backend, patient).await;
        let conversation = outside.mail_customer("ida@cliente.example").await;
        outside.smtp.make_trouble(Stage::AfterDot, SmtpFault::TakeAndDrop, Some(1));
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "unknown").await;
        let id = outside.smtp.ledger()[0].header("Message-ID").expect("its id");
        // Nobody knows whether it left; but who answers it names nothing else,
        let answer = format!("From: ida@cliente.example\r\nTo: soporte@tienda.example\r\nSubject: Otra cosa\r\n\
            Message-ID: <r@cliente.example>\r\nIn-Reply-To: {id}\r\n\r\nsí\r\n");
        assert_eq!(outside.house.mail(answer).await, 200);
        assert_eq!(outside.house.tickets_after(3).await.len(), 1);
        // and a report that it came back fails it.
        let bounce = format!("From: mailer-daemon@mx.example\r\nMessage-ID: <b@mx.example>\r\n\
            Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
            Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n\
            Final-Recipient: rfc822; ida@cliente.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n\
            Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n\r\n--b--\r\n");
        assert_eq!(outside.house.mail(bounce).await, 200);
        outside.reaches(&message, "failed").await;
        outside.close().await;
    }

    p6_telegram_cannot_tell_so_the_message_is_sent_again_and_flagged: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(42).await;
        outside.bot.make_trouble(Trouble::once(Fault::LoseAnswer));
        let message = outside.reply(&conversation, "hola").await;
        let trail = outside.reaches(&message, "sent").await;
        assert_eq!(trail.delivery.unwrap().possible_duplicate, 1);
        assert_eq!(outside.bot.ledger().len(), 2);
        outside.close().await;
    }

    p6_a_doubt_outlives_the_wait_for_a_place: |backend| {
        // More than the channel's pace lets through at once.
        const CUSTOMERS: i64 = 40;
        let outside = Outside::open(backend).await;
        let mut conversations = Vec::new();
        for user in 0..CUSTOMERS {
            conversations.push(outside.telegram_customer(500 + user).await);
        }
        // Each one's first answer: a second try must not use up what another's first is to meet.
        for user in 0..CUSTOMERS {
            let chat = (500 + user).to_string();
            outside.bot.make_trouble(Trouble::once(Fault::LoseAnswer).on("sendMessage").to(&chat));
        }
        let mut messages = Vec::new();
        for conversation in &conversations {
            messages.push(outside.reply(conversation, "hola").await);
        }
        for message in &messages {
            let delivery = outside.reaches(message, "sent").await.delivery.unwrap();
            assert_eq!(delivery.possible_duplicate, 1, "each may have arrived twice, and says so");
        }
        // What is too fast for Telegram is not done, and its refusal may be lost as well.
        let ledger = outside.bot.ledger();
        for user in 0..CUSTOMERS {
            let chat = (500 + user).to_string();
            let arrived = ledger.iter().filter(|entry| entry.recipient == chat).count();
            assert!((1..=2).contains(&arrived), "{arrived} at {chat}");
        }
        assert!(ledger.len() > 40, "some arrived twice");
        outside.close().await;
    }

    p6_or_it_is_left_to_people_if_the_setting_says_so: |backend| {
        let plan = Plan { configure: |config| config.dispatch.resend_unknown = false, ..Plan::default() };
        let outside = Outside::open_as(backend, plan).await;
        let conversation = outside.telegram_customer(42).await;
        outside.bot.make_trouble(Trouble::once(Fault::LoseAnswer));
        let message = outside.reply(&conversation, "hola").await;
        let trail = outside.reaches(&message, "failed").await;
        assert_eq!(trail.failure.unwrap().class, "unknown");
        assert_eq!(outside.bot.ledger().len(), 1);
        outside.close().await;
    }

    p6_a_refused_connection_is_no_doubt: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(42).await;
        outside.bot.make_trouble(Trouble::times(2, Fault::Fail { status: 502, body: String::new() }));
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "sent").await;
        assert_eq!(outside.bot.ledger().len(), 1);
        outside.close().await;
    }
}

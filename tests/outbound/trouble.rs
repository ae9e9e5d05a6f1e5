//! Every class of error, and what it leads to (DESIGN §7).

use std::time::Duration;

use relevo::demo::platforms::{Fault, Gone, SmtpFault, Stage, Trouble};

use super::house::{Outside, WA_TOKEN, status};
use crate::{
    stories::house::PHONE,
    support::{for_each_database, until},
};

for_each_database! {
    p5_a_passing_trouble_is_tried_again_on_every_channel: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        let oops = || Fault::Fail { status: 500, body: "<html>oops</html>".into() };
        outside.graph.make_trouble(Trouble::times(2, oops()).on("messages"));
        outside.graph.make_trouble(Trouble::times(2, oops()).on("comments"));
        outside.bot.make_trouble(Trouble::times(2, Fault::Fail { status: 500, body: r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#.into() }));
        outside.smtp.make_trouble(Stage::Rcpt, SmtpFault::Refuse("450 4.2.0 greylisted".into()), Some(2));
        for conversation in greeted.all() {
            let message = outside.reply(conversation, "hola").await;
            let state = if conversation == greeted.whatsapp { "accepted" } else { "sent" };
            let trail = outside.reaches(&message, state).await;
            assert!(trail.steps.iter().any(|step| step.reason.as_ref().is_some_and(|reason| reason.class == "transient")));
        }
        assert_eq!((outside.graph.ledger().len(), outside.bot.ledger().len(), outside.smtp.ledger().len()), (2, 1, 1));
        outside.close().await;
    }

    p5_what_can_never_be_delivered_fails_at_once_with_a_reason_for_the_agent: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        outside.graph.not_on_whatsapp("49151000001");
        outside.bot.lose_chat(42, Gone::Blocked);
        outside.smtp.unknown("ida@cliente.example");
        outside.graph.remove_comment("555_901");
        for conversation in greeted.all() {
            let message = outside.reply(conversation, "hola").await;
            let trail = outside.reaches(&message, "failed").await;
            let failure = trail.failure.expect("a reason");
            assert!(matches!(failure.class.as_str(), "recipient" | "content"), "{failure:?}");
            assert!(!failure.es.is_empty() && !failure.en.is_empty() && !failure.code.is_empty(), "{failure:?}");
            assert!(trail.message.failure.is_some_and(|text| text == failure.es));
            // Its followers go on: the channel's health is not touched.
            assert_eq!(trail.hold, None);
        }
        outside.close().await;
    }

    p5_a_failure_that_is_reported_after_the_answer_is_shown_with_its_reason: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "accepted").await;
        let wamid = outside.graph.ledger()[0].id.clone().unwrap();
        assert_eq!(outside.graph.report(&wamid, "sent").await.unwrap(), 200);
        outside.reaches(&message, "sent").await;
        assert_eq!(outside.graph.report_failure(&wamid, 131_047).await.unwrap(), 200);
        let trail = outside.reaches(&message, "failed").await;
        let failure = trail.failure.expect("a reason");
        assert_eq!((failure.class.as_str(), failure.code.as_str()), ("needs_template", "131047"));
        outside.close().await;
    }

    p5_a_bounce_fails_its_mail: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.mail_customer("ida@cliente.example").await;
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "sent").await;
        let id = outside.smtp.ledger()[0].header("Message-ID").unwrap();
        let report = format!("From: MAILER-DAEMON@mx.example\r\nTo: soporte@tienda.example\r\nSubject: Undelivered\r\n\
            Message-ID: <b1@mx.example>\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n\
            --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ida@cliente.example\r\n\
            Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
            Message-ID: {id}\r\nFrom: soporte@tienda.example\r\n\r\n--b--\r\n");
        assert_eq!(outside.house.mail(report).await, 200);
        let trail = outside.reaches(&message, "failed").await;
        let failure = trail.failure.expect("a reason");
        assert_eq!((failure.class.as_str(), failure.code.as_str()), ("recipient", "5.1.1"));
        outside.close().await;
    }

    a_broken_token_holds_its_channel_alone_and_nothing_is_lost: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        let more = outside.whatsapp_customer(2).await;
        outside.graph.kill_token(WA_TOKEN, 463);
        let held = [outside.reply(&greeted.whatsapp, "uno").await, outside.reply(&more, "dos").await, outside.reply(&greeted.whatsapp, "tres").await];
        until("the channel is held", async || outside.trail(&held[0]).await.hold.is_some()).await;
        let hold = outside.trail(&held[2]).await.hold.expect("why it waits");
        assert!(hold.class == "auth" && !hold.es.is_empty());
        // Others are not slowed.
        let other = outside.reply(&greeted.telegram, "hola").await;
        outside.reaches(&other, "sent").await;
        let page = outside.reply(&greeted.facebook, "hola").await;
        outside.reaches(&page, "sent").await;
        for message in &held {
            assert_eq!(outside.status(message).await, "queued");
        }
        // The operator sets a new token: everything leaves by itself, in order.
        outside.graph.renew_token(PHONE, "EAAnew");
        outside.set("whatsapp", &[("access_token", "EAAnew")]).await;
        for message in &held {
            let trail = outside.reaches(message, "accepted").await;
            assert_eq!((trail.hold, trail.delivery.unwrap().possible_duplicate), (None, 0));
        }
        let mine: Vec<String> = outside.graph.ledger().into_iter().filter(|entry| entry.recipient.ends_with("49151000001")).filter_map(|entry| entry.text).collect();
        assert_eq!(mine, ["uno", "tres"]);
        outside.close().await;
    }

    a_channel_that_was_only_locked_out_for_a_while_tries_itself_back: |backend| {
        let outside = Outside::open(backend).await;
        let conversations = [outside.facebook_customer("901").await, outside.facebook_customer("902").await];
        outside.graph.make_trouble(Trouble::times(2, Fault::TokenExpired).on("comments"));
        let mut messages = Vec::new();
        for conversation in &conversations {
            messages.push(outside.reply(conversation, "hola").await);
        }
        for message in &messages {
            outside.reaches(message, "sent").await;
        }
        assert_eq!(outside.graph.ledger().iter().filter(|entry| entry.text.as_deref() == Some("hola")).count(), 2);
        outside.close().await;
    }

    what_the_platform_asks_to_wait_is_honoured_exactly: |backend| {
        let outside = Outside::open(backend).await;
        let (slow, quick) = (outside.telegram_customer(42).await, outside.telegram_customer(43).await);
        outside.bot.make_trouble(Trouble::once(Fault::Throttle { retry_after: Duration::from_secs(3) }).to("42"));
        let began = std::time::Instant::now();
        let throttled = outside.reply(&slow, "lento").await;
        until("it was told to wait", async || outside.bot.faults_met() == 1).await;
        let other = outside.reply(&quick, "rápido").await;
        outside.reaches(&other, "sent").await;
        outside.reaches(&throttled, "sent").await;
        assert!(began.elapsed() >= Duration::from_secs(3), "not a moment before");
        let order: Vec<String> = outside.bot.ledger().into_iter().filter_map(|entry| entry.text).collect();
        assert_eq!(order, ["rápido", "lento"], "a slow chat delays nobody else");
        outside.close().await;
    }

    p5_a_receipt_that_comes_before_its_send_is_recorded_is_not_lost: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        outside.graph.make_trouble(Trouble::once(Fault::Slow(Duration::from_millis(1_500))).on("messages"));
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "sending").await;
        let early = status("wamid.EARLY", "delivered", Some(&message), outside.now());
        assert_eq!(outside.house.meta(&early).await, 200);
        outside.reaches(&message, "delivered").await;
        until("the send is recorded as well", async || outside.trail(&message).await.delivery.unwrap().attempts == 1).await;
        assert_eq!(outside.status(&message).await, "delivered", "never backwards");
        outside.close().await;
    }
}

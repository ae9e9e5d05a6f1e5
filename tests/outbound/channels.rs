//! A reply on every channel, from the desk to the platform and back.

use relevo::{
    demo::platforms::{Entry, Progress},
    desk::reply::{ReplyError, To},
};
use relevo_adapters::{
    Blob, MediaKind,
    outbound::{Act, Button, OutboundFile},
};

use super::house::{Outside, WABA, say};
use crate::{
    stories::house::APP_SECRET,
    support::{for_each_database, until},
};

for_each_database! {
    p5_a_reply_leaves_on_every_channel_and_ends_visibly: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        let mut messages = Vec::new();
        for conversation in greeted.all() {
            messages.push(outside.reply(conversation, "Buenos días, ¿en qué puedo ayudarle?").await);
        }
        let whatsapp = outside.reaches(&messages[0], "accepted").await;
        for message in &messages[1..] {
            let trail = outside.reaches(message, "sent").await;
            assert_eq!(outside.history(message).await, ["queued", "sending", "sent"]);
            let delivery = trail.delivery.expect("its delivery");
            assert_eq!((delivery.attempts, delivery.possible_duplicate, delivery.failure), (1, 0, None));
        }
        // What the platforms got.
        let graph = outside.graph.ledger();
        assert_eq!(graph.len(), 2, "{graph:?}");
        let marked = |entry: &&Entry| entry.mark.as_deref() == Some(messages[0].as_str());
        let by_whatsapp = graph.iter().find(marked).expect("our own mark goes with it");
        assert!(graph.iter().all(|entry| entry.text.as_deref() == Some("Buenos días, ¿en qué puedo ayudarle?")));
        assert_eq!(outside.bot.ledger().len(), 1);
        let mails = outside.smtp.ledger();
        assert_eq!((mails.len(), mails[0].to.as_slice()), (1, &["ida@cliente.example".to_owned()][..]));
        assert_eq!(mails[0].header("Subject").as_deref(), Some("Re: Pedido 7"));
        assert_eq!(mails[0].header("In-Reply-To").as_deref(), Some("<c1.ida@cliente.example>"));
        // The platform's reports move it on, whatever order they come in.
        let wamid = by_whatsapp.id.clone().expect("an id");
        for state in ["read", "sent", "delivered"] {
            assert_eq!(outside.graph.report(&wamid, state).await.expect("reported"), 200);
        }
        outside.reaches(&whatsapp.message.id, "read").await;
        outside.close().await;
    }

    p5_the_customers_answer_to_our_mail_comes_back_to_its_ticket: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.mail_customer("ida@cliente.example").await;
        let message = outside.reply(&conversation, "Su pedido va en camino").await;
        outside.reaches(&message, "sent").await;
        let ours = &outside.smtp.ledger()[0];
        let (id, reply_to) = (ours.header("Message-ID").expect("an id"), ours.header("Reply-To").expect("an address"));
        assert!(reply_to.contains("soporte+"), "{reply_to}");
        let raw = format!("From: Ida <ida@cliente.example>\r\nTo: {reply_to}\r\nSubject: Re: Pedido 7\r\n\
            Message-ID: <c2@cliente.example>\r\nIn-Reply-To: {id}\r\n\r\ngracias\r\n");
        assert_eq!(outside.house.mail(raw).await, 200);
        // Our own mail, as a copy in the mailbox: it is known and opens nothing.
        assert_eq!(outside.house.mail(ours.data.clone()).await, 200);
        let tickets = outside.house.tickets_after(3).await;
        assert_eq!(tickets.len(), 1);
        assert_eq!(outside.house.contents(&tickets[0]).await, ["hola", "Su pedido va en camino", "gracias"]);
        outside.close().await;
    }

    a_file_is_uploaded_once_and_then_sent_by_its_id: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        let blob = Blob::new(&b"\x89PNG\r\n\x1a\nnot much of a picture"[..]);
        outside.house.base().blobs.put(&blob).await.expect("stored");
        let file = OutboundFile {
            sha256: blob.sha256.clone(),
            size: blob.bytes.len() as u64,
            mime: "image/png".to_owned(),
            file_name: "foto.png".to_owned(),
            kind: MediaKind::Image,
            platform_id: None,
        };
        let act = |words: &str| Act::Text {
            text: words.to_owned(), html: None, subject: None, files: vec![file.clone()], buttons: Vec::new(),
        };
        for conversation in greeted.all() {
            for words in ["una", "dos"] {
                let message = outside.act(conversation, act(words)).await;
                let state = if conversation == greeted.whatsapp { "accepted" } else { "sent" };
                outside.reaches(&message, state).await;
            }
        }
        let uploads: Vec<String> =
            outside.graph.ledger().into_iter().filter(|entry| entry.method.contains("media") || entry.kind == "upload").map(|entry| entry.method).collect();
        assert_eq!(uploads.len(), 1, "one upload for both WhatsApp messages: {uploads:?}");
        let telegram = outside.bot.ledger();
        assert_eq!(telegram.len(), 2);
        assert!(telegram.iter().all(|entry| entry.file.as_ref().is_some_and(|seen| seen.sha256 == blob.sha256)));
        let bytes = outside.smtp.ledger()[1].data.clone();
        assert!(String::from_utf8_lossy(&bytes).contains("foto.png"));
        outside.close().await;
    }

    a_button_that_was_pressed_stops_waiting: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(42).await;
        let buttons = vec![Button { id: "si".to_owned(), title: "Sí".to_owned() }];
        let act = Act::Text { text: "¿Seguimos?".to_owned(), html: None, subject: None, files: Vec::new(), buttons };
        let message = outside.act(&conversation, act).await;
        outside.reaches(&message, "sent").await;
        outside.bot.button_pressed("88123");
        let id = outside.bot.ledger()[0].id.clone().expect("an id");
        let number: i64 = id.rsplit(['/', ':']).next().unwrap().parse().unwrap_or_default();
        let pressed = serde_json::json!({"update_id": 5_000_001, "callback_query": {"id": "88123", "chat_instance": "-5",
            "from": {"id": 42, "is_bot": false, "first_name": "Bo"}, "data": "si",
            "message": {"message_id": number, "date": outside.now(), "chat": {"id": 42, "type": "private"}, "text": "¿Seguimos?"}}});
        assert_eq!(outside.house.telegram(0, &pressed).await, 200);
        until("Telegram has its answer", async || {
            outside.bot.ledger().iter().any(|entry| entry.method.eq_ignore_ascii_case("answerCallbackQuery"))
        }).await;
        outside.close().await;
    }

    a_customers_photo_is_fetched_and_can_be_seen: |backend| {
        let outside = Outside::open(backend).await;
        let id = outside.graph.add_media(crate::stories::house::PHONE, "image/png", b"\x89PNG\r\n\x1a\nphoto");
        let mut photo = crate::stories::house::text("P1", 1, outside.now(), "");
        photo["type"] = "image".into();
        photo.as_object_mut().unwrap().remove("text");
        photo["image"] = serde_json::json!({"id": id, "mime_type": "image/png", "caption": "mire"});
        assert_eq!(outside.house.meta(&crate::stories::house::whatsapp(vec![photo])).await, 200);
        let conversation = outside.conversation("whatsapp", "p:49151000001").await;
        let base = outside.house.base();
        until("its file is stored", async || {
            let mut tx = base.db.read().await.unwrap();
            let named = relevo::store::deliveries::history(&mut tx, &conversation, 5).await.unwrap();
            let ids: Vec<&str> = named.iter().map(|named| named.id.as_str()).collect();
            let files = relevo::store::messages::attachments(&mut tx, &ids).await.unwrap();
            files.first().is_some_and(|file| file.state == "stored" && file.mime.as_deref() == Some("image/png"))
        }).await;
        outside.close().await;
    }

    what_cannot_be_sent_is_refused_at_once_and_in_words: |backend| {
        let outside = Outside::open(backend).await;
        let greeted = outside.greeted().await;
        let to = |conversation: &str| To::Conversation(conversation.to_owned());
        let refused = async |to: To, act: Act| outside.try_reply(to, act).await.expect_err("refused");
        assert!(matches!(refused(to(&greeted.whatsapp), say("  ")).await, ReplyError::Empty));
        assert!(matches!(refused(to(&greeted.whatsapp), say(&"x".repeat(70_000))).await, ReplyError::TooLong(_)));
        assert!(matches!(refused(to("no such chat"), say("x")).await, ReplyError::NoConversation));
        assert!(matches!(refused(To::Ticket("none".into()), say("x")).await, ReplyError::NoTicket));
        let hide = Act::Hide { target: "wamid.IN1".to_owned(), hidden: true };
        assert!(matches!(refused(to(&greeted.whatsapp), hide).await, ReplyError::Unsupported("hide")));
        // Nobody wrote within 24 hours: an old message.
        let old = crate::stories::house::whatsapp(vec![crate::stories::house::text("OLD", 9, outside.now() - 90_000, "hola")]);
        assert_eq!(outside.house.meta(&old).await, 200);
        let old = outside.conversation("whatsapp", "p:49151000009").await;
        let error = refused(to(&old), say("x")).await;
        assert!(matches!(error, ReplyError::NeedsTemplate) && error.to_string().contains("plantilla"));
        // A closed ticket.
        let base = outside.house.base();
        let tickets = outside.house.tickets_after(5).await;
        let ticket = tickets.iter().find(|ticket| ticket.conversation_id == greeted.telegram).expect("a ticket");
        let mut tx = base.db.write().await.unwrap();
        relevo::desk::routing::close(&mut tx, &base.clock, outside.house.company, &ticket.id, None, None).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(refused(To::Ticket(ticket.id.clone()), say("x")).await, ReplyError::TicketClosed));
        assert!(matches!(refused(to(&greeted.telegram), say("x")).await, ReplyError::TicketClosed));
        assert!(outside.graph.ledger().is_empty() && outside.bot.ledger().is_empty() && outside.smtp.ledger().is_empty());
        outside.close().await;
    }

    a_template_opens_a_ticket_with_a_customer_who_never_wrote: |backend| {
        let outside = Outside::open(backend).await;
        outside.graph.add_template(WABA, relevo::demo::platforms::Template::approved("aviso", "es", "Hola {{1}}"));
        outside.graph.report_to(&outside.house.url(0, "/webhooks/meta"), APP_SECRET, Progress::Delivered);
        let channel = outside.house.channels["whatsapp"].id_channel;
        let open = match outside.house.base().directory().by_name(&channel.to_string()).await.unwrap() {
            relevo::directory::Found::Open(open) => open,
            other => panic!("{other:?}"),
        };
        let destination = open.channel.outlet().expect("it sends").destination("+56 9 1234 5678").expect("a number");
        let to = To::Destination { channel, destination };
        let words = outside.try_reply(to.clone(), say("hola")).await.expect_err("no window");
        assert!(matches!(words, ReplyError::NeedsTemplate));
        let act = Act::Template { name: "aviso".into(), language: "es".into(), parameters: vec!["Ana".into()], components: None };
        let queued = outside.try_reply(to, act).await.expect("taken");
        outside.reaches(&queued.messages[0], "delivered").await;
        let tickets = outside.house.tickets_after(1).await;
        assert_eq!((tickets.len(), tickets[0].state.as_str(), queued.ticket.as_ref()), (1, "open", Some(&tickets[0].id)));
        // The customer answers: the same ticket.
        outside.graph.customer_wrote("56912345678");
        let mut answer = crate::stories::house::text("ANS", 1, outside.now(), "sí");
        answer["from"] = "56912345678".into();
        answer["from_user_id"] = "CL.77".into();
        assert_eq!(outside.house.meta(&crate::stories::house::whatsapp(vec![answer])).await, 200);
        assert_eq!(outside.house.tickets_after(2).await.len(), 1);
        outside.close().await;
    }
}

//! What platforms say meanwhile, and what that means for answers: numbers that change, comments that go, failures that
//! are told later.

use std::time::Duration;

use relevo::demo::platforms::{Fault, Progress, Trouble};
use serde_json::{Value, json};

use super::house::{Outside, Plan};
use crate::{
    stories::house::{APP_SECRET, PHONE, comment, feed, whatsapp},
    support::{for_each_database, until},
};

/// A WhatsApp piece `id` of a customer.
fn piece(outside: &Outside, id: &str, mut rest: Value) -> Value {
    rest["id"] = json!(format!("wamid.{id}"));
    rest["timestamp"] = json!(outside.now().to_string());
    whatsapp(vec![rest])
}

async fn tell(outside: &Outside, body: &Value) {
    assert_eq!(outside.house.meta(body).await, 200);
    outside.house.settled().await;
}

fn moves(from: &str, mut system: Value) -> Value {
    system["type"] = json!("user_changed_number");
    system["body"] = json!("cambio");
    json!({"from": from, "type": "system", "system": system})
}

fn writes(who: Value) -> Value {
    let mut message = json!({"type": "text", "text": {"body": "hola"}});
    message.as_object_mut().expect("fields").extend(who.as_object().cloned().expect("names"));
    message
}

for_each_database! {
    an_answer_goes_to_the_number_that_the_customer_has_now: |backend| {
        let outside = Outside::open(backend).await;
        // Given one who was known by an id only, and told a number by changing it,
        tell(&outside, &piece(&outside, "1", writes(json!({"from_user_id": "DE.C"})))).await;
        let by_id = outside.conversation("whatsapp", "u:DE.C").await;
        tell(&outside, &piece(&outside, "S1", moves("493999", json!({"wa_id": "493001", "previous_user_id": "DE.C"})))).await;
        // and one who went back to the first number,
        tell(&outside, &piece(&outside, "2", writes(json!({"from": "495001"})))).await;
        let back = outside.conversation("whatsapp", "p:495001").await;
        tell(&outside, &piece(&outside, "S2", moves("495001", json!({"wa_id": "495002"})))).await;
        tell(&outside, &piece(&outside, "S3", moves("495002", json!({"wa_id": "495001"})))).await;
        // when they are answered, then it goes to where they are.
        for (conversation, number) in [(by_id, "493001"), (back, "495001")] {
            outside.graph.customer_wrote(number);
            let message = outside.reply(&conversation, "hola").await;
            outside.reaches(&message, "accepted").await;
            let ledger = outside.graph.ledger();
            let entry = ledger.iter().find(|entry| entry.mark.as_deref() == Some(message.as_str())).expect("sent");
            assert!(entry.recipient.ends_with(number), "{}", entry.recipient);
        }
        outside.close().await;
    }

    an_answer_goes_to_a_comment_that_is_still_there: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.facebook_customer("930").await;
        outside.graph.customer_commented("1001", "1001_555", "555_931", None, "¿hola?");
        tell(&outside, &feed(&comment("931", "77930", outside.now(), "¿hola?"))).await;
        let mut removed = comment("931", "77930", outside.now(), "");
        removed["verb"] = json!("remove");
        outside.graph.remove_comment("555_931");
        tell(&outside, &feed(&removed)).await;
        let message = outside.reply(&conversation, "10 pesos").await;
        outside.reaches(&message, "sent").await;
        assert!(outside.graph.ledger()[0].recipient.ends_with("555_930"));
        outside.close().await;
    }

    p5_a_failure_that_is_reported_later_promises_no_other_try: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        for code in [131_000, 130_429, 131_056] {
            let message = outside.reply(&conversation, &format!("hola {code}")).await;
            outside.reaches(&message, "accepted").await;
            let ledger = outside.graph.ledger();
            let entry = ledger.iter().find(|entry| entry.mark.as_deref() == Some(message.as_str())).expect("sent");
            assert_eq!(outside.graph.report_failure(entry.id.as_deref().expect("an id"), code).await.unwrap(), 200);
            let failure = outside.reaches(&message, "failed").await.failure.expect("why");
            assert_eq!(failure.code, code.to_string());
            assert!(!failure.es.contains("automática") && failure.es.contains("de nuevo"), "{}", failure.es);
            assert!(!failure.en.contains("automatic") && failure.en.contains("again"), "{}", failure.en);
        }
        outside.close().await;
    }

    p10_a_report_that_the_account_is_blocked_holds_the_channel: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "accepted").await;
        let wamid = outside.graph.ledger()[0].id.clone().expect("an id");
        assert_eq!(outside.graph.report_failure(&wamid, 131_042).await.unwrap(), 200);
        outside.reaches(&message, "failed").await;
        let waits = outside.reply(&conversation, "¿sigue ahí?").await;
        let hold = outside.trail(&waits).await.hold.expect("why it waits");
        assert_eq!((hold.class.as_str(), hold.code.as_str()), ("auth", "131042"));
        let id = outside.house.channels["whatsapp"].id_channel;
        let mut tx = outside.house.base().db.read().await.unwrap();
        let channel = relevo::store::channels::find(&mut tx, id).await.unwrap().expect("the channel");
        drop(tx);
        assert_eq!(channel.last_error, Some(hold.es));
        // The operator mends it: what waited leaves.
        outside.graph.renew_token(PHONE, "EAAnew");
        outside.set("whatsapp", &[("access_token", "EAAnew")]).await;
        outside.reaches(&waits, "accepted").await;
        outside.close().await;
    }

    p6_our_own_comment_reported_without_an_author_is_no_customers: |backend| {
        let plan = Plan { configure: |config| config.dispatch.retry_base = Duration::from_secs(3), ..Plan::default() };
        let outside = Outside::open_as(backend, plan).await;
        outside.graph.report_to("nowhere", APP_SECRET, Progress::None);
        let conversation = outside.facebook_customer("901").await;
        outside.graph.make_trouble(Trouble::once(Fault::LoseAnswer));
        let message = outside.reply(&conversation, "10 pesos").await;
        outside.reaches(&message, "unknown").await;
        // Given our own comment, told as nobody's before we know that it is there,
        let id = outside.graph.ledger()[0].id.clone().expect("it was done");
        let echo = json!({"item": "comment", "verb": "add", "comment_id": id, "post_id": "1001_555",
            "parent_id": "555_901", "created_time": outside.now(), "message": "10 pesos"});
        tell(&outside, &feed(&echo)).await;
        assert_eq!(outside.house.tickets_after(3).await.len(), 2);
        // when we know, then it is ours, and nobody has to answer it.
        outside.reaches(&message, "sent").await;
        until("it is one message", async || outside.house.tickets_after(2).await[1].state == "closed").await;
        let tickets = outside.house.tickets_after(2).await;
        assert_eq!(outside.house.contents(&tickets[0]).await, ["¿precio?", "10 pesos"]);
        assert_eq!(outside.house.contents(&tickets[1]).await, [] as [String; 0]);
        outside.close().await;
    }
}

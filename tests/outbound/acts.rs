//! What is done to messages that are there: edits, deletions, hiding, private replies, reactions, read marks.

use relevo::{desk::reply, store::tickets};
use relevo_adapters::outbound::Act;
use serde_json::{Value, json};

use super::house::Outside;
use crate::support::{for_each_database, until};

impl Outside {
    /// An act on a message over the API, which takes it; gives what it says of it.
    async fn done(&self, what: &str, body: Value) -> Value {
        let (status, answer) = self.house.post(&format!("/api/chat/{what}"), &body).await;
        assert_eq!((status.as_u16(), &answer["data"]["state"]), (200, &json!("queued")), "{what}: {answer}");
        answer["data"].clone()
    }

    /// What the message's ticket shows.
    async fn shown(&self, message: &str) -> Option<String> {
        let ticket = self.trail(message).await.message.ticket_id.expect("a ticket");
        let mut tx = self.house.base().db.read().await.expect("a transaction");
        tickets::find(&mut tx, self.house.company, &ticket).await.expect("asked").expect("the ticket").last_content
    }

    /// The platform's name of one of our messages.
    async fn name(&self, message: &str) -> String {
        let mut tx = self.house.base().db.read().await.expect("a transaction");
        reply::target(&mut tx, self.house.company, message).await.expect("it has a name").0
    }
}

for_each_database! {
    our_own_telegram_message_is_edited_and_then_deleted: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(42).await;
        let message = outside.reply(&conversation, "el precio es 10").await;
        outside.reaches(&message, "sent").await;
        let target = outside.name(&message).await;
        outside.act(&conversation, Act::Edit { target: target.clone(), text: "el precio es 12".to_owned() }).await;
        until("the edit is recorded", async || outside.trail(&message).await.message.content == "el precio es 12").await;
        assert_eq!(outside.shown(&message).await.as_deref(), Some("el precio es 12"));
        outside.act(&conversation, Act::Delete { target }).await;
        until("the deletion is recorded", async || outside.trail(&message).await.message.deleted_at.is_some()).await;
        assert_eq!(outside.shown(&message).await.as_deref(), Some("[mensaje eliminado]"));
        let methods: Vec<String> = outside.bot.ledger().into_iter().map(|entry| entry.method).collect();
        assert_eq!(methods, ["sendMessage", "editMessageText", "deleteMessage"]);
        outside.close().await;
    }

    a_customers_comment_is_answered_in_private_hidden_and_deleted: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.facebook_customer("901").await;
        let target = "555_901".to_owned();
        let private = Act::PrivateReply { target: target.clone(), text: "se lo cuento aquí".to_owned() };
        let message = outside.act(&conversation, private).await;
        outside.reaches(&message, "sent").await;
        let tickets = outside.house.tickets_after(2).await;
        let theirs = outside.house.messages(&tickets[0]).await.remove(0).id;
        outside.act(&conversation, Act::Hide { target: target.clone(), hidden: true }).await;
        until("it is hidden", async || outside.trail(&theirs).await.message.hidden_at.is_some()).await;
        outside.act(&conversation, Act::Hide { target: target.clone(), hidden: false }).await;
        until("it is shown again", async || outside.trail(&theirs).await.message.hidden_at.is_none()).await;
        outside.act(&conversation, Act::Delete { target }).await;
        until("it is deleted", async || outside.trail(&theirs).await.message.deleted_at.is_some()).await;
        outside.close().await;
    }

    a_whatsapp_message_is_marked_as_read_and_reacted_to: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        outside.act(&conversation, Act::Read { target: "wamid.IN1".to_owned() }).await;
        outside.act(&conversation, Act::Reaction { target: "wamid.IN1".to_owned(), emoji: Some("👍".to_owned()) }).await;
        until("both were done, in order", async || outside.graph.ledger().len() == 2).await;
        let kinds: Vec<String> = outside.graph.ledger().into_iter().map(|entry| entry.kind).collect();
        assert!(kinds[0].contains("read") && kinds[1].contains("reaction"), "{kinds:?}");
        outside.close().await;
    }

    our_own_message_is_edited_and_deleted_over_the_api: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.telegram_customer(43).await;
        let message = outside.reply(&conversation, "el precio es 10").await;
        outside.reaches(&message, "sent").await;
        outside.done("editMessage", json!({"id_message": message, "message": "el precio es 12"})).await;
        until("the edit is recorded", async || outside.trail(&message).await.message.content == "el precio es 12").await;
        outside.done("deleteMessage", json!({"id_message": message})).await;
        until("the deletion is recorded", async || outside.trail(&message).await.message.deleted_at.is_some()).await;
        let methods: Vec<String> = outside.bot.ledger().into_iter().map(|entry| entry.method).collect();
        assert_eq!(methods, ["sendMessage", "editMessageText", "deleteMessage"]);
        outside.close().await;
    }

    a_comment_is_answered_in_private_hidden_and_deleted_over_the_api: |backend| {
        let outside = Outside::open(backend).await;
        outside.facebook_customer("902").await;
        let tickets = outside.house.tickets_after(1).await;
        let theirs = outside.house.messages(&tickets[0]).await.remove(0).id;
        let said = outside.done("privateReply", json!({"id_message": theirs, "message": "se lo cuento aquí"})).await;
        let reply = said["id_reply"].as_str().expect("a message of its own").to_owned();
        outside.reaches(&reply, "sent").await;
        outside.done("hideMessage", json!({"id_message": theirs})).await;
        until("it is hidden", async || outside.trail(&theirs).await.message.hidden_at.is_some()).await;
        outside.done("hideMessage", json!({"id_message": theirs, "hidden": "N"})).await;
        until("it is shown again", async || outside.trail(&theirs).await.message.hidden_at.is_none()).await;
        outside.done("deleteMessage", json!({"id_message": theirs})).await;
        until("it is deleted", async || outside.trail(&theirs).await.message.deleted_at.is_some()).await;
        outside.close().await;
    }
}

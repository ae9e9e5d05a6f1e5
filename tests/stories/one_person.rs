//! Who a customer is, and what of it changes (DESIGN §5): numbers, ids, and people of whom little is said.

use relevo::{
    desk::routing,
    store::{contacts, customers, messages, ticket_links, tickets::Ticket},
};
use relevo_adapters::MediaSource;
use serde_json::{Value, json};

use super::house::{House, PAGE, comment, feed, whatsapp};
use crate::support::for_each_backend;

const T: i64 = 1_780_000_000;

/// A WhatsApp text from whoever `who` names.
fn said(id: &str, who: Value) -> Value {
    whatsapp(vec![with(
        json!({"id": format!("wamid.{id}"), "timestamp": T.to_string(), "type": "text", "text": {"body": id}}),
        who,
    )])
}

fn with(mut value: Value, over: Value) -> Value {
    if let (Some(fields), Value::Object(over)) = (value.as_object_mut(), over) {
        fields.extend(over);
    }
    value
}

/// The customer changes the number.
fn changed(id: &str, from: &str, system: Value) -> Value {
    let system = with(json!({"type": "user_changed_number", "body": "cambio"}), system);
    whatsapp(vec![json!({"from": from, "id": format!("wamid.{id}"), "timestamp": T.to_string(), "type": "system",
        "system": system})])
}

/// A feed change that was sent at this second.
fn sent(at: i64, value: Value) -> Value {
    let mut feed = feed(&value);
    feed["entry"][0]["time"] = json!(at);
    feed
}

/// A comment by nobody that Facebook names, under another one.
fn anonymous(id: &str, parent: Option<&str>) -> Value {
    let mut comment = comment(id, "", T, id);
    comment.as_object_mut().expect("a comment").remove("from");
    if let Some(parent) = parent {
        comment["parent_id"] = json!(format!("555_{parent}"));
    }
    comment
}

async fn linked(house: &House, ticket: &Ticket) -> Vec<String> {
    let mut tx = house.base().db.read().await.expect("a transaction");
    ticket_links::of_ticket(&mut tx, &ticket.id).await.expect("links")
}

async fn reactions(house: &House, ticket: &Ticket) -> usize {
    let message = house.messages(ticket).await.remove(0).id;
    let mut tx = house.base().db.read().await.expect("a transaction");
    messages::reactions(&mut tx, &message).await.expect("reactions").len()
}

for_each_backend! {
    who_gets_a_number_that_a_customer_left_is_somebody_else: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta(&said("1", json!({"from": "495999", "from_user_id": "DE.A"}))).await, 200);
        house.tickets_after(1).await;
        let system = json!({"wa_id": "495001", "user_id": "DE.B", "previous_user_id": "DE.A"});
        assert_eq!(house.meta(&changed("S", "495999", system)).await, 200);
        house.tickets_after(2).await;
        // When the number's next owner writes, then it is another customer's ticket,
        assert_eq!(house.meta(&said("2", json!({"from": "495999", "from_user_id": "DE.ZZ"}))).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets.len(), 2);
        assert_ne!(tickets[0].contact_id, tickets[1].contact_id);
        // and the first one is the same under the new number, which is shown at once.
        let contact = tickets[0].contact_id.clone().expect("known");
        let mut tx = house.base().db.read().await.expect("a transaction");
        let found = contacts::load(&mut tx, &[&contact]).await.expect("contacts");
        drop(tx);
        assert_eq!(found[0].account.as_deref(), Some("+495001"));
        assert_eq!(house.meta(&said("3", json!({"from": "495001", "from_user_id": "DE.B"}))).await, 200);
        let tickets = house.tickets_after(4).await;
        assert_eq!(house.contents(&tickets[0]).await, ["1", "cambio", "3"]);
        assert_eq!(house.contents(&tickets[1]).await, ["2"]);
        house.close().await;
    }

    two_open_tickets_of_one_person_are_linked: |backend| {
        let house = House::open(backend).await;
        // Given one customer known by an id and one by a number,
        assert_eq!(house.meta(&said("1", json!({"from_user_id": "DE.7"}))).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.meta(&said("2", json!({"from": "49151"}))).await, 200);
        house.tickets_after(2).await;
        // when a message names both, then their tickets lead to each other.
        assert_eq!(house.meta(&said("3", json!({"from": "49151", "from_user_id": "DE.7"}))).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets.len(), 2);
        assert_eq!(house.contents(&tickets[0]).await, ["1", "3"]);
        assert_eq!(linked(&house, &tickets[0]).await, [tickets[1].id.clone()]);
        house.close().await;
    }

    a_change_of_number_brings_the_open_ticket_along: |backend| {
        let house = House::open(backend).await;
        // Given a customer who writes, and who writes from a new number before WhatsApp tells that it is the same one,
        assert_eq!(house.meta(&said("1", json!({"from": "49151", "from_user_id": "DE.7"}))).await, 200);
        house.tickets_after(1).await;
        assert_eq!(house.meta(&said("2", json!({"from": "49199", "from_user_id": "DE.8"}))).await, 200);
        let tickets = house.tickets_after(2).await;
        let base = house.base();
        let mut tx = base.db.write().await.expect("a transaction");
        routing::close(&mut tx, &base.clock, house.company, &tickets[1].id, None, None).await.expect("closed");
        tx.commit().await.expect("committed");
        // when it is told, and the customer writes again,
        let system = json!({"wa_id": "49199", "user_id": "DE.8", "previous_user_id": "DE.7"});
        assert_eq!(house.meta(&changed("S", "49151", system)).await, 200);
        house.tickets_after(3).await;
        assert_eq!(house.meta(&said("3", json!({"from": "49199", "from_user_id": "DE.8"}))).await, 200);
        // then it is in the ticket that was open.
        let tickets = house.tickets_after(4).await;
        assert_eq!(house.contents(&tickets[0]).await, ["1", "cambio", "3"]);
        assert_eq!((tickets[0].state.as_str(), tickets[1].state.as_str()), ("open", "closed"));
        assert_eq!(tickets[0].conversation_id, tickets[1].conversation_id);
        house.close().await;
    }

    who_turns_out_to_be_another_brings_every_address_along: |backend| {
        let house = House::open(backend).await;
        for (id, number, user) in [("1", "49151", "DE.1"), ("2", "49152", "DE.2")] {
            assert_eq!(house.meta(&said(id, json!({"from": number, "from_user_id": user}))).await, 200);
        }
        house.tickets_after(2).await;
        assert_eq!(house.meta(&said("3", json!({"from": "49152", "from_user_id": "DE.1"}))).await, 200);
        let tickets = house.tickets_after(3).await;
        assert_eq!(tickets[0].contact_id, tickets[1].contact_id);
        let mut tx = house.base().db.read().await.expect("a transaction");
        let contact = tickets[0].contact_id.as_deref().expect("known");
        let found = customers::identities(&mut tx, contact).await.expect("addresses");
        drop(tx);
        let mut values: Vec<&str> = found.iter().map(|row| row.value.as_str()).collect();
        values.sort_unstable();
        assert_eq!(values, ["49151", "49152", "DE.1", "DE.2"]);
        house.close().await;
    }

    a_new_security_code_is_shown_and_opens_nothing: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta(&said("1", json!({"from": "49151", "from_user_id": "DE.7"}))).await, 200);
        house.tickets_after(1).await;
        let news = whatsapp(vec![json!({"from": "49151", "from_user_id": "DE.7", "id": "wamid.S", "timestamp": T.to_string(),
            "type": "system", "system": {"type": "customer_identity_changed", "body": "código nuevo"}})]);
        assert_eq!(house.meta(&news).await, 200);
        let tickets = house.tickets_after(2).await;
        assert_eq!(house.contents(&tickets[0]).await, ["1", "código nuevo"]);
        assert_eq!((tickets.len(), tickets[0].last_content.as_deref()), (1, Some("1")));
        house.close().await;
    }

    a_reaction_is_taken_back_under_another_name_of_its_author: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta(&said("1", json!({"from": "49151", "from_user_id": "DE.7"}))).await, 200);
        let tickets = house.tickets_after(1).await;
        let reaction = |id: &str, who: Value, emoji: Value| whatsapp(vec![with(json!({"id": format!("wamid.{id}"),
            "timestamp": T.to_string(), "type": "reaction", "reaction": with(json!({"message_id": "wamid.1"}), emoji)}), who)]);
        assert_eq!(house.meta(&reaction("R1", json!({"from_user_id": "DE.7"}), json!({"emoji": "👍"}))).await, 200);
        house.settled().await;
        assert_eq!(reactions(&house, &tickets[0]).await, 1);
        assert_eq!(house.meta(&reaction("R2", json!({"from": "49151"}), json!({}))).await, 200);
        house.settled().await;
        assert_eq!(reactions(&house, &tickets[0]).await, 0);
        house.close().await;
    }

    likes_without_a_time_count_each_time_and_the_pages_is_its_own: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta(&feed(&comment("901", "777", T, "hola"))).await, 200);
        let tickets = house.tickets_after(1).await;
        let like = |verb: &str, over: Value| with(json!({"item": "like", "verb": verb, "comment_id": "555_901",
            "post_id": "1001_555", "parent_id": "1001_555"}), over);
        let by = |user: &str| json!({"from": {"id": user, "name": "Eva"}});
        for (at, verb) in [(T + 1, "add"), (T + 2, "remove"), (T + 3, "add")] {
            assert_eq!(house.meta(&sent(at, like(verb, by("778")))).await, 200);
            house.settled().await;
        }
        assert_eq!(reactions(&house, &tickets[0]).await, 1);
        for over in [by(PAGE), json!({})] {
            assert_eq!(house.meta(&sent(T + 4, like("add", over))).await, 200);
            house.settled().await;
        }
        assert_eq!(reactions(&house, &tickets[0]).await, 3);
        house.close().await;
    }

    anonymous_answers_stay_in_their_thread_but_not_in_that_of_somebody_known: |backend| {
        let house = House::open(backend).await;
        let by_page = |id: &str, parent: &str| with(comment(id, PAGE, T, id), json!({"parent_id": format!("555_{parent}")}));
        let comments = [anonymous("906", None), by_page("907", "906"), anonymous("908", Some("907")),
            comment("901", "777", T, "901"), by_page("902", "901"), anonymous("903", Some("902"))];
        for comment in comments {
            assert_eq!(house.meta(&feed(&comment)).await, 200);
            house.settled().await;
        }
        let tickets = house.tickets_after(6).await;
        assert_eq!(tickets.len(), 3);
        assert_eq!(house.contents(&tickets[0]).await, ["906", "907", "908"]);
        assert_eq!(house.contents(&tickets[1]).await, ["901", "902"]);
        assert_eq!(house.contents(&tickets[2]).await, ["903"]);
        house.close().await;
    }

    a_comment_is_as_visible_as_was_said_last: |backend| {
        let house = House::open(backend).await;
        assert_eq!(house.meta(&feed(&with(comment("901", "777", T, "hola"), json!({"is_hidden": true})))).await, 200);
        let tickets = house.tickets_after(1).await;
        let hidden = async || house.messages(&tickets[0]).await[0].hidden_at.is_some();
        assert!(hidden().await, "Facebook's own moderation was first");
        for (at, verb, expected) in [(T + 30, "unhide", false), (T + 20, "hide", false), (T + 40, "hide", true)] {
            let value = with(comment("901", PAGE, T, "hola"), json!({"verb": verb}));
            assert_eq!(house.meta(&sent(at, value)).await, 200);
            house.settled().await;
            assert_eq!(hidden().await, expected, "{verb}");
        }
        house.close().await;
    }

    an_edited_photo_is_the_same_photo_however_its_url_is_signed: |backend| {
        let house = House::open(backend).await;
        let photo = |verb: &str, words: &str, signature: &str| with(comment("901", "777", T, words),
            json!({"verb": verb, "photo": format!("https://files.example/v/1.jpg?oe={signature}")}));
        let files = async |house: &House, ticket: &Ticket| {
            let message = house.messages(ticket).await.remove(0).id;
            let mut tx = house.base().db.read().await.expect("a transaction");
            messages::attachments(&mut tx, &[&message]).await.expect("files")
        };
        assert_eq!(house.meta(&feed(&photo("add", "mira", "1"))).await, 200);
        let tickets = house.tickets_after(1).await;
        assert_eq!(house.meta(&sent(T + 5, photo("edited", "mire", "2"))).await, 200);
        house.settled().await;
        let mut found = files(&house, &tickets[0]).await;
        assert_eq!((found.len(), house.contents(&tickets[0]).await), (1, vec!["mire".to_owned()]));
        // One that is not to be had is still the same one.
        let mut row = found.remove(0);
        let was = serde_json::from_str(&row.source).ok();
        row.source = json!(MediaSource::Unavailable { reason: "vencido".to_owned(), was }).to_string();
        row.state = "unavailable".to_owned();
        let mut tx = house.base().db.write().await.expect("a transaction");
        assert!(messages::set_attachment(&mut tx, &row).await.expect("set"));
        tx.commit().await.expect("committed");
        assert_eq!(house.meta(&sent(T + 6, photo("edited", "miren", "3"))).await, 200);
        house.settled().await;
        assert_eq!(files(&house, &tickets[0]).await.len(), 1);
        house.close().await;
    }
}

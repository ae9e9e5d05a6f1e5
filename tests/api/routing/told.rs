//! What is told of a ticket says where it is by then.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::api::house::House;

on_both_databases! {
    what_a_new_tickets_customer_wrote_is_told_with_who_has_it
}

async fn what_a_new_tickets_customer_wrote_is_told_with_who_has_it(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let eva = scene.online("Eva", &[group], 1).await;
    for (customer, number, routed, agent, state) in [
        ("a", 1, "ticket.assigned", Some(eva), "inProgress"),
        // Eva is full.
        ("b", 2, "ticket.queued", None, "open"),
        // Hers already.
        ("a", 1, "message.received", Some(eva), "inProgress"),
    ] {
        scene.writes(customer).await;
        let told = scene.told(number).await;
        let [.., before, last] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((before.kind.as_str(), last.kind.as_str()), (routed, "message.received"));
        assert_eq!((last.group_id, last.agent_id), (Some(group), agent), "{customer}");
        let data: Value = serde_json::from_str(&last.data).unwrap();
        assert_eq!(
            (&data["grup_id"], &data["usua_id"], &data["estado"]),
            (&json!(group), &json!(agent), &json!(state)),
            "{data}"
        );
    }
}

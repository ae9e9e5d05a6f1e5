//! What is told of messages of ours: that they are on their way, and each time that they get further.

use relevo::store::events::{self, Cursor, EventRow};
use serde_json::Value;

use super::house::{Outside, status};
use crate::support::for_each_database;

/// What was told of a message: kind and state.
async fn told(outside: &Outside, message: &str) -> Vec<(String, String)> {
    let mut tx = outside.house.base().db.read().await.expect("a transaction");
    let end = Cursor { tx: i64::MAX, id: i64::MAX };
    let rows = events::between(&mut tx, outside.house.company, Cursor::default(), end, 1_000).await.expect("asked");
    let of = |row: &EventRow| {
        let data: Value = serde_json::from_str(&row.data).expect("JSON");
        let state = data["mens_estado"].as_str().unwrap_or_default().to_owned();
        (data["id_mensaje"] == message).then(|| (row.kind.clone(), state))
    };
    rows.iter().filter_map(of).collect()
}

for_each_database! {
    p5_each_step_of_a_message_is_told_once: |backend| {
        let outside = Outside::open(backend).await;
        let conversation = outside.whatsapp_customer(1).await;
        let message = outside.reply(&conversation, "hola").await;
        outside.reaches(&message, "accepted").await;
        let expected = |steps: &[&str]| -> Vec<(String, String)> {
            let kinds = ["message.sent"].into_iter().chain(std::iter::repeat("message.status"));
            kinds.zip(steps).map(|(kind, step)| (kind.to_owned(), (*step).to_owned())).collect()
        };
        assert_eq!(told(&outside, &message).await, expected(&["queued", "accepted"]));
        for (name, state) in [("1", "delivered"), ("2", "delivered"), ("3", "read"), ("4", "delivered")] {
            let report = status(&format!("wamid.{name}"), state, Some(&message), outside.now());
            assert_eq!(outside.house.meta(&report).await, 200);
            outside.house.settled().await;
        }
        outside.reaches(&message, "read").await;
        assert_eq!(told(&outside, &message).await, expected(&["queued", "accepted", "delivered", "read"]));
        outside.close().await;
    }
}

//! The main job: a message of each channel becomes a ticket that the API shows.

use serde_json::json;

use super::house::{House, comment, feed, text, update, whatsapp};
use crate::support::for_each_backend;

const MAIL: &str = "From: Dora <dora@example.net>\r\nTo: soporte@tienda.example\r\nSubject: Pedido 7\r\n\
    Message-ID: <m1@example.net>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nNo ha llegado mi pedido.\r\n";

for_each_backend! {
    each_channels_message_becomes_a_ticket: |backend| {
        // Given a house with a channel of each kind,
        let house = House::open(backend).await;
        // when each platform pushes a customer's message,
        assert_eq!(house.meta(&whatsapp(vec![text("A1", 1, 1_780_000_000, "Hola, ¿tienen stock?")])).await, 200);
        assert_eq!(house.telegram(0, &update(1, 4401, 12, 1_780_000_001, "/start")).await, 200);
        assert_eq!(house.mail(MAIL).await, 200);
        assert_eq!(house.meta(&feed(&comment("901", "777", 1_780_000_002, "¿Precio?"))).await, 200);

        // then there is one ticket per channel, waiting,
        let tickets = house.tickets_after(4).await;
        let mut seen: Vec<_> = tickets
            .iter()
            .map(|ticket| (ticket.kind.as_str(), ticket.state.as_str(), ticket.last_content.as_deref().unwrap_or("")))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, [
            ("email", "open", "No ha llegado mi pedido."),
            ("facebook", "open", "¿Precio?"),
            ("telegram", "open", "/start"),
            ("whatsapp", "open", "Hola, ¿tienen stock?"),
        ]);
        assert!(tickets.iter().all(|ticket| ticket.waiting_since.is_some()));

        // which the API shows with its messages, and agents find by number.
        let ticket = tickets.iter().find(|ticket| ticket.kind == "email").expect("the mail's ticket");
        let (status, detail) = house.api(&format!("/v2/ticket/{}/", ticket.id)).await;
        assert_eq!(status, 200);
        assert_eq!(detail["identifier"], json!(ticket.number.to_string()));
        assert_eq!((&detail["subject"], &detail["is_closed"]), (&json!("Pedido 7"), &json!(false)));
        assert_eq!((&detail["social_network"], &detail["last_author"]), (&json!("email"), &json!("Dora")));
        let (_, listed) = house.api(&format!("/v2/ticket/{}/messages/", ticket.id)).await;
        assert_eq!(listed["messages"][0]["author_account"], "dora@example.net");
        let (_, found) = house.api(&format!("/v2/ticket/{}/by_agent_id/", ticket.number)).await;
        assert_eq!(found, json!({"status": 200, "ticket_id": ticket.id}));
        let (_, open) = house.api("/v2/tickets/state/open").await;
        assert_eq!(open["tickets"].as_array().map(Vec::len), Some(4));
        assert_eq!(house.dead().await, 0);
        house.close().await;
    }

    the_same_webhook_five_times_has_one_effect_p2: |backend| {
        let house = House::open(backend).await;
        for _ in 0..5 {
            assert_eq!(house.meta(&whatsapp(vec![text("A1", 1, 1_780_000_000, "Hola")])).await, 200);
            assert_eq!(house.telegram(0, &update(1, 4401, 12, 1_780_000_001, "Hola")).await, 200);
            assert_eq!(house.mail(MAIL).await, 200);
            assert_eq!(house.meta(&feed(&comment("901", "777", 1_780_000_002, "Hola"))).await, 200);
        }
        assert_eq!(house.tickets_after(4).await.len(), 4);
        assert_eq!(house.dead().await, 0);
        house.close().await;
    }
}

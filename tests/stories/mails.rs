//! What becomes of mails: whose they are, what they may do to a thread, and what may be said to their senders.

use super::house::House;
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
}

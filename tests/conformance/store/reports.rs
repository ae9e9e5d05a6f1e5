//! What reports are made of.

use relevo::store::{
    reports,
    tickets::{self, Ticket},
};

use super::{NOW, write};
use crate::support::for_each_database;

fn ticket(number: i64, created_at: i64) -> Ticket {
    Ticket {
        id: format!("t{number}"),
        company_id: 1,
        number,
        channel_id: 7,
        kind: "email".to_owned(),
        conversation_id: format!("c{number}"),
        state: "closed".to_owned(),
        created_at,
        ..Ticket::default()
    }
}

for_each_database! {
    tickets_of_a_range_come_oldest_first_page_by_page: |backend| {
        let mut tx = write(&backend.db).await;
        let owned = Ticket {
            agent_id: Some(1), closed_by: Some(2), previous_agent_id: Some(3), assigned_at: Some(NOW), answered_at: Some(NOW),
            closed_at: Some(NOW), group_id: Some(4), reopened: 2, ..ticket(2, NOW)
        };
        let rows = [
            ticket(1, NOW - 1),
            owned,
            Ticket { closed_by: Some(2), previous_agent_id: Some(3), ..ticket(3, NOW) },
            Ticket { previous_agent_id: Some(3), ..ticket(4, NOW + 1) },
            ticket(5, NOW + 2),
            Ticket { company_id: 2, ..ticket(6, NOW) },
        ];
        tickets::save(&mut tx, &rows.iter().collect::<Vec<_>>()).await.expect("saved");
        let mut seen = Vec::new();
        let mut after = (i64::MIN, String::new());
        loop {
            let page = reports::tickets(&mut tx, 1, (NOW, NOW + 2), (after.0, &after.1), 2).await.expect("asked");
            let Some(last) = page.last() else { break };
            after = (last.created_at, last.id.clone());
            seen.extend(page);
        }
        let found: Vec<(&str, Option<i64>)> = seen.iter().map(|row| (row.id.as_str(), row.agent_id)).collect();
        assert_eq!(found, [("t2", Some(1)), ("t3", Some(2)), ("t4", Some(3))]);
        let first = &seen[0];
        assert_eq!((first.assigned_at, first.answered_at, first.closed_at), (Some(NOW), Some(NOW), Some(NOW)));
        assert_eq!((first.group_id, first.channel_id, first.reopened, first.first_assigned_at), (Some(4), 7, 2, None));
        assert_eq!(reports::agent_names(&mut tx, 1).await.expect("asked"), []);
        assert_eq!(reports::group_names(&mut tx, 1).await.expect("asked"), []);
        assert_eq!(reports::channel_names(&mut tx, 1).await.expect("asked"), []);
    }
}

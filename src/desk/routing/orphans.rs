//! What becomes of the tickets of a group that was deleted.

use serde_json::json;

use super::{
    Routed,
    acts::{add, let_go},
    decide, hold,
    record::Record,
};
use crate::{
    clock::Clock,
    domain::{
        EventKind, TicketState,
        routing::{Cause, Explanation},
    },
    store::{StoreError, Tx, groups, routing as store, tickets::Ticket},
};

/// Takes up to `limit` tickets out of a deleted group: those that wait, the bots' among them, are routed in the group that
/// was named for them, or anew, and keep their place by how long they waited; those in progress stay with their agents.
/// Gives how many they were.
pub(super) async fn go_on(tx: &mut Tx, clock: &Clock, group: i64, limit: i64) -> Result<(usize, Routed), StoreError> {
    let ids = store::orphans(tx, group, limit).await?;
    if ids.is_empty() {
        groups::emptied(tx, group).await?;
        return Ok((0, Routed::default()));
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (name, successor) = groups::successor(tx, group).await?.unwrap_or_default();
    let mut record = Record::new(clock);
    let (mut found, mut waiting) = (0, Vec::new());
    for mut ticket in hold(tx, &ids).await?.into_iter().filter(|ticket| ticket.group_id == Some(group)) {
        found += 1;
        if ticket.state == TicketState::InProgress.as_str() {
            ticket.group_id = None;
            ticket.updated_at = clock.now();
            tell(&ticket, group, &mut record);
            let mut explanation = Explanation::of(Cause::Group);
            explanation.add("grupo", format!("El grupo {name} se eliminó: el ticket sigue con su ejecutivo."));
            record.stays(&ticket, Cause::Group, &explanation);
        } else {
            let_go(&mut ticket, &mut record);
            ticket.group_id = successor;
            ticket.excluded_agent_id = None;
            ticket.closed_told = 0;
            tell(&ticket, group, &mut record);
            waiting.push((ticket.clone(), Cause::Group));
        }
        record.keep(ticket);
    }
    let mut done = record.save(tx).await?;
    add(&mut done, decide(tx, clock, waiting).await?);
    Ok((found, done))
}

fn tell(ticket: &Ticket, before: i64, record: &mut Record) {
    record.tell(EventKind::TicketGroupChanged, ticket, json!({"grup_anterior": before, "causa": "group_deleted"}));
}

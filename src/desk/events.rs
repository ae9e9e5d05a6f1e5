//! Telling what happened: in the transaction in which it happens, so that nobody hears of what was not, and nothing
//! that was is kept from anybody.

use std::collections::HashMap;

use relevo_adapters::Millis;
use serde_json::{Value, json};

use crate::{
    domain::{Event, EventKind},
    store::{
        StoreError, Tx,
        events::{self, EventRow, NewEvent, ToldMessage},
        relays,
    },
};

/// Tells events in order, and has them relayed to the subscriptions that want them: to be called when what happened is
/// written, because a bot hears only of tickets that it has. Gives how many relays were added: if there are any, the
/// bell is to be rung after the commit.
///
/// # Errors
/// Those of the database.
pub async fn tell(tx: &mut Tx, now: Millis, told: &[Event]) -> Result<usize, StoreError> {
    if told.is_empty() {
        return Ok(0);
    }
    let rows: Vec<NewEvent<'_>> = told
        .iter()
        .enumerate()
        .map(|(n, event)| NewEvent {
            n,
            company_id: event.company,
            kind: event.kind.as_str(),
            ticket_id: event.ticket.as_deref(),
            group_id: event.group,
            agent_id: event.agent,
            channel: None,
            data: event.data.to_string(),
            at: now,
        })
        .collect();
    let ids = events::insert(tx, &rows).await?;
    relays::insert(tx, &ids, now).await
}

/// Tells of messages of ours, as they are written by now: [`EventKind::MessageSent`] or [`EventKind::MessageStatus`].
/// Gives the same as [`tell`].
///
/// # Errors
/// Those of the database.
pub async fn tell_messages(tx: &mut Tx, now: Millis, kind: EventKind, ids: &[&str]) -> Result<usize, StoreError> {
    let told = of_messages(tx, kind, ids).await?;
    tell(tx, now, &told).await
}

/// The events by which messages of ours are told, in the order of the ids.
///
/// # Errors
/// Those of the database.
pub(super) async fn of_messages(tx: &mut Tx, kind: EventKind, ids: &[&str]) -> Result<Vec<Event>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = events::messages(tx, ids).await?;
    let mut rows: HashMap<String, ToldMessage> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    Ok(ids.iter().filter_map(|id| rows.remove(*id)).map(|row| of_message(kind, row)).collect())
}

fn of_message(kind: EventKind, row: ToldMessage) -> Event {
    let data = json!({
        "id_mensaje": row.id,
        "tipo": row.kind,
        "contenido": row.content,
        "autor": row.author_name,
        "autor_cuenta": row.author_account,
        "fecha": row.at,
        "mens_estado": row.status,
        "motivo": row.failure,
        "id_chat": row.conversation_id,
        "cuen_id": row.channel_id,
        "canal": row.channel_kind,
        "id_ticket": row.ticket_id,
        "tick_id": row.number,
        "estado": row.state,
        "grup_id": row.group_id,
        "usua_id": row.agent_id,
    });
    Event { company: row.company_id, kind, ticket: row.ticket_id, group: row.group_id, agent: row.agent_id, data }
}

/// Sends something to a realtime channel: heard by who listens to it now, and relayed to nobody.
///
/// # Errors
/// Those of the database.
pub async fn broadcast(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    channel: &str,
    name: &str,
    payload: &Value,
) -> Result<(), StoreError> {
    let data = payload.to_string();
    let event = NewEvent {
        n: 0,
        company_id: company,
        kind: name,
        ticket_id: None,
        group_id: None,
        agent_id: None,
        channel: Some(channel),
        data,
        at: now,
    };
    events::insert(tx, &[event]).await.map(drop)
}

/// An event as it is shown outside: `{"type", "timestamp", "data"}`.
pub fn shown(event: &EventRow) -> Value {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    json!({"type": event.kind, "timestamp": moment(event.at), "data": data})
}

/// RFC 3339, UTC.
fn moment(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default()
}

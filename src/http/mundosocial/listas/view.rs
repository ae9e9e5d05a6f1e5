//! A row of a list.

use relevo_adapters::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::canales;
use crate::{
    desk::lists::{Page, Place},
    domain::TicketState,
    http::ap::moment,
    store::lists::Listed,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsTicket)]
pub(in crate::http::mundosocial) struct Ticket {
    tick_id: i64,
    tick_identificador: String,
    /// `Abierto`, `En Progreso`, `Cerrado` or `Ignorado`.
    #[schema(examples("Abierto"))]
    tick_estado: &'static str,
    tick_fecha_creacion: String,
    tick_fecha_actualizacion: String,
    tick_asunto: Option<String>,
    cuen_id: i64,
    /// The channel kind's number.
    cana_id: i64,
    grup_id: Option<i64>,
    grup_nombre: Option<String>,
    /// Who owns it, or closed it.
    usua_id: Option<i64>,
    usua_nombre: Option<String>,
    clie_id: Option<i64>,
    clie_nombre: Option<String>,
    tick_ultimo_mensaje: Option<String>,
    tick_ultimo_autor: Option<String>,
    /// For how long it has waited for an owner; `null` unless it waits.
    tick_espera_segundos: Option<i64>,
    /// Higher goes first.
    tick_prioridad: i64,
    /// The customer's messages that nobody has read.
    tick_no_leidos: i64,
}

impl Ticket {
    pub(in crate::http::mundosocial) fn of(row: Listed, now: Millis) -> Self {
        let state = TicketState::parse(&row.state);
        let waiting = row.waiting_since.filter(|_| state == Some(TicketState::Open));
        Self {
            tick_id: row.number,
            tick_identificador: row.id,
            tick_estado: state.map_or("", TicketState::label),
            tick_fecha_creacion: moment(row.created_at),
            tick_fecha_actualizacion: moment(row.updated_at),
            tick_asunto: row.subject,
            cuen_id: row.channel_id,
            cana_id: canales::number(&row.kind),
            grup_id: row.group_id,
            grup_nombre: row.group_name,
            usua_id: row.agent_id,
            usua_nombre: row.agent_name,
            clie_id: row.customer,
            clie_nombre: row.customer_name,
            tick_ultimo_mensaje: row.last_content,
            tick_ultimo_autor: row.last_author,
            tick_espera_segundos: waiting.map(|since| (now - since).max(0) / 1000),
            tick_prioridad: row.priority,
            tick_no_leidos: row.unread,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsTickets)]
pub(super) struct Tickets {
    tickets: Vec<Ticket>,
    /// What to ask for as `siguiente` to get the next page; `null` on the last one.
    #[schema(required)]
    siguiente: Option<String>,
}

impl Tickets {
    pub(super) fn of(page: Page, now: Millis) -> Self {
        let tickets = page.tickets.into_iter().map(|row| Ticket::of(row, now)).collect();
        Self { tickets, siguiente: page.next.as_ref().map(Place::to_text) }
    }
}

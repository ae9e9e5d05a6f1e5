//! A ticket in MS's words.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{domain::TicketState, http::ap::moment, store::tickets::Ticket};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsTicketBreve)]
pub(super) struct TicketBreve {
    /// The number that agents see.
    #[schema(examples(561))]
    tick_id: i64,
    /// The internal id.
    tick_identificador: String,
    /// `Abierto`, `En Progreso`, `Cerrado` or `Ignorado`.
    #[schema(examples("En Progreso"))]
    tick_estado: String,
    tick_asunto: Option<String>,
    tick_fecha_creacion: String,
    tick_fecha_asignacion: Option<String>,
    tick_prioridad: i64,
    tick_ultimo_mensaje: Option<String>,
    tick_ultimo_autor: Option<String>,
    /// The reason for which it was closed.
    tick_motivo: Option<String>,
    cuen_id: i64,
    grup_id: Option<i64>,
    /// Who owns it, or owned it when it was closed.
    usua_id: Option<i64>,
    /// The conversation's id.
    conv_id: String,
}

/// An answer with a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsConTicket)]
pub(super) struct ConTicket {
    pub(super) ticket: TicketBreve,
}

impl From<Ticket> for ConTicket {
    fn from(ticket: Ticket) -> Self {
        let label = TicketState::parse(&ticket.state).map(TicketState::label).unwrap_or_default().to_owned();
        let ticket = TicketBreve {
            tick_id: ticket.number,
            tick_identificador: ticket.id,
            tick_estado: label,
            tick_asunto: ticket.subject,
            tick_fecha_creacion: moment(ticket.created_at),
            tick_fecha_asignacion: ticket.assigned_at.map(moment),
            tick_prioridad: ticket.priority,
            tick_ultimo_mensaje: ticket.last_content,
            tick_ultimo_autor: ticket.last_author,
            tick_motivo: ticket.close_reason,
            cuen_id: ticket.channel_id,
            grup_id: ticket.group_id,
            usua_id: ticket.agent_id,
            conv_id: ticket.conversation_id,
        };
        Self { ticket }
    }
}

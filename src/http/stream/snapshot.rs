//! What a stream begins with: how everything is, so that the events that follow say the rest.

use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{
    http::ap::moment,
    store::{StoreError, Tx, overview},
};

/// A company as it is now, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreamSnapshot)]
pub(super) struct Snapshot {
    /// The company's groups; an agent's own.
    grupos: Vec<Group>,
    /// The company's agents; an agent sees itself.
    ejecutivos: Vec<Agent>,
    /// An agent's own tickets; missing for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    tickets: Option<Vec<Ticket>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreamGroup)]
struct Group {
    grup_id: i64,
    grup_nombre: String,
    /// Tickets that wait for an agent.
    en_cola: i64,
    con_bot: i64,
    en_proceso: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreamAgent)]
struct Agent {
    usua_id: i64,
    usua_nombre: String,
    esta_id: i64,
    esta_nombre: Option<String>,
    /// `online`, `away` or `offline`.
    esta_tipo: Option<String>,
    esta_desde: String,
    en_proceso: i64,
    usua_capacidad: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StreamTicket)]
struct Ticket {
    id_ticket: String,
    tick_id: i64,
    estado: String,
    canal: String,
    cuen_id: i64,
    id_chat: String,
    grup_id: Option<i64>,
    asunto: Option<String>,
    ultimo_autor: Option<String>,
    ultimo_mensaje: Option<String>,
    asignado: Option<String>,
    actualizado: String,
}

impl Snapshot {
    /// What `viewer` may see.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn take(tx: &mut Tx, viewer: &Viewer) -> Result<Self, StoreError> {
        let (company, agent) = (viewer.company, viewer.agent());
        let groups = overview::groups(tx, company, agent).await?.into_iter().map(|group| Group {
            grup_id: group.id,
            grup_nombre: group.name,
            en_cola: group.queued,
            con_bot: group.with_bot,
            en_proceso: group.in_progress,
        });
        let agents = overview::agents(tx, company, agent).await?.into_iter().map(|agent| Agent {
            usua_id: agent.id,
            usua_nombre: agent.name,
            esta_id: agent.presence_id,
            esta_nombre: agent.presence,
            esta_tipo: agent.kind,
            esta_desde: moment(agent.presence_at),
            en_proceso: agent.in_progress,
            usua_capacidad: agent.capacity,
        });
        let tickets = match agent {
            Some(agent) => Some(own(tx, company, agent).await?),
            None => None,
        };
        Ok(Self { grupos: groups.collect(), ejecutivos: agents.collect(), tickets })
    }
}

async fn own(tx: &mut Tx, company: i64, agent: i64) -> Result<Vec<Ticket>, StoreError> {
    let rows = overview::own_tickets(tx, company, agent).await?.into_iter().map(|row| Ticket {
        id_ticket: row.id,
        tick_id: row.number,
        estado: row.state,
        canal: row.kind,
        cuen_id: row.channel_id,
        id_chat: row.conversation_id,
        grup_id: row.group_id,
        asunto: row.subject,
        ultimo_autor: row.last_author,
        ultimo_mensaje: row.last_content,
        asignado: row.assigned_at.map(moment),
        actualizado: moment(row.updated_at),
    });
    Ok(rows.collect())
}

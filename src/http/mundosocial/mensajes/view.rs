//! Messages and conversations in MS's words.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::chats::Line,
    http::{
        Api,
        ap::{File, moment},
    },
    store::chats::ChatRow,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsMensaje)]
pub(super) struct Mensaje {
    mens_id: String,
    mens_texto: String,
    mens_tipo: String,
    mens_fecha: String,
    /// The customer's name.
    mens_remitente: Option<String>,
    /// The message that it answers.
    mens_respuesta_a: Option<String>,
    mens_archivos: Vec<File>,
    /// The conversation's id.
    conv_id: String,
    clie_id: Option<i64>,
    cuen_id: i64,
}

impl Mensaje {
    /// A customer's message; `numbers` are those of its authors.
    pub(super) fn of(api: &Api, line: Line, numbers: &HashMap<String, i64>) -> Self {
        let Line { message, content, files, reply_to } = line;
        Self {
            mens_id: message.id,
            mens_texto: content,
            mens_tipo: message.kind,
            mens_fecha: moment(message.at),
            mens_remitente: message.author_name,
            mens_respuesta_a: reply_to,
            mens_archivos: files.into_iter().map(|file| File::of(api, file)).collect(),
            conv_id: message.conversation_id,
            clie_id: message.author_id.and_then(|author| numbers.get(&author).copied()),
            cuen_id: message.channel_id,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsConversacion)]
pub(super) struct Conversacion {
    conv_id: String,
    /// The number of its latest ticket.
    tick_id: i64,
    id_ticket: String,
    /// `open`, `inProgress`, `closed` or `ignored`.
    tick_estado: String,
    clie_id: Option<i64>,
    clie_nombre: Option<String>,
    clie_cuenta: Option<String>,
    cuen_id: i64,
    cuen_nombre: String,
    cana_nombre: String,
    mens_ultimo: Option<String>,
    mens_fecha: String,
    mens_no_leidos: i64,
}

impl From<ChatRow> for Conversacion {
    fn from(row: ChatRow) -> Self {
        Self {
            conv_id: row.id,
            tick_id: row.number,
            id_ticket: row.ticket_id,
            tick_estado: row.state,
            clie_id: row.customer,
            clie_nombre: row.name,
            clie_cuenta: row.account,
            cuen_id: row.channel_id,
            cuen_nombre: row.channel_name,
            cana_nombre: row.kind,
            mens_ultimo: row.last_content,
            mens_fecha: moment(row.active_at),
            mens_no_leidos: row.unread,
        }
    }
}

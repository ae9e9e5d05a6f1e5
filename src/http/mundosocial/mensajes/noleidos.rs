//! MS "Mensajes › Mensajes No Leídos".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::view::Conversacion;
use crate::{
    desk::chats::LIST,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::chats::{self, Filter},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// A channel.
    cuen_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsNoLeidos)]
pub(super) struct NoLeidos {
    /// Messages that wait to be read.
    total: i64,
    noleidos: Vec<Conversacion>,
}

/// The conversations with a ticket that is not closed in which messages wait to be read, the latest first, at most
/// 10,000. `chat/markAsReadMessage` marks them.
#[utoipa::path(
    get, path = "/api/mundosocial/mensajes/noleidos", tag = "mundosocial", operation_id = "ms_mensajes_noleidos",
    params(Query),
    responses((status = 200, body = NoLeidos))
)]
pub(super) async fn noleidos(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let channel = asked.fields.int_within("cuen_id", 1, i64::MAX).unwrap_or_default();
    asked.fields.check(INVALID)?;
    let filter = Filter { company, channel, waiting: true, ..Filter::default() };
    let rows = chats::list(&mut api.0.db.read().await?, filter, LIST, 0).await?;
    let total = rows.iter().map(|row| row.unread).sum();
    let noleidos = rows.into_iter().map(Conversacion::from).collect();
    Ok(Answer::ok("ok").with(NoLeidos { total, noleidos }))
}

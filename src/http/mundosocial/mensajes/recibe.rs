//! MS "Mensajes › Recibe".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{ticket, view::Mensaje};
use crate::{
    desk::chats,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::customers,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The ticket's number or id.
    #[param(example = "74")]
    tick_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRecibidos)]
pub(super) struct Recibidos {
    tick_id: i64,
    mensajes: Vec<Mensaje>,
}

/// What the customer wrote to a ticket, newest first.
#[utoipa::path(
    get, path = "/api/mundosocial/mensajes/recibe", tag = "mundosocial", operation_id = "ms_mensajes_recibe",
    params(Query),
    responses((status = 200, body = Recibidos))
)]
pub(super) async fn recibe(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let mut tx = api.0.db.read().await?;
    let found = ticket(&mut tx, &mut asked.fields, company).await?;
    asked.fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let lines = chats::received(&mut tx, &found.id).await?;
    let mut authors: Vec<&str> = lines.iter().filter_map(|line| line.message.author_id.as_deref()).collect();
    authors.sort_unstable();
    authors.dedup();
    let numbers = customers::numbers(&mut tx, company, &authors).await?.into_iter().collect();
    let mensajes = lines.into_iter().map(|line| Mensaje::of(&api, line, &numbers)).collect();
    Ok(Answer::ok("ok").with(Recibidos { tick_id: found.number, mensajes }))
}

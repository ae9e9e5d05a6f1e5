//! MS "Omnicanalidad › Tickets Relacionados All".

use std::collections::HashSet;

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::super::{listas::Ticket, mensajes::ticket};
use crate::{
    desk::linking,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The ticket's number or id.
    #[param(example = "188")]
    tick_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRelacionado)]
pub(super) struct Relacionado {
    #[serde(flatten)]
    ticket: Ticket,
    /// Whether somebody linked them.
    tick_vinculado: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsRelacionados)]
pub(super) struct Relacionados {
    tick_id: i64,
    tickets: Vec<Relacionado>,
}

/// The tickets that go with one, newest first, at most 1,000: its customer's over all channels, and those that it is
/// linked with.
#[utoipa::path(
    get, path = "/api/mundosocial/omnicanalidad/relacionados", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_relacionados",
    params(Query),
    responses((status = 200, body = Relacionados))
)]
pub(super) async fn relacionados(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let mut tx = api.0.db.read().await?;
    let found = ticket(&mut tx, &mut asked.fields, company).await?;
    asked.fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let (rows, linked) = linking::related(&mut tx, &found).await?;
    let (linked, now): (HashSet<String>, _) = (linked.into_iter().collect(), api.0.clock.now());
    let relacionado = |row: crate::store::lists::Listed| Relacionado {
        tick_vinculado: linked.contains(&row.id),
        ticket: Ticket::of(row, now),
    };
    let tickets = rows.into_iter().map(relacionado).collect();
    Ok(Answer::ok("ok").with(Relacionados { tick_id: found.number, tickets }))
}

//! MS "Omnicanalidad › Tickets Abiertos de una Cuenta de Cliente".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{super::canales, super::listas::Ticket, customer};
use crate::{
    desk::linking::MOST,
    http::{
        Api,
        ap::{Answer, Asked, Error},
    },
    store::lists,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The customer's number, or the contact's id.
    #[param(example = "75")]
    clie_id: String,
    /// Only on channels of this kind: its number or name.
    cana_id: Option<String>,
    /// Only on this channel.
    cuen_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsAbiertos)]
pub(super) struct Abiertos {
    clie_id: i64,
    tickets: Vec<Ticket>,
}

/// A customer's tickets that are open or in progress, newest first, at most 1,000.
#[utoipa::path(
    get, path = "/api/mundosocial/omnicanalidad/abiertos", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_abiertos",
    params(Query),
    responses((status = 200, body = Abiertos))
)]
pub(super) async fn abiertos(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let kind = canales::read(&mut asked.fields).unwrap_or_default();
    let channel = asked.fields.int_within("cuen_id", 1, i64::MAX).unwrap_or_default();
    let mut tx = api.0.db.read().await?;
    let found = customer(&mut tx, &mut asked.fields, company).await?;
    let rows = lists::unsettled(&mut tx, company, &found.id, kind, channel, MOST).await?;
    let now = api.0.clock.now();
    let tickets = rows.into_iter().map(|row| Ticket::of(row, now)).collect();
    Ok(Answer::ok("ok").with(Abiertos { clie_id: found.number, tickets }))
}

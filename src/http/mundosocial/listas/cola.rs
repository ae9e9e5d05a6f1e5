//! MS "Listar Tickets › Cola Tickets".

use axum::extract::State;
use utoipa::IntoParams;

use super::{super::agente, number, page, view::Tickets};
use crate::{
    desk::lists,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::lists::Queue,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// A group.
    grup_id: Option<i64>,
    /// A channel.
    cuen_id: Option<i64>,
    /// Only what waits in the active groups of this agent.
    mail: Option<String>,
    /// The same by number.
    usua_id: Option<i64>,
    /// Rows of a page, at most 100; 50 unless said otherwise.
    cantidad: Option<i64>,
    /// The `siguiente` of the page before.
    siguiente: Option<String>,
}

/// What waits for an agent, in the order in which it is given out: the highest priority, then the longest waiting.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket/cola", tag = "mundosocial", operation_id = "ms_ticket_cola",
    params(Query),
    responses((status = 200, body = Tickets))
)]
pub(super) async fn cola(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let wanted = page(fields);
    let (group, channel) = (number(fields, "grup_id"), number(fields, "cuen_id"));
    let mut tx = api.0.db.read().await?;
    let agent = match agente::names(fields) {
        true => agente::acting(&mut tx, fields, &asked.caller, company).await?.id,
        false => 0,
    };
    fields.check(INVALID)?;
    let page = lists::queue(&mut tx, Queue { company, group, agent, channel, after: None }, &wanted).await?;
    Ok(Answer::ok("ok").with(Tickets::of(page, api.0.clock.now())))
}

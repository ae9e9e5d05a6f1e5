//! MS "Listar Tickets › Mis Tickets en Proceso" and "› Mis Tickets Cerrados".

use axum::extract::State;
use utoipa::IntoParams;

use super::{super::agente::acting, page, view::Tickets};
use crate::{
    desk::lists,
    http::{
        Api,
        ap::{Answer, Asked, Error},
    },
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// Whose; an agent who is logged in sees its own, and may leave it out.
    #[param(example = "daniel.bustos@prueba.com")]
    mail: Option<String>,
    /// The same by number.
    usua_id: Option<i64>,
    /// Rows of a page, at most 100; 50 unless said otherwise.
    cantidad: Option<i64>,
    /// The `siguiente` of the page before.
    siguiente: Option<String>,
}

/// What an agent has in hand, newest first.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket/misproceso", tag = "mundosocial", operation_id = "ms_ticket_misproceso",
    params(Query),
    responses((status = 200, body = Tickets))
)]
pub(super) async fn misproceso(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let wanted = page(&mut asked.fields);
    let mut tx = api.0.db.read().await?;
    let agent = acting(&mut tx, &mut asked.fields, &asked.caller, company).await?;
    let page = lists::in_hand(&mut tx, company, agent.id, &wanted).await?;
    Ok(Answer::ok("ok").with(Tickets::of(page, api.0.clock.now())))
}

/// An agent's closed tickets, the latest first: those that it had in hand, whoever closed them, and those that it closed
/// while nobody had them.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket/miscerrados", tag = "mundosocial", operation_id = "ms_ticket_miscerrados",
    params(Query),
    responses((status = 200, body = Tickets))
)]
pub(super) async fn miscerrados(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let wanted = page(&mut asked.fields);
    let mut tx = api.0.db.read().await?;
    let agent = acting(&mut tx, &mut asked.fields, &asked.caller, company).await?;
    let page = lists::closed_of(&mut tx, company, agent.id, &wanted).await?;
    Ok(Answer::ok("ok").with(Tickets::of(page, api.0.clock.now())))
}

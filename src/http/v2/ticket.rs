//! One ticket (PC "Detalle de un ticket", "Mensajes de un ticket", "Obtener ticket interno desde el id visible por
//! ejecutivos").

use axum::{Json, extract::State};

use super::view::{MessagesList, TicketDetail, TicketId};
use crate::{
    desk,
    http::{
        Api,
        access::Company,
        error::{Error, ErrorBody},
        extract::Segment,
    },
    store::tickets,
};

const MISSING: Error = Error::NotFound("Ticket not found");

/// A ticket by its id.
#[utoipa::path(
    get, path = "/v2/ticket/{ticket_id}/", tag = "tickets",
    params(("ticket_id" = String, Path, description = "The ticket's internal id.")),
    responses(
        (status = 200, body = TicketDetail),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: there is none of this id, or it belongs to another company."),
    )
)]
pub(super) async fn detail(
    State(api): State<Api>,
    Company(company): Company,
    Segment(id): Segment,
) -> Result<Json<TicketDetail>, Error> {
    let mut tx = api.0.db.read().await?;
    let ticket = tickets::find(&mut tx, company, &id).await?.ok_or(MISSING)?;
    let owners = desk::tickets::owners(&mut tx, std::slice::from_ref(&ticket)).await?;
    Ok(Json(TicketDetail::of(ticket, &owners)))
}

/// A ticket's messages, newest first, at most 10,000.
#[utoipa::path(
    get, path = "/v2/ticket/{ticket_id}/messages/", tag = "tickets",
    params(("ticket_id" = String, Path, description = "The ticket's internal id.")),
    responses(
        (status = 200, body = MessagesList),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: there is none of this id, or it belongs to another company."),
    )
)]
pub(super) async fn messages(
    State(api): State<Api>,
    Company(company): Company,
    Segment(id): Segment,
) -> Result<Json<MessagesList>, Error> {
    let messages = desk::tickets::messages(&mut api.0.db.read().await?, company, &id).await?.ok_or(MISSING)?;
    Ok(Json(MessagesList::of(&api, messages)))
}

/// The internal id of the ticket with the number that agents see.
#[utoipa::path(
    get, path = "/v2/ticket/{agent_ticket_id}/by_agent_id/", tag = "tickets",
    params(("agent_ticket_id" = String, Path, description = "The number that agents see: digits only.")),
    responses(
        (status = 200, body = TicketId),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: no ticket of the company has this number."),
    )
)]
pub(super) async fn by_agent_id(
    State(api): State<Api>,
    Company(company): Company,
    Segment(number): Segment,
) -> Result<Json<TicketId>, Error> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| number.parse().ok()).flatten().ok_or(MISSING)?;
    let ticket = tickets::find_by_number(&mut api.0.db.read().await?, company, number).await?;
    Ok(Json(ticket.ok_or(MISSING)?.into()))
}

/// The same as GET; a body is ignored.
#[utoipa::path(
    post, path = "/v2/ticket/{agent_ticket_id}/by_agent_id/", tag = "tickets",
    params(("agent_ticket_id" = String, Path, description = "The number that agents see: digits only.")),
    responses(
        (status = 200, body = TicketId),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: no ticket of the company has this number."),
    )
)]
pub(super) async fn by_agent_id_post(
    api: State<Api>,
    company: Company,
    number: Segment,
) -> Result<Json<TicketId>, Error> {
    by_agent_id(api, company, number).await
}

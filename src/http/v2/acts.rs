//! What is done to a ticket (PC "Cerrar ticket", "Reasignar ticket", "Obtener un ejecutivo disponible").

use axum::{
    Extension, Json,
    extract::{Request, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::routing::{self, RoutingError},
    http::{
        Api,
        access::{Caller, Company},
        error::{Error, ErrorBody},
        extract::Segment,
    },
    store::Tx,
};

const MISSING: Error = Error::NotFound("Ticket not found");

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    #[schema(examples(200))]
    status: u16,
    #[schema(examples("Ok"))]
    message: &'static str,
}

const DONE: Done = Done { status: 200, message: "Ok" };

impl From<RoutingError> for Error {
    fn from(error: RoutingError) -> Self {
        match error {
            RoutingError::NoTicket => MISSING,
            RoutingError::NotYours => Self::Forbidden("Another agent has this ticket"),
            RoutingError::Closed => Self::Conflict("The ticket is closed"),
            RoutingError::Store(error) => error.into(),
            other => Self::Bad(other.to_string()),
        }
    }
}

/// Closes a ticket; one that is closed stays as it was. Its agent gets the next ticket that waits for him.
#[utoipa::path(
    post, path = "/v2/ticket/{ticket_id}/close/", tag = "tickets",
    params(("ticket_id" = String, Path, description = "The ticket's internal id.")),
    responses(
        (status = 200, body = Done),
        (status = 403, body = ErrorBody, description = "`Another agent has this ticket`: an agent closes only what is his."),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: there is none of this id, or it belongs to another company."),
    )
)]
pub(super) async fn close(
    State(api): State<Api>,
    Company(company): Company,
    Extension(caller): Extension<Caller>,
    Segment(id): Segment,
    _: Request,
) -> Result<Json<Done>, Error> {
    act(&api, company, caller, &id, Act::Close).await
}

/// Takes a ticket from its owner, or its bot, and routes it to anybody else.
#[utoipa::path(
    post, path = "/v2/ticket/{ticket_id}/reassign/", tag = "tickets",
    params(("ticket_id" = String, Path, description = "The ticket's internal id.")),
    responses(
        (status = 200, body = Done),
        (status = 403, body = ErrorBody, description = "`Another agent has this ticket`: an agent gives away only what is his."),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: there is none of this id, or it belongs to another company."),
        (status = 409, body = ErrorBody, description = "`The ticket is closed`."),
    )
)]
pub(super) async fn reassign(
    State(api): State<Api>,
    Company(company): Company,
    Extension(caller): Extension<Caller>,
    Segment(id): Segment,
    _: Request,
) -> Result<Json<Done>, Error> {
    act(&api, company, caller, &id, Act::Reassign).await
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Close,
    Reassign,
}

async fn act(api: &Api, company: i64, caller: Caller, id: &str, act: Act) -> Result<Json<Done>, Error> {
    // The number that agents see is no id of this family.
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MISSING);
    }
    let work = async |tx: &mut Tx| {
        routing::hold_in_hand(tx, company, id, caller.hand()).await?;
        Ok::<_, Error>(match act {
            Act::Close => routing::close(tx, &api.0.clock, company, id, None, caller.user).await?.1,
            Act::Reassign => routing::reassign(tx, &api.0.clock, company, id).await?,
        })
    };
    if api.0.db.transact(work).await?.jobs > 0 {
        api.0.bell.ring();
    }
    Ok(Json(DONE))
}

/// Who would get a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Assignation {
    /// The agent's id; null if nobody would.
    #[schema(required, examples(27))]
    cm: Option<i64>,
    /// Why he, or why nobody.
    #[schema(examples("Assigned because of workload: fewest tickets in hand"))]
    reason: String,
}

/// Who would get a ticket (PC "AssignationResponse").
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AssignationResponse {
    #[schema(examples(200))]
    status: u16,
    assignation: Assignation,
}

/// Who would get the ticket if it were given out now; whoever has it is left out. Nothing is changed.
#[utoipa::path(
    get, path = "/v2/ticket/{ticket_id}/get_possible_agent/", tag = "tickets",
    params(("ticket_id" = String, Path, description = "The ticket's internal id.")),
    responses(
        (status = 200, body = AssignationResponse),
        (status = 404, body = ErrorBody, description = "`Ticket not found`: there is none of this id, or it belongs to another company."),
    )
)]
pub(super) async fn possible(
    State(api): State<Api>,
    Company(company): Company,
    Segment(id): Segment,
) -> Result<Json<AssignationResponse>, Error> {
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MISSING);
    }
    let possible = routing::possible(&mut api.0.db.read().await?, &api.0.clock, company, &id).await?;
    let assignation = Assignation { cm: possible.agent, reason: possible.reason };
    Ok(Json(AssignationResponse { status: 200, assignation }))
}

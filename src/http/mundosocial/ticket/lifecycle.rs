//! How a ticket ends and begins again.

use axum::extract::State;
use utoipa::ToSchema;

use super::{
    super::{
        acting::{Act, act},
        agente,
    },
    view::ConTicket,
};
use crate::{
    desk::routing::{self, Routed, RoutingError},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = MsCerrarRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Closing {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
    /// `abandono_chat`, `solo_informacion`, `desiste`, `no_contesta`, `compra_futura`, or another of up to 100 characters.
    #[schema(examples("solo_informacion"))]
    motivo: Option<String>,
    /// Who closes it.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
}

/// Closes a ticket; one that is closed stays as it was. Its agent gets the next one that waits for him.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/cerrar", tag = "mundosocial", operation_id = "ms_ticket_cerrar",
    request_body = Closing,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn close(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    run(api, asked, Step::Close).await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsTicketRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct One {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
}

/// Decides that a ticket needs no answer: it waits for nobody, and what its customer writes still goes to it.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/ignorar", tag = "mundosocial", operation_id = "ms_ticket_ignorar",
    request_body = One,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn ignore(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    run(api, asked, Step::Ignore).await
}

/// Opens a closed or ignored ticket again and routes it; where its group gives tickets out, to its agent first. Refused
/// while the conversation has another ticket that is not closed.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/reabrir", tag = "mundosocial", operation_id = "ms_ticket_reabrir",
    request_body = One,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn reopen(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    run(api, asked, Step::Reopen).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Close,
    Ignore,
    Reopen,
}

async fn run(api: Api, mut asked: Asked, step: Step) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let fields = &mut asked.fields;
    let ticket = fields.need_text("tick_id");
    let reason = fields.text("motivo");
    let by = agente::named(&mut api.0.db.read().await?, fields, &caller, company).await?;
    fields.check(INVALID)?;
    act(&api, &asked, &Ending { company, hand: caller.hand(), by, ticket, reason, step }).await
}

struct Ending {
    company: i64,
    hand: Option<i64>,
    by: Option<i64>,
    ticket: String,
    reason: Option<String>,
    step: Step,
}

impl Act for Ending {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        let Self { company, hand, by, ticket, reason, step } = self;
        let (clock, id) = (&api.0.clock, routing::hold_in_hand(tx, *company, ticket, *hand).await?.id);
        let (ticket, done) = match step {
            Step::Close => routing::close(tx, clock, *company, &id, reason.as_deref(), *by).await?,
            Step::Ignore => routing::ignore(tx, clock, *company, &id).await?,
            Step::Reopen => routing::reopen(tx, clock, *company, &id).await?,
        };
        Ok((Answer::ok("ok").with(ConTicket::from(ticket)), done))
    }
}

//! MS "Cambiar Grupo", and giving a ticket to somebody else.

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
    store::{Tx, tickets},
};

#[derive(Debug, ToSchema)]
#[schema(as = MsCambiarGrupoRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct ToGroup {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
    #[schema(examples(2))]
    grup_id: i64,
    /// Who moves it.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
}

/// Moves a ticket to another group and routes it there: to its owner if he serves that group too, to whoever has room if
/// the group gives tickets out, else into its queue. It is also how a bot hands over.
#[utoipa::path(
    post, path = "/api/mundosocial/cambiargrupo", tag = "mundosocial", operation_id = "ms_cambiargrupo",
    request_body = ToGroup,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn move_to_group(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let fields = &mut asked.fields;
    let (ticket, group) = (fields.need_text("tick_id"), fields.need_int("grup_id"));
    agente::named(&mut api.0.db.read().await?, fields, &caller, company).await?;
    fields.check(INVALID)?;
    act(&api, &asked, &Moving { company, hand: caller.hand(), ticket, group: Some(group) }).await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsReasignarRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Again {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
    /// Who does it.
    mail: Option<String>,
}

/// Takes a ticket from its owner and routes it to anybody else. While it waits it does not go back to him by itself.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/reasignar", tag = "mundosocial", operation_id = "ms_ticket_reasignar",
    request_body = Again,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn reassign(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let ticket = asked.fields.need_text("tick_id");
    agente::named(&mut api.0.db.read().await?, &mut asked.fields, &caller, company).await?;
    asked.fields.check(INVALID)?;
    act(&api, &asked, &Moving { company, hand: caller.hand(), ticket, group: None }).await
}

struct Moving {
    company: i64,
    hand: Option<i64>,
    ticket: String,
    group: Option<i64>,
}

impl Act for Moving {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        let Self { company, hand, ticket, group } = self;
        let id = routing::hold_in_hand(tx, *company, ticket, *hand).await?.id;
        let done = match group {
            Some(group) => routing::move_to_group(tx, &api.0.clock, *company, &id, *group).await?.1,
            None => routing::reassign(tx, &api.0.clock, *company, &id).await?,
        };
        let ticket = tickets::find(tx, *company, &id).await?.ok_or(RoutingError::NoTicket)?;
        Ok((Answer::ok("ok").with(ConTicket::from(ticket)), done))
    }
}

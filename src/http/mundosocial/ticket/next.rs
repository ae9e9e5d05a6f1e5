//! MS "Buscar Siguiente Ticket".

use axum::extract::State;
use utoipa::ToSchema;

use super::{
    super::{
        acting::{Act, act, brief, short},
        agente,
    },
    view::ConTicket,
};
use crate::{
    desk::routing::{self, Routed, RoutingError},
    http::{
        Api,
        ap::{Answer, Asked, Error},
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = MsSiguienteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// Who asks; a logged-in person who names nobody asks for himself.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
}

/// Gives the agent the next ticket of his groups: the highest priority, then the longest waiting. No two agents get the
/// same one. Where nothing waits, `mensaje` says so and `ticket` is `null`.
#[utoipa::path(
    post, path = "/api/mundosocial/siguienteticket", tag = "mundosocial", operation_id = "ms_siguienteticket",
    request_body = Body,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn next(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let user = agente::acting(&mut api.0.db.read().await?, &mut asked.fields, &caller, company).await;
    let user = user.map_err(short)?.id;
    act(&api, &asked, &Pulling { company, user }).await
}

struct Pulling {
    company: i64,
    user: i64,
}

impl Act for Pulling {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        match routing::next(tx, &api.0.clock, self.company, self.user).await {
            Ok((ticket, done)) => Ok((Answer::ok("ok").with(ConTicket::from(ticket)), done)),
            Err(error @ RoutingError::NothingWaits) => {
                let nothing = serde_json::json!({"mensaje": error.to_string(), "ticket": null});
                Ok((Answer::ok("ok").with(nothing), Routed::default()))
            }
            Err(error) => Err(error),
        }
    }

    fn refusal(&self, error: RoutingError) -> Error {
        brief(error)
    }
}

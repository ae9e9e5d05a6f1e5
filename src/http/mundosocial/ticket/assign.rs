//! MS "Asignar Usuario a Ticket" and "Autoasignación": one path.

use axum::extract::State;
use utoipa::ToSchema;

use super::{
    super::{
        acting::{Act, act, refusal, short},
        agente,
    },
    view::ConTicket,
};
use crate::{
    desk::routing::{self, Routed, RoutingError},
    http::{
        Api,
        ap::{
            Answer, Asked, Error,
            sending::{INVALID, invalid},
        },
    },
    store::Tx,
};

/// What the seed says before what is wrong.
const ASSIGNING: &str = "Problemas para validar";
const TAKING: &str = "Error al autoasignar:";

#[derive(Debug, ToSchema)]
#[schema(as = MsAsignarRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
    /// Who gets it. Not with `auto`.
    #[schema(examples(2))]
    usua_id: Option<i64>,
    /// `S`: the agent whom `mail` names takes it.
    #[schema(examples("S"))]
    auto: Option<String>,
    /// With `auto`: who takes it.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
}

/// Gives a ticket to an agent: to `usua_id`, or, with `auto`, to whoever asks, if the ticket's group allows it and nobody
/// has it. The agent must be online, below capacity and a member of the ticket's group. An agent's own token assigns to
/// himself only, and always as with `auto`.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/asignausuario", tag = "mundosocial", operation_id = "ms_ticket_asignausuario",
    request_body = Body,
    responses((status = 200, body = ConTicket))
)]
pub(super) async fn assign(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let fields = &mut asked.fields;
    let auto = fields.flag("auto").unwrap_or(false);
    let ticket = fields.need_text("tick_id");
    let user = match auto {
        true => agente::acting(&mut api.0.db.read().await?, fields, &caller, company).await?.id,
        false => fields.need_int("usua_id"),
    };
    fields.check(INVALID).map_err(|error| if auto { error } else { assigning(error) })?;
    if caller.hand().is_some_and(|agent| agent != user) {
        return Err(Error::Denied("Un ejecutivo solo puede actuar como sí mismo."));
    }
    act(&api, &asked, &Assigning { company, ticket, user, auto: auto || caller.hand().is_some() }).await
}

fn assigning(error: Error) -> Error {
    match short(error) {
        Error::Brief(text) => Error::Brief(format!("{ASSIGNING}: {text}")),
        error => error,
    }
}

struct Assigning {
    company: i64,
    ticket: String,
    user: i64,
    /// The agent takes it himself.
    auto: bool,
}

impl Act for Assigning {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        let Self { company, ticket, user, auto } = self;
        let (ticket, done) = match auto {
            true => routing::self_assign(tx, &api.0.clock, *company, ticket, *user).await?,
            false => routing::assign(tx, &api.0.clock, *company, ticket, *user).await?,
        };
        Ok((Answer::ok("ok").with(ConTicket::from(ticket)), done))
    }

    fn refusal(&self, error: RoutingError) -> Error {
        if !self.auto {
            return assigning(refusal(error));
        }
        let text = error.to_string();
        match refusal(error) {
            Error::Invalid(INVALID, problems) if !text.starts_with(TAKING) => {
                let complaints: Vec<String> = problems.into_values().flatten().collect();
                invalid("tick_id", format!("{TAKING}{}", complaints.join(" ")))
            }
            error => error,
        }
    }
}

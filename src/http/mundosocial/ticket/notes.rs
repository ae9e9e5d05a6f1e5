//! Notes on a ticket, for our side only.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::super::{
    acting::{Act, act, refusal},
    agente,
};
use crate::{
    desk::routing::{self, Routed, RoutingError},
    http::{
        Api,
        ap::{Answer, Asked, Error, moment, required, sending::INVALID},
    },
    store::{Tx, notes},
};

/// Notes that a list shows at most.
const LIST: i64 = 10_000;

#[derive(Debug, ToSchema)]
#[schema(as = MsNotaRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The ticket's number or id.
    #[schema(examples(561))]
    tick_id: i64,
    /// Up to 10,000 characters.
    #[schema(examples("Pidió que lo llamen el lunes."))]
    nota: String,
    /// Who writes it.
    mail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsNotaCreada)]
pub(super) struct Added {
    tick_id: i64,
    nota_id: String,
}

/// Notes something on a ticket. The customer never sees it.
#[utoipa::path(
    post, path = "/api/mundosocial/ticket/nota", tag = "mundosocial", operation_id = "ms_ticket_nota",
    request_body = Body,
    responses((status = 200, body = Added))
)]
pub(super) async fn add(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let caller = asked.caller;
    let fields = &mut asked.fields;
    let ticket = fields.need_text("tick_id");
    let text = fields.verbatim("nota");
    if text.is_none() && fields.is_fine("nota") {
        fields.missing("nota", &required("nota"));
    }
    let user = agente::named(&mut api.0.db.read().await?, fields, &caller, company).await?;
    fields.check(INVALID)?;
    let client = Some(caller.client_id).filter(|client| *client != 0);
    act(
        &api,
        &asked,
        &Noting { company, hand: caller.hand(), ticket, text: text.unwrap_or_default(), by: (user, client) },
    )
    .await
}

struct Noting {
    company: i64,
    hand: Option<i64>,
    ticket: String,
    text: String,
    by: (Option<i64>, Option<i64>),
}

impl Act for Noting {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<(Answer, Routed), RoutingError> {
        let id = routing::hold_in_hand(tx, self.company, &self.ticket, self.hand).await?.id;
        let (nota_id, ticket, done) = routing::note(tx, &api.0.clock, self.company, &id, self.by, &self.text).await?;
        Ok((Answer::ok("ok").with(Added { tick_id: ticket.number, nota_id }), done))
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The ticket's number or id.
    #[param(example = "1")]
    tick_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsNota)]
struct Nota {
    nota_id: String,
    nota_texto: String,
    nota_fecha: String,
    /// The person who wrote it, if it was one.
    usua_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsNotas)]
pub(super) struct Notas {
    tick_id: i64,
    notas: Vec<Nota>,
}

/// A ticket's notes, oldest first, at most 10,000.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket/notas", tag = "mundosocial", operation_id = "ms_ticket_notas",
    params(Query),
    responses((status = 200, body = Notas))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let ticket = asked.fields.need_text("tick_id");
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let ticket = routing::find(&mut tx, company, &ticket).await.map_err(refusal)?;
    let rows = notes::of_ticket(&mut tx, &ticket.id, LIST).await?;
    let notas = rows.into_iter().map(|note| Nota {
        nota_id: note.id,
        nota_texto: note.text,
        nota_fecha: moment(note.at),
        usua_id: note.user_id,
    });
    Ok(Answer::ok("ok").with(Notas { tick_id: ticket.number, notas: notas.collect() }))
}

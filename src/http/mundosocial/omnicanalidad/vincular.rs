//! MS "Omnicanalidad › Vincular Ticket" and "› Vincular Todos".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{acting::refusal, agente, mensajes::ticket};
use crate::{
    desk::{chats, linking, routing},
    http::{
        Api,
        ap::{
            Answer, Asked, Error, Fields,
            sending::{INVALID, invalid},
        },
        idempotency::once,
    },
    store::{Tx, tickets::Ticket},
};

#[derive(Debug, ToSchema)]
#[schema(as = MsVincularRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The ticket's number or id.
    #[schema(examples(188))]
    tick_id: i64,
    /// The number or id of the ticket that it goes with.
    #[schema(examples(187))]
    tick_id_vinculado: i64,
    /// Who does it.
    mail: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = MsVincularTodosRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct AllBody {
    /// The ticket's number or id.
    #[schema(examples(188))]
    tick_id: i64,
    /// Who does it.
    mail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsVinculado)]
pub(super) struct Vinculado {
    tick_id: i64,
    /// Tickets that it goes with, of those that were named.
    relacionados: usize,
    /// How many of them were not linked with it before.
    vinculados: u64,
}

/// Links two tickets; if they are linked it changes nothing. An agent's own token links from a ticket that is his, or waits
/// in his groups.
#[utoipa::path(
    post, path = "/api/mundosocial/omnicanalidad/vincular", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_vincular",
    request_body = Body,
    responses((status = 200, body = Vinculado))
)]
pub(super) async fn vincular(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let mut tx = api.0.db.read().await?;
    let found = ticket(&mut tx, fields, company).await?;
    let other = other(&mut tx, fields, company).await?;
    let user = agente::named(&mut tx, fields, &asked.caller, company).await?;
    drop(tx);
    fields.check(INVALID)?;
    let (Some(found), Some(other)) = (found, other) else { return Err(Error::Invalid(INVALID, Default::default())) };
    if found.id == other.id {
        return Err(invalid("tick_id_vinculado", "Un ticket no se puede vincular consigo mismo."));
    }
    let hand = asked.caller.hand();
    once(&api, &asked, async |tx| {
        let found = routing::hold_in_hand(tx, company, &found.id, hand).await.map_err(refusal)?;
        let vinculados = linking::link(tx, &api.0.clock, &found, &[(&other.id, other.number)], user).await?;
        Ok(Answer::ok("ok").with(Vinculado { tick_id: found.number, relacionados: 1, vinculados }))
    })
    .await
}

async fn other(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Option<Ticket>, Error> {
    let named = fields.need_text("tick_id_vinculado");
    let found = chats::ticket(tx, company, &named).await?;
    if found.is_none() && !named.is_empty() {
        fields.complain("tick_id_vinculado", "El tick_id_vinculado no se encuentra registrado.");
    }
    Ok(found)
}

/// Links a ticket with all that go with it: `omnicanalidad/relacionados` lists them. An agent's own token does so with what
/// is his, or waits in his groups.
#[utoipa::path(
    post, path = "/api/mundosocial/omnicanalidad/vinculartodos", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_vinculartodos",
    request_body = AllBody,
    responses((status = 200, body = Vinculado))
)]
pub(super) async fn vinculartodos(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let mut tx = api.0.db.read().await?;
    let found = ticket(&mut tx, fields, company).await?;
    let user = agente::named(&mut tx, fields, &asked.caller, company).await?;
    drop(tx);
    fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let hand = asked.caller.hand();
    once(&api, &asked, async |tx| {
        let found = routing::hold_in_hand(tx, company, &found.id, hand).await.map_err(refusal)?;
        let (relacionados, vinculados) = linking::link_all(tx, &api.0.clock, &found, user).await?;
        Ok(Answer::ok("ok").with(Vinculado { tick_id: found.number, relacionados, vinculados }))
    })
    .await
}

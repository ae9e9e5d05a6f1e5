//! Why a ticket went where it is (P10).

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::super::acting::refusal;
use crate::{
    desk::routing,
    http::{
        Api,
        ap::{Answer, Asked, Error, moment, sending::INVALID},
    },
    store,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The ticket's number or id.
    #[param(example = "1")]
    tick_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDecision)]
struct Decision {
    fecha: String,
    /// `opened`, `begun`, `reopened`, `presence`, `slot`, `sweep`, `group`, `reassigned`, `agent_gone`, `bot_timeout`, `bot_failed`,
    /// `assigned`, `self_assigned` or `pulled`.
    causa: String,
    /// `assigned`, `queued`, `bot` or `ungrouped`.
    resultado: String,
    grup_id: Option<i64>,
    usua_id: Option<i64>,
    /// Its steps (`pasos`: `paso`, `texto`), who was considered (`considerados`: `usua_id`, `nombre`, `carga` (null of who is
    /// not online), `capacidad`,
    /// `veredicto`, `motivo`; at most 30, the chosen one first) and how many more were (`otros`).
    explicacion: Value,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDecisiones)]
pub(super) struct Decisiones {
    tick_id: i64,
    decisiones: Vec<Decision>,
}

/// Every decision about a ticket, oldest first: its cause, what was decided, and why; who was considered, and why each was
/// passed over.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket/asignacion", tag = "mundosocial", operation_id = "ms_ticket_asignacion",
    params(Query),
    responses((status = 200, body = Decisiones))
)]
pub(super) async fn explain(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let ticket = asked.fields.need_text("tick_id");
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let ticket = routing::find(&mut tx, company, &ticket).await.map_err(refusal)?;
    let rows = store::routing::of_ticket(&mut tx, &ticket.id).await?;
    let decisiones = rows.into_iter().map(|row| Decision {
        fecha: moment(row.at),
        causa: row.cause,
        resultado: row.outcome,
        grup_id: row.group_id,
        usua_id: row.agent_id,
        explicacion: serde_json::from_str(&row.explanation).unwrap_or_default(),
    });
    Ok(Answer::ok("ok").with(Decisiones { tick_id: ticket.number, decisiones: decisiones.collect() }))
}

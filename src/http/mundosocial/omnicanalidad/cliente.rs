//! MS "Omnicanalidad › Canales de un Cliente".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{super::canales, customer};
use crate::{
    desk::linking::MOST,
    http::{
        Api,
        ap::{Answer, Asked, Error, moment},
    },
    store::{contacts::IdentityRow, customers},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The customer's number, or the contact's id.
    #[param(example = "75")]
    clie_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanalDeCliente)]
pub(super) struct CanalDeCliente {
    /// The channel kind's number.
    cana_id: i64,
    cana_nombre: &'static str,
    #[schema(examples("whatsapp:+56900000001"))]
    cacl_identificador: String,
}

impl From<IdentityRow> for CanalDeCliente {
    fn from(row: IdentityRow) -> Self {
        let kind = canales::kind_of(&row.scheme);
        Self {
            cana_id: canales::number(kind),
            cana_nombre: kind,
            cacl_identificador: canales::identifier(&row.scheme, &row.value),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsConversacionDeCliente)]
pub(super) struct Conversacion {
    conv_id: String,
    cana_id: i64,
    cuen_id: i64,
    cuen_nombre: String,
    /// The number of its latest ticket.
    tick_id: Option<i64>,
    /// `open`, `inProgress`, `closed` or `ignored`.
    tick_estado: Option<String>,
    /// When the customer wrote last.
    conv_fecha: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanalesDeCliente)]
pub(super) struct CanalesDeCliente {
    clie_id: i64,
    canales: Vec<CanalDeCliente>,
    /// The latest first, at most 1,000.
    conversaciones: Vec<Conversacion>,
}

/// Where a customer can be reached, and the conversations there.
#[utoipa::path(
    get, path = "/api/mundosocial/omnicanalidad/cliente", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_cliente",
    params(Query),
    responses((status = 200, body = CanalesDeCliente))
)]
pub(super) async fn cliente(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let mut tx = api.0.db.read().await?;
    let found = customer(&mut tx, &mut asked.fields, company).await?;
    let identities = customers::identities(&mut tx, &found.id).await?;
    let threads = customers::threads(&mut tx, &found.id, MOST).await?;
    let conversacion = |thread: customers::Thread| Conversacion {
        conv_id: thread.id,
        cana_id: canales::number(&thread.kind),
        cuen_id: thread.channel_id,
        cuen_nombre: thread.channel_name,
        tick_id: thread.number,
        tick_estado: thread.state,
        conv_fecha: thread.last_inbound_at.map(moment),
    };
    Ok(Answer::ok("ok").with(CanalesDeCliente {
        clie_id: found.number,
        canales: identities.into_iter().map(CanalDeCliente::from).collect(),
        conversaciones: threads.into_iter().map(conversacion).collect(),
    }))
}

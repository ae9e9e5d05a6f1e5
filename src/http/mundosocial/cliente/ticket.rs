//! MS "Clientes › ClienteTicket".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::super::{canales, mensajes};
use crate::{
    desk::customers,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The ticket's number or id.
    #[param(example = "188")]
    tick_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsClienteDeTicket)]
pub(super) struct ClienteTicket {
    clie_nombre: String,
    clie_apellido1: String,
    /// The channel kind's number.
    #[schema(examples(1))]
    cana_id_canales: i64,
    /// `null` if the customer has no address on channels of this kind.
    #[schema(required, examples("whatsapp:+56900000001"))]
    cacl_identificador: Option<String>,
    #[schema(examples(28))]
    clie_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsTicketCliente)]
pub(super) struct DeTicket {
    /// `null` while nobody knows who wrote.
    #[schema(required)]
    cliente: Option<ClienteTicket>,
}

/// Whose ticket it is, and under which address the customer wrote.
#[utoipa::path(
    get, path = "/api/mundosocial/cliente/cliente", tag = "mundosocial", operation_id = "ms_cliente_ticket",
    params(Query),
    responses((status = 200, body = DeTicket))
)]
pub(super) async fn ticket(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let mut tx = api.0.db.read().await?;
    let found = mensajes::ticket(&mut tx, &mut asked.fields, company).await?;
    asked.fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let cliente = customers::of_ticket(&mut tx, &found, &canales::schemes(&found.kind)).await?;
    let cliente = cliente.map(|(customer, address)| {
        let (clie_nombre, clie_apellido1) = customers::names(&customer);
        ClienteTicket {
            clie_nombre,
            clie_apellido1,
            cana_id_canales: canales::number(&found.kind),
            cacl_identificador: address.map(|address| canales::identifier(&address.scheme, &address.value)),
            clie_id: customer.number,
        }
    });
    Ok(Answer::ok("").with(DeTicket { cliente }))
}

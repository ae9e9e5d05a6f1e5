//! MS "Listar Usuarios": whom a ticket can be given to.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::super::acting::refusal;
use crate::{
    desk::{presence, routing},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// Only members of this ticket's group: its number or id.
    tick_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDireccion)]
struct Direccion {
    usua_id: i64,
    usua_nombre: String,
    usua_mail: String,
    /// The connection state.
    esta_id: i64,
    esta_descripcion: String,
    /// Tickets in hand.
    usua_carga: i64,
    usua_capacidad: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDirecciones)]
pub(super) struct Direcciones {
    direcciones: Vec<Direccion>,
}

/// The people whom a ticket can be given to, by name, with their connection state and what they have in hand.
#[utoipa::path(
    get, path = "/api/mundosocial/direcciones", tag = "mundosocial", operation_id = "ms_direcciones",
    params(Query),
    responses((status = 200, body = Direcciones))
)]
pub(super) async fn people(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let ticket = asked.fields.text("tick_id");
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let members = match ticket {
        None => None,
        Some(ticket) => {
            let ticket = routing::find(&mut tx, company, &ticket).await.map_err(refusal)?;
            match ticket.group_id {
                Some(group) => Some(store::routing::members(&mut tx, &[group]).await?),
                None => None,
            }
        }
    };
    let people = presence::now(&mut tx, company).await?.into_iter();
    let people = people.filter(|one| members.as_ref().is_none_or(|all| all.iter().any(|it| it.id == one.id)));
    let direcciones = people.map(|one| Direccion {
        usua_id: one.id,
        usua_nombre: one.name,
        usua_mail: one.email,
        esta_id: one.presence_id,
        esta_descripcion: one.presence,
        usua_carga: one.load,
        usua_capacidad: one.capacity,
    });
    Ok(Answer::ok("ok").with(Direcciones { direcciones: direcciones.collect() }))
}

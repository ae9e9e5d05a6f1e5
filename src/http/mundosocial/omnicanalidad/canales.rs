//! MS "Omnicanalidad › Listar Canales".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::canales as kinds;
use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::channels,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanal)]
pub(super) struct Canal {
    /// The channel kind's number.
    cana_id: i64,
    cana_nombre: String,
    cuen_id: i64,
    cuen_identificador: String,
    cuen_descripcion: String,
    cuen_activa: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanales)]
pub(super) struct Canales {
    canales: Vec<Canal>,
}

/// The company's channels.
#[utoipa::path(
    get, path = "/api/mundosocial/omnicanalidad/canales", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_canales",
    responses((status = 200, body = Canales))
)]
pub(super) async fn canales(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let rows = channels::all(&mut api.0.db.read().await?, Some(company)).await?;
    let canal = |row: channels::ChannelRow| Canal {
        cana_id: kinds::number(&row.kind),
        cana_nombre: row.kind,
        cuen_id: row.id,
        cuen_identificador: row.account,
        cuen_descripcion: row.name,
        cuen_activa: row.active != 0,
    };
    Ok(Answer::ok("ok").with(Canales { canales: rows.into_iter().map(canal).collect() }))
}

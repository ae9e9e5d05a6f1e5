//! MS "Diferencia".

use std::time::{Duration, Instant};

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::{clients::Role, routing},
    http::{
        Api,
        ap::{Answer, Asked, Error},
    },
    store::Tx,
};

/// How long is told in one call; the next call goes on.
const LONGEST: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsDiferencia)]
pub(super) struct Told {
    /// How many customers are being told now.
    #[schema(examples(367))]
    enviados: usize,
    #[serde(rename = "mensajeEnviado")]
    #[schema(examples(
        "En este momento nuestros ejecutivos se encuentran ocupados,en unos minutos un ejecutivo analizara su solicitud."
    ))]
    mensaje_enviado: &'static str,
}

/// Tells every ticket that waits without an agent that all are busy, at most once per wait, and says how many. A group's own
/// words, where it has any, are sent instead of `mensajeEnviado`. Who cannot be written to is not counted.
#[utoipa::path(
    get, path = "/api/mundosocial/diferencia", tag = "mundosocial", operation_id = "ms_diferencia",
    responses((status = 200, body = Told))
)]
pub(super) async fn difference(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check("Validacion fallida.")?;
    if asked.caller.role == Role::Agent {
        return Err(Error::Forbidden);
    }
    let begun = Instant::now();
    let mut enviados = 0;
    loop {
        let tell = async |tx: &mut Tx| routing::difference(tx, &api.0.clock, company).await;
        let batch = api.0.db.transact(tell).await?;
        enviados += batch.told;
        if !batch.more || begun.elapsed() > LONGEST {
            break;
        }
    }
    if enviados > 0 {
        api.0.bell.ring();
    }
    Ok(Answer::ok("").with(Told { enviados, mensaje_enviado: routing::BUSY }))
}

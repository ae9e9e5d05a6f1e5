//! AP "Actualizar estado del canal".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::INVALID;
use crate::{
    desk::channels::{self, ChannelError, Switched},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    store::Tx,
};

const MISSING: Error = Error::NotFound("El canal indicado no existe.");
const STATES: &str = "El estado debe ser 0 (Inactivo) o 1 (Activo).";

#[derive(Debug, ToSchema)]
#[schema(as = ApChannelStatusRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(9))]
    id_channel: i64,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    channel_status: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChannelStatus)]
pub(super) struct Status {
    id_channel: i64,
    channel_status: i64,
}

/// Resumes (1) or pauses (0) a channel. What is to be sent through a paused one waits.
#[utoipa::path(
    patch, path = "/api/admin/channels/update-status", tag = "channels", operation_id = "ap_channels_update_status",
    request_body = Body,
    responses((status = 200, body = Envelope<Status>, description = "The state as it is now."))
)]
pub(super) async fn update_status(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_channel");
    let status = fields.need_int_or("channel_status", STATES);
    if ![0, 1].contains(&status) && fields.is_fine("channel_status") {
        fields.complain("channel_status", STATES);
    }
    fields.check(INVALID)?;
    let work = async |tx: &mut Tx| {
        if channels::find(tx, asked.caller.company, id).await?.is_none() {
            return Err(MISSING);
        }
        channels::set_active(tx, &api.0.clock, id, status == 1).await.map_err(|error| match error {
            ChannelError::Store(error) => error.into(),
            _ => MISSING,
        })
    };
    let switched = api.0.db.transact(work).await?;
    api.0.bell.ring();
    let message = match switched {
        Switched::Changed => "Estado de canal actualizado correctamente.",
        Switched::Unchanged => "Sin cambios: el canal ya se encuentra en el estado solicitado.",
    };
    Ok(Answer::ok(message).with(Status { id_channel: id, channel_status: status }))
}

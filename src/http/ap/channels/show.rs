//! AP "Buscar canal".

use axum::extract::State;
use utoipa::IntoParams;

use super::{INVALID, NO_COMPANY, view::Channel};
use crate::{
    desk::channels,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
};

const MISSING: Error = Error::NotFound("Canal no encontrado para los criterios enviados.");

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the call, which is read field by field")]
pub(super) struct Params {
    #[param(example = 3)]
    id_company: i64,
    #[param(example = 9)]
    id_channel: i64,
    /// The type, by any of its names.
    #[param(example = "telegram")]
    type_channel: String,
}

/// One channel, by company, id and type. The same fields are taken from a JSON body, as the seed sends them.
#[utoipa::path(
    get, path = "/api/admin/channels/show", tag = "channels", operation_id = "ap_channels_show",
    params(Params),
    responses((status = 200, body = Envelope<Channel>, description = "The channel."))
)]
pub(super) async fn show(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    fields.need_int_or("id_company", NO_COMPANY);
    let id = fields.need_int_or("id_channel", "El parametro id_channel es obligatorio.");
    let name = fields.need_text_or("type_channel", "El parametro type_channel es obligatorio.").to_lowercase();
    fields.check(INVALID)?;
    let company = asked.company(&api, "id_company").await.map_err(|error| match error {
        Error::NotFound(_) => MISSING,
        error => error,
    })?;
    let kind = relevo_adapters::kind(&name).ok_or(MISSING)?;
    let row = channels::find(&mut api.0.db.read().await?, Some(company), id).await?;
    let row = row.filter(|row| row.kind == kind.name).ok_or(MISSING)?;
    Ok(Answer::ok("").with(Channel::from(channels::view(&row))))
}

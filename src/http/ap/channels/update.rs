//! AP "Actualizar canal".

use std::collections::BTreeMap;

use axum::extract::State;
use utoipa::ToSchema;

use super::{
    NO_COMPANY,
    translate::{Words, refusal},
    view::ChangedChannel,
};
use crate::{
    desk::channels::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    store::Tx,
};

const INVALID: &str = "Parametros invalidos.";
const MISSING: Error = Error::NotFound("El canal no pertenece al cliente indicado o no existe.");
const EDITABLE: [&str; 7] = ["name", "app", "type", "token", "secret_key", "additional_app_id", "settings"];

#[derive(Debug, ToSchema)]
#[schema(as = ApChannelUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(9))]
    id_channel: i64,
    #[schema(examples(3))]
    id_company: i64,
    #[schema(examples("WhatsApp Secundario"))]
    name: Option<String>,
    /// The account, as in `store`.
    app: Option<String>,
    /// A channel keeps its type: another one is refused.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// `****` leaves it as it is; so it does with every secret.
    token: Option<String>,
    secret_key: Option<String>,
    additional_app_id: Option<String>,
    /// Further settings; `null` or an empty text takes one away.
    settings: Option<BTreeMap<String, String>>,
}

/// Changes what is given of a channel; at least one thing must be. What waited for the channel is tried at once.
#[utoipa::path(
    patch, path = "/api/admin/channels/update", tag = "channels", operation_id = "ap_channels_update",
    request_body = Body,
    responses((status = 200, body = Envelope<ChangedChannel>, description = "The channel as it is now."))
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_channel");
    fields.need_int_or("id_company", NO_COMPANY);
    if !EDITABLE.iter().any(|name| fields.is_given(name)) {
        fields.complain("general", "Debe editar al menos un campo.");
    }
    let (name, named) = (fields.text("name"), Words::read(fields, "type"));
    fields.check(INVALID)?;
    let company = asked.company(&api, "id_company").await.map_err(|error| match error {
        Error::NotFound(_) => MISSING,
        error => error,
    })?;
    let row = channels::find(&mut api.0.db.read().await?, Some(company), id).await?.ok_or(MISSING)?;
    let words = Words::of_stored(&row.kind).ok_or(MISSING)?;
    let of_house = asked.caller.company.is_none();
    let fields = &mut asked.fields;
    if named.is_some_and(|named| named.name != words.name) {
        fields.complain("type", format!("El tipo de un canal no se puede cambiar; este es {}.", words.name));
    }
    let settings = words.settings(fields, of_house);
    fields.check(INVALID)?;
    let work = async |tx: &mut Tx| {
        let change = Change { name: name.as_deref(), settings: settings.clone(), reopen_within_ms: None };
        let done = channels::update(tx, &api.0.clock, &api.0.key, id, change).await;
        done.map_err(|error| refusal(error, words, INVALID, MISSING))
    };
    let view = api.0.db.transact(work).await?;
    api.0.bell.ring();
    Ok(Answer::ok("Canal actualizado correctamente.").with(ChangedChannel::from(view)))
}

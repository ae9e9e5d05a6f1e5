//! AP "Listar canales WhatsApp (Meta)".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{KIND, SENT};
use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, sending::INVALID},
    },
    store::channels::{self, ChannelRow},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMetaChannel)]
pub(super) struct Channel {
    #[schema(examples(1))]
    id_channel: i64,
    #[schema(examples("Canal WAP"))]
    name: String,
    uuid: String,
    #[schema(examples(3))]
    company: i64,
    #[serde(rename = "type")]
    #[schema(examples("whatsappfb"))]
    kind: &'static str,
    #[schema(examples(1))]
    channel_status: i64,
}

/// The company's active WhatsApp channels.
#[utoipa::path(
    get, path = "/api/meta/getChannelSettingsList", tag = "meta", operation_id = "ap_meta_channels",
    responses((status = 200, body = Envelope<Vec<Channel>>))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let rows = channels::all(&mut api.0.db.read().await?, Some(company)).await?;
    let active = rows.into_iter().filter(|row| row.kind == KIND && row.active != 0).map(Channel::from);
    Ok(Answer::ok(SENT).with(active.collect::<Vec<_>>()))
}

impl From<ChannelRow> for Channel {
    fn from(row: ChannelRow) -> Self {
        Self {
            id_channel: row.id,
            name: row.name,
            uuid: row.uuid,
            company: row.company_id,
            kind: "whatsappfb",
            channel_status: row.active,
        }
    }
}

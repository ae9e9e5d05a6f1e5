//! The channel that a call names, opened.

use relevo_adapters::outbound::Destination;

use super::{Error, Fields};
use crate::{
    directory::OpenChannel,
    http::Api,
    store::{
        Tx,
        channels::{self, ChannelRow},
    },
};

/// The company's channel with this id or uuid, of this kind if one is named.
///
/// # Errors
/// Those of the database.
pub(in crate::http) async fn find(
    tx: &mut Tx,
    company: i64,
    named: &str,
    kind: Option<&str>,
) -> Result<Option<ChannelRow>, Error> {
    let found = match named.parse::<i64>() {
        Ok(id) => channels::find(tx, id).await?,
        Err(_) => channels::find_by_uuid(tx, named).await?,
    };
    Ok(found.filter(|row| row.company_id == company && kind.is_none_or(|kind| row.kind == kind)))
}

/// The channel that the field names, opened; notes what is wrong.
///
/// # Errors
/// Those of the database.
pub(in crate::http) async fn open(
    api: &Api,
    fields: &mut Fields,
    field: &str,
    company: i64,
    kind: Option<&str>,
) -> Result<Option<OpenChannel>, Error> {
    let Some(named) = fields.text(field) else { return Ok(None) };
    let found = find(&mut api.0.db.read().await?, company, &named, kind).await?;
    let Some(row) = found else {
        fields.complain(field, format!("El {field} no se encuentra registrado."));
        return Ok(None);
    };
    Ok(ready(api, fields, field, &row))
}

/// A stored channel, opened; notes it if it cannot send.
pub(in crate::http) fn ready(api: &Api, fields: &mut Fields, field: &str, row: &ChannelRow) -> Option<OpenChannel> {
    match api.0.directory.open(row) {
        Ok(open) if open.channel.outlet().is_some() => Some(open),
        Ok(_) => {
            fields.complain(field, "El canal no tiene credenciales para enviar; complételas en su configuración.");
            None
        }
        Err(error) => {
            tracing::error!(channel = row.id, "the channel cannot be used: {error:#}");
            fields.complain(field, "El canal no se puede usar; revise su configuración.");
            None
        }
    }
}

/// Where the field's text leads on a channel; notes what is wrong with it.
pub(in crate::http) fn destination(open: &OpenChannel, fields: &mut Fields, field: &str) -> Option<Destination> {
    let text = fields.text(field)?;
    match open.channel.outlet()?.destination(&text) {
        Ok(destination) => Some(destination),
        Err(why) => {
            fields.complain(field, why);
            None
        }
    }
}

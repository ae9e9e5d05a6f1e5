//! MS "Plantilla Wsp": the messages that a platform approved, and tickets that begin with one.

mod cache;
mod list;
mod open;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(in crate::http) use self::cache::Cache;
use crate::{
    directory::OpenChannel,
    http::{
        Api,
        ap::{self, Error, Fields},
    },
};

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(list::list, open::open))
}

/// The channel that `cuen_id`, or `whatsapp_channel`, names; notes it if it has no templates.
async fn channel(api: &Api, fields: &mut Fields, company: i64) -> Result<Option<OpenChannel>, Error> {
    let field = if fields.is_given("whatsapp_channel") { "whatsapp_channel" } else { "cuen_id" };
    fields.need_text(field);
    let open = ap::open(api, fields, field, company, None).await?;
    let knows = |open: &OpenChannel| open.kind.capabilities.sending.is_some_and(|sending| sending.knows("template"));
    match open {
        Some(open) if !knows(&open) => {
            fields.complain(field, "El canal no usa plantillas.");
            Ok(None)
        }
        open => Ok(open),
    }
}

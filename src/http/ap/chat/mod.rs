//! Conversations over all channels, for whoever answers in them (AP "Chat"). An `id_chat` is a conversation's id.

mod acts;
mod list;
mod messages;
mod page;
mod read;
mod send;
mod source;
mod status;
mod users;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Error, sending::Names};
use crate::{
    http::{Api, ap::Fields},
    store::Tx,
};

const NAMES: Names =
    Names { to: "id_chat", channel: "id_chat", message: "message", file: "file", target: "id_message" };
/// What the seed answers lists with.
const DONE: &str = "Operacion exitosa";

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list::list))
        .routes(routes!(users::list))
        .routes(routes!(users::of_chat))
        .routes(routes!(messages::messages))
        .routes(routes!(send::send))
        .routes(routes!(read::mark_as_read))
        .routes(routes!(status::status))
        .routes(routes!(source::source))
        .routes(routes!(acts::edit))
        .routes(routes!(acts::delete))
        .routes(routes!(acts::hide))
        .routes(routes!(acts::react))
        .routes(routes!(acts::private_reply))
}

/// What is said of something that is not the company's, or nowhere.
fn unknown(field: &str) -> String {
    format!("El {field} no se encuentra registrado.")
}

/// The conversation that the field `id_chat` names; notes it if the company has none of this id.
async fn chat(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Option<crate::store::chats::ChatRow>, Error> {
    let id = fields.need_text("id_chat");
    let found = crate::desk::chats::find(tx, company, &id).await?;
    if found.is_none() && !id.is_empty() {
        fields.complain("id_chat", unknown("id_chat"));
    }
    Ok(found)
}

//! MS "Mensajes › Sale".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::agente, ticket};
use crate::{
    desk::reply::To,
    http::{
        Api,
        ap::{
            Answer, Error, Upload, author,
            content::{self, Additions},
            sending::{Draft, INVALID, Names, Sent, Taking, transact},
        },
    },
};

const NAMES: Names = Names { to: "tick_id", channel: "tick_id", message: "mensaje", file: "file", target: "reaction" };

#[derive(Debug, ToSchema)]
#[schema(as = MsSaleRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The ticket's number or id.
    #[schema(examples(74))]
    tick_id: i64,
    /// Needed unless something else is sent.
    mensaje: Option<String>,
    /// Who writes.
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
    #[serde(flatten)]
    additions: Additions,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsSalio)]
pub(super) struct Salio {
    tick_id: i64,
    /// `null` for a reaction.
    mens_id: Option<String>,
    /// All of them, in the order in which they leave, where a text was split or has files.
    mens_ids: Vec<String>,
    #[schema(examples("queued"))]
    mens_estado: &'static str,
    conv_id: String,
}

/// Takes a message to a ticket's customer; it leaves in the conversation's order. With `Idempotency-Key` a repeated
/// call has no second effect.
#[utoipa::path(
    post, path = "/api/mundosocial/mensajes/sale", tag = "mundosocial", operation_id = "ms_mensajes_sale",
    request_body(content(
        (Body = "application/json"),
        (Body = "multipart/form-data"),
    )),
    responses((status = 200, body = Salio))
)]
pub(super) async fn sale(State(api): State<Api>, mut upload: Upload) -> Result<Answer, Error> {
    let company = upload.asked.company(&api, "id_company").await?;
    let files = upload.files(&api, "file").await?;
    let asked = &mut upload.asked;
    let fields = &mut asked.fields;
    let said = content::read(fields, "mensaje", files);
    let mut tx = api.0.db.read().await?;
    let named = match (content::author(fields), fields.text("mail")) {
        (None, Some(mail)) => Some(agente::writer(&mut tx, mail, company).await?),
        (named, _) => named,
    };
    let author = author(&mut tx, asked.caller, named).await?;
    let reply_to = fields.text("reply_to");
    let found = ticket(&mut tx, fields, company).await?;
    drop(tx);
    fields.check(INVALID)?;
    let (Some(said), Some(found)) = (said, found) else { return Err(Error::Invalid(INVALID, Default::default())) };
    let tick_id = found.number;
    let draft = Draft { company, to: To::Ticket(found.id), said, reply_to, author, log: asked.log };
    let say = move |sent: Sent| {
        let Sent { id_message, ids, state, id_chat, .. } = sent;
        let salio = Salio { tick_id, mens_id: id_message, mens_ids: ids, mens_estado: state, conv_id: id_chat };
        Answer::ok("ok").with(salio)
    };
    transact(&api, asked, NAMES, &Taking { draft, say }).await
}

//! AP "Enviar mensaje WAP".

use axum::extract::State;
use relevo_adapters::outbound::Destination;
use utoipa::ToSchema;

use super::{KIND, SENT};
use crate::{
    desk::{chats, reply::To},
    directory::OpenChannel,
    http::{
        Api,
        ap::{
            Answer, Envelope, Error, Fields, Upload, author, channel,
            content::{self, Additions},
            sending::{Draft, INVALID, Names, Sent, Taking, transact},
        },
    },
};

const NAMES: Names =
    Names { to: "to", channel: "whatsapp_channel", message: "message", file: "file", target: "reaction" };

#[derive(Debug, ToSchema)]
#[schema(as = ApMetaSendRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The channel's id or uuid.
    #[schema(examples("12"))]
    whatsapp_channel: String,
    /// A number with its country code, or a customer's id on WhatsApp.
    #[schema(examples("50688888888"))]
    to: String,
    /// Needed unless something else is sent. Outside of WhatsApp's window of 24 hours only a template is taken.
    #[schema(examples("Hola desde Meta"))]
    message: Option<String>,
    /// The conversation's `id_chat`, if it is known; it must be one with `to`.
    #[serde(rename = "tokenGuest")]
    token_guest: Option<String>,
    #[serde(flatten)]
    additions: Additions,
}

/// Takes a message to somebody on WhatsApp; it leaves in its conversation's order. With `Idempotency-Key` a repeated
/// call has no second effect.
#[utoipa::path(
    post, path = "/api/meta/sendMessagesWAP", tag = "meta", operation_id = "ap_meta_send",
    request_body(content(
        (Body = "application/json"),
        (Body = "multipart/form-data"),
    )),
    responses((status = 200, body = Envelope<Sent>, description = "It is durable and on its way."))
)]
pub(super) async fn send(State(api): State<Api>, mut upload: Upload) -> Result<Answer, Error> {
    let company = upload.asked.company(&api, "id_company").await?;
    let files = upload.files(&api, "file").await?;
    let asked = &mut upload.asked;
    let fields = &mut asked.fields;
    fields.need_text("whatsapp_channel");
    fields.need_text("to");
    let said = content::read(fields, "message", files);
    let (reply_to, named) = (fields.text("reply_to"), content::author(fields));
    let author = author(&mut api.0.db.read().await?, asked.caller, named).await?;
    let open = channel::open(&api, fields, "whatsapp_channel", company, Some(KIND)).await?;
    let destination = open.as_ref().and_then(|open| channel::destination(open, fields, "to"));
    let to = match (open, destination) {
        (Some(open), Some(destination)) => thread(&api, fields, open, destination).await?,
        _ => None,
    };
    fields.check(INVALID)?;
    let (Some(said), Some(to)) = (said, to) else { return Err(Error::Invalid(INVALID, Default::default())) };
    let draft = Draft { company, to, said, reply_to, author, log: asked.log };
    transact(&api, asked, NAMES, &Taking { draft, say: |sent: Sent| Answer::ok(SENT).with(sent) }).await
}

/// The place that is meant: the conversation of `tokenGuest`, if it is one with this destination, or the destination.
async fn thread(
    api: &Api,
    fields: &mut Fields,
    open: OpenChannel,
    destination: Destination,
) -> Result<Option<To>, Error> {
    let Some(guest) = fields.text("tokenGuest") else {
        return Ok(Some(To::Destination { channel: open.id, destination }));
    };
    match chats::is_with(&mut api.0.db.read().await?, open.id, &guest, &destination).await? {
        true => Ok(Some(To::Conversation(guest))),
        false => {
            fields.complain("tokenGuest", "El tokenGuest no se encuentra registrado para este destinatario.");
            Ok(None)
        }
    }
}

//! MS "Plantilla Wsp › Generar Ticket desde Mundo".

use axum::extract::State;
use relevo_adapters::outbound::Act;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{super::agente, channel};
use crate::{
    desk::reply::{ReplyError, To},
    http::{
        Api,
        ap::{
            self, Answer, Asked, Error, Fields, author,
            content::{self, Said},
            sending::{Draft, INVALID, Names, Sent, Work, take, transact},
        },
    },
    store::{Tx, tickets},
};

const NAMES: Names =
    Names { to: "fono", channel: "cuen_id", message: "plantilla", file: "plantilla", target: "plantilla" };
/// Places of a body (P8).
const PARAMETERS: usize = 100;

#[derive(Debug, ToSchema)]
#[schema(as = MsPlantillaRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The channel's id or uuid; `whatsapp_channel` says the same.
    #[schema(examples("12"))]
    cuen_id: String,
    /// A number with its country code; `to` says the same.
    #[schema(examples("+56912345678"))]
    fono: String,
    /// The template's name.
    plantilla: String,
    /// `es` unless said otherwise.
    #[schema(examples("es_CL"))]
    idioma: Option<String>,
    /// What stands in the body's places, in order.
    parametros: Option<Vec<String>>,
    /// The platform's own words instead, where more than the body has places.
    componentes: Option<Value>,
    /// Who writes.
    mail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsTicketAbierto)]
pub(super) struct Abierto {
    /// The ticket's number.
    tick_id: Option<i64>,
    number: Option<i64>,
    id_ticket: Option<String>,
    id_message: Option<String>,
    conv_id: String,
    #[schema(examples("queued"))]
    mens_estado: &'static str,
}

/// Writes to a customer with a template: that opens a ticket, unless the conversation has one that is not closed. With
/// `Idempotency-Key` a repeated call has no second effect.
#[utoipa::path(
    post, path = "/api/mundosocial/plantillawsp", tag = "mundosocial", operation_id = "ms_plantillawsp_open",
    request_body = Body,
    responses((status = 200, body = Abierto))
)]
pub(super) async fn open(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let field = if fields.is_given("to") { "to" } else { "fono" };
    fields.need_text(field);
    let name = fields.need_text("plantilla");
    let language = fields.text("idioma").unwrap_or_else(|| "es".to_owned());
    let parameters = parameters(fields);
    let components = fields.take("componentes");
    let mail = fields.text("mail");
    let open = channel(&api, fields, company).await?;
    let to = open.and_then(|open| {
        let destination = ap::destination(&open, fields, field)?;
        Some(To::Destination { channel: open.id, destination })
    });
    fields.check(INVALID)?;
    let Some(to) = to else { return Err(Error::Invalid(INVALID, Default::default())) };
    let said = Said::Act(Act::Template { name, language, parameters, components });
    let mut tx = api.0.db.read().await?;
    let named = match mail {
        Some(mail) => Some(agente::writer(&mut tx, mail, company).await?),
        None => None,
    };
    let author = author(&mut tx, asked.caller, named).await?;
    drop(tx);
    let draft = Draft { company, to, said, reply_to: None, author, log: asked.log };
    transact(&api, &asked, NAMES, &Opening(draft)).await
}

fn parameters(fields: &mut Fields) -> Vec<String> {
    match fields.take("parametros") {
        None => Vec::new(),
        Some(Value::Array(items)) if items.len() <= PARAMETERS => items.iter().map(content::parameter).collect(),
        Some(_) => {
            fields.complain("parametros", format!("El campo parametros debe ser una lista de hasta {PARAMETERS}."));
            Vec::new()
        }
    }
}

struct Opening(Draft);

impl Work for Opening {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<Answer, ReplyError> {
        let Sent { id_message, state, id_chat, id_ticket, .. } = take(tx, api, &self.0).await?.into();
        let number = match &id_ticket {
            Some(id) => tickets::find(tx, self.0.company, id).await?.map(|ticket| ticket.number),
            None => None,
        };
        let abierto = Abierto { tick_id: number, number, id_ticket, id_message, conv_id: id_chat, mens_estado: state };
        Ok(Answer::ok("ok").with(abierto))
    }
}

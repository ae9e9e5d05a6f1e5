//! MS "Omnicanalidad › Crear Canal del Cliente".

use axum::extract::State;
use relevo_adapters::Identity;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::canales, customer};
use crate::{
    desk::customers::{self, Bound},
    http::{
        Api,
        ap::{self, Answer, Asked, Error, Fields, required},
        idempotency::once,
        mundosocial::cliente::refusal,
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = MsCanalClienteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The customer's number, or the contact's id.
    #[schema(examples(75))]
    clie_id: i64,
    /// The channel kind's number or name; not needed with `cuen_id`.
    #[schema(examples(1))]
    cana_id: Option<i64>,
    /// A channel.
    cuen_id: Option<i64>,
    /// A telephone number, a mail address, an id; on a Page (`cuen_id`) the person's id there.
    #[schema(examples("whatsapp:+56900000001"))]
    cacl_identificador: String,
    /// `S`: if another customer has it, both turn out to be one.
    #[schema(examples("N"))]
    mover: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCanalClienteCreado)]
pub(super) struct Creado {
    clie_id: i64,
    cana_id: i64,
    cacl_identificador: String,
    /// `creado`, `existente` (it was this customer's already) or `unido` (another customer had it).
    #[schema(examples("creado"))]
    resultado: &'static str,
    /// The customer who had it, of whom everything moved to this one.
    #[schema(required)]
    clie_id_unido: Option<i64>,
}

/// Gives a customer another address. One that is another customer's is refused, unless `mover` is `S`: then both turn
/// out to be one, with all conversations and tickets; an agent's own token does that only if what the other customer has
/// open is his, or waits in his groups. With `Idempotency-Key` a repeated call has no second effect.
#[utoipa::path(
    post, path = "/api/mundosocial/omnicanalidad/cliente", tag = "mundosocial",
    operation_id = "ms_omnicanalidad_crear",
    request_body = Body,
    responses((status = 200, body = Creado))
)]
pub(super) async fn crear(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let hand = asked.caller.hand();
    let fields = &mut asked.fields;
    let merge = fields.flag("mover").unwrap_or_default();
    let mut tx = api.0.db.read().await?;
    let address = address(&mut tx, fields, company).await?;
    let customer = customer(&mut tx, fields, company).await?;
    drop(tx);
    let identity = address.ok_or(Error::Invalid(ap::sending::INVALID, Default::default()))?;
    once(&api, &asked, async |tx| {
        let bound = customers::bind(tx, &api.0.clock, &customer, &identity, merge, hand).await.map_err(refusal)?;
        let (resultado, clie_id_unido) = match bound {
            Bound::New => ("creado", None),
            Bound::Same => ("existente", None),
            Bound::Merged(number) => ("unido", Some(number)),
        };
        Ok(Answer::ok("ok").with(Creado {
            clie_id: customer.number,
            cana_id: canales::number(canales::kind_of(&identity.scheme)),
            cacl_identificador: canales::identifier(&identity.scheme, &identity.value),
            resultado,
            clie_id_unido,
        }))
    })
    .await
}

/// The address that the request names; notes what is wrong with it.
async fn address(tx: &mut Tx, fields: &mut Fields, company: i64) -> Result<Option<Identity>, Error> {
    let text = fields.need_text("cacl_identificador");
    let (kind, account) = match fields.text("cuen_id") {
        None => {
            if !fields.is_given("cana_id") {
                fields.missing("cana_id", &required("cana_id"));
            }
            (canales::read(fields).map(str::to_owned), None)
        }
        Some(named) => match ap::channel(tx, company, &named, None).await? {
            Some(channel) => (Some(channel.kind), Some(channel.account)),
            None => {
                fields.complain("cuen_id", "El cuen_id no se encuentra registrado.");
                (None, None)
            }
        },
    };
    let Some(kind) = kind.filter(|_| !text.is_empty()) else { return Ok(None) };
    let found = canales::address(&kind, &text, account.as_deref());
    if found.is_none() {
        fields.complain("cacl_identificador", format!("El cacl_identificador no es una dirección de {kind}."));
    }
    Ok(found)
}

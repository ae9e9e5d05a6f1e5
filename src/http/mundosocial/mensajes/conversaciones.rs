//! MS "Mensajes › Conversaciones".

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::view::Conversacion;
use crate::{
    desk::customers,
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
    },
    store::chats::{self, Filter},
};

/// Rows of a page.
const PAGE: i64 = 100;

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// A part of the customer's name or account, or of the subject.
    nombre: Option<String>,
    /// A channel.
    cuen_id: Option<i64>,
    /// A customer: its number, or the contact's id.
    clie_id: Option<String>,
    /// From 1 on.
    pagina: Option<i64>,
    /// 1 to 100; 100 unless said otherwise.
    cantidad: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsConversaciones)]
pub(super) struct Conversaciones {
    total: i64,
    pagina: i64,
    conversaciones: Vec<Conversacion>,
}

/// The company's conversations, the one in which something was said last first.
#[utoipa::path(
    get, path = "/api/mundosocial/mensajes/conversaciones", tag = "mundosocial",
    operation_id = "ms_mensajes_conversaciones",
    params(Query),
    responses((status = 200, body = Conversaciones))
)]
pub(super) async fn conversaciones(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let name = fields.text("nombre").unwrap_or_default().to_lowercase();
    let channel = fields.int_within("cuen_id", 1, i64::MAX).unwrap_or_default();
    let contact = fields.text("clie_id").unwrap_or_default();
    let pagina = fields.int_within("pagina", 1, i64::MAX / PAGE).unwrap_or(1);
    let size = fields.int_within("cantidad", 1, PAGE).unwrap_or(PAGE);
    fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let customer = customers::find(&mut tx, company, &contact).await?;
    let contact = customer.map_or(contact, |customer| customer.id);
    let filter = Filter { company, name: &name, channel, contact: &contact, ..Filter::default() };
    let rows = chats::list(&mut tx, filter, size, (pagina - 1) * size).await?;
    let total = chats::count(&mut tx, filter).await?;
    let conversaciones = rows.into_iter().map(Conversacion::from).collect();
    Ok(Answer::ok("ok").with(Conversaciones { total, pagina, conversaciones }))
}

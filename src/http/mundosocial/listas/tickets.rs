//! MS "Listar Tickets › Listar Tickets".

use axum::extract::State;
use utoipa::IntoParams;

use super::{
    super::{canales, fechas},
    number, page,
    view::Tickets,
};
use crate::{
    desk::lists,
    domain::TicketState,
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, sending::INVALID},
        mundosocial::cliente,
    },
    store::{lists::Filter, users},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// `open`, `inProgress`, `closed` or `ignored`, or its label.
    tick_estado: Option<String>,
    /// A group.
    grup_id: Option<i64>,
    /// A channel.
    cuen_id: Option<i64>,
    /// A channel kind: its number or name.
    cana_id: Option<String>,
    /// Who owns it or owned it last; who closed it, if nobody owned it.
    usua_id: Option<i64>,
    /// The same by mail.
    mail: Option<String>,
    /// A customer.
    clie_id: Option<String>,
    /// Created at this moment or later: `DD-MM-AAAA`, the day's start, or `DD-MM-AAAA hh:mm:ss`.
    desde: Option<String>,
    /// Created before the end of this day, or before this moment.
    hasta: Option<String>,
    /// The IANA time zone of both; `America/Santiago` unless said otherwise.
    zona: Option<String>,
    /// A part of the subject, of what was said last, or of the customer's name.
    texto: Option<String>,
    /// Rows of a page, at most 100; 50 unless said otherwise.
    cantidad: Option<i64>,
    /// The `siguiente` of the page before.
    siguiente: Option<String>,
}

/// The company's tickets, newest first, page by page: tickets that arrive meanwhile move nothing.
#[utoipa::path(
    get, path = "/api/mundosocial/ticket", tag = "mundosocial", operation_id = "ms_ticket_listar",
    params(Query),
    responses((status = 200, body = Tickets))
)]
pub(super) async fn tickets(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let wanted = page(fields);
    let (group, channel) = (number(fields, "grup_id"), number(fields, "cuen_id"));
    let (state, kind) = (state(fields), canales::read(fields).unwrap_or_default());
    let (from, to) = fechas::span(fields);
    let text = fields.text("texto").unwrap_or_default().to_lowercase();
    let mut tx = api.0.db.read().await?;
    let customer = cliente::named(&mut tx, fields, company).await?;
    let mut agent = number(fields, "usua_id");
    if let Some(mail) = fields.text("mail") {
        match users::find_by_email(&mut tx, company, &mail.to_lowercase()).await? {
            Some(user) if agent == 0 || agent == user.id => agent = user.id,
            _ => fields.complain("mail", "El mail no corresponde a un usuario de la empresa."),
        }
    }
    fields.check(INVALID)?;
    let contact = customer.map(|customer| customer.id).unwrap_or_default();
    let filter = Filter {
        company,
        from,
        to,
        text: &text,
        state,
        kind,
        channel,
        group,
        agent,
        contact: &contact,
        ..Filter::default()
    };
    let page = lists::all(&mut tx, filter, &wanted).await?;
    Ok(Answer::ok("ok").with(Tickets::of(page, api.0.clock.now())))
}

/// The state that `tick_estado` names, by name or label; empty without one.
fn state(fields: &mut Fields) -> &'static str {
    let Some(named) = fields.text("tick_estado") else { return "" };
    let is = |state: &TicketState| state.as_str() == named || state.label().to_lowercase() == named.to_lowercase();
    match TicketState::ALL.into_iter().find(is) {
        Some(state) => state.as_str(),
        None => {
            fields.complain("tick_estado", "El campo tick_estado debe ser open, inProgress, closed o ignored.");
            ""
        }
    }
}

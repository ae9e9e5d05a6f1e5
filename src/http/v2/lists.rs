//! Lists of tickets without pages (PC "Tickets de clientes", "Tickets asociados a un usuario de Facebook", "Tickets
//! filtrados por estado").

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{TicketIds, TicketsList};
use crate::{
    desk::tickets as desk,
    domain::TicketState,
    http::{
        Api,
        access::Company,
        error::{Error, ErrorBody},
        extract::{Params, Segment},
    },
    store::tickets,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Customer {
    /// National identity number (RUT and the like), with or without dots and dash.
    #[param(required, nullable = false, example = "12.345.678-K")]
    country_id: Option<String>,
}

/// Every ticket of a customer, newest first, at most 10,000. An unknown customer has none.
#[utoipa::path(
    get, path = "/v2/tickets/", tag = "tickets",
    params(Customer),
    responses(
        (status = 200, body = TicketsList),
        (status = 400, body = ErrorBody, description = "`country_id` is missing or holds no letter and no digit."),
    )
)]
pub(super) async fn of_customer(
    State(api): State<Api>,
    Company(company): Company,
    Params(params): Params<Customer>,
) -> Result<Json<TicketsList>, Error> {
    let country_id = params.country_id.filter(|text| text.chars().any(char::is_alphanumeric));
    let country_id = country_id.ok_or_else(|| Error::Bad("country_id is required".to_owned()))?;
    let mut tx = api.0.db.read().await?;
    let tickets = desk::of_country_id(&mut tx, company, &country_id).await?;
    let owners = desk::owners(&mut tx, &tickets).await?;
    Ok(Json(TicketsList::of(tickets, &owners)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FacebookUser {
    /// The Page's id.
    #[param(required, nullable = false, example = "1029384756")]
    page_id: Option<String>,
    /// The user's id as this Page knows it (Page-scoped).
    #[param(required, nullable = false, example = "5647382910")]
    uid: Option<String>,
}

/// Every ticket of the customer whom a Facebook Page knows by this id, newest first, at most 10,000. An unknown
/// customer has none.
#[utoipa::path(
    get, path = "/v2/tickets/facebook/", tag = "tickets",
    params(FacebookUser),
    responses(
        (status = 200, body = TicketsList),
        (status = 400, body = ErrorBody, description = "`page_id` or `uid` is missing."),
    )
)]
pub(super) async fn of_facebook_user(
    State(api): State<Api>,
    Company(company): Company,
    Params(params): Params<FacebookUser>,
) -> Result<Json<TicketsList>, Error> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (Some(page), Some(user)) = (given(params.page_id), given(params.uid)) else {
        return Err(Error::Bad("page_id and uid are required".to_owned()));
    };
    let mut tx = api.0.db.read().await?;
    let tickets = desk::of_facebook_user(&mut tx, company, &page, &user).await?;
    let owners = desk::owners(&mut tx, &tickets).await?;
    Ok(Json(TicketsList::of(tickets, &owners)))
}

/// The ids of the tickets in a state, newest first, at most 10,000.
#[utoipa::path(
    get, path = "/v2/tickets/state/{state}", tag = "tickets",
    params(("state" = String, Path, description = "`open`, `inProgress`, `closed` or `ignored`.", example = "open")),
    responses(
        (status = 200, body = TicketIds),
        (status = 404, body = ErrorBody, description = "`Non-existent status`."),
    )
)]
pub(super) async fn in_state(
    State(api): State<Api>,
    Company(company): Company,
    Segment(state): Segment,
) -> Result<Json<TicketIds>, Error> {
    let state = TicketState::parse(&state).ok_or(Error::NotFound("Non-existent status"))?;
    let ids = tickets::ids_by_state(&mut api.0.db.read().await?, company, state.as_str(), desk::LIST).await?;
    Ok(Json(ids.into()))
}

//! Tickets page by page (PC "Tickets filtrados por canal y rango de fechas").

use axum::{Json, extract::State};
use relevo_adapters::Millis;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{dates, view::TicketsPage};
use crate::{
    desk::tickets::{self as desk, Range},
    http::{
        Api,
        access::Company,
        error::{Error, ErrorBody},
        extract::{Params, Segment},
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Created at this moment or later: `DD-MM-AAAA`, the day's start, or `DD-MM-AAAA hh:mm:ss`; UTC.
    #[param(required, nullable = false, example = "18-04-2019")]
    from: Option<String>,
    /// Created before this moment, in the same forms. A day alone is its 00:00:00, so that the day itself is left out.
    #[param(required, nullable = false, example = "18-04-2019 21:41:00")]
    to: Option<String>,
    /// The `next_page` of the page before; without it, or if it is empty, the first page is given. It belongs to the
    /// same channel kind and dates.
    #[param(nullable = false)]
    next: Option<String>,
}

/// Tickets of a channel kind that were created in a range of time, newest first, 100 a page. Tickets that arrive
/// meanwhile do not move the pages.
#[utoipa::path(
    get, path = "/v2/tickets/paginated/{social_network}/", tag = "tickets",
    params(
        ("social_network" = String, Path, description = "`whatsapp`, `telegram`, `email` or `facebook`, or another name of these.", example = "whatsapp"),
        Query,
    ),
    responses(
        (status = 200, body = TicketsPage),
        (status = 400, body = ErrorBody, description = "`from` or `to` is missing, in another form, no real date, or the wrong way round."),
        (status = 404, body = ErrorBody, description = "`Non-existent social network`, or `Non-existent page` for an unknown `next`."),
    )
)]
pub(super) async fn paginated(
    State(api): State<Api>,
    Company(company): Company,
    Segment(network): Segment,
    Params(query): Params<Query>,
) -> Result<Json<TicketsPage>, Error> {
    let kind = relevo_adapters::kind(&network).ok_or(Error::NotFound("Non-existent social network"))?;
    let (from, to) = (moment("from", query.from.as_deref())?, moment("to", query.to.as_deref())?);
    if from > to {
        return Err(Error::Bad("from must not be later than to".to_owned()));
    }
    let range =
        Range { company, kind: kind.name, from, to, next: query.next.as_deref().filter(|next| !next.is_empty()) };
    let page = desk::page(&mut api.0.db.read().await?, range).await?;
    Ok(Json(page.ok_or(Error::NotFound("Non-existent page"))?.into()))
}

fn moment(name: &str, text: Option<&str>) -> Result<Millis, Error> {
    match text {
        None => Err(Error::Bad(format!("{name} is required: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss"))),
        Some(text) => dates::parse(text)
            .ok_or_else(|| Error::Bad(format!("{name} must be a real date: DD-MM-AAAA or DD-MM-AAAA hh:mm:ss"))),
    }
}

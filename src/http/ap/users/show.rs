//! AP "Buscar usuario".

use axum::extract::State;

use super::{id_of, view::Shown};
use crate::http::{
    Api,
    ap::{Answer, Asked, Envelope, Error, person},
    extract::Segment,
};

/// One person of the company.
#[utoipa::path(
    get, path = "/api/users/show/{id}", tag = "users", operation_id = "ap_users_show",
    params(("id" = i64, Path, description = "The person.", example = 15)),
    responses((status = 200, body = Envelope<Shown>))
)]
pub(super) async fn show(State(api): State<Api>, Segment(id): Segment, asked: Asked) -> Result<Answer, Error> {
    let user = person::find(&api, asked.caller, id_of(&id)).await?;
    Ok(Answer::ok("").with(Shown::from(user)))
}

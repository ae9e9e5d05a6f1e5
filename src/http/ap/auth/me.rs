//! AP "Datos del usuario autenticado", "Refrescar token" and "Logout".

use axum::extract::State;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    desk::users,
    http::{
        Api,
        access::Caller,
        ap::{Answer, Asked, Envelope, Error, sending::INVALID, users::picture_url},
        error::Error as PlainError,
    },
    store::{Tx, users as rows},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the call, which is read field by field")]
pub(super) struct Params {
    /// `pic_url`: the picture too.
    #[param(example = "pic_url")]
    include: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMe)]
pub(super) struct Me {
    #[schema(examples(15))]
    id: i64,
    #[schema(examples("Juan Perez"))]
    name: String,
    #[schema(examples("juan@empresa.com"))]
    email: String,
    /// If it was asked for: a link that leads to the picture for an hour, without credentials; `null` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pic_url: Option<Option<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApToken)]
pub(super) struct Fresh {
    #[schema(examples("k3Jv0Qm2rT8nq1y5cXo9aZ7sLw4eUb6dHf0gPi2tRxM"))]
    token: String,
}

/// Who is logged in and by which token; a program alone is nobody.
fn logged_in(caller: Caller) -> Result<(i64, i64), Error> {
    caller.user.zip(caller.token).ok_or_else(|| PlainError::Unauthenticated.into())
}

/// The person that is logged in. The same field is taken from a JSON body, as the seed sends it.
#[utoipa::path(
    get, path = "/api/auth/getRequestUserData", tag = "auth", operation_id = "ap_auth_me",
    params(Params),
    responses((status = 200, body = Envelope<Me>))
)]
pub(super) async fn data(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let (user, _) = logged_in(asked.caller)?;
    let include = asked.fields.text("include");
    if include.as_deref().is_some_and(|include| include != "pic_url") {
        asked.fields.complain("include", "El campo include debe ser: pic_url.");
    }
    asked.fields.check(INVALID)?;
    let found = rows::find_anywhere(&mut api.0.db.read().await?, user).await?;
    let user = found.ok_or(PlainError::Unauthenticated)?;
    let pic_url = include.is_some().then(|| picture_url(&api, &user));
    Ok(Answer::ok("").with(Me { id: user.id, name: user.name, email: user.email, pic_url }))
}

/// A new token, for 12 hours; the one that the call came with ends.
#[utoipa::path(
    get, path = "/api/auth/refreshUserToken", tag = "auth", operation_id = "ap_auth_refresh",
    responses((status = 200, body = Envelope<Fresh>, description = "`Token refrescado.`"))
)]
pub(super) async fn refresh(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    let (user, token) = logged_in(asked.caller)?;
    let mut tx = api.0.db.write().await?;
    let fresh = users::refresh(&mut tx, &api.0.clock, user, token).await?.ok_or(PlainError::Unauthenticated)?;
    tx.commit().await?;
    Ok(Answer::ok("Token refrescado.").with(Fresh { token: fresh.token.expose_secret().to_owned() }))
}

/// Ends the token that the call came with, at once and everywhere. Whoever is logged in by no other is shown offline, gets no
/// more tickets, and gives unanswered ones back after `routing.offline_grace_seconds`.
#[utoipa::path(
    delete, path = "/api/auth/logout", tag = "auth", operation_id = "ap_auth_logout",
    responses((status = 200, body = Envelope<Vec<String>>, description = "`Logout exitoso.`"))
)]
pub(super) async fn logout(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    let (user, token) = logged_in(asked.caller)?;
    let work = async |tx: &mut Tx| users::log_out(tx, &api.0.clock, user, token).await;
    if api.0.db.transact(work).await?.jobs > 0 {
        api.0.bell.ring();
    }
    Ok(Answer::ok("Logout exitoso.").with(json!([])))
}

//! AP "Login" and "Login con PIN".

use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::users::{self, Proof},
    domain,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, person, sending::INVALID},
        error::Error as PlainError,
    },
    store::users::{User, find_by_email},
};

#[derive(Debug, ToSchema)]
#[schema(as = ApLoginRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples("juan@empresa.com"))]
    email: String,
    #[schema(examples("Secret123"))]
    password: String,
    /// The person's company; only a super-admin names it.
    id_company: Option<i64>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApPinLoginRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct PinBody {
    #[schema(examples("juan@empresa.com"))]
    email: String,
    #[schema(examples("123456"))]
    pin: String,
    /// The device that the PIN was set for.
    #[schema(examples(99))]
    device_id: i64,
    /// The person's company; only a super-admin names it.
    id_company: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApLogin)]
pub(super) struct Done {
    /// For `Authorization: Bearer`; it holds for 12 hours.
    #[schema(examples("k3Jv0Qm2rT8nq1y5cXo9aZ7sLw4eUb6dHf0gPi2tRxM"))]
    token: String,
    user: Somebody,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApLoginUser)]
struct Somebody {
    #[schema(examples(15))]
    id: i64,
    #[schema(examples("Juan Perez"))]
    name: String,
    #[schema(examples("juan@empresa.com"))]
    email: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApPinLogin)]
pub(super) struct PinDone {
    /// For `Authorization: Bearer`; it holds for 12 hours.
    #[schema(examples("k3Jv0Qm2rT8nq1y5cXo9aZ7sLw4eUb6dHf0gPi2tRxM"))]
    token: String,
    user: Named,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApPinLoginUser)]
struct Named {
    #[schema(examples(15))]
    id: i64,
    #[schema(examples("Juan Perez"))]
    name: String,
}

/// Lets a person in by address and password. The token goes with each further call as `Authorization: Bearer`, and
/// ends after 12 hours, by `auth/logout`, and when the password or the role changes or the person is deactivated. After
/// 10 failures within 10 minutes an address is not heard until these are over (429).
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", operation_id = "ap_auth_login",
    request_body = Body,
    responses(
        (status = 200, body = Envelope<Done>, description = "`Login exitoso.`"),
        (status = 401, body = Envelope<Vec<String>>, description = "`Credenciales invalidas.`: nobody of this address, another password, or one who may not log in: the answer does not say which. Without the envelope: the program's own credentials are wrong."),
    )
)]
pub(super) async fn login(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let email = asked.fields.need_text("email");
    let password = asked.fields.need_secret("password");
    asked.fields.check(INVALID)?;
    let (user, token) = enter(&api, (company, &email), Proof::Password, password).await?;
    let user = Somebody { id: user.id, name: user.name, email: user.email };
    Ok(Answer::ok("Login exitoso.").with(Done { token, user }))
}

/// Lets a person in by address and PIN, on the device that the PIN was set for (`users/update`: `pin` and `device_id`).
/// Otherwise as `auth/login`.
#[utoipa::path(
    post, path = "/api/auth/login/pin", tag = "auth", operation_id = "ap_auth_login_pin",
    request_body = PinBody,
    responses(
        (status = 200, body = Envelope<PinDone>, description = "`Login exitoso.`"),
        (status = 401, body = Envelope<Vec<String>>, description = "`Credenciales invalidas.`, as of `auth/login`."),
    )
)]
pub(super) async fn login_pin(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let email = asked.fields.need_text("email");
    let pin = asked.fields.need_secret("pin");
    let device = asked.fields.need_text("device_id");
    asked.fields.check(INVALID)?;
    let (user, token) = enter(&api, (company, &email), Proof::Pin { device }, pin).await?;
    let user = Named { id: user.id, name: user.name };
    Ok(Answer::ok("Login exitoso.").with(PinDone { token, user }))
}

/// Lets somebody in, or says no more than that it does not. Whatever is wrong takes as long.
async fn enter(
    api: &Api,
    (company, email): (i64, &str),
    proof: Proof,
    secret: SecretString,
) -> Result<(User, String), Error> {
    let email = domain::email(email).unwrap_or_default();
    let found = find_by_email(&mut api.0.db.read().await?, company, &email).await?;
    let kept = found.as_ref().and_then(|user| proof.kept(user));
    if !person::is_right(api, (company, &email), secret, kept).await? {
        return Err(Error::Refused);
    }
    let user = found.ok_or(PlainError::Internal)?;
    let mut tx = api.0.db.write().await?;
    let token = users::let_in(&mut tx, &api.0.clock, &user).await?.ok_or(Error::Refused)?;
    tx.commit().await?;
    Ok((user, token.token.expose_secret().to_owned()))
}

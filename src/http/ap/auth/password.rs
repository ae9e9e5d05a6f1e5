//! AP "Solicitar reset de password" and "Reset de password".

use axum::extract::State;
use secrecy::ExposeSecret;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    desk::users::{self, UserError},
    domain,
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, person,
            sending::{INVALID, invalid},
        },
    },
    store::users::find_by_email,
};

/// Characters of the fields that are taken and not used.
const DOMAIN: usize = 255;
const ID: usize = 1_000;

#[derive(Debug, ToSchema)]
#[schema(as = ApForgotRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct ForgotBody {
    #[schema(examples("juan@empresa.com"))]
    email: String,
    /// At most 255 characters; not used.
    domain: Option<String>,
    /// The person's company; only a super-admin names it.
    id_company: Option<i64>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApResetRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct ResetBody {
    /// At most 1,000 characters; not used.
    id: Option<String>,
    /// As `relevo user reset` printed it.
    #[schema(examples("abc123"))]
    token: String,
    /// 8 to 128 characters.
    #[schema(examples("Nueva123"))]
    password: String,
    #[schema(examples("Nueva123"))]
    password_confirmation: String,
    #[schema(examples("juan@empresa.com"))]
    email: String,
    /// The person's company; only a super-admin names it.
    id_company: Option<i64>,
}

/// Asks for a new password. **No mail is sent**: the request is told to those who run the house (in their log), who
/// hand over a token that `relevo user reset EMAIL --company ID` prints once, for `auth/password/reset`. The answer is
/// the same whether or not there is somebody of this address.
#[utoipa::path(
    post, path = "/api/auth/password/forgot", tag = "auth", operation_id = "ap_auth_forgot",
    request_body = ForgotBody,
    responses((status = 200, body = Envelope<Vec<String>>, description = "`Solicitud recibida: …`"))
)]
pub(super) async fn forgot(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let email = fields.need_text("email");
    let email = domain::email(&email);
    if email.is_none() && fields.is_fine("email") {
        fields.complain("email", person::NO_EMAIL);
    }
    person::at_most(fields, "domain", DOMAIN);
    fields.check(INVALID)?;
    let found = find_by_email(&mut api.0.db.read().await?, company, &email.unwrap_or_default()).await?;
    if let Some(user) = found.filter(|user| user.active == 1) {
        tracing::warn!(
            user = user.id,
            company,
            "a person asks for a new password; hand over what `relevo user reset` prints"
        );
    }
    Ok(Answer::ok("Solicitud recibida: un operador le entregará el token de recuperación.").with(json!([])))
}

/// Sets a new password by a token that somebody handed over; the token holds once, for 24 hours. Every token by which
/// the person was logged in ends.
#[utoipa::path(
    post, path = "/api/auth/password/reset", tag = "auth", operation_id = "ap_auth_reset",
    request_body = ResetBody,
    responses((status = 200, body = Envelope<Vec<String>>, description = "`Contrasena restablecida correctamente.`"))
)]
pub(super) async fn reset(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let (email, token) = (fields.need_text("email"), fields.need_secret("token"));
    person::at_most(fields, "id", ID);
    let password = person::need_password(fields, "password");
    person::confirm(fields, "password", &password);
    fields.check(INVALID)?;
    let token = token.expose_secret().trim().into();
    let email = domain::email(&email).unwrap_or_default();
    let refusal = |error| match error {
        UserError::Store(error) => error.into(),
        _ => invalid("token", "Token invalido."),
    };
    let mut tx = api.0.db.read().await?;
    let user = users::find_reset(&mut tx, &api.0.clock, company, (&email, &token)).await.map_err(refusal)?;
    drop(tx);
    let hash = person::hash(&api, password).await?;
    let mut tx = api.0.db.write().await?;
    users::reset(&mut tx, &api.0.clock, &user, (&token, hash)).await.map_err(refusal)?;
    tx.commit().await?;
    Ok(Answer::ok("Contrasena restablecida correctamente.").with(json!([])))
}

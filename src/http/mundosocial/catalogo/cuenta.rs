//! MS "Canales" and "Cuentas Internas": channels as internal accounts.

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{field, need_id, refused};
use crate::{
    desk::catalogue::{Thing, links},
    http::{
        Api,
        ap::{Answer, Asked, Error, sending::INVALID},
        idempotency::once,
    },
    store::links::Account,
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(cuentacanales))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(update))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCuenta)]
pub(super) struct Cuenta {
    cuen_id: i64,
    /// The account: phone number id, bot id, address or Page id.
    cuen_identificador: String,
    /// Whether the bot may have its tickets.
    cuen_bot: bool,
    cuen_descripcion: String,
}

impl From<Account> for Cuenta {
    fn from(account: Account) -> Self {
        Self {
            cuen_id: account.id,
            cuen_identificador: account.account,
            cuen_bot: account.uses_bot != 0,
            cuen_descripcion: account.name,
        }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// The kind of channel: 1 WhatsApp, 2 Facebook, 4 mail, 5 Telegram; no other has accounts.
    #[param(example = 4)]
    cana_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCuentas)]
struct Cuentas {
    cuentas: Vec<Cuenta>,
}

/// The company's accounts of a kind of channel.
#[utoipa::path(
    get, path = "/api/mundosocial/cuentacanales", tag = "mundosocial", operation_id = "ms_cuentacanales",
    params(Query),
    responses((status = 200, body = Cuentas))
)]
async fn cuentacanales(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let number = asked.fields.need_int("cana_id");
    asked.fields.check(INVALID)?;
    let accounts = links::accounts_of_kind(&mut api.0.db.read().await?, company, number).await?;
    Ok(Answer::ok("ok").with(Cuentas { cuentas: accounts.into_iter().map(Cuenta::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsCuentaUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Body {
    /// Not needed where the company has exactly one account.
    #[schema(examples(12))]
    cuen_id: Option<i64>,
    #[schema(examples(true))]
    cuen_bot: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsCuentaUnica)]
struct Unica {
    cuenta: Cuenta,
}

/// Lets the bot have an account's tickets, or not. It gets them where the group uses the bot too (`cagr_usa_bot`).
#[utoipa::path(
    post, path = "/api/mundosocial/cuentainterna/update", tag = "mundosocial", operation_id = "ms_cuentainterna_update",
    request_body = Body,
    responses((status = 200, body = Unica))
)]
async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let uses_bot = fields.need_flag("cuen_bot");
    let only = match fields.is_given(field(Thing::Channel)) {
        true => None,
        false => links::only_account(&mut api.0.db.read().await?, company).await?,
    };
    let id = only.unwrap_or_else(|| need_id(fields, Thing::Channel));
    asked.fields.check(INVALID)?;
    let now = api.0.clock.now();
    once(&api, &asked, async |tx| {
        let account = links::set_uses_bot(tx, now, company, id, uses_bot).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Unica { cuenta: account.into() }))
    })
    .await
}

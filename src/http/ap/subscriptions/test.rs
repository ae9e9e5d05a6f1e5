//! `test`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{INVALID, MISSING, secret::Body};
use crate::{
    desk::subscriptions::open_secret,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    post::test_subscription,
    store::subscriptions as rows,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApSubscriptionTest)]
pub(super) struct Tested {
    #[schema(examples(4))]
    id_subscription: i64,
    /// Whether it answered 2xx.
    delivered: bool,
    /// What was wrong, if it did not.
    #[schema(examples("answered 500"))]
    detail: Option<String>,
}

/// Sends an event of type `subscription.test`, signed as all are, and says what came of it. One that gets through ends the
/// subscription's failing; one that does not changes nothing.
#[utoipa::path(
    post, path = "/api/admin/subscriptions/test", tag = "subscriptions", operation_id = "ap_subscriptions_test",
    request_body = Body,
    responses((status = 200, body = Envelope<Tested>, description = "What came of it."))
)]
pub(super) async fn test(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let id = asked.fields.need_int("id_subscription");
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let row = rows::find(&mut api.0.db.read().await?, company, id).await?.ok_or(MISSING)?;
    let detail = match open_secret(&api.0.key, &row) {
        Ok(secret) => test_subscription(&api.0.db, &api.0.clock, &api.0.poster, &row, &secret).await?.complaint(),
        Err(_) => Some("the secret cannot be opened with this master key: rotate it".to_owned()),
    };
    api.0.bell.ring();
    let message = match detail {
        None => "Evento de prueba entregado.",
        Some(_) => "El evento de prueba no fue aceptado.",
    };
    Ok(Answer::ok(message).with(Tested { id_subscription: id, delivered: detail.is_none(), detail }))
}

//! `list` and `show`.

use axum::extract::State;
use utoipa::{IntoParams, ToSchema};

use super::{INVALID, MISSING, view::Subscription};
use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    store::subscriptions,
};

#[derive(Debug, ToSchema)]
#[schema(as = ApSubscriptionListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    id_company: Option<i64>,
}

/// A company's subscriptions, with their health.
#[utoipa::path(
    post, path = "/api/admin/subscriptions/list", tag = "subscriptions", operation_id = "ap_subscriptions_list",
    request_body = Body,
    responses((status = 200, body = Envelope<Vec<Subscription>>, description = "All of them; at most 50."))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let mut views = Vec::new();
    for row in subscriptions::list(&mut tx, company).await? {
        views.push(Subscription::of(&mut tx, row, api.0.clock.now()).await?);
    }
    Ok(Answer::ok("Suscripciones listadas correctamente.").with(views))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the call, which is read field by field")]
pub(super) struct Params {
    /// The company; a super-admin must name it.
    id_company: Option<i64>,
    #[param(example = 4)]
    id_subscription: i64,
}

/// One subscription, with its health.
#[utoipa::path(
    get, path = "/api/admin/subscriptions/show", tag = "subscriptions", operation_id = "ap_subscriptions_show",
    params(Params),
    responses((status = 200, body = Envelope<Subscription>, description = "The subscription."))
)]
pub(super) async fn show(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let id = asked.fields.need_int("id_subscription");
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let row = subscriptions::find(&mut tx, company, id).await?.ok_or(MISSING)?;
    let view = Subscription::of(&mut tx, row, api.0.clock.now()).await?;
    Ok(Answer::ok("").with(view))
}

//! `rotate-secret`.

use axum::extract::State;
use secrecy::ExposeSecret;
use utoipa::ToSchema;

use super::{INVALID, refusal, view::Subscription};
use crate::{
    desk::subscriptions,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
        idempotency::guarded,
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApSubscriptionRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    id_company: Option<i64>,
    #[schema(examples(4))]
    id_subscription: i64,
}

/// Gives a subscription another secret, which is shown this one time; what is sent from now on is signed with it.
#[utoipa::path(
    post, path = "/api/admin/subscriptions/rotate-secret", tag = "subscriptions",
    operation_id = "ap_subscriptions_rotate_secret", request_body = Body,
    responses((status = 200, body = Envelope<Subscription>, description = "The subscription, with its new secret."))
)]
pub(super) async fn rotate_secret(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let id = asked.fields.need_int("id_subscription");
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    guarded(&api, &asked, async |keeper| {
        let mut tx = api.0.db.write().await?;
        let rotated = subscriptions::rotate(&mut tx, &api.0.clock, &api.0.key, company, id).await.map_err(refusal)?;
        let mut view = Subscription::of(&mut tx, rotated.subscription, api.0.clock.now()).await?;
        let answer = Answer::ok("Secreto renovado correctamente.");
        keeper.keep(&mut tx, &answer.clone().with(&view)).await?;
        tx.commit().await?;
        rotated.secret.expose_secret().clone_into(&mut view.secret);
        Ok(answer.with(view))
    })
    .await
}

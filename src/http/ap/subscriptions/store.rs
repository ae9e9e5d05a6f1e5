//! `store`.

use axum::extract::State;
use secrecy::ExposeSecret;
use utoipa::ToSchema;

use super::{INVALID, refusal, view::Subscription, wanted};
use crate::{
    desk::subscriptions,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
        idempotency::guarded,
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = ApSubscriptionStoreRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    id_company: Option<i64>,
    /// `relay`: hears of everything, in order. `bot`: gets tickets, and hears of those that it has.
    #[schema(examples("relay"))]
    kind: String,
    #[schema(examples("CRM"))]
    name: String,
    /// Where events are sent by POST; a public address of the web.
    #[schema(examples("https://crm.example.org/relevo"))]
    url: String,
    /// The kinds of events that it wants; none: all, or of a bot `ticket.bot_assigned`, `ticket.bot_released`,
    /// `message.received` and `message.updated`.
    #[schema(examples("ticket.closed"))]
    events: Option<Vec<String>>,
    /// A bot: how long a ticket may stay with it, milliseconds, 1000 to 86400000; 300000 unless said otherwise.
    #[schema(examples(300_000))]
    timeout_ms: Option<i64>,
}

/// Adds a subscription. Events are sent as `{"type", "timestamp", "data"}` under the headers of Standard Webhooks:
/// `webhook-id` (the same when the same event is sent again), `webhook-timestamp` and `webhook-signature`. The answer holds
/// the `secret` (`whsec_…`) that they are signed with, this one time; a call that is made again under its
/// `Idempotency-Key` gets it masked.
#[utoipa::path(
    post, path = "/api/admin/subscriptions/store", tag = "subscriptions", operation_id = "ap_subscriptions_store",
    request_body = Body,
    responses((status = 200, body = Envelope<Subscription>, description = "The new subscription, with its secret."))
)]
pub(super) async fn store(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let kind = fields.need_text("kind").to_lowercase();
    fields.need_text("name");
    fields.need_text("url");
    let wanted = wanted(&api, fields);
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    guarded(&api, &asked, async |keeper| {
        let mut tx = api.0.db.write().await?;
        let added = subscriptions::add(&mut tx, &api.0.clock, &api.0.key, company, &kind, wanted.clone())
            .await
            .map_err(refusal)?;
        let mut view = Subscription::of(&mut tx, added.subscription, api.0.clock.now()).await?;
        let answer = Answer::ok("Suscripción creada correctamente.");
        // No secret is ever kept in the clear.
        keeper.keep(&mut tx, &answer.clone().with(&view)).await?;
        tx.commit().await?;
        added.secret.expose_secret().clone_into(&mut view.secret);
        Ok(answer.with(view))
    })
    .await
}

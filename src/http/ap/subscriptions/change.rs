//! `update` and `update-status`.

use axum::extract::State;
use utoipa::ToSchema;

use super::{INVALID, MISSING, refusal, view::Subscription, wanted};
use crate::{
    desk::subscriptions,
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error},
    },
    store::{Tx, subscriptions as rows},
};

#[derive(Debug, ToSchema)]
#[schema(as = ApSubscriptionUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    id_company: Option<i64>,
    #[schema(examples(4))]
    id_subscription: i64,
    #[schema(examples("CRM"))]
    name: Option<String>,
    #[schema(examples("https://crm.example.org/relevo"))]
    url: Option<String>,
    /// The kinds of events that it wants; an empty list: all.
    #[schema(examples("ticket.closed"))]
    events: Option<Vec<String>>,
    #[schema(examples(300_000))]
    timeout_ms: Option<i64>,
}

/// Changes what is given and leaves the rest. What waits for the subscription is tried at once.
#[utoipa::path(
    patch, path = "/api/admin/subscriptions/update", tag = "subscriptions", operation_id = "ap_subscriptions_update",
    request_body = Body,
    responses((status = 200, body = Envelope<Subscription>, description = "The subscription as it is now."))
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_subscription");
    let wanted = wanted(&api, fields);
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let work = async |tx: &mut Tx| {
        let row = subscriptions::update(tx, &api.0.clock, company, id, wanted.clone()).await.map_err(refusal)?;
        Ok::<_, Error>(Subscription::of(tx, row, api.0.clock.now()).await?)
    };
    let view = api.0.db.transact(work).await?;
    api.0.bell.ring();
    Ok(Answer::ok("Suscripción actualizada correctamente.").with(view))
}

#[derive(Debug, ToSchema)]
#[schema(as = ApSubscriptionStatusRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct StatusBody {
    /// The company; a super-admin must name it.
    #[schema(examples(3))]
    id_company: Option<i64>,
    #[schema(examples(4))]
    id_subscription: i64,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    subscription_status: i64,
}

/// Resumes (1) or pauses (0) a subscription. While it is paused nothing new is kept for it, what waits goes on waiting, and
/// a bot's tickets go to people. Resumed, it starts with a clean health.
#[utoipa::path(
    patch, path = "/api/admin/subscriptions/update-status", tag = "subscriptions",
    operation_id = "ap_subscriptions_update_status", request_body = StatusBody,
    responses((status = 200, body = Envelope<Subscription>, description = "The subscription as it is now."))
)]
pub(super) async fn update_status(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let fields = &mut asked.fields;
    let id = fields.need_int("id_subscription");
    let status = fields.need_int("subscription_status");
    if ![0, 1].contains(&status) && fields.is_fine("subscription_status") {
        fields.complain("subscription_status", "El estado debe ser 0 (Inactivo) o 1 (Activo).");
    }
    let company = asked.company(&api, "id_company").await?;
    asked.fields.check(INVALID)?;
    let work = async |tx: &mut Tx| {
        let changed = subscriptions::set_active(tx, &api.0.clock, company, id, status == 1).await.map_err(refusal)?;
        let row = rows::find(tx, company, id).await?.ok_or(MISSING)?;
        Ok::<_, Error>((changed, Subscription::of(tx, row, api.0.clock.now()).await?))
    };
    let (changed, view) = api.0.db.transact(work).await?;
    api.0.bell.ring();
    let message = match changed {
        true => "Estado de suscripción actualizado correctamente.",
        false => "Sin cambios: la suscripción ya se encuentra en el estado solicitado.",
    };
    Ok(Answer::ok(message).with(view))
}

//! What became of a message that we sent (P5, P10).

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::unknown;
use crate::{
    desk::outbox::{self, StepView, Trail},
    domain::FailureReason,
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error,
            moment::moment,
            sending::{INVALID, invalid},
        },
    },
    store::holds::Hold,
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    #[param(example = "0192f0c1-7a3b-7c00-8000-0123456789ab")]
    id_message: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMessageStatus)]
pub(super) struct Status {
    id_message: String,
    id_chat: String,
    id_ticket: Option<String>,
    /// `queued`, `sending`, `unknown`, `accepted`, `sent`, `delivered`, `read`, `played` or `failed`; `received` for a
    /// customer's message.
    state: String,
    state_at: Option<String>,
    /// Tries that reached the platform, or may have.
    attempts: i64,
    /// An earlier try had no answer: it may have been delivered twice.
    possible_duplicate: bool,
    /// Why it failed, or why it waits.
    failure: Option<Failure>,
    /// Why nothing of its channel leaves now.
    hold: Option<Held>,
    /// Every state it was in, in the order of their time.
    history: Vec<Step>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMessageFailure)]
struct Failure {
    /// `rate_limited`, `transient`, `unknown`, `auth`, `needs_template`, `recipient` or `content`.
    class: String,
    /// The platform's.
    code: String,
    /// What happened and what to do, in Spanish.
    es: String,
    /// The same in English.
    en: String,
    /// The platform's own words.
    detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChannelHold)]
struct Held {
    #[serde(flatten)]
    why: Failure,
    since: String,
    /// When the next one tries.
    until: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApMessageStep)]
struct Step {
    state: String,
    at: String,
    attempt: Option<i64>,
    failure: Option<Failure>,
}

/// A message's way: its state, every state before, and why it failed or waits.
#[utoipa::path(
    get, path = "/api/chat/messageStatus", tag = "chat", operation_id = "ap_chat_status",
    params(Query),
    responses((status = 200, body = Envelope<Status>))
)]
pub(super) async fn status(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let id = asked.fields.need_text("id_message");
    asked.fields.check(INVALID)?;
    let trail = outbox::trail(&mut api.0.db.read().await?, company, &id).await?;
    let trail = trail.ok_or_else(|| invalid("id_message", unknown("id_message")))?;
    Ok(Answer::ok("Estado del mensaje.").with(Status::from(trail)))
}

impl From<Trail> for Status {
    fn from(Trail { message, delivery, failure, hold, steps }: Trail) -> Self {
        Self {
            id_message: message.id,
            id_chat: message.conversation_id,
            id_ticket: message.ticket_id,
            state: message.status.unwrap_or_else(|| "received".to_owned()),
            state_at: message.status_at.map(moment),
            attempts: delivery.as_ref().map_or(0, |delivery| delivery.attempts),
            possible_duplicate: delivery.is_some_and(|delivery| delivery.possible_duplicate != 0),
            failure: failure.map(Failure::from),
            hold: hold.map(Held::from),
            history: steps.into_iter().map(Step::from).collect(),
        }
    }
}

impl From<FailureReason> for Failure {
    fn from(FailureReason { class, code, es, en, detail }: FailureReason) -> Self {
        Self { class, code, es, en, detail }
    }
}

impl From<Hold> for Held {
    fn from(hold: Hold) -> Self {
        let Hold { class, code, es, en, detail, since, until, .. } = hold;
        Self { why: Failure { class, code, es, en, detail }, since: moment(since), until: moment(until) }
    }
}

impl From<StepView> for Step {
    fn from(StepView { state, at, attempt, reason, .. }: StepView) -> Self {
        Self { state, at: moment(at), attempt, failure: reason.map(Failure::from) }
    }
}

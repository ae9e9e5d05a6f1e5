//! How agents are (MS "Estado de Conexión"): who comes online gets what waits.

use relevo_adapters::Millis;
use serde_json::json;

use super::{
    events,
    routing::{Routed, RoutingError, fill_agent},
};
use crate::{
    clock::Clock,
    domain::{
        Event, EventKind, OFFLINE, ONLINE,
        routing::{Cause, Presence},
    },
    store::{
        StoreError, Tx,
        presence::{self, AgentNow, Change, Span, State},
        routing,
    },
};

/// Rows that a list shows at most.
const LIST: i64 = 10_000;

/// The states that a company's agents can be in.
///
/// # Errors
/// Those of the database.
pub async fn states(tx: &mut Tx, company: i64) -> Result<Vec<State>, StoreError> {
    presence::states(tx, company).await
}

/// How a company's people are now.
///
/// # Errors
/// Those of the database.
pub async fn now(tx: &mut Tx, company: i64) -> Result<Vec<AgentNow>, StoreError> {
    presence::now(tx, company, LIST).await
}

/// What a company's agents were between two moments, the latest first; of one agent, if `user` is given.
///
/// # Errors
/// Those of the database.
pub async fn history(
    tx: &mut Tx,
    company: i64,
    user: Option<i64>,
    span: (Millis, Millis),
) -> Result<Vec<Span>, StoreError> {
    presence::history(tx, company, user.unwrap_or_default(), span, LIST).await
}

/// Sets an agent's state. Who comes online gets what waits in the automatic groups, up to the capacity; who goes offline
/// keeps the tickets for a while.
///
/// # Errors
/// [`RoutingError::NoAgent`], [`RoutingError::Inactive`], [`RoutingError::Invalid`] for the state, or those of the
/// database.
pub async fn set(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    user: i64,
    state: i64,
    by: Option<i64>,
) -> Result<(State, Routed), RoutingError> {
    let agent = routing::lock_agent(tx, company, user).await?.ok_or(RoutingError::NoAgent)?;
    if agent.active != 1 {
        return Err(RoutingError::Inactive);
    }
    let state = presence::find(tx, company, state)
        .await?
        .ok_or_else(|| RoutingError::Invalid("esta_id", "El estado de conexión no existe.".to_owned()))?;
    let done = change_to(tx, clock, company, user, &state, by).await?;
    Ok((state, done))
}

/// What follows when somebody is said to be at work or not, without saying how; also for who may not work any more.
///
/// # Errors
/// Those of the database.
pub async fn show(
    tx: &mut Tx,
    clock: &Clock,
    (company, user): (i64, i64),
    is_online: bool,
) -> Result<Routed, StoreError> {
    let id = if is_online { ONLINE } else { OFFLINE };
    match presence::find(tx, company, id).await? {
        Some(state) => change_to(tx, clock, company, user, &state, None).await,
        None => Ok(Routed::default()),
    }
}

async fn change_to(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    user: i64,
    state: &State,
    by: Option<i64>,
) -> Result<Routed, StoreError> {
    let change = Change { company, user, state: state.id, kind: &state.kind, by, at: clock.now() };
    let jobs = match presence::set(tx, change).await? {
        true => tell(tx, clock, company, user, state).await?,
        false => 0,
    };
    let mut done = match Presence::parse(&state.kind) {
        Presence::Online => fill_agent(tx, clock, company, user, Cause::Presence).await?,
        Presence::Away | Presence::Offline => Routed::default(),
    };
    done.jobs += jobs;
    Ok(done)
}

async fn tell(tx: &mut Tx, clock: &Clock, company: i64, user: i64, state: &State) -> Result<usize, StoreError> {
    let told = Event {
        company,
        kind: EventKind::PresenceChanged,
        ticket: None,
        group: None,
        agent: Some(user),
        data: json!({"usua_id": user, "esta_id": state.id, "estado": state.name, "tipo": state.kind}),
    };
    events::tell(tx, clock.now(), &[told]).await
}

//! Groups: queues of tickets and their rules.

use relevo_adapters::Millis;
use serde_json::json;

use super::{CatalogueError, Findings, LIST, NAME, Part, TEXT, Thing, same_name};
use crate::{
    clock::Clock,
    desk::{events, routing},
    domain::{Event, EventKind, routing::Cause, timezone_name},
    store::{
        StoreError, Tx, departments,
        groups::{self, Group, Held},
    },
};

/// The zone of a group for which nobody names another.
pub const TIMEZONE: &str = "America/Santiago";
/// How tickets find their agents: given out, or pulled.
pub const POLICIES: [&str; 2] = ["auto", "manual"];
const PRIORITIES: std::ops::RangeInclusive<i64> = 0..=1_000;

/// What is to be of a group; what is `None` stays as it is, or is a new one's default. An inner `None` takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    pub name: Option<String>,
    pub department: Option<Option<i64>>,
    pub policy: Option<String>,
    pub self_assign: Option<bool>,
    pub priority: Option<i64>,
    pub position: Option<i64>,
    pub timezone: Option<String>,
    pub closed_message: Option<Option<String>>,
    pub busy_message: Option<Option<String>>,
    pub active: Option<bool>,
}

/// Adds a group: given out automatically, active, in [`TIMEZONE`], always open, unless said otherwise.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, now: Millis, company: i64, change: Change) -> Result<Group, CatalogueError> {
    let new = Group {
        company_id: company,
        policy: POLICIES[0].to_owned(),
        timezone: TIMEZONE.to_owned(),
        active: 1,
        created_at: now,
        updated_at: now,
        ..Group::default()
    };
    let mut group = changed(tx, new, change).await?;
    group.id = groups::insert(tx, &group).await?;
    Ok(group)
}

/// Changes a company's group.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(tx: &mut Tx, now: Millis, company: i64, id: i64, change: Change) -> Result<Group, CatalogueError> {
    let group = groups::lock(tx, company, id).await?.ok_or(CatalogueError::missing(Thing::Group))?;
    let group = Group { updated_at: now, ..changed(tx, group, change).await? };
    groups::update(tx, &group, now).await?;
    groups::prioritise(tx, id, group.priority).await?;
    Ok(group)
}

async fn changed(tx: &mut Tx, before: Group, change: Change) -> Result<Group, CatalogueError> {
    let mut findings = Findings::default();
    let (company, id) = (before.company_id, before.id);
    let mut group = Group {
        name: change.name.map_or(before.name, |name| name.trim().to_owned()),
        department_id: change.department.unwrap_or(before.department_id),
        policy: change.policy.map_or(before.policy, |policy| policy.to_lowercase()),
        self_assign: change.self_assign.map_or(before.self_assign, i64::from),
        priority: change.priority.unwrap_or(before.priority),
        position: change.position.unwrap_or(before.position),
        timezone: change.timezone.unwrap_or(before.timezone),
        closed_message: change.closed_message.unwrap_or(before.closed_message),
        busy_message: change.busy_message.unwrap_or(before.busy_message),
        active: change.active.map_or(before.active, i64::from),
        ..before
    };
    findings.length(Part::Name, "El nombre del grupo", &group.name, NAME);
    if !POLICIES.contains(&group.policy.as_str()) {
        findings.wrong(Part::Other, "La política del grupo debe ser auto o manual.");
    }
    if !PRIORITIES.contains(&group.priority) {
        findings.wrong(Part::Other, "La prioridad del grupo debe estar entre 0 y 1000.");
    }
    match timezone_name(&group.timezone) {
        Ok(name) => group.timezone = name,
        Err(error) => findings.wrong(Part::Other, error.to_string()),
    }
    for (what, text) in [("cerrado", &group.closed_message), ("ocupado", &group.busy_message)] {
        if let Some(text) = text {
            findings.length(Part::Other, &format!("El mensaje de {what}"), text, TEXT);
        }
    }
    if let Some(department) = group.department_id {
        let found = departments::find(tx, Some(company), department).await?;
        findings.is_there(found.is_some(), Thing::Department);
    }
    findings.check()?;
    let others = groups::list(tx, company, LIST).await?;
    if others.iter().any(|other| other.id != id && same_name(&other.name, &group.name)) {
        return Err(CatalogueError::Taken("Ya existe un grupo con ese nombre.".to_owned()));
    }
    Ok(group)
}

/// What became of a deleted group's tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Those that waited, which were routed again.
    pub tickets: Vec<String>,
    /// How many stayed with their agents.
    pub in_progress: usize,
    /// The group that was named for those that waited.
    pub into: Option<i64>,
}

/// Deletes a company's group. Its waiting tickets, those that a bot has among them, are routed in the group `into`, or anew;
/// those in progress stay with their agents and have no group any more.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    id: i64,
    into: Option<i64>,
) -> Result<Changed, CatalogueError> {
    let now = clock.now();
    let mut findings = Findings::default();
    // In the order of ids, so that two that delete each other's destination do not wait for each other.
    let mut locked = Vec::new();
    let mut ids: Vec<i64> = [Some(id), into].into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        locked.extend(groups::lock(tx, company, id).await?);
    }
    findings.is_there(locked.iter().any(|group| group.id == id), Thing::Group);
    let destination = locked.iter().find(|group| Some(group.id) == into);
    findings.is_there(into.is_none() || destination.is_some(), Thing::Destination);
    if into == Some(id) {
        findings.wrong(Part::Other, "El grupo de destino debe ser otro que el eliminado.");
    }
    findings.check()?;
    let held = groups::held(tx, company, id).await?;
    groups::empty(tx, company, id, destination.map(|group| (group.id, group.priority)), now).await?;
    groups::delete(tx, id, now).await?;
    let (waiting, in_progress): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|ticket| ticket.agent_id.is_none());
    tell(tx, now, company, (id, into), &waiting).await?;
    let tickets: Vec<String> = waiting.into_iter().map(|ticket| ticket.id).collect();
    routing::route(tx, clock, &tickets, Cause::Group).await?;
    Ok(Changed { tickets, in_progress: in_progress.len(), into })
}

async fn tell(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    (from, into): (i64, Option<i64>),
    moved: &[Held],
) -> Result<(), StoreError> {
    let event = |kind, ticket: &Held| Event {
        company,
        kind,
        ticket: Some(ticket.id.clone()),
        group: into,
        agent: None,
        data: json!({"id_ticket": ticket.id, "grup_anterior": from, "grup_id": into, "causa": "group_deleted", "bot_id": ticket.bot_id}),
    };
    let released = moved.iter().filter(|ticket| ticket.bot_id.is_some());
    let mut told: Vec<Event> = released.map(|ticket| event(EventKind::TicketBotReleased, ticket)).collect();
    told.extend(moved.iter().map(|ticket| event(EventKind::TicketGroupChanged, ticket)));
    events::tell(tx, now, &told).await.map(drop)
}

//! Groups: queues of tickets and their rules.

use relevo_adapters::Millis;

use super::{CatalogueError, Findings, LIST, NAME, Part, TEXT, Thing, same_name};
use crate::{
    domain::timezone_name,
    store::{
        Tx, departments,
        groups::{self, Group},
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

/// What becomes of a deleted group's tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// How many waited.
    pub waiting: i64,
    /// How many stay with their agents.
    pub in_progress: i64,
    /// The group that was named for those that waited.
    pub into: Option<i64>,
}

/// Deletes a company's group. Its waiting tickets, those that a bot has among them, are to be routed in the group `into`,
/// or anew, and those in progress stay with their agents and lose the group: [`routing::refresh`] does that, some at a time.
///
/// # Errors
/// See [`CatalogueError`].
///
/// [`routing::refresh`]: crate::desk::routing::refresh
pub async fn delete(
    tx: &mut Tx,
    now: Millis,
    company: i64,
    id: i64,
    into: Option<i64>,
) -> Result<Changed, CatalogueError> {
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
    let has_destination = locked.iter().any(|group| Some(group.id) == into && group.active != 0);
    findings.is_there(into.is_none() || has_destination, Thing::Destination);
    if into == Some(id) {
        findings.wrong(Part::Other, "El grupo de destino debe ser otro que el eliminado.");
    }
    findings.check()?;
    let (waiting, in_progress) = groups::count_tickets(tx, id).await?;
    groups::delete(tx, id, into, now).await?;
    Ok(Changed { waiting, in_progress, into })
}

//! Who is there, and the giving: whoever waits longest among the most urgent gets the next free slot.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use relevo_adapters::Millis;

use super::{hours::Open, place::AUTO, record::Record};
use crate::{
    domain::routing::{Candidate, Cause, Choice, Explanation, Presence, Verdict, choose},
    store::{
        StoreError, Tx,
        routing::{self as store, Agent, Member, Queue},
        tickets::Ticket,
    },
};

/// Agents of some groups, held, with what they have in hand.
#[derive(Debug)]
pub(super) struct Room {
    agents: BTreeMap<i64, Candidate>,
    members: HashMap<i64, Vec<i64>>,
    /// The time of the next giving: later than any that a clock gave, so that within a round ties go to who got none.
    turn: Millis,
}

/// Later than any time.
const ROUND: Millis = i64::MAX / 2;
/// Tickets that wait and are looked at in one transaction, in one group and in all; what is left is the next
/// transaction's. Of a few each group shows some, however many they are.
const BATCH: (i64, i64) = (100, 500);
const FEW: i64 = 8;

/// A ticket that is decided about, how far the decision is, and why there is one.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) ticket: Ticket,
    pub(super) cause: Cause,
    pub(super) explanation: Explanation,
}

/// A ticket's place in the order in which tickets are given: the most urgent, then the longest waiting.
type Rank = (i64, Millis, String);

fn rank(ticket: &Ticket) -> Rank {
    (-ticket.priority, ticket.waiting_since.unwrap_or(ticket.created_at), ticket.id.clone())
}

/// What waits in some groups, held.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    tickets: Vec<Ticket>,
    /// The groups in which more may wait than was looked at, and how far that was.
    seen_to: BTreeMap<i64, Rank>,
}

impl Room {
    /// The members of these groups; those who are online are held.
    pub(super) async fn of_groups(tx: &mut Tx, groups: &[i64]) -> Result<Self, StoreError> {
        let held = store::lock_online(tx, groups).await?;
        let mut room = Self::as_seen(tx, groups).await?;
        // Who came online since then is not held, and may be getting tickets elsewhere.
        for one in room.agents.values_mut().filter(|one| one.presence == Presence::Online && !held.contains(&one.id)) {
            one.presence = Presence::Offline;
        }
        Ok(room)
    }

    /// The members of these groups as they are seen, held by nobody: to look, not to give.
    pub(super) async fn as_seen(tx: &mut Tx, groups: &[i64]) -> Result<Self, StoreError> {
        let mut room = Self { agents: BTreeMap::new(), members: HashMap::new(), turn: ROUND };
        for member in store::members(tx, groups).await? {
            room.members.entry(member.group_id).or_default().push(member.id);
            room.agents.entry(member.id).or_insert_with(|| candidate(member));
        }
        Ok(room)
    }

    /// One agent, who is held, in these groups.
    pub(super) fn of_agent(agent: &Agent, load: i64, groups: &[i64]) -> Self {
        let one = Candidate {
            id: agent.id,
            name: agent.name.clone(),
            active: agent.active == 1,
            presence: Presence::parse(&agent.presence),
            capacity: agent.capacity,
            load,
            last_assigned_at: agent.last_assigned_at,
        };
        Self {
            agents: BTreeMap::from([(one.id, one)]),
            members: groups.iter().map(|group| (*group, vec![agent.id])).collect(),
            turn: ROUND,
        }
    }

    /// The slots that each agent who can take a ticket in a group has free: `(agent, slots)`.
    fn free(&self, group: i64) -> Vec<(i64, i64)> {
        let members = self.members.get(&group).into_iter().flatten().filter_map(|id| self.agents.get(id));
        let able = members.filter(|one| one.active && one.presence == Presence::Online && one.load < one.capacity);
        able.map(|one| (one.id, one.capacity - one.load)).collect()
    }

    /// The tickets that wait in these groups, as many as there are slots; those that the caller holds are left out.
    pub(super) async fn waiting(
        &self,
        tx: &mut Tx,
        groups: &[i64],
        held: &BTreeSet<String>,
    ) -> Result<Waiting, StoreError> {
        let mut waiting = Waiting::default();
        let shares = BATCH.1 / i64::try_from(groups.len()).unwrap_or(BATCH.1).max(1);
        let most = BATCH.0.min(shares.max(FEW));
        for group in groups {
            let free = self.free(*group);
            // Where there is one agent only, what is not for him is not worth holding.
            let not_for = match free[..] {
                [] => continue,
                [(only, _)] => only,
                _ => 0,
            };
            let slots: i64 = free.iter().map(|(_, slots)| slots).sum();
            // Those that the caller holds may be among the first.
            let limit = slots.min(most) + i64::try_from(held.len()).unwrap_or_default();
            let found = store::waiting(tx, *group, not_for, limit).await?;
            if let Some(last) = found.last().filter(|_| i64::try_from(found.len()).is_ok_and(|found| found == limit)) {
                waiting.seen_to.insert(*group, rank(last));
            }
            waiting.tickets.extend(found.into_iter().filter(|ticket| !held.contains(&ticket.id)));
        }
        Ok(waiting)
    }

    /// Gives tickets to agents: `own` are decided about in any case; `others` wait already, and are only given, for the
    /// reason `because`. Nothing is given before what waits longer and was not looked at.
    pub(super) fn give(&mut self, own: Vec<Own>, others: Waiting, because: Cause, record: &mut Record) {
        let own = own.into_iter().map(|own| (own.ticket, Some((own.cause, own.explanation))));
        let mut all: Vec<(Ticket, Option<(Cause, Explanation)>)> =
            own.chain(others.tickets.into_iter().map(|ticket| (ticket, None))).collect();
        all.sort_by_cached_key(|(ticket, _)| rank(ticket));
        let all_seen_to = others.seen_to.values().min();
        for (mut ticket, own) in all {
            let own_seen_to = ticket.group_id.and_then(|group| others.seen_to.get(&group));
            match own {
                Some((cause, mut explanation)) => {
                    let overtakes = own_seen_to.is_some_and(|seen_to| rank(&ticket) > *seen_to);
                    match self.choose(&ticket, overtakes, &mut explanation) {
                        Some(agent) => record.assign(&mut ticket, agent, cause, &explanation),
                        None => record.queue(&mut ticket, cause, &explanation),
                    }
                    record.keep(ticket);
                }
                None if all_seen_to.is_some_and(|seen_to| rank(&ticket) > *seen_to) => {}
                None => {
                    let mut explanation = Explanation::of(because);
                    if let Some(agent) = self.choose(&ticket, false, &mut explanation) {
                        record.assign(&mut ticket, agent, because, &explanation);
                        record.keep(ticket);
                    }
                }
            }
        }
    }

    /// The choice in a group, without its effect.
    pub(super) fn look(&self, group: i64, previous: Option<i64>, excluded: Option<i64>) -> (Vec<Candidate>, Choice) {
        let members = self.members.get(&group).into_iter().flatten();
        let candidates: Vec<Candidate> = members.filter_map(|id| self.agents.get(id)).cloned().collect();
        let choice = choose(&candidates, previous, excluded);
        (candidates, choice)
    }

    fn choose(&mut self, ticket: &Ticket, overtakes: bool, explanation: &mut Explanation) -> Option<i64> {
        let group = ticket.group_id.unwrap_or_default();
        let (candidates, choice) = self.look(group, ticket.previous_agent_id, ticket.excluded_agent_id);
        if overtakes && choice.chosen.is_some() {
            explanation.add("eleccion", "Otros esperan desde antes: el ticket espera su turno.");
            return None;
        }
        explanation.consider(&candidates, &choice);
        let Some(place) = choice.chosen else {
            explanation.add("eleccion", nobody(&choice));
            return None;
        };
        let one = &candidates[place];
        explanation.add("eleccion", format!("{}: {}", one.name, choice.verdicts[place].text()));
        if let Some(agent) = self.agents.get_mut(&one.id) {
            agent.load += 1;
            agent.last_assigned_at = Some(self.turn);
            self.turn += 1;
        }
        Some(one.id)
    }
}

fn nobody(choice: &Choice) -> &'static str {
    match &choice.verdicts[..] {
        [] => "El grupo no tiene ejecutivos: el ticket espera.",
        all if all.contains(&Verdict::Full) => "Todos los ejecutivos en línea están ocupados: el ticket espera.",
        all if all.contains(&Verdict::Excluded) => "No hay otro ejecutivo en línea: el ticket espera.",
        _ => "Ningún ejecutivo del grupo está en línea: el ticket espera.",
    }
}

fn candidate(member: Member) -> Candidate {
    Candidate {
        id: member.id,
        name: member.name,
        active: member.active == 1,
        presence: Presence::parse(&member.presence),
        capacity: member.capacity,
        load: member.load,
        last_assigned_at: member.last_assigned_at,
    }
}

/// Fills the free slots of an agent, who is held, from the automatic groups that are open now. Gives what was done into
/// `record`.
pub(super) async fn fill(tx: &mut Tx, agent: &Agent, cause: Cause, record: &mut Record) -> Result<(), StoreError> {
    if agent.active != 1 || Presence::parse(&agent.presence) != Presence::Online {
        return Ok(());
    }
    let load = store::load(tx, agent.id).await?;
    if load >= agent.capacity {
        return Ok(());
    }
    let queues = store::queues_of(tx, agent.id).await?;
    let auto: Vec<&Queue> = queues.iter().filter(|queue| queue.policy == AUTO).collect();
    let open = Open::load(tx, record.clock.now(), &auto).await?;
    let groups: Vec<i64> = auto.iter().map(|queue| queue.id).filter(|group| open.is_open(*group)).collect();
    let mut room = Room::of_agent(agent, load, &groups);
    let waiting = room.waiting(tx, &groups, &BTreeSet::new()).await?;
    room.give(Vec::new(), waiting, cause, record);
    Ok(())
}

/// Fills the free slots of the agents of those of these groups that are automatic and open now, the least loaded first:
/// of all that waits in them together, so that who serves several gets what waits longest.
pub(super) async fn fill_groups(
    tx: &mut Tx,
    groups: &[i64],
    cause: Cause,
    record: &mut Record,
) -> Result<(), StoreError> {
    let queues = store::queues(tx, groups).await?;
    let auto: Vec<&Queue> = queues.iter().filter(|queue| queue.policy == AUTO).collect();
    let open = Open::load(tx, record.clock.now(), &auto).await?;
    let groups: Vec<i64> = auto.iter().map(|queue| queue.id).filter(|group| open.is_open(*group)).collect();
    if groups.is_empty() {
        return Ok(());
    }
    let mut room = Room::of_groups(tx, &groups).await?;
    let waiting = room.waiting(tx, &groups, &BTreeSet::new()).await?;
    room.give(Vec::new(), waiting, cause, record);
    Ok(())
}

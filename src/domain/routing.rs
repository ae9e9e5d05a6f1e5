//! Who gets a ticket (DESIGN §6): the choice itself, and how it is explained (P10).

use relevo_adapters::Millis;
use serde::{Deserialize, Serialize};

/// Agents whom an explanation names, at most.
const NAMED: usize = 30;

/// How an agent is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Gets tickets.
    Online,
    /// Keeps the own ones, gets no new ones.
    Away,
    /// Gives the unanswered ones back after a while.
    Offline,
}

impl Presence {
    pub const ALL: [Self; 3] = [Self::Online, Self::Away, Self::Offline];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Away => "away",
            Self::Offline => "offline",
        }
    }

    /// The presence of this name; what nobody knows is not there.
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|presence| presence.as_str() == name).unwrap_or(Self::Offline)
    }
}

/// Somebody who may get a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: i64,
    pub name: String,
    pub active: bool,
    pub presence: Presence,
    pub capacity: i64,
    /// Tickets in hand, counted.
    pub load: i64,
    pub last_assigned_at: Option<Millis>,
}

/// Why somebody got a ticket, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Chosen: had it before.
    Previous,
    /// Chosen: has the fewest in hand.
    LeastLoaded,
    Inactive,
    Offline,
    Away,
    /// Has as many as may be.
    Full,
    /// The ticket is to go to somebody else.
    Excluded,
    /// Could have taken it, but somebody else had it before.
    NotPrevious,
    /// Could have taken it, but has more in hand than the chosen one.
    MoreLoaded,
    /// Could have taken it, with as many in hand, but got one more recently.
    MoreRecent,
}

impl Verdict {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Previous => "Elegido: ya atendía este ticket.",
            Self::LeastLoaded => "Elegido: es quien tiene menos tickets en curso.",
            Self::Inactive => "El usuario está inactivo.",
            Self::Offline => "No está en línea.",
            Self::Away => "Está en pausa.",
            Self::Full => "Alcanzó su máximo de tickets simultáneos.",
            Self::Excluded => "El ticket se le está quitando.",
            Self::NotPrevious => "Otro ejecutivo ya atendía este ticket.",
            Self::MoreLoaded => "Tiene más tickets en curso que el elegido.",
            Self::MoreRecent => "Recibió un ticket más recientemente que el elegido.",
        }
    }

    /// The same in English.
    pub fn text_en(self) -> &'static str {
        match self {
            Self::Previous => "Assigned because the agent had the ticket before",
            Self::LeastLoaded => "Assigned because of workload: fewest tickets in hand",
            Self::Inactive => "inactive",
            Self::Offline => "not online",
            Self::Away => "away",
            Self::Full => "at capacity",
            Self::Excluded => "excluded",
            Self::NotPrevious => "somebody else had it before",
            Self::MoreLoaded => "more tickets in hand",
            Self::MoreRecent => "got a ticket more recently",
        }
    }

    fn is_chosen(self) -> bool {
        matches!(self, Self::Previous | Self::LeastLoaded)
    }
}

/// An agent in an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub usua_id: i64,
    pub nombre: String,
    /// `None`: who is not online is not counted.
    pub carga: Option<i64>,
    pub capacidad: i64,
    pub veredicto: Verdict,
    pub motivo: String,
}

/// A choice among candidates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The chosen one's place among the candidates.
    pub chosen: Option<usize>,
    pub verdicts: Vec<Verdict>,
}

/// Chooses among members of a group: only who is online and below capacity; the previous agent first, then the least
/// loaded, ties by the longest since a ticket was last assigned (never counts as longest), then by id.
pub fn choose(candidates: &[Candidate], previous: Option<i64>, excluded: Option<i64>) -> Choice {
    let able = |candidate: &Candidate| match candidate {
        Candidate { active: false, .. } => Some(Verdict::Inactive),
        Candidate { id, .. } if excluded == Some(*id) => Some(Verdict::Excluded),
        Candidate { presence: Presence::Offline, .. } => Some(Verdict::Offline),
        Candidate { presence: Presence::Away, .. } => Some(Verdict::Away),
        Candidate { load, capacity, .. } if load >= capacity => Some(Verdict::Full),
        _ => None,
    };
    let unable: Vec<Option<Verdict>> = candidates.iter().map(able).collect();
    let free = || candidates.iter().enumerate().filter(|(place, _)| unable[*place].is_none());
    let stays = free().find(|(_, candidate)| previous == Some(candidate.id));
    let rank =
        |candidate: &Candidate| (candidate.load, candidate.last_assigned_at.unwrap_or(Millis::MIN), candidate.id);
    let chosen = stays.or_else(|| free().min_by_key(|(_, candidate)| rank(candidate)));
    let verdict = |(place, candidate): (usize, &Candidate)| match (unable[place], chosen) {
        (Some(verdict), _) => verdict,
        (None, Some((best, _))) if best == place && stays.is_some() => Verdict::Previous,
        (None, Some((best, _))) if best == place => Verdict::LeastLoaded,
        (None, _) if stays.is_some() => Verdict::NotPrevious,
        (None, Some((_, best))) if candidate.load > best.load => Verdict::MoreLoaded,
        (None, _) => Verdict::MoreRecent,
    };
    Choice { chosen: chosen.map(|(place, _)| place), verdicts: candidates.iter().enumerate().map(verdict).collect() }
}

/// Why a ticket is decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Opened,
    /// Our side wrote first.
    Begun,
    Reopened,
    /// An agent came online.
    Presence,
    /// An agent's slot became free.
    Slot,
    /// Nobody was there before; looked at again.
    Sweep,
    /// It was moved to another group, or its group is gone.
    Group,
    /// Somebody asked that another agent gets it.
    Reassigned,
    /// Its agent is gone for too long.
    AgentGone,
    /// Its bot's time is up.
    BotTimeout,
    /// Its bot does not answer.
    BotFailed,
    /// Somebody assigned it.
    Assigned,
    /// An agent took it by choice.
    SelfAssigned,
    /// An agent asked for the next one.
    Pulled,
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Begun => "begun",
            Self::Reopened => "reopened",
            Self::Presence => "presence",
            Self::Slot => "slot",
            Self::Sweep => "sweep",
            Self::Group => "group",
            Self::Reassigned => "reassigned",
            Self::AgentGone => "agent_gone",
            Self::BotTimeout => "bot_timeout",
            Self::BotFailed => "bot_failed",
            Self::Assigned => "assigned",
            Self::SelfAssigned => "self_assigned",
            Self::Pulled => "pulled",
        }
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Opened => "El cliente abrió el ticket.",
            Self::Begun => "Nosotros escribimos primero.",
            Self::Reopened => "El ticket se reabrió.",
            Self::Presence => "Un ejecutivo se puso en línea.",
            Self::Slot => "Un ejecutivo quedó con espacio.",
            Self::Sweep => "Se revisó lo que espera.",
            Self::Group => "El ticket cambió de grupo.",
            Self::Reassigned => "Se pidió reasignar el ticket.",
            Self::AgentGone => "Su ejecutivo lleva demasiado tiempo desconectado.",
            Self::BotTimeout => "Se agotó el tiempo del bot.",
            Self::BotFailed => "El bot no responde.",
            Self::Assigned => "Un usuario asignó el ticket.",
            Self::SelfAssigned => "Un ejecutivo tomó el ticket.",
            Self::Pulled => "Un ejecutivo pidió el siguiente ticket.",
        }
    }

    /// Whether a bot may have it now: only what just began.
    pub fn may_be_a_bots(self) -> bool {
        matches!(self, Self::Opened | Self::Reopened)
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Assigned,
    /// It waits in its group's queue.
    Queued,
    /// A bot has it.
    Bot,
    /// Its channel has no group: it waits where only operators look.
    Ungrouped,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Queued => "queued",
            Self::Bot => "bot",
            Self::Ungrouped => "ungrouped",
        }
    }
}

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `causa`, `grupo`, `bot`, `horario`, `politica`, `eleccion`.
    pub paso: String,
    /// For people.
    pub texto: String,
}

/// A decision, explained: its steps in order, and who was considered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub pasos: Vec<Step>,
    /// The chosen one first.
    pub considerados: Vec<Considered>,
    /// How many more were considered.
    pub otros: usize,
}

impl Explanation {
    /// Begins with why the ticket is decided about.
    pub fn of(cause: Cause) -> Self {
        let mut explanation = Self::default();
        explanation.add("causa", cause.text());
        explanation
    }

    /// Adds a step.
    pub fn add(&mut self, step: &str, text: impl Into<String>) {
        self.pasos.push(Step { paso: step.to_owned(), texto: text.into() });
    }

    /// Adds who was considered; those who could have taken it come before those who could not.
    pub fn consider(&mut self, candidates: &[Candidate], choice: &Choice) {
        let mut all: Vec<(&Candidate, Verdict)> = candidates.iter().zip(choice.verdicts.iter().copied()).collect();
        let rank = |verdict: Verdict| match verdict {
            verdict if verdict.is_chosen() => 0,
            Verdict::NotPrevious | Verdict::MoreLoaded | Verdict::MoreRecent => 1,
            Verdict::Full | Verdict::Excluded => 2,
            _ => 3,
        };
        all.sort_by_key(|(_, verdict)| rank(*verdict));
        self.otros = all.len().saturating_sub(NAMED);
        self.considerados = all
            .into_iter()
            .take(NAMED)
            .map(|(candidate, veredicto)| Considered {
                usua_id: candidate.id,
                nombre: candidate.name.clone(),
                carga: (candidate.presence == Presence::Online).then_some(candidate.load),
                capacidad: candidate.capacity,
                veredicto,
                motivo: veredicto.text().to_owned(),
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agent(id: i64, load: i64, last: Option<Millis>) -> Candidate {
        Candidate {
            id,
            name: format!("a{id}"),
            active: true,
            presence: Presence::Online,
            capacity: 3,
            load,
            last_assigned_at: last,
        }
    }

    fn chosen(candidates: &[Candidate], previous: Option<i64>, excluded: Option<i64>) -> Option<i64> {
        choose(candidates, previous, excluded).chosen.map(|place| candidates[place].id)
    }

    #[test]
    fn the_previous_agent_comes_first_then_the_least_loaded_then_the_longest_idle() {
        let all = [agent(1, 1, Some(5)), agent(2, 0, Some(9)), agent(3, 0, Some(7)), agent(4, 2, None)];
        assert_eq!(chosen(&all, Some(4), None), Some(4), "although he has the most");
        assert_eq!(chosen(&all, None, None), Some(3));
        assert_eq!(chosen(&all, Some(3), Some(3)), Some(2), "not to whom it is taken from");
        assert_eq!(chosen(&[agent(1, 0, Some(1)), agent(2, 0, None)], None, None), Some(2), "never is longest");
        assert_eq!(chosen(&[agent(2, 0, None), agent(1, 0, None)], None, None), Some(1), "and then by id");
        assert_eq!(chosen(&[], None, None), None);
    }

    #[test]
    fn p10_everybody_who_was_passed_over_is_told_why() {
        let mut all = [agent(1, 0, None), agent(2, 3, None), agent(3, 0, None), agent(4, 0, None), agent(5, 1, None)];
        all[2].presence = Presence::Away;
        all[3].active = false;
        let choice = choose(&all, None, None);
        use Verdict::{Away, Full, Inactive, LeastLoaded, MoreLoaded};
        assert_eq!(choice.verdicts, [LeastLoaded, Full, Away, Inactive, MoreLoaded]);
        let mut explanation = Explanation::of(Cause::Opened);
        explanation.consider(&all, &choice);
        assert_eq!(explanation.considerados[0].usua_id, 1);
        assert_eq!((explanation.considerados.len(), explanation.otros), (5, 0));
        let many: Vec<Candidate> = (0..100).map(|id| agent(id, 0, None)).collect();
        explanation.consider(&many, &choose(&many, Some(77), None));
        assert_eq!(
            (explanation.considerados.len(), explanation.otros, explanation.considerados[0].usua_id),
            (30, 70, 77)
        );
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (any::<bool>(), 0..3_usize, 0..4_i64, 0..5_i64, proptest::option::of(0..50_i64));
        proptest::collection::vec(one, 0..12).prop_map(|all| {
            let make = |(id, (active, presence, capacity, load, last_assigned_at))| Candidate {
                id: i64::try_from(id).unwrap_or_default(),
                name: String::new(),
                active,
                presence: Presence::ALL[presence],
                capacity,
                load,
                last_assigned_at,
            };
            all.into_iter().enumerate().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn nobody_is_chosen_who_is_not_online_or_full(
            all in candidates(),
            previous in proptest::option::of(0..12_i64),
            excluded in proptest::option::of(0..12_i64),
        ) {
            let choice = choose(&all, previous, excluded);
            let may = |one: &Candidate| {
                one.active && one.presence == Presence::Online && one.load < one.capacity && Some(one.id) != excluded
            };
            prop_assert_eq!(choice.verdicts.len(), all.len());
            match choice.chosen {
                None => prop_assert!(!all.iter().any(may), "somebody could have taken it"),
                Some(place) => {
                    let best = &all[place];
                    prop_assert!(may(best));
                    if all.iter().any(|one| Some(one.id) == previous && may(one)) {
                        prop_assert_eq!(Some(best.id), previous);
                    } else {
                        let idle = |one: &Candidate| one.last_assigned_at.unwrap_or(Millis::MIN);
                        for one in all.iter().filter(|one| may(one)) {
                            prop_assert!((best.load, idle(best)) <= (one.load, idle(one)));
                        }
                    }
                }
            }
            let said = choice.verdicts.iter().filter(|verdict| verdict.is_chosen()).count();
            prop_assert_eq!(said, usize::from(choice.chosen.is_some()));
        }
    }
}

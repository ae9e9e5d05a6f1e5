//! Reports: tickets counted by state and day, and how long things took, in total and per channel, group and agent.
//!
//! A report takes tickets one at a time and keeps no ticket: what it holds grows with the channels, groups, agents and
//! days, not with the tickets (P8).

use std::collections::BTreeMap;

use relevo_adapters::Millis;

use super::TicketState;

/// A ticket as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub state: TicketState,
    pub channel: i64,
    pub group: Option<i64>,
    pub agent: Option<i64>,
    /// The calendar day on which it was opened: year, month, day.
    pub day: Day,
    pub spans: Spans,
}

/// Year, month, day.
pub type Day = (i16, i8, i8);

/// How long things took with a ticket, milliseconds; `None` if they did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spans {
    /// From opening to the first assignment.
    pub wait: Option<Millis>,
    /// From opening to our side's first answer.
    pub response: Option<Millis>,
    /// From the assignment to the closing.
    pub handling: Option<Millis>,
}

impl Spans {
    /// What these moments make. Of a ticket that was reopened the first answer is not known any more: what is kept is
    /// that after the reopening.
    pub fn of(opened: Millis, moments: Moments) -> Self {
        let Moments { first_assigned, assigned, answered, closed, reopened } = moments;
        let since = |from: Millis, to: Millis| (to - from).max(0);
        Self {
            wait: first_assigned.or(assigned.filter(|_| !reopened)).map(|at| since(opened, at)),
            response: answered.filter(|_| !reopened).map(|at| since(opened, at)),
            handling: assigned.or(first_assigned).zip(closed).map(|(from, to)| since(from, to)),
        }
    }
}

/// When things happened with a ticket.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    pub first_assigned: Option<Millis>,
    /// When its present or last owner got it.
    pub assigned: Option<Millis>,
    pub answered: Option<Millis>,
    pub closed: Option<Millis>,
    pub reopened: bool,
}

/// Tickets by state, in the order of [`TicketState::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct States(pub [u64; 4]);

impl States {
    fn add(&mut self, state: TicketState) {
        for (count, known) in self.0.iter_mut().zip(TicketState::ALL) {
            *count += u64::from(known == state);
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The figures of one channel, group or agent, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub states: States,
    /// Only days on which tickets were opened.
    pub days: BTreeMap<Day, States>,
    pub wait: Durations,
    pub response: Durations,
    pub handling: Durations,
}

impl Figures {
    fn add(&mut self, ticket: &Counted) {
        self.states.add(ticket.state);
        self.days.entry(ticket.day).or_default().add(ticket.state);
        self.wait.add(ticket.spans.wait);
        self.response.add(ticket.spans.response);
        self.handling.add(ticket.spans.handling);
    }
}

/// A report. Tickets without a group or an agent are counted under `None`, so that each of the three adds up to the
/// total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub total: Figures,
    pub channels: BTreeMap<i64, Figures>,
    pub groups: BTreeMap<Option<i64>, Figures>,
    pub agents: BTreeMap<Option<i64>, Figures>,
}

impl Report {
    /// Counts a ticket.
    pub fn add(&mut self, ticket: &Counted) {
        self.total.add(ticket);
        self.channels.entry(ticket.channel).or_default().add(ticket);
        self.groups.entry(ticket.group).or_default().add(ticket);
        self.agents.entry(ticket.agent).or_default().add(ticket);
    }
}

/// Durations below this are kept to the second.
const EXACT: u64 = 4096;

/// Many durations. They are kept to the second below 4,096 s, and to one part in 2,048 above: the median and the
/// percentile are that exact, the average is exact always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    count: u64,
    /// Milliseconds.
    sum: u128,
    /// Seconds, as they are kept → how many.
    seconds: BTreeMap<u64, u64>,
}

impl Durations {
    fn add(&mut self, duration: Option<Millis>) {
        let Some(millis) = duration.and_then(|millis| u64::try_from(millis).ok()) else { return };
        self.count += 1;
        self.sum += u128::from(millis);
        *self.seconds.entry(kept(millis / 1000)).or_default() += 1;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whole seconds, rounded down; `None` of nothing.
    pub fn average(&self) -> Option<u64> {
        let average = self.sum.checked_div(u128::from(self.count))? / 1000;
        u64::try_from(average).ok()
    }

    /// The shortest duration that at least `percent` of all do not exceed (nearest rank), whole seconds; `None` of
    /// nothing.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.seconds.iter().find_map(|(seconds, count)| {
            seen += count;
            (seen >= rank).then_some(*seconds)
        })
    }
}

/// The seconds as they are kept.
fn kept(seconds: u64) -> u64 {
    match seconds < EXACT {
        true => seconds,
        // Twelve digits, of which the first is a one.
        false => {
            let lost = u64::BITS - seconds.leading_zeros() - EXACT.trailing_zeros();
            seconds >> lost << lost
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(seconds: impl IntoIterator<Item = i64>) -> Durations {
        let mut all = Durations::default();
        seconds.into_iter().for_each(|seconds| all.add(Some(seconds * 1000)));
        all
    }

    #[test]
    fn averages_medians_and_percentiles_are_those_of_the_nearest_rank() {
        let all = durations(1..=10);
        assert_eq!((all.count(), all.average()), (10, Some(5)));
        assert_eq!((all.percentile(50), all.percentile(90), all.percentile(100)), (Some(5), Some(9), Some(10)));
        let one = durations([7]);
        assert_eq!((one.percentile(50), one.percentile(90)), (Some(7), Some(7)));
        let none = durations([]);
        assert_eq!((none.count(), none.average(), none.percentile(50)), (0, None, None));
        let mut half = durations([]);
        half.add(Some(1_999));
        half.add(None);
        assert_eq!((half.count(), half.average()), (1, Some(1)), "whole seconds, and nothing is no duration");
    }

    #[test]
    fn p8_a_million_durations_are_few_numbers_and_stay_exact_enough() {
        let all = durations((0..1_000_000).map(|n| n * 31));
        assert!(all.seconds.len() < 40_000, "{}", all.seconds.len());
        for percent in [50, 90] {
            let (kept, exact) = (all.percentile(percent).unwrap(), percent * 310_000 - 31);
            assert!(kept <= exact && (exact - kept) * 2_048 <= exact, "{percent}: {kept} for {exact}");
        }
        assert_eq!(all.average(), Some(15_499_984), "to the second");
        assert_eq!([4_095, 4_096, 8_191, 8_193, 16_387].map(kept), [4_095, 4_096, 8_190, 8_192, 16_384]);
    }

    #[test]
    fn a_ticket_s_spans_are_of_what_happened_with_it() {
        let moments = Moments {
            first_assigned: Some(1_500),
            assigned: Some(5_000),
            answered: Some(6_000),
            closed: Some(9_000),
            reopened: false,
        };
        let spans = Spans { wait: Some(500), response: Some(5_000), handling: Some(4_000) };
        assert_eq!(Spans::of(1_000, moments), spans);
        let reopened = Spans::of(1_000, Moments { reopened: true, ..moments });
        assert_eq!(reopened, Spans { response: None, ..spans });
        assert_eq!(Spans::of(1_000, Moments::default()), Spans::default());
        let early = Moments { assigned: Some(900), ..Moments::default() };
        assert_eq!(Spans::of(1_000, early).wait, Some(0), "clocks of two machines");
    }

    #[test]
    fn channels_groups_and_agents_each_add_up_to_the_total() {
        let mut report = Report::default();
        for n in 0..60_i64 {
            report.add(&Counted {
                state: TicketState::ALL[usize::try_from(n % 4).unwrap()],
                channel: n % 2,
                group: (n % 3 > 0).then_some(n % 3),
                agent: (n % 5 > 0).then_some(n % 5),
                day: (2026, 5, if n % 7 == 0 { 1 } else { 2 }),
                spans: Spans { wait: (n % 5 > 0).then_some(n * 1000), ..Spans::default() },
            });
        }
        let figures: [Vec<&Figures>; 3] =
            [report.channels.values().collect(), report.groups.values().collect(), report.agents.values().collect()];
        for all in figures {
            let sum = |of: &dyn Fn(&Figures) -> u64| all.iter().map(|figures| of(figures)).sum::<u64>();
            assert_eq!(sum(&|figures| figures.states.total()), 60);
            assert_eq!(sum(&|figures| figures.states.0[0]), report.total.states.0[0]);
            assert_eq!(sum(&|figures| figures.wait.count()), report.total.wait.count());
            assert_eq!(sum(&|figures| figures.days.values().map(States::total).sum()), 60);
        }
        assert_eq!((report.total.wait.count(), report.total.days.len()), (48, 2));
    }
}

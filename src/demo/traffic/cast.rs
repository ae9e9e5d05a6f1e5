//! Who says what next.

use super::{
    people::Person,
    words::{TOPICS, Topic},
};
use crate::demo::random::Random;

/// Customers who talk at the same time.
const ON_STAGE: usize = 5;

/// A few customers at a time, each telling one topic line by line; whoever has finished makes room for the next one,
/// and comes back with another topic when everybody has had a turn.
#[derive(Debug)]
pub(super) struct Cast {
    speakers: Vec<Speaker>,
    entered: usize,
}

#[derive(Debug, Clone, Copy)]
struct Speaker {
    person: Person,
    topic: usize,
    line: usize,
}

/// One line of a customer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) person: Person,
    pub(super) topic: &'static Topic,
    pub(super) text: &'static str,
    /// Whether it is the topic's first one.
    pub(super) first: bool,
}

impl Cast {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut cast = Self { speakers: Vec::with_capacity(ON_STAGE), entered: random.below(1_000) };
        for _ in 0..ON_STAGE {
            let speaker = cast.enter();
            cast.speakers.push(speaker);
        }
        cast
    }

    fn enter(&mut self) -> Speaker {
        self.entered += 1;
        // Coprime steps: the same customer brings another topic next time.
        let topic = (self.entered * 5 + self.entered / Person::COUNT) % TOPICS.len();
        Speaker { person: Person::at(self.entered), topic, line: 0 }
    }

    /// Somebody says the next line of what they came for.
    pub(super) fn line(&mut self, random: &mut Random) -> Line {
        let place = random.below(self.speakers.len());
        self.line_at(place)
    }

    fn line_at(&mut self, place: usize) -> Line {
        let Speaker { person, topic, line } = self.speakers[place];
        let topic = &TOPICS[topic];
        match line + 1 < topic.lines.len() {
            true => self.speakers[place].line += 1,
            false => self.speakers[place] = self.enter(),
        }
        Line { person, topic, text: topic.lines[line], first: line == 0 }
    }

    /// Whoever is on stage.
    pub(super) fn anybody(&self, random: &mut Random) -> Person {
        random.pick(&self.speakers).person
    }

    /// Somebody on stage of whom `fits` holds.
    pub(super) fn person(&self, random: &mut Random, fits: impl Fn(Person) -> bool) -> Option<Person> {
        let fitting: Vec<Person> = self.speakers.iter().map(|speaker| speaker.person).filter(|p| fits(*p)).collect();
        (!fitting.is_empty()).then(|| *random.pick(&fitting))
    }
}

/// Cards that are drawn without putting back, then shuffled again: everything occurs, in no fixed order.
#[derive(Debug)]
pub(super) struct Deck<T: 'static> {
    cards: &'static [T],
    pile: Vec<T>,
}

impl<T: Copy> Deck<T> {
    pub(super) fn of(cards: &'static [T]) -> Self {
        Self { cards, pile: Vec::new() }
    }

    /// The next card; `None` without cards.
    pub(super) fn draw(&mut self, random: &mut Random) -> Option<T> {
        if self.pile.is_empty() {
            self.pile.extend_from_slice(self.cards);
            random.shuffle(&mut self.pile);
        }
        self.pile.pop()
    }
}

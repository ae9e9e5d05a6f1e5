//! What operators configure around tickets: groups and who is in them, which channels they serve, their hours,
//! departments, frequent questions, quick replies and posts.
//!
//! Everything is a company's: what belongs to another one is answered as what is not there.

pub mod departments;
pub mod faqs;
pub mod groups;
pub mod hours;
pub mod links;
pub mod members;
pub mod publications;
pub mod quick_replies;

use crate::store::StoreError;

/// Rows that a list without pages shows at the most (P8).
pub const LIST: i64 = 10_000;
/// Characters of a name or title.
const NAME: usize = 100;
/// Characters of a text that customers or agents read.
const TEXT: usize = 4_096;

/// What can be named and not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Group,
    /// The group that takes over another one's tickets.
    Destination,
    Department,
    Channel,
    User,
    Link,
    Faq,
    Alternative,
    QuickReply,
    Publication,
}

/// A part of what was given, in our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Name,
    Hours,
    Departments,
    Answer,
    Other,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// These are not there, or are another company's.
    #[error("not there: {0:?}")]
    Missing(Vec<Thing>),
    /// What was given cannot be: all of it, in Spanish; and what is not there, besides.
    #[error("refused: {0:?}, not there: {1:?}")]
    Wrong(Vec<(Part, String)>, Vec<Thing>),
    /// It contradicts what is there; says how, in Spanish.
    #[error("{0}")]
    Taken(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CatalogueError {
    fn missing(thing: Thing) -> Self {
        Self::Missing(vec![thing])
    }
}

/// What is wrong with what was given, gathered before anything is done.
#[derive(Debug, Default)]
struct Findings {
    missing: Vec<Thing>,
    wrong: Vec<(Part, String)>,
}

impl Findings {
    fn is_there(&mut self, there: bool, thing: Thing) {
        if !there {
            self.missing.push(thing);
        }
    }

    fn wrong(&mut self, part: Part, why: impl Into<String>) {
        self.wrong.push((part, why.into()));
    }

    /// A text must have from 1 to `most` characters.
    fn length(&mut self, part: Part, what: &str, text: &str, most: usize) {
        match text.chars().count() {
            0 => self.wrong(part, format!("{what} es obligatorio.")),
            count if count > most => self.wrong(part, format!("{what} no debe superar {most} caracteres.")),
            _ => {}
        }
    }

    fn check(self) -> Result<(), CatalogueError> {
        match (self.wrong.is_empty(), self.missing.is_empty()) {
            (false, _) => Err(CatalogueError::Wrong(self.wrong, self.missing)),
            (true, false) => Err(CatalogueError::Missing(self.missing)),
            (true, true) => Ok(()),
        }
    }
}

/// Whether two names are the same to people.
fn same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

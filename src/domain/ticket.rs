//! What a ticket is, and where a message goes.

use relevo_adapters::Millis;

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketState {
    /// It waits: nobody owns it.
    Open,
    /// An agent owns it.
    InProgress,
    Closed,
    /// Somebody decided that it needs no answer.
    Ignored,
}

impl TicketState {
    pub const ALL: [Self; 4] = [Self::Open, Self::InProgress, Self::Closed, Self::Ignored];

    /// The name in the database and in URLs (PC "Tickets filtrados por estado").
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "inProgress",
            Self::Closed => "closed",
            Self::Ignored => "ignored",
        }
    }

    /// The label for people (PC "TicketSummaryResponse.status").
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Abierto",
            Self::InProgress => "En Progreso",
            Self::Closed => "Cerrado",
            Self::Ignored => "Ignorado",
        }
    }

    /// The state of this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A conversation's latest ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    pub closed: bool,
    pub closed_at: Option<Millis>,
}

/// Where a customer's message goes (DESIGN §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// To the ticket that is not closed.
    Append,
    /// To the ticket that was closed a moment ago, which opens again.
    Reopen,
    /// To a new ticket.
    Open,
}

/// Where a message that arrives at `now` goes: a ticket that closed less than `reopen_within` ago opens again.
pub fn place(latest: Option<Latest>, now: Millis, reopen_within: Millis) -> Placement {
    match latest {
        None => Placement::Open,
        Some(Latest { closed: false, .. }) => Placement::Append,
        Some(Latest { closed_at, .. }) => match closed_at {
            Some(closed_at) if now - closed_at < reopen_within => Placement::Reopen,
            _ => Placement::Open,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_joins_reopens_or_opens() {
        let closed = |at| Some(Latest { closed: true, closed_at: Some(at) });
        assert_eq!(place(None, 100, 10), Placement::Open);
        assert_eq!(place(Some(Latest { closed: false, closed_at: None }), 100, 10), Placement::Append);
        assert_eq!(place(closed(95), 100, 10), Placement::Reopen);
        assert_eq!(place(closed(90), 100, 10), Placement::Open, "exactly the limit is too late");
        assert_eq!(place(closed(100), 100, 0), Placement::Open, "a channel may never reopen");
        assert_eq!(place(closed(105), 100, 10), Placement::Reopen, "accepted before it was closed, applied after");
    }

    #[test]
    fn states_have_the_seeds_names() {
        assert_eq!(TicketState::parse("inProgress").map(TicketState::label), Some("En Progreso"));
        assert_eq!(TicketState::parse("INPROGRESS"), None);
    }
}

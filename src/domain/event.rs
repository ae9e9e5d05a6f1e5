//! What happened: told to the people who look on, and relayed to bots and other systems.

use serde_json::Value;

/// A change of a ticket, a queue or a presence.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub company: i64,
    pub kind: EventKind,
    pub ticket: Option<String>,
    pub group: Option<i64>,
    pub agent: Option<i64>,
    /// A JSON object: what those who look on need to know of it.
    pub data: Value,
}

/// What kind of change it is. The name is what subscriptions choose by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    TicketOpened,
    TicketReopened,
    /// It waits in a group's queue.
    TicketQueued,
    TicketAssigned,
    /// Its owner gave it back, or it was taken away.
    TicketUnassigned,
    TicketGroupChanged,
    /// A bot has it.
    TicketBotAssigned,
    /// A bot no longer has it.
    TicketBotReleased,
    TicketClosed,
    TicketIgnored,
    TicketNoted,
    TicketLinked,
    /// A customer wrote.
    MessageReceived,
    /// What was written is no longer what was told: an album's further pictures came.
    MessageUpdated,
    /// Our side wrote: it is on its way.
    MessageSent,
    /// A message of ours was sent, delivered, read, or failed.
    MessageStatus,
    PresenceChanged,
}

impl EventKind {
    pub const ALL: [Self; 17] = [
        Self::TicketOpened,
        Self::TicketReopened,
        Self::TicketQueued,
        Self::TicketAssigned,
        Self::TicketUnassigned,
        Self::TicketGroupChanged,
        Self::TicketBotAssigned,
        Self::TicketBotReleased,
        Self::TicketClosed,
        Self::TicketIgnored,
        Self::TicketNoted,
        Self::TicketLinked,
        Self::MessageReceived,
        Self::MessageUpdated,
        Self::MessageSent,
        Self::MessageStatus,
        Self::PresenceChanged,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketOpened => "ticket.opened",
            Self::TicketReopened => "ticket.reopened",
            Self::TicketQueued => "ticket.queued",
            Self::TicketAssigned => "ticket.assigned",
            Self::TicketUnassigned => "ticket.unassigned",
            Self::TicketGroupChanged => "ticket.group_changed",
            Self::TicketBotAssigned => "ticket.bot_assigned",
            Self::TicketBotReleased => "ticket.bot_released",
            Self::TicketClosed => "ticket.closed",
            Self::TicketIgnored => "ticket.ignored",
            Self::TicketNoted => "ticket.noted",
            Self::TicketLinked => "ticket.linked",
            Self::MessageReceived => "message.received",
            Self::MessageUpdated => "message.updated",
            Self::MessageSent => "message.sent",
            Self::MessageStatus => "message.status",
            Self::PresenceChanged => "presence.changed",
        }
    }

    /// The kind of this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

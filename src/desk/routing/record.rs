//! What a round decided: written at its end, all at once.

use std::collections::{BTreeMap, BTreeSet};

use relevo_adapters::{Millis, kind, outbound::Act};
use serde_json::{Value, json};

use super::Routed;
use crate::{
    clock::Clock,
    desk::{
        events,
        reply::{self, Author, NewReply, ReplyError, To},
    },
    domain::{
        Event, EventKind, TicketState,
        routing::{Cause, Explanation, Outcome},
    },
    store::{
        StoreError, Tx, notices,
        routing::{self as store, Routing},
        tickets::{self, Ticket},
    },
};

/// A message of the house to a ticket's customer.
#[derive(Debug)]
struct Notice {
    company: i64,
    channel: i64,
    /// Whom it is told.
    recipient: String,
    /// How long he must not have been told anything.
    pause: Millis,
    ticket: String,
    text: String,
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) clock: Clock,
    changed: BTreeMap<String, Ticket>,
    routings: Vec<Routing>,
    events: Vec<Event>,
    assigned: BTreeSet<i64>,
    notices: Vec<Notice>,
    done: Routed,
}

impl Record {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            changed: BTreeMap::new(),
            routings: Vec::new(),
            events: Vec::new(),
            assigned: BTreeSet::new(),
            notices: Vec::new(),
            done: Routed::default(),
        }
    }

    /// The ticket is to be written as it is now.
    pub(super) fn keep(&mut self, ticket: Ticket) {
        self.changed.insert(ticket.id.clone(), ticket);
    }

    /// A ticket's customer is to be told something by the house, unless no machine may answer him; gives whether.
    pub(super) fn notice(&mut self, ticket: &Ticket, text: &str) -> bool {
        let may = ticket.no_auto_reply == 0;
        if may {
            self.notices.push(Notice {
                company: ticket.company_id,
                channel: ticket.channel_id,
                recipient: ticket.contact_id.as_ref().unwrap_or(&ticket.conversation_id).clone(),
                pause: kind(&ticket.kind).map_or(0, |kind| kind.capabilities.notice_pause_ms),
                ticket: ticket.id.clone(),
                text: text.to_owned(),
            });
        }
        may
    }

    /// Something happened to a ticket.
    pub(super) fn tell(&mut self, kind: EventKind, ticket: &Ticket, more: Value) {
        self.events.push(event(kind, ticket, more));
    }

    pub(super) fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Gives a ticket to an agent.
    pub(super) fn assign(&mut self, ticket: &mut Ticket, agent: i64, cause: Cause, explanation: &Explanation) {
        let now = self.clock.now();
        ticket.state = TicketState::InProgress.as_str().to_owned();
        ticket.agent_id = Some(agent);
        ticket.assigned_at = Some(now);
        ticket.waiting_since = None;
        ticket.bot_id = None;
        ticket.bot_until = None;
        ticket.excluded_agent_id = None;
        ticket.updated_at = now;
        self.assigned.insert(agent);
        self.done.assigned += 1;
        self.decided(ticket, cause, Outcome::Assigned, explanation);
        self.tell(EventKind::TicketAssigned, ticket, json!({"causa": cause.as_str()}));
    }

    /// Leaves a ticket in its group's queue, or, without a group, where nobody pulls it.
    pub(super) fn queue(&mut self, ticket: &mut Ticket, cause: Cause, explanation: &Explanation) {
        let now = self.clock.now();
        ticket.state = TicketState::Open.as_str().to_owned();
        ticket.waiting_since = ticket.waiting_since.or(Some(now));
        self.done.queued += 1;
        let outcome = if ticket.group_id.is_some() { Outcome::Queued } else { Outcome::Ungrouped };
        self.decided(ticket, cause, outcome, explanation);
        self.tell(EventKind::TicketQueued, ticket, json!({"causa": cause.as_str()}));
    }

    /// Leaves a ticket to a bot until `until`.
    pub(super) fn leave_to_bot(
        &mut self,
        ticket: &mut Ticket,
        bot: i64,
        until: i64,
        cause: Cause,
        explanation: &Explanation,
    ) {
        ticket.bot_id = Some(bot);
        ticket.bot_until = Some(until);
        self.done.to_bots += 1;
        self.decided(ticket, cause, Outcome::Bot, explanation);
        self.tell(EventKind::TicketBotAssigned, ticket, json!({"bot_id": bot, "hasta": until}));
    }

    /// Explains why a ticket stays with its agent.
    pub(super) fn stays(&mut self, ticket: &Ticket, cause: Cause, explanation: &Explanation) {
        self.decided(ticket, cause, Outcome::Assigned, explanation);
    }

    fn decided(&mut self, ticket: &Ticket, cause: Cause, outcome: Outcome, explanation: &Explanation) {
        #[expect(clippy::expect_used, reason = "text and numbers only")]
        let explanation = serde_json::to_string(explanation).expect("plain data");
        self.routings.push(Routing {
            id: self.clock.id(),
            ticket_id: ticket.id.clone(),
            cause: cause.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            group_id: ticket.group_id,
            agent_id: ticket.agent_id,
            explanation,
            at: self.clock.now(),
        });
    }

    /// Writes everything.
    pub(super) async fn save(mut self, tx: &mut Tx) -> Result<Routed, StoreError> {
        let now = self.clock.now();
        if !self.changed.is_empty() {
            tickets::place(tx, &self.changed.values().collect::<Vec<_>>()).await?;
        }
        store::note_assigned(tx, &self.assigned.iter().copied().collect::<Vec<_>>(), now).await?;
        store::insert(tx, &self.routings).await?;
        self.done.jobs += events::tell(tx, now, &self.events).await?;
        for notice in std::mem::take(&mut self.notices) {
            let sent = usize::from(send(tx, &self.clock, notice).await?);
            self.done.told += sent;
            self.done.jobs += sent;
        }
        Ok(self.done)
    }
}

/// Something that happened to a ticket, as it is told.
pub(in crate::desk) fn event(kind: EventKind, ticket: &Ticket, more: Value) -> Event {
    let mut data = json!({
        "id_ticket": ticket.id,
        "tick_id": ticket.number,
        "estado": ticket.state,
        "canal": ticket.kind,
        "cuen_id": ticket.channel_id,
        "id_chat": ticket.conversation_id,
        "grup_id": ticket.group_id,
        "usua_id": ticket.agent_id,
    });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    Event {
        company: ticket.company_id,
        kind,
        ticket: Some(ticket.id.clone()),
        group: ticket.group_id,
        agent: ticket.agent_id,
        data,
    }
}

/// Sends a message of the house, unless its customer had one just before; where nobody can be written to (blocked, out of
/// the platform's window, on a channel that cannot send now) it is not sent, and nothing else is held up by that. Gives
/// whether it is on its way.
async fn send(tx: &mut Tx, clock: &Clock, notice: Notice) -> Result<bool, StoreError> {
    let now = clock.now();
    if notice.pause > 0 && !notices::claim(tx, notice.channel, &notice.recipient, now, now - notice.pause).await? {
        return Ok(false);
    }
    let act = Act::Text { text: notice.text, html: None, subject: None, files: Vec::new(), buttons: Vec::new() };
    let reply = NewReply {
        company: notice.company,
        to: To::Ticket(notice.ticket.clone()),
        act,
        reply_to: None,
        author: Author::default(),
        by_house: true,
        log: clock.log_id(),
    };
    // Boxed, because a message of ours that begins a ticket has it routed; this one has its ticket.
    match Box::pin(reply::send(tx, clock, reply)).await {
        Ok(_) => Ok(true),
        Err(ReplyError::Store(error)) => Err(error),
        Err(refused) => {
            tracing::info!(ticket = notice.ticket, "a message of the house was not sent: {refused}");
            notices::forget(tx, notice.channel, &notice.recipient).await?;
            Ok(false)
        }
    }
}

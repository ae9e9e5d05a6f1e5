//! The first steps of a decision: the ticket's group, its channel's bot, the group's hours and its policy.

use std::collections::{BTreeSet, HashMap};

use relevo_adapters::Millis;

use super::{hours::Open, record::Record};
use crate::{
    desk::subscriptions::{self, Bot},
    domain::{
        department_message,
        routing::{Cause, Explanation},
    },
    store::{
        StoreError, Tx,
        routing::{self as store, Link, Queue},
        tickets::Ticket,
    },
};

/// The policy of a group whose tickets are given out; in any other agents pull.
pub(super) const AUTO: &str = "auto";

/// Where tickets may go.
#[derive(Debug)]
pub(super) struct Places {
    /// The ways of each channel, in their order.
    links: HashMap<i64, Vec<Link>>,
    queues: HashMap<i64, Queue>,
    /// The bot of each company that has one that works.
    bots: HashMap<i64, Bot>,
    open: Open,
}

impl Places {
    pub(super) async fn load(
        tx: &mut Tx,
        now: Millis,
        tickets: impl Iterator<Item = &Ticket>,
    ) -> Result<Self, StoreError> {
        let (channels, groups): (BTreeSet<i64>, BTreeSet<Option<i64>>) =
            tickets.map(|ticket| (ticket.channel_id, ticket.group_id)).unzip();
        let mut links: HashMap<i64, Vec<Link>> = HashMap::new();
        let mut queues: HashMap<i64, Queue> = HashMap::new();
        for link in store::links(tx, &channels.into_iter().collect::<Vec<_>>()).await? {
            queues.entry(link.queue.id).or_insert_with(|| link.queue.clone());
            links.entry(link.channel_id).or_default().push(link);
        }
        let moved: Vec<i64> = groups.into_iter().flatten().filter(|group| !queues.contains_key(group)).collect();
        if !moved.is_empty() {
            queues.extend(store::queues(tx, &moved).await?.into_iter().map(|queue| (queue.id, queue)));
        }
        let mut bots = HashMap::new();
        for company in links.values().flatten().filter(|link| link.uses_bot == 1).map(|link| link.queue.company_id) {
            if !bots.contains_key(&company)
                && let Some(bot) = subscriptions::bot_of(tx, company, now).await?
            {
                bots.insert(company, bot);
            }
        }
        let open = Open::load(tx, now, &queues.values().collect::<Vec<_>>()).await?;
        Ok(Self { links, queues, bots, open })
    }

    /// The group that a ticket is of, or would be.
    pub(super) fn queue_of(&self, ticket: &Ticket) -> Option<&Queue> {
        self.queue(ticket, &mut Explanation::default())
    }

    /// Whether a group is within its hours.
    pub(super) fn is_open(&self, group: i64) -> bool {
        self.open.is_open(group)
    }

    /// Places a ticket that waits. If it is for an agent to be chosen, gives the explanation so far.
    pub(super) fn place(&self, ticket: &mut Ticket, cause: Cause, record: &mut Record) -> Option<Explanation> {
        let mut explanation = Explanation::of(cause);
        let queue = self.queue(ticket, &mut explanation);
        ticket.group_id = queue.map(|queue| queue.id);
        let Some(queue) = queue else {
            explanation.add("grupo", "El canal no tiene grupos: el ticket queda a la vista de los operadores.");
            record.queue(ticket, cause, &explanation);
            return None;
        };
        ticket.priority = queue.priority;
        if self.take_by_bot(ticket, cause, &mut explanation, record) {
            return None;
        }
        if !self.open.is_open(queue.id) {
            explanation.add("horario", format!("El grupo {} está fuera de su horario: el ticket espera.", queue.name));
            self.tell_closed(ticket, queue, &mut explanation, record);
            record.queue(ticket, cause, &explanation);
            return None;
        }
        if queue.policy != AUTO {
            explanation.add("politica", format!("En el grupo {} los ejecutivos toman los tickets.", queue.name));
            record.queue(ticket, cause, &explanation);
            return None;
        }
        explanation.add("politica", format!("El grupo {} asigna automáticamente.", queue.name));
        Some(explanation)
    }

    /// The ticket's own group while there is one, else the first of its channel.
    fn queue(&self, ticket: &Ticket, explanation: &mut Explanation) -> Option<&Queue> {
        if let Some(own) = ticket.group_id.and_then(|group| self.queues.get(&group)) {
            explanation.add("grupo", format!("El ticket es del grupo {}.", own.name));
            return Some(own);
        }
        let link = self.links.get(&ticket.channel_id)?.first()?;
        explanation.add("grupo", format!("El primer grupo del canal es {}.", link.queue.name));
        Some(&link.queue)
    }

    fn take_by_bot(
        &self,
        ticket: &mut Ticket,
        cause: Cause,
        explanation: &mut Explanation,
        record: &mut Record,
    ) -> bool {
        let mut links = self.links.get(&ticket.channel_id).into_iter().flatten();
        let link = links.find(|link| Some(link.queue.id) == ticket.group_id);
        let Some(link) = link.filter(|link| link.uses_bot == 1 && cause.may_be_a_bots()) else { return false };
        if ticket.no_auto_reply != 0 {
            explanation.add("bot", "El cliente pide que no le responda una máquina: lo atienden personas.");
            return false;
        }
        match self.bots.get(&link.queue.company_id) {
            Some(bot) => {
                let seconds = bot.timeout_ms / 1000;
                explanation.add("bot", format!("Lo atiende el bot {}, por {seconds} segundos como máximo.", bot.id));
                let until = record.clock.now() + bot.timeout_ms;
                record.leave_to_bot(ticket, bot.id, until, cause, explanation);
                true
            }
            None => {
                explanation.add("bot", "El canal usa bot, pero no hay ninguno que responda.");
                false
            }
        }
    }

    /// Once per ticket.
    fn tell_closed(&self, ticket: &mut Ticket, queue: &Queue, explanation: &mut Explanation, record: &mut Record) {
        let Some(text) = closed_message(queue).filter(|_| ticket.closed_told == 0) else { return };
        if record.notice(ticket, &text) {
            ticket.closed_told = 1;
            explanation.add("horario", "Se avisa al cliente.");
        } else {
            explanation.add("horario", "No se avisa al cliente: pide que no le responda una máquina.");
        }
    }
}

/// What customers are told who write while a group is closed: its own words, or its department's.
fn closed_message(queue: &Queue) -> Option<String> {
    let own = queue.closed_message.clone();
    let text = own.or_else(|| queue.department_hours.as_deref().and_then(department_message));
    text.filter(|text| !text.trim().is_empty())
}

//! What a batch of events may touch, in memory: loaded once, changed by the rules, saved once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use relevo_adapters::{Content, Identity, InboundEvent, Millis, Party};

use super::Report;
use crate::{
    clock::Clock,
    domain::{Envelope, FailureReason, TicketState},
    store::{
        channels::{ChannelEvent, ChannelRow},
        contacts::{Contact, IdentityRow, Merge},
        conversations::{Conversation, KeyRow},
        jobs::NewJob,
        messages::{AttachmentRow, MessageRow, ReactionRow, ReceiptRow, RefRow, RevisionRow},
        parked::ParkedEvent,
        tickets::Ticket,
    },
};

/// A row and what the batch did to it.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) row: T,
    pub(super) new: bool,
    pub(super) dirty: bool,
}

impl<T> Entry<T> {
    pub(super) fn loaded(row: T) -> Self {
        Self { row, new: false, dirty: false }
    }

    pub(super) fn created(row: T) -> Self {
        Self { row, new: true, dirty: false }
    }

    /// The row, to be changed.
    pub(super) fn edit(&mut self) -> &mut T {
        self.dirty = true;
        &mut self.row
    }
}

/// Rows that are only ever added.
#[derive(Debug, Default)]
pub(super) struct Additions {
    pub(super) identities: Vec<IdentityRow>,
    /// Addresses that nobody has any more, or somebody else.
    pub(super) released_identities: Vec<IdentityRow>,
    pub(super) merges: BTreeSet<Merge>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) moved_keys: Vec<KeyRow>,
    /// Names by which a thread goes on, the newest last.
    pub(super) renewed_keys: Vec<(i64, String)>,
    /// Names that no thread has any more, or another one.
    pub(super) released_keys: Vec<KeyRow>,
    /// Conversations that lost a name to another: both are with the same person.
    pub(super) joined: BTreeSet<(String, String)>,
    /// `(ticket, conversation)`: threads go on in another conversation.
    pub(super) moved_tickets: Vec<(String, String)>,
    pub(super) refs: Vec<RefRow>,
    pub(super) attachments: Vec<AttachmentRow>,
    pub(super) revisions: Vec<RevisionRow>,
    pub(super) reactions: BTreeMap<(String, String), ReactionRow>,
    pub(super) receipts: Vec<ReceiptRow>,
    pub(super) parked: Vec<ParkedEvent>,
    pub(super) channel_events: Vec<ChannelEvent>,
    pub(super) jobs: Vec<NewJob>,
    /// Lanes whose head waits for the report that has come.
    pub(super) awaited: Vec<String>,
    /// Why messages of ours failed, as their deliveries keep it.
    pub(super) failures: BTreeMap<String, FailureReason>,
    /// Why channels can send nothing, by reports of messages that they had taken.
    pub(super) broken: BTreeMap<i64, FailureReason>,
    /// Messages of ours whose state advanced.
    pub(super) advanced: BTreeSet<String>,
}

/// What others are told: a ticket's or a message's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happened {
    Opened(String),
    Reopened(String),
    /// A customer wrote.
    Written(String),
    /// A message that was told before got more files or words.
    Updated(String),
    /// Our staff wrote in the platform's own app.
    Sent(String),
}

/// Everything that the events of a batch may touch. Maps from ids are ordered, so that rows are saved (and locked) in
/// the same order by everybody.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) channels: HashMap<i64, ChannelRow>,
    pub(super) identities: HashMap<(i64, Identity), String>,
    pub(super) contacts: BTreeMap<String, Entry<Contact>>,
    pub(super) keys: HashMap<(i64, String), String>,
    pub(super) conversations: BTreeMap<String, Entry<Conversation>>,
    pub(super) tickets: BTreeMap<String, Entry<Ticket>>,
    /// `(company, number)` of tickets that a text mentions → the ticket's id.
    pub(super) numbers: HashMap<(i64, i64), String>,
    pub(super) refs: HashMap<(i64, String), String>,
    pub(super) messages: BTreeMap<String, Entry<MessageRow>>,
    /// The files of messages that an edit of this batch is about, by [`super::bodies::file_name`].
    pub(super) files: HashMap<String, Vec<String>>,
    /// Events that wait for a message of this batch.
    pub(super) waiting: HashMap<(i64, String), Vec<Envelope>>,
    pub(super) added: Additions,
    /// What others are told, in order.
    pub(super) happened: Vec<Happened>,
    pub(super) report: Report,
}

impl World {
    /// The contact behind a party: found by any of its addresses, or new. Addresses that are new are bound to it;
    /// addresses of another contact turn out to be the same person and move to it.
    pub(super) fn contact(&mut self, company: i64, party: Option<&Party>, now: Millis) -> Option<String> {
        let party = party.filter(|party| !party.identities.is_empty())?;
        let known = party.identities.iter().find_map(|identity| self.identities.get(&(company, identity.clone())));
        let id = match known {
            Some(id) => id.clone(),
            None => self.new_contact(company, now),
        };
        self.bind_identities(company, &party.identities, &id);
        self.describe_contact(&id, party, now);
        Some(id)
    }

    fn new_contact(&mut self, company: i64, now: Millis) -> String {
        let id = self.clock.id();
        let row = Contact {
            id: id.clone(),
            company_id: company,
            name: None,
            account: None,
            language: None,
            created_at: now,
            updated_at: now,
        };
        self.contacts.insert(id.clone(), Entry::created(row));
        id
    }

    pub(super) fn bind_identities(&mut self, company: i64, identities: &[Identity], contact: &str) {
        for identity in identities {
            let row = || IdentityRow {
                company_id: company,
                scheme: identity.scheme.clone(),
                value: identity.value.clone(),
                contact_id: contact.to_owned(),
            };
            match self.identities.insert((company, identity.clone()), contact.to_owned()) {
                None => self.added.identities.push(row()),
                Some(before) if before == contact => {}
                Some(before) => self.merge_contact(before, contact),
            }
        }
    }

    /// An address is nobody's from now on.
    pub(super) fn release_identity(&mut self, company: i64, identity: &Identity) {
        let Some(contact) = self.identities.remove(&(company, identity.clone())) else { return };
        let Identity { scheme, value } = identity.clone();
        let row = IdentityRow { company_id: company, scheme, value, contact_id: contact };
        let is_same = |other: &IdentityRow| (&other.scheme, &other.value) == (&row.scheme, &row.value);
        self.added.identities.retain(|other| other.company_id != company || !is_same(other));
        self.added.released_identities.push(row);
    }

    /// The same person was known twice: what belongs to the one goes to the other.
    fn merge_contact(&mut self, old: String, new: &str) {
        self.identities.values_mut().filter(|contact| **contact == old).for_each(|contact| new.clone_into(contact));
        for entry in self.tickets.values_mut().filter(|entry| entry.row.contact_id.as_deref() == Some(&old)) {
            entry.edit().contact_id = Some(new.to_owned());
        }
        for entry in self.conversations.values_mut().filter(|entry| entry.row.contact_id.as_deref() == Some(&old)) {
            entry.edit().contact_id = Some(new.to_owned());
        }
        let earlier = std::mem::take(&mut self.added.merges);
        let on = |merge: Merge| if merge.n == old { Merge { n: new.to_owned(), ..merge } } else { merge };
        self.added.merges = earlier.into_iter().map(on).collect();
        self.added.merges.insert(Merge { o: old, n: new.to_owned() });
    }

    pub(super) fn describe_contact(&mut self, id: &str, party: &Party, now: Millis) {
        let Some(entry) = self.contacts.get_mut(id) else { return };
        let differs = |old: &Option<String>, new: &Option<String>| new.is_some() && old != new;
        let row = &entry.row;
        if differs(&row.name, &party.name)
            || differs(&row.account, &party.account)
            || differs(&row.language, &party.language)
        {
            let row = entry.edit();
            row.name = party.name.clone().or(row.name.take());
            row.account = party.account.clone().or(row.account.take());
            row.language = party.language.clone().or(row.language.take());
            row.updated_at = now;
        }
    }

    /// The conversation that an event names, if there is one.
    pub(super) fn find_conversation(&self, envelope: &Envelope, contact: Option<&str>) -> Option<String> {
        let thread = &envelope.event.thread;
        let by_id = thread
            .id
            .as_ref()
            .filter(|id| self.conversations.get(*id).is_some_and(|found| found.row.channel_id == envelope.channel));
        let first = |keys: &[String]| keys.iter().find_map(|key| self.key(envelope.channel, key));
        let by_name = || {
            first(&thread.aliases)
                .or_else(|| first(&thread.hints).filter(|id| self.may_be(envelope, id)))
                .or_else(|| first(&thread.evidence))
        };
        by_id.or_else(by_name).cloned().or_else(|| self.hinted(envelope, contact))
    }

    /// Nobody knows who wrote a message without a sender: it is not put into the mouth of somebody who is known.
    fn may_be(&self, envelope: &Envelope, conversation: &str) -> bool {
        let anonymous = envelope.event.sender.is_none() && matches!(envelope.event.content, Content::Message(_));
        !anonymous || self.conversations.get(conversation).is_some_and(|found| found.row.contact_id.is_none())
    }

    fn key(&self, channel: i64, key: &str) -> Option<&String> {
        self.keys.get(&(channel, key.to_owned()))
    }

    /// The conversation of a ticket whose number the text mentions: believed only from that ticket's own contact, on
    /// the same channel.
    fn hinted(&self, envelope: &Envelope, contact: Option<&str>) -> Option<String> {
        let number = envelope.event.thread.ticket_hint?;
        let ticket = self.tickets.get(self.numbers.get(&(envelope.company, number))?)?;
        (ticket.row.channel_id == envelope.channel && contact.is_some() && ticket.row.contact_id.as_deref() == contact)
            .then(|| ticket.row.conversation_id.clone())
    }

    /// The conversation that an event names, made if there is none; its names are bound to it.
    pub(super) fn conversation(&mut self, envelope: &Envelope, contact: Option<&str>) -> String {
        let id = match self.find_conversation(envelope, contact) {
            Some(id) => id,
            None => self.new_conversation(envelope, contact),
        };
        self.bind_names(envelope.channel, &envelope.event, &id);
        if let Some(entry) = self.conversations.get_mut(&id) {
            if entry.row.contact_id.is_none() && contact.is_some() {
                entry.edit().contact_id = contact.map(str::to_owned);
            }
            if entry.row.subject.is_none() && envelope.event.thread.subject.is_some() {
                entry.edit().subject.clone_from(&envelope.event.thread.subject);
            }
        }
        id
    }

    fn new_conversation(&mut self, envelope: &Envelope, contact: Option<&str>) -> String {
        let id = self.clock.id();
        let row = Conversation {
            id: id.clone(),
            company_id: envelope.company,
            channel_id: envelope.channel,
            contact_id: contact.map(str::to_owned),
            ticket_id: None,
            subject: envelope.event.thread.subject.clone(),
            blocked_at: None,
            last_inbound_at: None,
            created_at: envelope.received_at,
        };
        self.conversations.insert(id.clone(), Entry::created(row));
        id
    }

    pub(super) fn bind_names(&mut self, channel: i64, event: &InboundEvent, conversation: &str) {
        event.thread.aliases.iter().for_each(|key| self.bind_alias(channel, key, conversation));
        for key in event.thread.evidence.iter().chain(&event.thread.names) {
            if !self.keys.contains_key(&(channel, key.clone())) {
                self.bind_alias(channel, key, conversation);
            }
        }
    }

    pub(super) fn bind_alias(&mut self, channel: i64, key: &str, conversation: &str) {
        let row = || KeyRow { channel_id: channel, key: key.to_owned(), conversation_id: conversation.to_owned() };
        match self.keys.insert((channel, key.to_owned()), conversation.to_owned()) {
            None => self.added.keys.push(row()),
            Some(before) if before == conversation => {}
            Some(before) => {
                self.added.joined.insert((before, conversation.to_owned()));
                let pending = self.added.keys.iter_mut().find(|other| other.channel_id == channel && other.key == key);
                match pending {
                    Some(pending) => pending.conversation_id = conversation.to_owned(),
                    None => {
                        self.added.moved_keys.retain(|other| other.channel_id != channel || other.key != key);
                        self.added.moved_keys.push(row());
                    }
                }
            }
        }
    }

    /// A name is no thread's from now on.
    pub(super) fn release_key(&mut self, channel: i64, key: &str) {
        let Some(conversation) = self.keys.remove(&(channel, key.to_owned())) else { return };
        for rows in [&mut self.added.keys, &mut self.added.moved_keys] {
            rows.retain(|other| other.channel_id != channel || other.key != key);
        }
        let row = KeyRow { channel_id: channel, key: key.to_owned(), conversation_id: conversation };
        self.added.released_keys.push(row);
    }

    /// A thread that was known as two goes on as one: a ticket that is not closed comes along, unless there is one.
    pub(super) fn take_over(&mut self, conversation: &str) {
        let joined = self.added.joined.iter().filter(|(_, into)| into == conversation);
        let others: Vec<String> = joined.map(|(other, _)| other.clone()).collect();
        for other in others {
            let Some(ticket) = self.waiting_ticket(&other).filter(|_| self.waiting_ticket(conversation).is_none())
            else {
                continue;
            };
            if let Some(entry) = self.tickets.get_mut(&ticket) {
                entry.edit().conversation_id = conversation.to_owned();
            }
            let mut last_inbound_at = None;
            if let Some(entry) = self.conversations.get_mut(&other) {
                last_inbound_at = entry.row.last_inbound_at;
                entry.edit().ticket_id = None;
            }
            if let Some(entry) = self.conversations.get_mut(conversation) {
                let row = entry.edit();
                row.ticket_id = Some(ticket.clone());
                row.last_inbound_at = row.last_inbound_at.max(last_inbound_at);
            }
            self.added.moved_tickets.push((ticket, conversation.to_owned()));
        }
    }

    /// The ticket of a conversation that is not closed.
    pub(super) fn waiting_ticket(&self, conversation: &str) -> Option<String> {
        let id = self.latest_ticket(conversation)?;
        self.tickets.get(&id).filter(|ticket| ticket.row.state != TicketState::Closed.as_str()).map(|_| id)
    }

    /// Tickets of one person that wait in two conversations, of which one has lost its names to the other.
    pub(super) fn twins(&self) -> Vec<(Ticket, Ticket)> {
        let ticket = |id: &str| Some(self.tickets.get(&self.waiting_ticket(id)?)?.row.clone());
        let contact = |id: &str| self.conversations.get(id)?.row.contact_id.clone();
        let of_one = |(one, other): &&(String, String)| contact(one).is_some() && contact(one) == contact(other);
        let joined = self.added.joined.iter().filter(of_one);
        joined.filter_map(|(one, other)| Some((ticket(other)?, ticket(one)?))).collect()
    }
}

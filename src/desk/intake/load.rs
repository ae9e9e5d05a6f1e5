//! Loads what a batch of events may touch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use relevo_adapters::{Content, Identity, InboundEvent};

use super::{
    IntakeError,
    bodies::file_name,
    world::{Additions, Entry, World},
};
use crate::{
    clock::Clock,
    domain::Envelope,
    store::{
        Tx, channels, contacts, conversations, messages,
        parked::{self, Target},
        tickets,
    },
};

/// The name under which a message of ours is found before its platform has named it: our own mark.
pub(super) fn out_ref(mark: &str) -> String {
    format!("out:{mark}")
}

/// The name under which the message of an album is found.
pub(super) fn group_ref(group: &str) -> String {
    format!("group:{group}")
}

impl World {
    pub(super) async fn load(tx: &mut Tx, clock: &Clock, events: &[&Envelope]) -> Result<Self, IntakeError> {
        let mut world = Self {
            clock: clock.clone(),
            channels: load_channels(tx, events).await?,
            identities: HashMap::new(),
            contacts: BTreeMap::new(),
            keys: HashMap::new(),
            conversations: BTreeMap::new(),
            tickets: BTreeMap::new(),
            numbers: HashMap::new(),
            refs: HashMap::new(),
            messages: BTreeMap::new(),
            files: HashMap::new(),
            waiting: HashMap::new(),
            added: Additions::default(),
            happened: Vec::new(),
            report: super::Report::default(),
        };
        world.load_waiting(tx, events).await?;
        world.load_identities(tx, events).await?;
        world.load_numbers(tx, events).await?;
        world.load_conversations(tx, events).await?;
        world.load_messages(tx, events).await?;
        world.load_tickets(tx).await?;
        world.load_contacts(tx).await?;
        world.load_files(tx, events).await?;
        Ok(world)
    }

    async fn load_identities(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let wanted: BTreeSet<contacts::Address<'_>> = events
            .iter()
            .copied()
            .chain(self.waiting.values().flatten())
            .flat_map(|envelope| {
                identities(&envelope.event).map(|identity| contacts::Address {
                    c: envelope.company,
                    s: &identity.scheme,
                    v: &identity.value,
                })
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        for row in contacts::find(tx, &wanted.into_iter().collect::<Vec<_>>()).await? {
            let identity = Identity { scheme: row.scheme, value: row.value };
            self.identities.insert((row.company_id, identity), row.contact_id);
        }
        Ok(())
    }

    /// Tickets whose number a text mentions (rare: one query each).
    async fn load_numbers(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let wanted: BTreeSet<(i64, i64)> =
            events.iter().filter_map(|envelope| Some((envelope.company, envelope.event.thread.ticket_hint?))).collect();
        for (company, number) in wanted {
            if let Some(ticket) = tickets::find_by_number(tx, company, number).await? {
                self.numbers.insert((company, number), ticket.id.clone());
                self.tickets.insert(ticket.id.clone(), Entry::loaded(ticket));
            }
        }
        Ok(())
    }

    async fn load_conversations(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let names: BTreeSet<conversations::Name<'_>> = events
            .iter()
            .flat_map(|envelope| names(&envelope.event).map(|key| conversations::Name { c: envelope.channel, k: key }))
            .collect();
        let mut ids: BTreeSet<String> = events.iter().filter_map(|envelope| envelope.event.thread.id.clone()).collect();
        ids.extend(self.tickets.values().map(|ticket| ticket.row.conversation_id.clone()));
        if !names.is_empty() {
            for row in conversations::find_keys(tx, &names.into_iter().collect::<Vec<_>>()).await? {
                ids.insert(row.conversation_id.clone());
                self.keys.insert((row.channel_id, row.key), row.conversation_id);
            }
        }
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            for row in conversations::load_for_update(tx, &ids).await? {
                self.conversations.insert(row.id.clone(), Entry::loaded(row));
            }
        }
        Ok(())
    }

    async fn load_tickets(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let of_threads = self.conversations.values().filter_map(|entry| entry.row.ticket_id.as_deref());
        let of_messages = self.messages.values().filter_map(|entry| entry.row.ticket_id.as_deref());
        let ids: BTreeSet<&str> = of_threads.chain(of_messages).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = tickets::load_for_update(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
        self.tickets.extend(rows.into_iter().map(|row| (row.id.clone(), Entry::loaded(row))));
        Ok(())
    }

    async fn load_contacts(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let ids: BTreeSet<&str> = self.identities.values().map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = contacts::load(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
        self.contacts.extend(rows.into_iter().map(|row| (row.id.clone(), Entry::loaded(row))));
        Ok(())
    }

    async fn load_messages(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let wanted: BTreeSet<(i64, String)> =
            events.iter().flat_map(|envelope| refs(&envelope.event).map(|name| (envelope.channel, name))).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let targets: Vec<Target<'_>> = wanted.iter().map(|(channel, name)| Target { c: *channel, r: name }).collect();
        for row in messages::find_refs(tx, &targets).await? {
            self.refs.insert((row.channel_id, row.name), row.message_id);
        }
        let ids: BTreeSet<&str> = self.refs.values().map(String::as_str).collect();
        if !ids.is_empty() {
            let rows = messages::load_for_update(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
            self.messages.extend(rows.into_iter().map(|row| (row.id.clone(), Entry::loaded(row))));
        }
        Ok(())
    }

    /// Takes the parked events that wait for messages which this batch brings.
    async fn load_waiting(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let targets: Vec<Target<'_>> = events
            .iter()
            .filter_map(|envelope| Some(Target { c: envelope.channel, r: brought(&envelope.event)? }))
            .collect();
        if targets.is_empty() {
            return Ok(());
        }
        for row in parked::take(tx, &targets).await? {
            let name = (row.channel_id, row.target.clone());
            if let Some(envelope) = super::unpark(tx, &self.clock, row).await? {
                self.waiting.entry(name).or_default().push(envelope);
            }
        }
        Ok(())
    }
}

impl World {
    /// The files of messages that get edited (rare): an edit may bring a new one.
    async fn load_files(&mut self, tx: &mut Tx, events: &[&Envelope]) -> Result<(), IntakeError> {
        let waiting = self.waiting.values().flatten();
        let edits = events.iter().copied().chain(waiting).filter_map(|envelope| match &envelope.event.content {
            Content::Revision { target, message } if !message.attachments.is_empty() => {
                self.refs.get(&(envelope.channel, target.clone()))
            }
            _ => None,
        });
        let ids: BTreeSet<&str> = edits.map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(());
        }
        for row in messages::attachments(tx, &ids.into_iter().collect::<Vec<_>>()).await? {
            self.files.entry(row.message_id.clone()).or_default().push(file_name(&row));
        }
        Ok(())
    }
}

async fn load_channels(tx: &mut Tx, events: &[&Envelope]) -> Result<HashMap<i64, channels::ChannelRow>, IntakeError> {
    let ids: BTreeSet<i64> = events.iter().map(|envelope| envelope.channel).collect();
    let rows = channels::load(tx, &ids.iter().copied().collect::<Vec<_>>()).await?;
    let channels: HashMap<i64, channels::ChannelRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    match ids.into_iter().find(|id| !channels.contains_key(id)) {
        Some(missing) => Err(IntakeError::NoChannel(missing)),
        None => Ok(channels),
    }
}

fn identities(event: &InboundEvent) -> impl Iterator<Item = &Identity> {
    let changed: [&[Identity]; 3] = match &event.content {
        Content::IdentityChange { old, new, left, .. } => [old, new, left],
        _ => [&[], &[], &[]],
    };
    event.sender.iter().flat_map(|sender| &sender.identities).chain(changed.into_iter().flatten())
}

fn names(event: &InboundEvent) -> impl Iterator<Item = &str> {
    let moved: &[String] = match &event.content {
        Content::ThreadMoved { from } => from,
        _ => &[],
    };
    let thread = &event.thread;
    let own = thread.aliases.iter().chain(&thread.hints).chain(&thread.evidence).chain(&thread.names);
    own.chain(moved).map(String::as_str)
}

/// Every message name that the event mentions.
fn refs(event: &InboundEvent) -> impl Iterator<Item = String> + '_ {
    let targets: Vec<&String> = match &event.content {
        Content::Reaction { target, .. }
        | Content::Revision { target, .. }
        | Content::Tombstone { target }
        | Content::Visibility { target, .. } => vec![target],
        Content::Receipt(receipt) => vec![&receipt.target],
        Content::Bounce(bounce) => bounce.targets.iter().collect(),
        _ => Vec::new(),
    };
    let group = event.content.message().and_then(|message| message.group.as_deref()).map(group_ref);
    let marked = match &event.content {
        Content::Receipt(receipt) => receipt.correlation.as_deref().map(out_ref),
        _ => None,
    };
    targets.into_iter().map(String::as_str).chain(brought(event)).map(str::to_owned).chain(group).chain(marked)
}

/// The name of the message that the event brings.
fn brought(event: &InboundEvent) -> Option<&str> {
    match &event.content {
        Content::Message(message) | Content::Echo(message) | Content::Automatic(message) => message.id.as_deref(),
        _ => None,
    }
}

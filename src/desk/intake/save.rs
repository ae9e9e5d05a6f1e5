//! Saves what the rules changed.

use std::collections::BTreeMap;

use super::{
    IntakeError,
    bodies::to_json,
    news::News,
    world::{Entry, World},
};
use crate::{
    desk::{channels::broken, events},
    domain::EventKind,
    store::{
        StoreError, Tx, channels, companies, contacts,
        conversations::{self, KeyRow},
        deliveries::{self, Change},
        jobs, messages, parked, tickets,
    },
};

/// How old a channel's last-event mark may grow before it is written again: not with every batch.
const TOUCH_AFTER_MS: i64 = 60_000;

impl World {
    pub(super) async fn save(mut self, tx: &mut Tx) -> Result<News, IntakeError> {
        self.save_contacts(tx).await?;
        self.save_conversations(tx).await?;
        self.save_tickets(tx).await?;
        self.save_messages(tx).await?;
        if !self.added.merges.is_empty() {
            let merges: Vec<_> = std::mem::take(&mut self.added.merges).into_iter().collect();
            contacts::merge(tx, &merges).await?;
        }
        let news = self.news();
        self.save_additions(tx).await?;
        let now = self.clock.now();
        let stale: Vec<i64> = self
            .channels
            .values()
            .filter(|channel| channel.last_event_at.is_none_or(|at| now - at > TOUCH_AFTER_MS))
            .map(|channel| channel.id)
            .collect();
        channels::touch(tx, &stale, now).await?;
        Ok(news)
    }

    async fn save_contacts(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let changed = changed(&self.contacts);
        if !changed.is_empty() {
            contacts::save(tx, &changed).await?;
        }
        if !self.added.released_identities.is_empty() {
            contacts::delete_identities(tx, &self.added.released_identities).await?;
        }
        let added = &self.added.identities;
        if !added.is_empty() {
            let rows = contacts::insert_identities(tx, added, self.clock.now()).await?;
            all_new(rows, added.len())?;
        }
        Ok(())
    }

    async fn save_conversations(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let changed = changed(&self.conversations);
        if !changed.is_empty() {
            conversations::save(tx, &changed).await?;
        }
        if !self.added.released_keys.is_empty() {
            conversations::delete_keys(tx, &self.added.released_keys).await?;
        }
        let added = &self.added.keys;
        if !added.is_empty() {
            let rows = conversations::insert_keys(tx, added, self.clock.now()).await?;
            all_new(rows, added.len())?;
        }
        if !self.added.moved_keys.is_empty() {
            conversations::move_keys(tx, &self.added.moved_keys, self.clock.now()).await?;
        }
        // Each is newer than whatever was bound before it, by this batch too.
        for ((channel, key), after) in self.added.renewed_keys.iter().zip(1..) {
            let Some(conversation) = self.keys.get(&(*channel, key.clone())) else { continue };
            let row = KeyRow { channel_id: *channel, key: key.clone(), conversation_id: conversation.clone() };
            conversations::move_keys(tx, &[row], self.clock.now() + after).await?;
        }
        Ok(())
    }

    async fn save_tickets(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let mut unnumbered: BTreeMap<i64, i64> = BTreeMap::new();
        for entry in self.tickets.values().filter(|entry| entry.new) {
            *unnumbered.entry(entry.row.company_id).or_default() += 1;
        }
        for (company, count) in unnumbered {
            let mut number = companies::take_ticket_numbers(tx, company, count).await?;
            for entry in self.tickets.values_mut().filter(|entry| entry.new && entry.row.company_id == company) {
                entry.row.number = number;
                number += 1;
            }
        }
        let changed = changed(&self.tickets);
        if !changed.is_empty() {
            tickets::save(tx, &changed).await?;
        }
        Ok(())
    }

    async fn save_messages(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let new: Vec<_> = self.messages.values().filter(|entry| entry.new).map(|entry| &entry.row).collect();
        if !new.is_empty() {
            messages::insert(tx, &new).await?;
        }
        let edited: Vec<_> =
            self.messages.values().filter(|entry| entry.dirty && !entry.new).map(|entry| &entry.row).collect();
        if !edited.is_empty() {
            messages::update(tx, &edited).await?;
        }
        let refs = &self.added.refs;
        if !refs.is_empty() {
            let rows = messages::insert_refs(tx, refs).await?;
            all_new(rows, refs.len())?;
        }
        for (ticket, conversation) in &self.added.moved_tickets {
            messages::move_with_ticket(tx, ticket, conversation).await?;
        }
        Ok(())
    }

    async fn save_additions(&mut self, tx: &mut Tx) -> Result<(), IntakeError> {
        let added = &mut self.added;
        if !added.attachments.is_empty() {
            messages::insert_attachments(tx, &added.attachments).await?;
        }
        if !added.revisions.is_empty() {
            messages::insert_revisions(tx, &added.revisions).await?;
        }
        if !added.reactions.is_empty() {
            let rows: Vec<_> = std::mem::take(&mut added.reactions).into_values().collect();
            messages::save_reactions(tx, &rows).await?;
        }
        if !added.receipts.is_empty() {
            messages::insert_receipts(tx, &added.receipts).await?;
        }
        if !added.parked.is_empty() {
            parked::insert(tx, &added.parked).await?;
        }
        if !added.channel_events.is_empty() {
            channels::insert_events(tx, &added.channel_events).await?;
        }
        if !added.jobs.is_empty() {
            jobs::insert(tx, &added.jobs).await?;
        }
        if !added.awaited.is_empty() {
            jobs::wake_lanes(tx, &added.awaited, self.clock.now()).await?;
        }
        for (message, reason) in &added.failures {
            let failure = to_json(reason);
            deliveries::change(tx, message, Change { failure: Some(&failure), ..Change::default() }).await?;
        }
        for (channel, reason) in &added.broken {
            broken(tx, *channel, reason, self.clock.now()).await?;
        }
        let advanced: Vec<&str> = added.advanced.iter().map(String::as_str).collect();
        events::tell_messages(tx, self.clock.now(), EventKind::MessageStatus, &advanced).await?;
        Ok(())
    }
}

fn changed<T>(entries: &BTreeMap<String, Entry<T>>) -> Vec<&T> {
    entries.values().filter(|entry| entry.new || entry.dirty).map(|entry| &entry.row).collect()
}

/// A row that just appeared belongs to another transaction: this batch must see it, so it starts again.
fn all_new(inserted: u64, wanted: usize) -> Result<(), StoreError> {
    match usize::try_from(inserted) {
        Ok(inserted) if inserted == wanted => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

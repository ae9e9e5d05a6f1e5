//! Events about a message that is there, or is still to come: then they are parked (P5).

use std::collections::HashSet;

use relevo_adapters::{
    Attachment, Body, Bounce, Message, Notice, Receipt, ReceiptStatus,
    outbound::{ErrorClass, Explained},
};

use super::{
    bodies::{file_key, file_name, to_json},
    load::out_ref,
    world::{Entry, World},
};
use crate::{
    desk::tickets::{DELETED, preview},
    domain::{Envelope, FailureReason, advances, send_lane},
    store::{
        messages::{ReactionRow, ReceiptRow, RevisionRow},
        parked::ParkedEvent,
    },
};

impl World {
    /// The message that `target` names; parks the event if it has not come yet.
    fn target(&mut self, envelope: &Envelope, target: &str) -> Option<String> {
        let found = self.find_message(envelope.channel, target);
        if found.is_none() {
            let id = self.clock.id();
            self.report.parked += 1;
            self.added.parked.push(ParkedEvent {
                id,
                channel_id: envelope.channel,
                target: target.to_owned(),
                event: envelope.encode(),
                parked_at: self.clock.now(),
            });
        }
        found
    }

    pub(super) fn reaction(&mut self, envelope: &Envelope, target: &str, emoji: Option<&str>) {
        let Some(message_id) = self.target(envelope, target) else { return };
        let author = self.reacting(envelope);
        let row = ReactionRow {
            message_id: message_id.clone(),
            author: author.clone(),
            emoji: emoji.unwrap_or_default().to_owned(),
            at: envelope.at(),
        };
        match self.added.reactions.entry((message_id, author)) {
            std::collections::btree_map::Entry::Vacant(slot) => _ = slot.insert(row),
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                if row.at >= slot.get().at {
                    slot.insert(row);
                }
            }
        }
    }

    /// Whose reaction it is: the contact's, who may be named otherwise each time; else that of a stranger.
    fn reacting(&self, envelope: &Envelope) -> String {
        let identities = envelope.event.sender.as_ref().map_or(&[][..], |sender| &sender.identities);
        let contact =
            identities.iter().find_map(|identity| self.identities.get(&(envelope.company, identity.clone())).cloned());
        let stranger = || identities.first().map(|identity| format!("{}:{}", identity.scheme, identity.value));
        contact.or_else(stranger).unwrap_or_default()
    }

    /// An edit. Platforms also report edits that change nothing visible: those leave no revision.
    pub(super) fn revision(&mut self, envelope: &Envelope, target: &str, message: &Message) {
        let Some(message_id) = self.target(envelope, target) else { return };
        let id = self.clock.id();
        self.add_new_attachments(envelope, message, &message_id);
        let Some(entry) = self.messages.get_mut(&message_id) else { return };
        let body = to_json(&message.body);
        let at = envelope.at();
        // One picture of an album, edited without words, says nothing about the caption that the album shares.
        let wordless = message.body == Body::Empty && (message.group.is_some() || message.attachments.is_empty());
        if wordless || entry.row.body == body || entry.row.edited_at > Some(at) {
            return;
        }
        let row = entry.edit();
        let content = message.display();
        self.added.revisions.push(RevisionRow {
            id,
            message_id: message_id.clone(),
            content: std::mem::replace(&mut row.content, content),
            body: std::mem::replace(&mut row.body, body),
            at,
        });
        row.edited_at = Some(at);
        self.show_on_ticket(&message_id);
    }

    /// The ticket shows a message's new words, or that it was deleted, if that message is the one it shows.
    fn show_on_ticket(&mut self, message: &str) {
        let Some(message) = self.messages.get(message).map(|entry| &entry.row) else { return };
        let Some(ticket) = message.ticket_id.as_ref().and_then(|id| self.tickets.get_mut(id)) else { return };
        if ticket.row.last_message_id.as_ref() == Some(&message.id) {
            ticket.edit().last_content = Some(match message.deleted_at {
                Some(_) => DELETED.to_owned(),
                None => preview(&message.content).to_owned(),
            });
        }
    }

    pub(super) fn tombstone(&mut self, envelope: &Envelope, target: &str) {
        let Some(message_id) = self.target(envelope, target) else { return };
        let Some(entry) = self.messages.get_mut(&message_id) else { return };
        entry.edit().deleted_at = Some(envelope.at());
        self.show_on_ticket(&message_id);
    }

    pub(super) fn visibility(&mut self, envelope: &Envelope, target: &str, hidden: bool) {
        let Some(message_id) = self.target(envelope, target) else { return };
        let at = envelope.at();
        // What came late is over.
        let entry = self.messages.get_mut(&message_id).filter(|entry| entry.row.visibility_at <= Some(at));
        if let Some(row) = entry.map(Entry::edit) {
            row.hidden_at = hidden.then_some(at);
            row.visibility_at = Some(at);
        }
    }

    /// An edit may bring another file: it joins those that are there already.
    fn add_new_attachments(&mut self, envelope: &Envelope, message: &Message, message_id: &str) {
        let known = self.files.get(message_id).cloned().unwrap_or_default();
        let added = self.added.attachments.iter().filter(|row| row.message_id == message_id);
        let known: HashSet<String> = known.into_iter().chain(added.map(file_name)).collect();
        let attachments: Vec<Attachment> =
            message.attachments.iter().filter(|file| !known.contains(&file_key(file))).cloned().collect();
        self.add_attachments(envelope, &Message { attachments, ..Message::default() }, message_id);
    }

    pub(super) fn receipt(&mut self, envelope: &Envelope, receipt: &Receipt) {
        let Some(message_id) = self.reported(envelope, receipt) else { return };
        self.added.receipts.push(ReceiptRow {
            message_id: message_id.clone(),
            status: receipt.status.as_str().to_owned(),
            participant: receipt.participant.clone().unwrap_or_default(),
            at: envelope.at(),
            error: receipt.error.as_ref().map(to_json),
            data: receipt.data.as_ref().map(to_json),
        });
        let failure = receipt.error.as_ref().map(|error| {
            let detail = match &error.details {
                Some(details) => format!("{}: {details}", error.title),
                None => error.title.clone(),
            };
            self.explain(envelope.channel, &error.code, detail)
        });
        if let Some(reason) = failure.as_ref().filter(|reason| reason.class == ErrorClass::Auth.as_str()) {
            self.added.broken.insert(envelope.channel, reason.clone());
        }
        // In a group one member's failure is not the message's.
        if receipt.participant.is_none() || receipt.status != ReceiptStatus::Failed {
            self.set_status(&message_id, receipt.status, failure, envelope);
        }
    }

    /// The message that a receipt is about: by its platform's name, or by our own mark if its send is not recorded yet;
    /// then it gets its name now (P6).
    fn reported(&mut self, envelope: &Envelope, receipt: &Receipt) -> Option<String> {
        if let Some(message) = self.find_message(envelope.channel, &receipt.target) {
            return Some(message);
        }
        let marked =
            receipt.correlation.as_deref().and_then(|mark| self.find_message(envelope.channel, &out_ref(mark)));
        match marked {
            Some(message) => {
                self.add_ref(envelope.channel, Some(receipt.target.clone()), &message);
                if let Some(row) = self.messages.get(&message).map(|entry| &entry.row) {
                    self.added.awaited.push(send_lane(&row.conversation_id));
                }
                Some(message)
            }
            None => self.target(envelope, &receipt.target),
        }
    }

    /// What a platform's error means for an agent (P10).
    fn explain(&self, channel: i64, code: &str, detail: String) -> FailureReason {
        let kind = self.channels.get(&channel).and_then(|channel| relevo_adapters::kind(&channel.kind));
        match kind.and_then(|kind| (kind.explain)(code)) {
            // The platform took it and gave up: nobody tries again by himself.
            Some((class @ (ErrorClass::RateLimited | ErrorClass::Transient), _)) => {
                let reason = Explained {
                    es: "La plataforma aceptó el mensaje pero no pudo entregarlo; envíelo de nuevo más tarde.",
                    en: "The platform took the message but could not deliver it; send it again later.",
                };
                FailureReason::new(class, code, reason, detail)
            }
            Some((class, reason)) => FailureReason::new(class, code, reason, detail),
            None => {
                let reason = Explained {
                    es: "La plataforma no pudo entregar el mensaje.",
                    en: "The platform could not deliver the message.",
                };
                FailureReason::new(ErrorClass::Content, code, reason, detail)
            }
        }
    }

    fn set_status(
        &mut self,
        message: &str,
        status: ReceiptStatus,
        failure: Option<FailureReason>,
        envelope: &Envelope,
    ) {
        let Some(entry) = self.messages.get_mut(message) else { return };
        if advances(entry.row.status.as_deref(), status) {
            let row = entry.edit();
            row.status = Some(status.as_str().to_owned());
            row.status_at = Some(envelope.at());
            self.added.advanced.insert(message.to_owned());
            if let Some(reason) = failure.filter(|_| status == ReceiptStatus::Failed) {
                row.failure = Some(format!("{} ({} {})", reason.es, reason.code, reason.detail).trim_end().to_owned());
                self.added.failures.insert(message.to_owned(), reason);
            }
        }
    }

    /// A mail of ours came back. One that names no mail of ours is news about the channel.
    pub(super) fn bounce(&mut self, envelope: &Envelope, bounce: &Bounce) {
        let found = bounce.targets.iter().find_map(|target| self.find_message(envelope.channel, target));
        let Some(message_id) = found else {
            let text = bounce.recipients.first().map(|recipient| format!("{} {}", recipient.action, recipient.address));
            return self.notice(envelope, &Notice { kind: "bounce".to_owned(), text });
        };
        // One of several recipients whom it did not reach does not make the mail a failure.
        let reached = bounce.recipients.iter().any(|recipient| recipient.action == "delivered");
        for recipient in &bounce.recipients {
            let status = match recipient.action.as_str() {
                "failed" => ReceiptStatus::Failed,
                "delivered" | "relayed" | "expanded" => ReceiptStatus::Delivered,
                "displayed" => ReceiptStatus::Read,
                // A delay is not a failure, a complaint not a state: news about the channel, kept with the report (P10).
                action => {
                    let text = Some(format!("{action} {}: {message_id}", recipient.address));
                    self.notice(envelope, &Notice { kind: action.to_owned(), text });
                    continue;
                }
            };
            let reason = [recipient.status.as_deref(), recipient.diagnostic.as_deref()];
            let reason: Vec<&str> = reason.into_iter().flatten().collect();
            self.added.receipts.push(ReceiptRow {
                message_id: message_id.clone(),
                status: status.as_str().to_owned(),
                participant: recipient.address.clone(),
                at: envelope.at(),
                error: (status == ReceiptStatus::Failed).then(|| to_json(recipient)),
                data: None,
            });
            if status != ReceiptStatus::Failed || !reached {
                let code = recipient.status.as_deref().unwrap_or_default();
                let failure = self.explain(envelope.channel, code, reason.join(" "));
                self.set_status(&message_id, status, Some(failure), envelope);
            }
        }
    }
}

//! The rules: what each kind of event does to the world (DESIGN §5).

use std::collections::hash_map::Entry as Slot;

use relevo_adapters::{Body, Content, Identity, Message, Notice, outbound::Act};
use serde::Serialize;
use serde_json::Value;

use super::{
    bodies::to_json,
    load::group_ref,
    world::{Entry, Happened, World},
};
use crate::{
    desk::{routing::reopened, tickets::preview},
    domain::{Envelope, Latest, Placement, SEND, SendJob, TicketState, place, send_topic},
    store::{
        channels::ChannelEvent,
        jobs::NewJob,
        messages::{MessageRow, RefRow},
        tickets::Ticket,
    },
};

/// The extras of a message that its thread's customer did not write.
#[derive(Debug, Serialize)]
struct Strange<'a> {
    stranger: bool,
    #[serde(flatten)]
    extra: Option<&'a Value>,
}

/// Who wrote a message, and what that means for tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The customer: opens, joins or reopens a ticket.
    Contact,
    /// Our staff in the platform's own app: joins the latest ticket, opens none.
    App,
    /// A machine: shown with the latest ticket, opens none.
    Automatic,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::App => "app",
            Self::Automatic => "automatic",
        }
    }

    fn direction(self) -> &'static str {
        if self == Self::App { "out" } else { "in" }
    }
}

impl World {
    pub(super) fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event.content {
            Content::Message(message) => self.message(envelope, message, Origin::Contact),
            Content::Echo(message) => self.message(envelope, message, Origin::App),
            Content::Automatic(message) => self.message(envelope, message, Origin::Automatic),
            Content::Reaction { target, emoji } => self.reaction(envelope, target, emoji.as_deref()),
            Content::Revision { target, message } => self.revision(envelope, target, message),
            Content::Tombstone { target } => self.tombstone(envelope, target),
            Content::Visibility { target, hidden } => self.visibility(envelope, target, *hidden),
            Content::Receipt(receipt) => self.receipt(envelope, receipt),
            Content::Bounce(bounce) => self.bounce(envelope, bounce),
            Content::IdentityChange { old, new, left, note } => {
                self.identity_change(envelope, [old, left, new], note.as_deref());
            }
            Content::ThreadMoved { from } => self.thread_moved(envelope, from),
            Content::ContactBlocked { blocked } => self.contact_blocked(envelope, *blocked),
            Content::Notice(notice) => self.notice(envelope, notice),
            Content::Awaited { notice, act } => {
                self.notice(envelope, notice);
                self.acknowledge(envelope, act, "", &self.clock.id());
            }
        }
    }

    fn message(&mut self, envelope: &Envelope, message: &Message, origin: Origin) {
        let name = message.id.clone().map(|id| (envelope.channel, id));
        // One that is known is older than the dedup markers reach, or comes from a rescan of a mailbox. But mailers
        // reuse ids: the same id with other words, from somebody else, of another date or to another thread is another
        // message, which only lacks a name.
        if name.as_ref().is_none_or(|name| !self.is_known(name, envelope, message)) {
            self.add_message(envelope, message, origin);
        }
        let waiting = name.and_then(|name| self.waiting.remove(&name)).unwrap_or_default();
        waiting.iter().for_each(|waiting| self.apply(waiting));
    }

    fn is_known(&self, name: &(i64, String), envelope: &Envelope, message: &Message) -> bool {
        let known = self.refs.get(name);
        let row = known.and_then(|id| self.messages.get(id)).map(|entry| &entry.row);
        match (known, row) {
            (None, _) => false,
            // Our own send, reported back: the platform may have changed its looks.
            (Some(_), Some(row)) if row.origin == "agent" => true,
            // An edited or grouped message no longer says what it said when it came.
            (Some(_), Some(row)) if row.edited_at.is_none() && message.group.is_none() => {
                row.body == to_json(&message.body)
                    && envelope.event.thread.id.as_ref().is_none_or(|proven| *proven == row.conversation_id)
                    && self.may_be_by(row, envelope)
                    && stated_date(row.extra.as_deref().and_then(parsed).as_ref())
                        == stated_date(message.extra.as_ref())
            }
            (Some(_), _) => true,
        }
    }

    /// Whether the author of a message may be the sender of an event; of some nobody knows who wrote them.
    fn may_be_by(&self, row: &MessageRow, envelope: &Envelope) -> bool {
        let identities = envelope.event.sender.iter().flat_map(|sender| &sender.identities);
        let contact = |identity: &Identity| self.identities.get(&(envelope.company, identity.clone()));
        row.author_id.is_none() || row.author_id.as_ref() == identities.filter_map(contact).next()
    }

    fn add_message(&mut self, envelope: &Envelope, message: &Message, origin: Origin) {
        let album = message.group.as_ref().and_then(|group| self.find_message(envelope.channel, &group_ref(group)));
        let (row_id, ticket_id) = match album {
            Some(id) => self.join_album(envelope, message, id),
            None => self.new_message(envelope, message, origin),
        };
        self.add_attachments(envelope, message, &row_id);
        self.add_ref(envelope.channel, message.id.clone(), &row_id);
        let conversation = self.messages.get(&row_id).map(|entry| entry.row.conversation_id.clone());
        if let (Some(act), Some(conversation)) = (&message.acknowledge, conversation) {
            self.acknowledge(envelope, act, &conversation, &row_id);
        }
        self.touch_ticket(envelope, &row_id, ticket_id, origin);
    }

    /// What the platform waits for: it is of no use for long. `of` names what it is about.
    fn acknowledge(&mut self, envelope: &Envelope, act: &Act, conversation: &str, of: &str) {
        const USEFUL_MS: i64 = 150_000;
        let send = SendJob {
            message: None,
            channel: envelope.channel,
            conversation: conversation.to_owned(),
            act: act.clone(),
            answers: None,
            reply_to: None,
            expires_at: Some(envelope.received_at + USEFUL_MS),
            automatic: true,
        };
        self.added.jobs.push(NewJob {
            kind: SEND.to_owned(),
            lane: format!("ack:{of}"),
            topic: send_topic(envelope.channel),
            company_id: Some(envelope.company),
            payload: to_json(&send),
            due_at: envelope.received_at,
            created_at: envelope.received_at,
        });
    }

    fn new_message(&mut self, envelope: &Envelope, message: &Message, origin: Origin) -> (String, Option<String>) {
        let sender = envelope.event.sender.as_ref();
        let contact = match origin {
            Origin::App => None,
            Origin::Contact | Origin::Automatic => self.contact(envelope.company, sender, envelope.received_at),
        };
        let conversation = self.conversation(envelope, contact.as_deref());
        let ticket = match origin {
            Origin::Contact => Some(self.ticket_for(envelope, &conversation)),
            Origin::App | Origin::Automatic => self.latest_ticket(&conversation),
        };
        if origin == Origin::Contact {
            self.note_inbound(&conversation, envelope);
            self.note_wish(ticket.as_deref(), message);
        }
        let stranger = origin != Origin::App && self.is_stranger(envelope, &conversation, contact.as_deref());
        let mut row = self.message_row(envelope, message, origin, conversation, ticket.clone(), contact);
        if stranger {
            row.extra = Some(to_json(&Strange { stranger: true, extra: message.extra.as_ref() }));
        }
        let id = row.id.clone();
        self.messages.insert(id.clone(), Entry::created(row));
        self.add_ref(envelope.channel, message.group.as_deref().map(group_ref), &id);
        match origin {
            Origin::Contact => self.happened.push(Happened::Written(id.clone())),
            Origin::App => self.happened.push(Happened::Sent(id.clone())),
            Origin::Automatic => {}
        }
        (id, ticket)
    }

    fn message_row(
        &self,
        envelope: &Envelope,
        message: &Message,
        origin: Origin,
        conversation: String,
        ticket: Option<String>,
        contact: Option<String>,
    ) -> MessageRow {
        let sender = envelope.event.sender.as_ref();
        let channel = self.channels.get(&envelope.channel).map(|channel| channel.name.clone());
        let account = sender.and_then(|sender| sender.account.clone());
        let name = sender.and_then(|sender| sender.name.clone()).or_else(|| account.clone());
        let name = match origin {
            Origin::App => name.or(channel),
            Origin::Contact | Origin::Automatic => name,
        };
        MessageRow {
            id: self.clock.id(),
            company_id: envelope.company,
            channel_id: envelope.channel,
            conversation_id: conversation,
            ticket_id: ticket,
            direction: origin.direction().to_owned(),
            origin: origin.as_str().to_owned(),
            kind: message.kind().to_owned(),
            content: message.display(),
            body: to_json(&message.body),
            extra: message.extra.as_ref().map(to_json),
            raw: envelope.event.raw.as_ref().map(to_json),
            reply_to: message.reply_to.clone(),
            author_id: contact,
            author_name: name,
            author_account: account,
            at: envelope.at(),
            received_at: envelope.received_at,
            log_id: envelope.log,
            status: None,
            status_at: None,
            failure: None,
            edited_at: None,
            deleted_at: None,
            hidden_at: message.hidden.then(|| envelope.at()),
            visibility_at: message.hidden.then(|| envelope.at()),
        }
    }

    /// One more picture of an album: its files join the message that the first one made, its caption is added.
    fn join_album(&mut self, envelope: &Envelope, message: &Message, id: String) -> (String, Option<String>) {
        // The caller found the message under this id.
        let Some(entry) = self.messages.get_mut(&id) else { return (id, None) };
        if let Body::Text { text } = &message.body
            && !text.is_empty()
        {
            let row = entry.edit();
            let before: Body = serde_json::from_str(&row.body).unwrap_or_default();
            let text = match before {
                Body::Text { text: before } if !before.is_empty() => format!("{before}\n{text}"),
                _ => text.clone(),
            };
            row.content.clone_from(&text);
            row.body = to_json(&Body::Text { text });
        }
        let ticket = entry.row.ticket_id.clone();
        if entry.row.direction == Origin::Contact.direction() {
            let conversation = entry.row.conversation_id.clone();
            self.note_inbound(&conversation, envelope);
        }
        self.updated(&id);
        (id, ticket)
    }

    /// A message is not what it was, unless nobody was told of it yet.
    fn updated(&mut self, id: &str) {
        let automatic = Origin::Automatic.as_str();
        let told = self.messages.get(id).is_some_and(|entry| !entry.new && entry.row.origin != automatic);
        let updated = Happened::Updated(id.to_owned());
        if told && !self.happened.contains(&updated) {
            self.happened.push(updated);
        }
    }

    pub(super) fn find_message(&self, channel: i64, name: &str) -> Option<String> {
        self.refs.get(&(channel, name.to_owned())).filter(|id| self.messages.contains_key(*id)).cloned()
    }

    pub(super) fn add_ref(&mut self, channel: i64, name: Option<String>, message: &str) {
        let Some(name) = name else { return };
        if let Slot::Vacant(free) = self.refs.entry((channel, name.clone())) {
            free.insert(message.to_owned());
            self.added.refs.push(RefRow { channel_id: channel, name, message_id: message.to_owned() });
        }
    }

    fn note_inbound(&mut self, conversation: &str, envelope: &Envelope) {
        if let Some(entry) = self.conversations.get_mut(conversation) {
            let at = Some(envelope.at());
            if entry.row.last_inbound_at < at {
                entry.edit().last_inbound_at = at;
            }
            // Who writes has blocked nobody, whatever became of the news of it.
            if entry.row.blocked_at.is_some() && entry.row.blocked_at < at {
                entry.edit().blocked_at = None;
            }
        }
    }

    /// Whether machines may answer the customer from now on.
    fn note_wish(&mut self, ticket: Option<&str>, message: &Message) {
        let wish = i64::from(message.no_auto_reply);
        if let Some(entry) = ticket.and_then(|id| self.tickets.get_mut(id))
            && entry.row.no_auto_reply != wish
        {
            entry.edit().no_auto_reply = wish;
        }
    }

    /// Whether somebody else than its customer writes in a thread that is known by what is in it alone: who was told its
    /// token, or shown a mail of it. A thread with a name of its own may be a group's.
    fn is_stranger(&self, envelope: &Envelope, conversation: &str, contact: Option<&str>) -> bool {
        let customer = self.conversations.get(conversation).and_then(|entry| entry.row.contact_id.as_deref());
        envelope.event.thread.aliases.is_empty() && customer.is_some() && customer != contact
    }

    pub(super) fn latest_ticket(&self, conversation: &str) -> Option<String> {
        self.conversations.get(conversation)?.row.ticket_id.clone()
    }

    /// The ticket that a customer's message goes to: the one that is not closed, the one that just closed, a new one.
    fn ticket_for(&mut self, envelope: &Envelope, conversation: &str) -> String {
        let latest = self.latest_ticket(conversation);
        let state = latest.as_ref().and_then(|id| self.tickets.get(id)).map(|ticket| Latest {
            closed: ticket.row.state == TicketState::Closed.as_str(),
            closed_at: ticket.row.closed_at,
        });
        let reopen_within = self.channels.get(&envelope.channel).map_or(0, |channel| channel.reopen_within_ms);
        match (place(state, envelope.received_at, reopen_within), latest) {
            (Placement::Append, Some(id)) => id,
            (Placement::Reopen, Some(id)) => self.reopen_ticket(envelope, id),
            _ => self.open_ticket(envelope, conversation),
        }
    }

    fn reopen_ticket(&mut self, envelope: &Envelope, id: String) -> String {
        if let Some(entry) = self.tickets.get_mut(&id) {
            reopened(entry.edit(), envelope.received_at);
            self.report.reopened += 1;
            self.happened.push(Happened::Reopened(id.clone()));
        }
        id
    }

    fn open_ticket(&mut self, envelope: &Envelope, conversation: &str) -> String {
        let id = self.clock.id();
        let found = self.conversations.get_mut(conversation);
        let (contact, subject) = found.map_or((None, None), |entry| {
            let row = entry.edit();
            row.ticket_id = Some(id.clone());
            (row.contact_id.clone(), row.subject.clone())
        });
        let kind = self.channels.get(&envelope.channel).map(|channel| channel.kind.clone());
        let ticket = Ticket {
            id: id.clone(),
            company_id: envelope.company,
            // Given when the batch is saved, in the order of the ids.
            number: 0,
            channel_id: envelope.channel,
            kind: kind.unwrap_or_default(),
            conversation_id: conversation.to_owned(),
            contact_id: contact,
            state: TicketState::Open.as_str().to_owned(),
            subject,
            waiting_since: Some(envelope.received_at),
            created_at: envelope.received_at,
            updated_at: envelope.received_at,
            ..Ticket::default()
        };
        self.tickets.insert(id.clone(), Entry::created(ticket));
        self.report.opened += 1;
        self.happened.push(Happened::Opened(id.clone()));
        id
    }

    /// Shows the message on its ticket, if it is the latest by the platform's time. Our own staff's messages count;
    /// a machine's do not.
    fn touch_ticket(&mut self, envelope: &Envelope, message: &str, ticket: Option<String>, origin: Origin) {
        let Some(entry) = ticket.and_then(|id| self.tickets.get_mut(&id)) else { return };
        let Some(message) = self.messages.get(message).map(|entry| &entry.row) else { return };
        if origin == Origin::Automatic {
            return;
        }
        let ticket = entry.edit();
        ticket.updated_at = ticket.updated_at.max(envelope.received_at);
        if origin == Origin::App {
            ticket.answered_at = ticket.answered_at.or(Some(envelope.received_at));
        }
        if ticket.contact_id.is_none() {
            ticket.contact_id.clone_from(&message.author_id);
        }
        // Platforms tell whole seconds: within one, the message that came last is the latest.
        if (ticket.last_message_at, ticket.last_message_id.as_ref()) <= (Some(message.at), Some(&message.id)) {
            ticket.last_message_at = Some(message.at);
            ticket.last_message_id = Some(message.id.clone());
            ticket.last_author.clone_from(&message.author_name);
            ticket.last_content = Some(preview(&message.content).to_owned());
        }
    }

    fn identity_change(&mut self, envelope: &Envelope, [old, left, new]: [&[Identity]; 3], note: Option<&str>) {
        let company = envelope.company;
        let all = || old.iter().chain(left).chain(new);
        let contact = all().find_map(|identity| self.identities.get(&(company, identity.clone())).cloned());
        if let Some(contact) = &contact {
            let identities: Vec<_> = all().cloned().collect();
            self.bind_identities(company, &identities, contact);
            left.iter().for_each(|identity| self.release_identity(company, identity));
            if let Some(sender) = &envelope.event.sender {
                self.describe_contact(contact, sender, envelope.received_at);
            }
        }
        if let Some(conversation) = self.find_conversation(envelope, contact.as_deref()) {
            self.rename(envelope, &conversation, !left.is_empty());
            let text = note.unwrap_or("El cliente cambió de número o identificador").to_owned();
            let body = Body::Service { kind: "identity_change".to_owned(), text };
            let message = Message { body, ..Message::default() };
            let ticket = self.latest_ticket(&conversation);
            let row = self.message_row(envelope, &message, Origin::Automatic, conversation, ticket, contact);
            self.messages.insert(row.id.clone(), Entry::created(row));
        }
    }

    /// The thread goes on under its aliases, the newest first; names that were `left` will be another's.
    fn rename(&mut self, envelope: &Envelope, conversation: &str, left: bool) {
        let thread = &envelope.event.thread;
        self.bind_names(envelope.channel, &envelope.event, conversation);
        self.added.renewed_keys.extend(thread.aliases.iter().rev().map(|key| (envelope.channel, key.clone())));
        for key in thread.hints.iter().filter(|_| left) {
            // Whatever else it named was this very thread.
            self.bind_alias(envelope.channel, key, conversation);
            self.release_key(envelope.channel, key);
        }
        self.take_over(conversation);
    }

    fn thread_moved(&mut self, envelope: &Envelope, from: &[String]) {
        let old = from.iter().find_map(|key| self.keys.get(&(envelope.channel, key.clone())).cloned());
        if let Some(conversation) = old.or_else(|| self.find_conversation(envelope, None)) {
            self.bind_names(envelope.channel, &envelope.event, &conversation);
            from.iter().for_each(|key| self.bind_alias(envelope.channel, key, &conversation));
            self.take_over(&conversation);
        }
    }

    fn contact_blocked(&mut self, envelope: &Envelope, blocked: bool) {
        let found = self.find_conversation(envelope, None);
        if let Some(entry) = found.and_then(|id| self.conversations.get_mut(&id)) {
            entry.edit().blocked_at = blocked.then(|| envelope.at());
        }
    }

    pub(super) fn notice(&mut self, envelope: &Envelope, notice: &Notice) {
        let id = self.clock.id();
        self.added.channel_events.push(ChannelEvent {
            id,
            channel_id: envelope.channel,
            kind: notice.kind.clone(),
            text: notice.text.clone(),
            raw: envelope.event.raw.as_ref().map(to_json),
            at: envelope.at(),
            log_id: envelope.log,
        });
    }
}

/// When it was written, where its author says so himself.
fn stated_date(extra: Option<&Value>) -> Option<&str> {
    extra?.get("date")?.as_str()
}

fn parsed(extra: &str) -> Option<Value> {
    serde_json::from_str(extra).ok()
}

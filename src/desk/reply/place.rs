//! Where a reply goes: the conversation, its channel and its ticket.

use relevo_adapters::{
    Identity, Millis,
    outbound::{Act, Destination, Sending},
};

use super::{ReplyError, To, plan::is_message};
use crate::{
    clock::Clock,
    domain::TicketState,
    store::{
        StoreError, Tx,
        channels::{self, ChannelRow},
        companies,
        contacts::{self, Contact, IdentityRow},
        conversations::{self, Conversation, KeyRow, Name},
        deliveries, holds,
        tickets::{self, Ticket},
    },
};

/// A conversation that can be written to.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) channel: ChannelRow,
    pub(super) sending: &'static Sending,
    pub(super) conversation: Conversation,
    pub(super) ticket: Option<Ticket>,
}

impl Place {
    /// Whether what is said here leaves soon: the channel has what it sends with, and is neither paused nor held.
    pub(super) async fn goes_out(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let settings: serde_json::Map<_, _> = serde_json::from_str(&self.channel.settings).unwrap_or_default();
        let equipped = self.sending.needs.is_none_or(|name| settings.contains_key(name));
        Ok(equipped && self.channel.active != 0 && holds::find(tx, self.channel.id).await?.is_none())
    }
}

/// Finds it, or makes it where a conversation may begin with us.
///
/// # Errors
/// Why nothing can be written there.
pub(super) async fn find(tx: &mut Tx, clock: &Clock, company: i64, to: &To, act: &Act) -> Result<Place, ReplyError> {
    match to {
        To::Conversation(id) => {
            let conversation = load(tx, company, id).await?.ok_or(ReplyError::NoConversation)?;
            of_conversation(tx, conversation).await
        }
        To::Ticket(id) => {
            let ticket = tickets::find(tx, company, id).await?.ok_or(ReplyError::NoTicket)?;
            let conversation = load(tx, company, &ticket.conversation_id).await?.ok_or(ReplyError::NoConversation)?;
            let place = of_conversation(tx, conversation).await?;
            match ticket.state == TicketState::Closed.as_str() && is_message(act) {
                true => Err(ReplyError::TicketClosed),
                false => Ok(Place { ticket: Some(ticket), ..place }),
            }
        }
        To::Destination { channel, destination } => {
            of_destination(tx, clock, company, *channel, destination, act).await
        }
    }
}

async fn load(tx: &mut Tx, company: i64, id: &str) -> Result<Option<Conversation>, StoreError> {
    deliveries::lock_conversation(tx, id).await?;
    let found = conversations::load(tx, &[id]).await?.into_iter().next();
    Ok(found.filter(|conversation| conversation.company_id == company))
}

async fn of_conversation(tx: &mut Tx, conversation: Conversation) -> Result<Place, ReplyError> {
    let channel = channels::find(tx, conversation.channel_id).await?.ok_or(ReplyError::NoChannel)?;
    let sending = sending(&channel)?;
    let ticket = match &conversation.ticket_id {
        Some(ticket) => tickets::find(tx, conversation.company_id, ticket).await?,
        None => None,
    };
    Ok(Place { channel, sending, conversation, ticket })
}

fn sending(channel: &ChannelRow) -> Result<&'static Sending, ReplyError> {
    let kind = relevo_adapters::kind(&channel.kind);
    kind.and_then(|kind| kind.capabilities.sending).ok_or(ReplyError::Unsupported("send"))
}

async fn of_destination(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    channel: i64,
    destination: &Destination,
    act: &Act,
) -> Result<Place, ReplyError> {
    let channel = channels::find(tx, channel).await?.filter(|channel| channel.company_id == company);
    let channel = channel.ok_or(ReplyError::NoChannel)?;
    let names: Vec<Name<'_>> = destination.keys.iter().map(|k| Name { c: channel.id, k }).collect();
    let known = if names.is_empty() { Vec::new() } else { conversations::find_keys(tx, &names).await? };
    if let Some(key) = known.first() {
        let conversation = load(tx, company, &key.conversation_id).await?.ok_or(ReplyError::NoConversation)?;
        return of_conversation(tx, conversation).await;
    }
    let sending = sending(&channel)?;
    let is_template = matches!(act, Act::Template { .. });
    match (sending.may_begin, sending.window_ms) {
        (true, None) => {}
        (true, Some(_)) if is_template => {}
        (true, Some(_)) => return Err(ReplyError::NeedsTemplate),
        (false, _) => return Err(ReplyError::NoConversation),
    }
    let conversation = begin(tx, clock, &channel, destination).await?;
    Ok(Place { channel, sending, conversation, ticket: None })
}

/// A new conversation with a customer who may be known from elsewhere.
async fn begin(
    tx: &mut Tx,
    clock: &Clock,
    channel: &ChannelRow,
    destination: &Destination,
) -> Result<Conversation, ReplyError> {
    let now = clock.now();
    let contact = contact(tx, clock, channel.company_id, destination, now).await?;
    let conversation = Conversation {
        id: clock.id(),
        company_id: channel.company_id,
        channel_id: channel.id,
        contact_id: Some(contact),
        ticket_id: None,
        subject: None,
        blocked_at: None,
        last_inbound_at: None,
        created_at: now,
    };
    conversations::save(tx, &[&conversation]).await?;
    let key =
        |key: &String| KeyRow { channel_id: channel.id, key: key.clone(), conversation_id: conversation.id.clone() };
    let keys: Vec<KeyRow> = destination.keys.iter().map(key).collect();
    if !keys.is_empty() {
        all_new(conversations::insert_keys(tx, &keys, now).await?, keys.len())?;
    }
    Ok(conversation)
}

async fn contact(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    destination: &Destination,
    now: Millis,
) -> Result<String, ReplyError> {
    let identities = &destination.identities;
    let wanted: Vec<contacts::Address<'_>> = identities
        .iter()
        .map(|Identity { scheme, value }| contacts::Address { c: company, s: scheme, v: value })
        .collect();
    let known = if wanted.is_empty() { Vec::new() } else { contacts::find(tx, &wanted).await? };
    if let Some(known) = known.into_iter().next() {
        return Ok(known.contact_id);
    }
    let contact = Contact {
        id: clock.id(),
        company_id: company,
        name: None,
        account: Some(destination.account.clone()),
        language: None,
        created_at: now,
        updated_at: now,
    };
    contacts::save(tx, &[&contact]).await?;
    let row = |identity: &Identity| IdentityRow {
        company_id: company,
        scheme: identity.scheme.clone(),
        value: identity.value.clone(),
        contact_id: contact.id.clone(),
    };
    let rows: Vec<IdentityRow> = identities.iter().map(row).collect();
    if !rows.is_empty() {
        all_new(contacts::insert_identities(tx, &rows, now).await?, rows.len())?;
    }
    Ok(contact.id)
}

/// A row that just appeared belongs to another transaction: this one must see it, so it starts again.
fn all_new(inserted: u64, wanted: usize) -> Result<(), StoreError> {
    match usize::try_from(inserted) {
        Ok(inserted) if inserted == wanted => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// A new ticket, begun by us.
pub(super) async fn open_ticket(tx: &mut Tx, clock: &Clock, place: &mut Place) -> Result<(), ReplyError> {
    let now = clock.now();
    let ticket = Ticket {
        id: clock.id(),
        company_id: place.channel.company_id,
        number: companies::take_ticket_numbers(tx, place.channel.company_id, 1).await?,
        channel_id: place.channel.id,
        kind: place.channel.kind.clone(),
        conversation_id: place.conversation.id.clone(),
        contact_id: place.conversation.contact_id.clone(),
        state: TicketState::Open.as_str().to_owned(),
        subject: place.conversation.subject.clone(),
        waiting_since: Some(now),
        // Who did not write is not told that nobody is there.
        closed_told: 1,
        busy_told: Some(now),
        created_at: now,
        updated_at: now,
        ..Ticket::default()
    };
    match tickets::save(tx, &[&ticket]).await {
        // A message of the customer was first (P3): its ticket is there when this is tried again.
        Err(StoreError::Duplicate(_)) => return Err(StoreError::Conflict.into()),
        done => done?,
    }
    place.conversation.ticket_id = Some(ticket.id.clone());
    conversations::save(tx, &[&place.conversation]).await?;
    place.ticket = Some(ticket);
    Ok(())
}

//! Threads that get their author later: a platform did not say who wrote, and somebody found it out.

use relevo_adapters::{Author, Authors, Identity, KINDS};

use super::{
    linking,
    routing::{self, RoutingError},
};
use crate::{
    clock::Clock,
    domain::TicketState,
    store::{
        StoreError, Tx, channels,
        contacts::{self, Address, Contact, IdentityRow},
        conversations::{self, Conversation, KeyRow, Name},
        customers, deliveries, rebinds,
        tickets::{self, Ticket},
    },
};

/// Why a thread does not get its author.
#[derive(Debug, thiserror::Error)]
pub enum RebindError {
    #[error("there is no such thread")]
    Unknown,
    #[error("this is no id of a person")]
    NoPerson,
    /// Its author is known, and is another customer: their number.
    #[error("customer {0} wrote it")]
    Known(i64),
    /// The thread's ticket stands against it.
    #[error(transparent)]
    Ticket(#[from] RoutingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the person `person` the author of the company's thread that `original` names: a conversation's id, or what
/// its platform calls it or a message in it. Its tickets follow, and what the person writes next goes to it. If the
/// person has a thread of their own there, that stays what it is (P3); its open ticket is linked with this one's. Done
/// again, it changes nothing. `hand`: an agent who acts for himself; the thread's ticket must be in it while it is not
/// closed.
///
/// # Errors
/// What stands against it.
pub async fn author(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    hand: Option<i64>,
    original: &str,
    person: &str,
) -> Result<(), RebindError> {
    let (authors, found) = find(tx, company, original).await?.ok_or(RebindError::Unknown)?;
    let channel = channels::find(tx, found.channel_id).await?.ok_or(RebindError::Unknown)?;
    let names = deliveries::keys(tx, &found.id).await?;
    let author = (authors.author)(&channel.account, &names, person).ok_or(RebindError::NoPerson)?;
    let bound = bound(tx, &found, &author).await?;
    let own = bound.iter().map(|key| &key.conversation_id).find(|id| **id != found.id).cloned();
    let ids: Vec<&str> = [Some(&found.id), own.as_ref()].into_iter().flatten().map(String::as_str).collect();
    let locked = conversations::load_for_update(tx, &ids).await?;
    let of = |id: &str| locked.iter().find(|conversation| conversation.id == id);
    let thread = of(&found.id).ok_or(RebindError::Unknown)?;
    for ticket in open(tx, &[thread]).await? {
        routing::refuse_others(tx, &ticket, hand).await?;
    }

    let known = contact_of(tx, company, &author.identity).await?;
    if let Some(present) = thread.contact_id.as_deref().filter(|present| Some(*present) != known.as_deref()) {
        let other = customers::find(tx, company, present).await?;
        return Err(RebindError::Known(other.map_or(0, |other| other.number)));
    }
    let contact = match known {
        Some(contact) => contact,
        None => new_contact(tx, clock, company, author.identity.clone()).await?,
    };
    rebinds::set_author(tx, &thread.id, &contact).await?;
    if own.is_none() {
        bind(tx, clock, thread, &author, &bound).await?;
    }
    if let Some(own) = own.as_deref().and_then(of) {
        link(tx, clock, thread, own).await?;
    }
    Ok(())
}

/// The thread, on a channel of a kind whose threads can get an author.
async fn find(
    tx: &mut Tx,
    company: i64,
    original: &str,
) -> Result<Option<(&'static Authors, Conversation)>, StoreError> {
    let by_id = conversations::load(tx, &[original]).await?.into_iter().find(|found| found.company_id == company);
    for kind in KINDS {
        let Some(authors) = kind.authors else { continue };
        if let Some(found) = &by_id {
            let channel = channels::find(tx, found.channel_id).await?;
            if channel.is_some_and(|channel| channel.kind == kind.name) {
                return Ok(Some((authors, found.clone())));
            }
        }
        let keys = rebinds::named(tx, company, kind.name, &(authors.names)(original)).await?;
        if let Some(key) = keys.first() {
            let found = conversations::load(tx, &[&key.conversation_id]).await?.into_iter().next();
            return Ok(found.map(|found| (authors, found)));
        }
    }
    Ok(None)
}

/// Those of the author's names that lead to a thread already.
async fn bound(tx: &mut Tx, thread: &Conversation, author: &Author) -> Result<Vec<KeyRow>, StoreError> {
    let names: Vec<Name<'_>> = author.aliases.iter().map(|k| Name { c: thread.channel_id, k }).collect();
    if names.is_empty() { Ok(Vec::new()) } else { conversations::find_keys(tx, &names).await }
}

async fn contact_of(tx: &mut Tx, company: i64, identity: &Identity) -> Result<Option<String>, StoreError> {
    let address = Address { c: company, s: &identity.scheme, v: &identity.value };
    Ok(contacts::find(tx, &[address]).await?.into_iter().next().map(|row| row.contact_id))
}

async fn new_contact(tx: &mut Tx, clock: &Clock, company: i64, identity: Identity) -> Result<String, StoreError> {
    let (id, now) = (clock.id(), clock.now());
    let contact = Contact {
        id: id.clone(),
        company_id: company,
        name: None,
        account: None,
        language: None,
        created_at: now,
        updated_at: now,
    };
    contacts::save(tx, &[&contact]).await?;
    let Identity { scheme, value } = identity;
    let row = IdentityRow { company_id: company, scheme, value, contact_id: id.clone() };
    match contacts::insert_identities(tx, &[row], now).await? {
        1 => Ok(id),
        // The person wrote just now.
        _ => Err(StoreError::Conflict),
    }
}

/// Lets the author's names lead to the thread.
async fn bind(
    tx: &mut Tx,
    clock: &Clock,
    thread: &Conversation,
    author: &Author,
    bound: &[KeyRow],
) -> Result<(), StoreError> {
    let is_new = |alias: &&String| !bound.iter().any(|key| key.key == **alias);
    let row =
        |key: &String| KeyRow { channel_id: thread.channel_id, key: key.clone(), conversation_id: thread.id.clone() };
    let new: Vec<KeyRow> = author.aliases.iter().filter(is_new).map(row).collect();
    let wanted = u64::try_from(new.len()).unwrap_or(u64::MAX);
    match new.is_empty() || conversations::insert_keys(tx, &new, clock.now()).await? == wanted {
        true => Ok(()),
        false => Err(StoreError::Conflict),
    }
}

/// The threads' tickets that are not closed, held.
async fn open(tx: &mut Tx, threads: &[&Conversation]) -> Result<Vec<Ticket>, StoreError> {
    let ids: Vec<&str> = threads.iter().filter_map(|thread| thread.ticket_id.as_deref()).collect();
    let mut held = tickets::load_for_update(tx, &ids).await?;
    held.retain(|ticket| ticket.state != TicketState::Closed.as_str());
    Ok(held)
}

/// Links the open tickets of two threads of one person.
async fn link(tx: &mut Tx, clock: &Clock, thread: &Conversation, own: &Conversation) -> Result<(), StoreError> {
    let open = open(tx, &[thread, own]).await?;
    let of = |conversation: &Conversation| open.iter().find(|ticket| ticket.conversation_id == conversation.id);
    match (of(thread), of(own)) {
        (Some(ticket), Some(other)) => {
            linking::link(tx, clock, ticket, &[(&other.id, other.number)], None).await.map(drop)
        }
        _ => Ok(()),
    }
}

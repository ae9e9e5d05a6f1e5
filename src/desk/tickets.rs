//! Reading tickets: what programs and people outside may see of them, and in what order.

use std::collections::{BTreeSet, HashMap};

use relevo_adapters::Millis;

use crate::{
    domain,
    store::{
        StoreError, Tx, channels, customers,
        messages::{self, AttachmentRow, MessageRow},
        tickets::{self, Ticket},
        users::{self, Named},
    },
};

/// What a list without pages shows at most: the newest.
pub const LIST: i64 = 10_000;
/// Tickets of one page (PC "Paginado | 100").
pub const PAGE: usize = 100;
/// What stands in the place of a message that its author or a moderator deleted.
pub const DELETED: &str = "[mensaje eliminado]";
/// Bytes of a message's text that lists and tickets show.
const PREVIEW: usize = 2_000;

/// What lists and tickets show of a message's text.
pub fn preview(content: &str) -> &str {
    relevo_adapters::text::truncate(content, PREVIEW)
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub message: MessageRow,
    /// Who said it: the customer's id, the agent's as he was named, or our channel's uuid; empty where the platform does
    /// not say which customer it is.
    pub author: String,
    /// Its text, or [`DELETED`].
    pub content: String,
    /// Its files that can be had now, in order; none once it is deleted.
    pub files: Vec<AttachmentRow>,
}

/// The people who own tickets, by id.
pub type Owners = HashMap<i64, Named>;

/// Who owns these tickets.
///
/// # Errors
/// Those of the database.
pub async fn owners(tx: &mut Tx, tickets: &[Ticket]) -> Result<Owners, StoreError> {
    let ids: BTreeSet<i64> = tickets.iter().filter_map(|ticket| ticket.agent_id).collect();
    let named = users::named(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(named.into_iter().map(|owner| (owner.id, owner)).collect())
}

/// The messages of a company's ticket, newest first, at most [`LIST`]; `None` if it has no such ticket.
///
/// # Errors
/// Those of the database.
pub async fn messages(tx: &mut Tx, company: i64, ticket: &str) -> Result<Option<Vec<Shown>>, StoreError> {
    let Some(found) = tickets::find(tx, company, ticket).await? else { return Ok(None) };
    let house = channels::load(tx, &[found.channel_id]).await?.pop().map(|channel| channel.uuid);
    let rows = messages::of_ticket(tx, ticket, LIST).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut files: HashMap<String, Vec<AttachmentRow>> = HashMap::new();
    for file in messages::attachments(tx, &ids).await?.into_iter().filter(|file| file.sha256.is_some()) {
        files.entry(file.message_id.clone()).or_default().push(file);
    }
    let show = |message: MessageRow| {
        let author = match message.direction.as_str() {
            "in" => message.author_id.clone(),
            _ => message.author_account.clone().or_else(|| house.clone()),
        };
        let (content, files) = match message.deleted_at {
            Some(_) => (DELETED.to_owned(), Vec::new()),
            None => (message.content.clone(), files.remove(&message.id).unwrap_or_default()),
        };
        Shown { message, author: author.unwrap_or_default(), content, files }
    };
    Ok(Some(rows.into_iter().map(show).collect()))
}

/// A company's stored file, unless its message was deleted.
///
/// # Errors
/// Those of the database.
pub async fn file(tx: &mut Tx, company: i64, id: &str) -> Result<Option<AttachmentRow>, StoreError> {
    Ok(messages::find_attachment(tx, company, id).await?.filter(|file| file.sha256.is_some()))
}

/// The tickets of the customers with this national identity number, however it is written (a RUT with or without its
/// check digit, too); newest first, at most [`LIST`].
///
/// # Errors
/// Those of the database.
pub async fn of_country_id(tx: &mut Tx, company: i64, country_id: &str) -> Result<Vec<Ticket>, StoreError> {
    let customer = customers::find_by_country_ids(tx, company, &domain::country_ids(country_id)).await?;
    match customer.and_then(|customer| customer.country_id) {
        Some(known) => tickets::by_country_id(tx, company, &known, LIST).await,
        None => Ok(Vec::new()),
    }
}

/// The tickets of the customer whom a Facebook Page knows as `user`; newest first, at most [`LIST`].
///
/// # Errors
/// Those of the database.
pub async fn of_facebook_user(tx: &mut Tx, company: i64, page: &str, user: &str) -> Result<Vec<Ticket>, StoreError> {
    let address = format!("{page}/{user}");
    tickets::by_identity(tx, company, relevo_adapters::Identity::PSID, &address, LIST).await
}

/// Which tickets to go through page by page.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    pub company: i64,
    /// The channel kind's name.
    pub kind: &'a str,
    /// Created at this moment or later.
    pub from: Millis,
    /// Created before this moment.
    pub to: Millis,
    /// The page to show, by the id that the page before gave; the first if `None`.
    pub next: Option<&'a str>,
}

/// A page of tickets, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub tickets: Vec<Ticket>,
    /// The first ticket of the next page.
    pub next: Option<String>,
}

/// A page; `None` if `next` is not a ticket of the range. A page begins at a ticket and not at a count, so that
/// tickets that arrive meanwhile move nothing.
///
/// # Errors
/// Those of the database.
pub async fn page(tx: &mut Tx, range: Range<'_>) -> Result<Option<Page>, StoreError> {
    let start = match range.next {
        None => None,
        Some(id) => match tickets::find(tx, range.company, id).await?.filter(|ticket| range.holds(ticket)) {
            Some(ticket) => Some((ticket.created_at, id)),
            None => return Ok(None),
        },
    };
    let mut tickets = tickets::page(
        tx,
        tickets::Page {
            company: range.company,
            kind: range.kind,
            from: range.from,
            to: range.to,
            start,
            limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
        },
    )
    .await?;
    let next = tickets.drain(PAGE.min(tickets.len())..).next().map(|ticket| ticket.id);
    Ok(Some(Page { tickets, next }))
}

impl Range<'_> {
    fn holds(&self, ticket: &Ticket) -> bool {
        ticket.kind == self.kind && (self.from..self.to).contains(&ticket.created_at)
    }
}

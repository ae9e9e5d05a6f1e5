//! Tickets and messages in the shapes of PC's examples.

use serde::Serialize;
use utoipa::ToSchema;

use super::dates;
use crate::{
    desk::tickets::{Owners, Shown},
    domain::TicketState,
    http::{Api, ap::media_url},
    store::tickets::Ticket,
};

/// The agent who owns a ticket (PC "CMEmbeddedSerializer").
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Assignment {
    cmid: i64,
    name: String,
    #[schema(required)]
    email: Option<String>,
}

/// What the detail and the lists of tickets have in common.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Summary {
    #[schema(examples("019a8c2e-6d1f-7cc0-8f3a-5d2b7e1c9f04"))]
    id: String,
    /// UTC.
    #[schema(examples("2016-11-29T18:38:32"))]
    created: String,
    /// The agent who owns it, or owned it when it was closed; null if there is none.
    #[schema(required)]
    current_assignment: Option<Assignment>,
    is_closed: bool,
    /// Who wrote last; empty if the platform does not say.
    last_author: String,
    /// What was written last, at most 2,000 bytes of it.
    last_content: String,
    /// The channel's kind: `whatsapp`, `telegram`, `email`, `facebook`.
    #[schema(examples("facebook"))]
    social_network: String,
    /// UTC, with milliseconds.
    #[schema(examples("2016-12-21T13:17:29.283"))]
    updated_time: String,
}

/// A ticket (PC "Detalle de un ticket"). The number that agents see is text here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketDetail {
    #[schema(examples("261"))]
    identifier: String,
    /// The mail's subject, or the title that the thread has on its platform; null if it has none.
    #[schema(required)]
    subject: Option<String>,
    #[serde(flatten)]
    summary: Summary,
}

/// A ticket in a list (PC "Tickets de clientes"). The number that agents see is a number here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketSummary {
    #[schema(examples(1242))]
    identifier: i64,
    /// The mail's subject, or the title that the thread has on its platform; null if it has none.
    #[schema(required)]
    title: Option<String>,
    #[serde(flatten)]
    summary: Summary,
}

/// Tickets, newest first, at most 10,000.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketsList {
    #[schema(examples(200))]
    status: u16,
    tickets: Vec<TicketSummary>,
}

/// Ids of tickets, newest first, at most 10,000.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketIds {
    tickets: Vec<String>,
    #[schema(examples(200))]
    status: u16,
}

/// The id behind the number that agents see.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketId {
    #[schema(examples(200))]
    status: u16,
    ticket_id: String,
}

/// A message (PC "MessageResponse").
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageView {
    /// The text; `[mensaje eliminado]` once its author or a moderator deleted it.
    content: String,
    /// The customer's id, the agent's, or the channel's uuid where nobody of ours is named; empty where the platform
    /// does not say which customer it is.
    author_id: String,
    /// Empty where the platform does not say.
    author_name: String,
    /// The author's handle (phone number, user name, mail address); empty where there is none.
    author_account: String,
    /// UTC.
    #[schema(examples("2014-11-30T20:46:58"))]
    created: String,
    /// URL of its first file, good for an hour and without credentials; only if there is one that can be had now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples(
        "https://relevo.example.org/api/meta/getMediaFile?filename=019a8c2e-6d1f-7cc0-8f3a-5d2b7e1c9f04.jpg&expires=1780000000&signature=1f0c"
    ))]
    media: Option<String>,
    /// URLs of all its files, if there is more than one (an album). An addition to PC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_list: Vec<String>,
}

/// A ticket's messages, newest first, at most 10,000.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessagesList {
    #[schema(examples(200))]
    status: u16,
    messages: Vec<MessageView>,
}

/// A ticket in a page (PC "Tickets filtrados por canal y rango de fechas").
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PageEntry {
    /// `Abierto`, `En Progreso`, `Cerrado` or `Ignorado`.
    #[schema(examples("Abierto"))]
    status: String,
    /// UTC.
    #[schema(examples("18-04-2019 22:30:21"))]
    updated_datetime: String,
    /// UTC.
    #[schema(examples("18-04-2019 21:40:59"))]
    created_datetime: String,
    social_network: String,
    identifier: i64,
    id: String,
}

/// A page of at most 100 tickets, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TicketsPage {
    tickets: Vec<PageEntry>,
    #[schema(examples(200))]
    status: u16,
    /// How many tickets are in this page.
    number_of_tickets: usize,
    /// To be given as `next` for the page after this one; null if this is the last.
    #[schema(required)]
    next_page: Option<String>,
}

impl Summary {
    fn of(ticket: Ticket, owners: &Owners) -> Self {
        let owner = ticket.agent_id.and_then(|id| owners.get(&id));
        Self {
            id: ticket.id,
            created: dates::to_second(ticket.created_at),
            current_assignment: owner.map(|owner| Assignment {
                cmid: owner.id,
                name: owner.name.clone(),
                email: Some(owner.email.clone()),
            }),
            is_closed: ticket.state == TicketState::Closed.as_str(),
            last_author: ticket.last_author.unwrap_or_default(),
            last_content: ticket.last_content.unwrap_or_default(),
            social_network: ticket.kind,
            updated_time: dates::to_milli(ticket.updated_at),
        }
    }
}

impl TicketDetail {
    pub(super) fn of(mut ticket: Ticket, owners: &Owners) -> Self {
        Self {
            identifier: ticket.number.to_string(),
            subject: ticket.subject.take(),
            summary: Summary::of(ticket, owners),
        }
    }
}

impl TicketsList {
    pub(super) fn of(tickets: Vec<Ticket>, owners: &Owners) -> Self {
        let summary = |mut ticket: Ticket| TicketSummary {
            identifier: ticket.number,
            title: ticket.subject.take(),
            summary: Summary::of(ticket, owners),
        };
        Self { status: 200, tickets: tickets.into_iter().map(summary).collect() }
    }
}

impl From<Vec<String>> for TicketIds {
    fn from(tickets: Vec<String>) -> Self {
        Self { tickets, status: 200 }
    }
}

impl From<Ticket> for TicketId {
    fn from(ticket: Ticket) -> Self {
        Self { status: 200, ticket_id: ticket.id }
    }
}

impl MessageView {
    fn of(api: &Api, shown: Shown) -> Self {
        let links: Vec<String> = shown.files.iter().map(|file| media_url(api, file)).collect();
        Self {
            content: shown.content,
            author_id: shown.author,
            author_name: shown.message.author_name.unwrap_or_default(),
            author_account: shown.message.author_account.unwrap_or_default(),
            created: dates::to_second(shown.message.at),
            media: links.first().cloned(),
            media_list: if links.len() > 1 { links } else { Vec::new() },
        }
    }
}

impl MessagesList {
    pub(super) fn of(api: &Api, messages: Vec<Shown>) -> Self {
        Self { status: 200, messages: messages.into_iter().map(|shown| MessageView::of(api, shown)).collect() }
    }
}

impl From<Ticket> for PageEntry {
    fn from(ticket: Ticket) -> Self {
        Self {
            status: TicketState::parse(&ticket.state).map_or(ticket.state, |state| state.label().to_owned()),
            updated_datetime: dates::day_first(ticket.updated_at),
            created_datetime: dates::day_first(ticket.created_at),
            social_network: ticket.kind,
            identifier: ticket.number,
            id: ticket.id,
        }
    }
}

impl From<crate::desk::tickets::Page> for TicketsPage {
    fn from(page: crate::desk::tickets::Page) -> Self {
        Self {
            number_of_tickets: page.tickets.len(),
            tickets: page.tickets.into_iter().map(Into::into).collect(),
            status: 200,
            next_page: page.next,
        }
    }
}

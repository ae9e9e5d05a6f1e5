//! What a batch brought about, for those who look on, and for routing.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::world::{Happened, World};
use crate::{
    clock::Clock,
    desk::{
        events, linking,
        routing::{self, event},
    },
    domain::{Event, EventKind, routing::Cause},
    store::{
        StoreError, Tx,
        messages::MessageRow,
        tickets::{self, Ticket},
    },
};

/// What is told, and which tickets are to be routed.
#[derive(Debug, Default)]
pub(super) struct News {
    begun: Vec<Event>,
    opened: Vec<String>,
    reopened: Vec<String>,
    said: Vec<Said>,
    /// Tickets that turned out to be of one person.
    twins: Vec<(Ticket, Ticket)>,
}

/// What was written.
#[derive(Debug)]
enum Said {
    /// To us, or what it is by now: the ticket, and the words.
    In(EventKind, Box<Ticket>, Value),
    /// By our staff: the message's id.
    Out(String),
}

impl World {
    /// The news of what was saved: tickets have their numbers by now.
    pub(super) fn news(&mut self) -> News {
        let mut news = News { twins: self.twins(), ..News::default() };
        for happened in std::mem::take(&mut self.happened) {
            match happened {
                Happened::Opened(id) => {
                    news.begun.extend(self.began(EventKind::TicketOpened, &id));
                    news.opened.push(id);
                }
                Happened::Reopened(id) => {
                    news.begun.extend(self.began(EventKind::TicketReopened, &id));
                    news.reopened.push(id);
                }
                Happened::Written(id) => news.said.extend(self.said(EventKind::MessageReceived, &id)),
                Happened::Updated(id) => news.said.extend(self.said(EventKind::MessageUpdated, &id)),
                Happened::Sent(id) => news.said.push(Said::Out(id)),
            }
        }
        news
    }

    fn began(&self, kind: EventKind, ticket: &str) -> Option<Event> {
        let ticket = &self.tickets.get(ticket)?.row;
        Some(event(kind, ticket, json!({"asunto": ticket.subject, "id_contacto": ticket.contact_id})))
    }

    fn said(&self, kind: EventKind, message: &str) -> Option<Said> {
        let message = &self.messages.get(message)?.row;
        let ticket = &self.tickets.get(message.ticket_id.as_ref()?)?.row;
        Some(Said::In(kind, Box::new(ticket.clone()), self.words(message)))
    }

    fn words(&self, message: &MessageRow) -> Value {
        let files = self.added.attachments.iter().filter(|file| file.message_id == message.id);
        let files: Vec<&str> = files.map(|file| file.id.as_str()).collect();
        json!({
            "id_mensaje": message.id,
            "tipo": message.kind,
            "contenido": message.content,
            "id_contacto": message.author_id,
            "autor": message.author_name,
            "autor_cuenta": message.author_account,
            "fecha": message.at,
            "adjuntos": files,
        })
    }
}

impl News {
    /// Tells it and routes what began. Who is given a ticket hears of it before he hears what its customer wrote. Gives
    /// how many jobs were added.
    pub(super) async fn spread(self, tx: &mut Tx, clock: &Clock) -> Result<usize, StoreError> {
        let mut jobs = events::tell(tx, clock.now(), &self.begun).await?;
        for (ticket, twin) in &self.twins {
            linking::link(tx, clock, ticket, &[(&twin.id, twin.number)], None).await?;
        }
        let opened = self.opened.iter().map(|id| (id.as_str(), Cause::Opened));
        let reopened = self.reopened.iter().map(|id| (id.as_str(), Cause::Reopened));
        jobs += routing::route(tx, clock, &opened.chain(reopened).collect::<Vec<_>>()).await?.jobs;
        let said = said(tx, self).await?;
        jobs += events::tell(tx, clock.now(), &said).await?;
        Ok(jobs)
    }
}

/// What was written, told with where its tickets are now that they are routed.
async fn said(tx: &mut Tx, news: News) -> Result<Vec<Event>, StoreError> {
    let routed: Vec<&str> = news.opened.iter().chain(&news.reopened).map(String::as_str).collect();
    let routed: HashMap<String, Ticket> = match routed[..] {
        [] => HashMap::new(),
        _ => {
            tickets::load_for_update(tx, &routed).await?.into_iter().map(|ticket| (ticket.id.clone(), ticket)).collect()
        }
    };
    let sent = news.said.iter().filter_map(|said| if let Said::Out(id) = said { Some(id.as_str()) } else { None });
    let sent: Vec<&str> = sent.collect();
    // Each is there: this batch wrote it.
    let mut sent = events::of_messages(tx, EventKind::MessageSent, &sent).await?.into_iter();
    let tell = |said| match said {
        Said::In(kind, ticket, words) => Some(event(kind, routed.get(&ticket.id).unwrap_or(&ticket), words)),
        Said::Out(_) => sent.next(),
    };
    Ok(news.said.into_iter().filter_map(tell).collect())
}

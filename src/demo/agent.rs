//! The agents' side: the conversations that wait for an answer, and what became of answers.

use anyhow::Context;

use super::house::{House, Opened};
use crate::{
    desk::outbox::{self, Trail},
    domain::TicketState,
    store::{conversations, deliveries, messages, tickets},
};

/// Tickets, and messages of one, that are looked at.
const MOST: i64 = 10_000;

/// A conversation with an open ticket that can be answered.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    /// The ticket's, as agents see it.
    pub(super) number: i64,
    pub(super) conversation: String,
    pub(super) customer: String,
    /// The names of the thread.
    keys: Vec<String>,
}

impl Waiting {
    /// How the platform names the customer: digits, a chat, a business-scoped id.
    pub(super) fn recipient(&self) -> &str {
        let named = |scheme: &str| self.keys.iter().find_map(|key| key.strip_prefix(scheme));
        named("p:").or_else(|| named("u:")).or_else(|| named("chat:")).unwrap_or_default()
    }
}

impl House {
    /// Conversations of a channel whose tickets are open, the oldest ticket first; without those that the customer has
    /// blocked, and those of which a message is gone.
    pub(super) async fn waiting(&self, channel: &Opened) -> anyhow::Result<Vec<Waiting>> {
        let mut tx = self.app.foundation().db.read().await?;
        let mut waiting = Vec::new();
        let open = TicketState::Open.as_str();
        for id in tickets::ids_by_state(&mut tx, self.company, open, MOST).await?.into_iter().rev() {
            let Some(ticket) = tickets::find(&mut tx, self.company, &id).await? else { continue };
            let found = conversations::load(&mut tx, &[&ticket.conversation_id]).await?;
            let blocked = found.iter().all(|conversation| conversation.blocked_at.is_some());
            let said = messages::of_ticket(&mut tx, &id, MOST).await?;
            let whole = said.iter().all(|message| message.deleted_at.is_none() && message.hidden_at.is_none());
            let customer = said.iter().find(|message| message.direction == "in" && message.author_name.is_some());
            if let (true, false, true, Some(customer)) = (ticket.channel_id == channel.id, blocked, whole, customer) {
                waiting.push(Waiting {
                    number: ticket.number,
                    keys: deliveries::keys(&mut tx, &ticket.conversation_id).await?,
                    conversation: ticket.conversation_id,
                    customer: customer.author_name.clone().unwrap_or_default(),
                });
            }
        }
        Ok(waiting)
    }

    /// What became of a message so far.
    ///
    /// # Errors
    /// If there is none of this id.
    pub(super) async fn trail(&self, message: &str) -> anyhow::Result<Trail> {
        let mut tx = self.app.foundation().db.read().await?;
        outbox::trail(&mut tx, self.company, message).await?.context("a message is gone")
    }
}

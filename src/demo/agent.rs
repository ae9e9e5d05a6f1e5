//! The agents' side: the conversations that wait for an answer, and answering.

use anyhow::{Context, anyhow, bail};
use relevo_adapters::{
    Blob, MediaKind,
    outbound::{Act, Destination, OutboundFile},
};

use super::{
    house::{House, Opened},
    sample,
};
use crate::{
    desk::{
        outbox::{self, Trail},
        reply::{self, Author, NewReply, Queued, ReplyError, To},
    },
    directory::Found,
    domain::TicketState,
    store::{StoreError, conversations, deliveries, messages, tickets},
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

    /// An agent says something; it is durable when this returns, and leaves soon after.
    ///
    /// # Errors
    /// If it is refused.
    pub(super) async fn say(&self, to: To, act: Act) -> anyhow::Result<Queued> {
        let base = self.app.foundation();
        loop {
            let mut tx = base.db.write().await?;
            let author = Author { id: None, name: Some("Ana, de Casa Luma".to_owned()) };
            let log = base.clock.log_id();
            let reply =
                NewReply { company: self.company, to: to.clone(), act: act.clone(), reply_to: None, author, log };
            match reply::send(&mut tx, &base.clock, reply).await {
                Err(ReplyError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error).context("a reply was refused"),
                Ok(queued) => {
                    tx.commit().await?;
                    self.app.bell().ring();
                    return Ok(queued);
                }
            }
        }
    }

    /// A number that may never have written.
    ///
    /// # Errors
    /// If the channel cannot reach numbers.
    pub(super) async fn number(&self, channel: &Opened, number: &str) -> anyhow::Result<Destination> {
        match self.app.foundation().directory().by_name(&channel.id.to_string()).await? {
            Found::Open(open) => {
                let outlet = open.channel.outlet().context("the channel cannot send")?;
                outlet.destination(number).map_err(|why| anyhow!(why))
            }
            _ => bail!("the channel {} cannot be used", channel.name),
        }
    }

    /// A picture that agents can send.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub(super) async fn picture(&self) -> anyhow::Result<OutboundFile> {
        let blob = Blob::new(sample::PNG);
        self.app.foundation().blobs.put(&blob).await?;
        Ok(OutboundFile {
            size: blob.bytes.len() as u64,
            sha256: blob.sha256,
            mime: "image/png".to_owned(),
            file_name: "manta-gris.png".to_owned(),
            kind: MediaKind::Image,
            platform_id: None,
        })
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
